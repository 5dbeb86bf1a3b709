"""Explain on the session's tiny release, made through the real chain: every component of one town and one month."""

from __future__ import annotations

import shutil
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from extract.home import REPO, Home
from warehouse.connect import current_folder
from warehouse.explain import Explainer
from warehouse.explain_step import Step

PERIOD = "2026-03"


@pytest.fixture
def release(tiny_release, monkeypatch) -> Path:
    """The folder of the tiny release; the key with which it hashed personal fields is set."""
    monkeypatch.setenv("JIANHU_HASH_KEY", tiny_release.env["JIANHU_HASH_KEY"])
    return current_folder(tiny_release.home)


def explain(tiny: Any, folder: Path, *cell: str | None) -> Step:
    return Explainer(tiny.home, folder).start(*cell)


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(query).fetchall()


def a_town(folder: Path) -> str:
    """A town with as many components that apply as any."""
    found = rows(
        folder,
        f"select subject_id from fct_index_score where index_code = 'town_green_assessment' and period = '{PERIOD}' "
        "group by subject_id order by count(case when applicability = 'applies' then 1 end) desc, subject_id limit 1",
    )
    return str(found[0][0])


def verdicts(step: Step) -> list[tuple[str, str]]:
    """Steps that could have been recomputed and did not agree."""
    return [
        (s.model, s.recomputed) for s in step.walk() if s.recomputed and not s.recomputed.startswith("agrees")
    ]


def records(step: Step) -> list[dict[str, Any]]:
    return [r for s in step.walk() for r in s.records]


def test_every_component_of_a_town_and_month_reaches_payload_records_and_is_recomputed(tiny_release, release):
    town = a_town(release)
    components = rows(
        release,
        "select s.component_code, s.indicator_code, c.basis, s.applicability, s.value from fct_index_score s "
        "join scheme_component c using (scheme_version, component_code) where s.index_code = 'town_green_assessment' "
        f"and s.subject_id = '{town}' and s.period = '{PERIOD}' order by 1",
    )
    assert len(components) == 10 and sum(c[3] == "applies" for c in components) >= 6
    whole = explain(tiny_release, release, "town_green_assessment", town, PERIOD)
    assert verdicts(whole) == []
    scored = next(s for s in whole.walk() if s.model == "score_town_green_assessment")
    assert scored.recomputed.startswith("agrees")
    assert scored.label_zh == "示意权重，非官方"
    assert all(r.get("agrees") for r in records(whole))
    for component, indicator, basis, applicability, value in components:
        step = explain(tiny_release, release, indicator, town, PERIOD, basis)
        told = step.rows[0][step.columns.index("value")]
        assert told == value, component
        assert verdicts(step) == [], component
        found = records(step)
        assert all(r.get("agrees") for r in found), component
        if applicability == "applies":
            assert found and all(r["payload_sha256"] for r in found), component
        elif not found:
            assert any(s.ends_zh for s in step.walk()), component


@pytest.mark.parametrize(
    "indicator",
    ["complaint_handled_in_time_pct", "permit_report_on_time_pct", "source_gas_exceedance_hour_count",
     "source_water_exceedance_day_count", "source_effective_transmission_pct", "water_class_1_3_share_pct",
     "air_pm25_mean_ug_m3"],
)  # fmt: skip
def test_the_other_printed_indicators_reach_payload_records(tiny_release, release, indicator):
    # the latest month that has a value: the last one of the tiny district is short of days for a mean
    cells = rows(
        release,
        f"select subject_id, period from fct_indicator_value where indicator_code = '{indicator}' and period_type = 'month' "
        "and basis = 'default' and applicability = 'applies' and length(subject_id) = 9 "
        "order by period desc, observed_count desc, 1 limit 1",
    )
    assert cells, "the tiny district has none"
    step = explain(tiny_release, release, indicator, *cells[0])
    assert verdicts(step) == []
    assert records(step) and all(r.get("agrees") for r in records(step))


def test_an_air_month_rests_on_as_many_readings_as_hours(tiny_release, release):
    """Hand count: the days of the month that were sent × 24 hours × 6 pollutants of the town's one evaluation point; what the
    same point sent every five minutes is 12 records an hour."""
    town = a_town(release)
    step = explain(tiny_release, release, "air_good_day_count", town, PERIOD)
    shown = {s.model: s for s in step.walk()}
    points = rows(
        release,
        f"select count(*) from dim_point where medium = 'air' and role = 'evaluation' and town_code = '{town}'",
    )[0][0]
    reading = shown["fct_reading"]
    at = reading.columns.index("source")
    sent = [r for r in reading.rows if r[at] == "air_platform_hourly"]
    made = [r for r in reading.rows if r[at] == "air_station_5min"]
    hours = {(r[0], r[4]) for r in sent}
    assert len(hours) == len({h for _, h in hours}) * points
    assert len(sent) == len(hours) * 6 == len(shown["stg_air_platform_hourly"].records)
    assert len(sent) + len(made) == len(reading.rows)
    assert len(made) * 12 == len(shown["stg_air_station_5min"].records)


def test_one_reading_changed_in_the_release_is_found(tiny_release, release, tmp_path):
    town = a_town(release)
    home = Home(tmp_path / "home")
    folder = home.releases / "changed"
    folder.mkdir(parents=True)
    home.landing.symlink_to(tiny_release.home.landing)
    for name in ("warehouse.duckdb", "evidence.json"):
        shutil.copyfile(release / name, folder / name)
    cell = ("air_pm25_mean_ug_m3", town, "2026-02")
    before = Explainer(home, folder).start(*cell)
    assert not before.has_failed
    reading = next(s for s in before.walk() if s.model == "fct_reading")
    at = [reading.columns.index(c) for c in ("point_id", "observed_at", "factor_code", "value", "source")]
    point, observed_at, factor, value, source = next(
        [r[i] for i in at] for r in reading.rows if r[at[2]] == "PM2_5" and r[at[4]] == "air_platform_hourly"
    )
    with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
        con.execute(
            "update fct_reading set value = ? where point_id = ? and observed_at = ? and factor_code = ? and statistic = 'mean' "
            "and source = ?",
            [value + Decimal(40), point, observed_at, factor, source],
        )
    after = {s.model: s.recomputed for s in Explainer(home, folder).start(*cell).walk()}
    assert after["fct_reading"].startswith("differs (1 of ")  # from what was sent
    assert after["int_air_hour"].startswith(
        "differs (1 of "
    )  # and the hour above it from the changed reading
    assert after["int_air_judged_day"] == after["ind_air"] == "agrees"


def test_cells_printed_in_the_workbook_can_be_asked(tiny_release, release):
    exposures = yaml.safe_load((REPO / "dbt_project/models/marts/exposures.yml").read_text("utf-8"))[
        "exposures"
    ]
    settings = {"period_type": "quarter", "period": "2026-Q1", "ranked_year": "2026", "last_year": "2025"}
    asked: dict[tuple[str | None, ...], str] = {}  # a cell of several sheets is one
    for sheet in (s for e in exposures for s in e["config"]["meta"]["jianhu"]["sheets"]):
        printed = {c["name"] for c in sheet["columns"]}
        if not {"indicator_code", "subject_id", "period"} <= printed:
            continue
        where = sheet.get("where", "true").format_map(defaultdict(lambda: "2026-01-01", settings))
        basis = "basis" if "basis" in printed else "cast(null as varchar)"
        cells = rows(
            release,
            f"select distinct indicator_code, subject_id, coalesce(period, '-'), {basis} from {sheet['mart']} where {where} "
            "order by 2 desc, 1, 3, 4 limit 2",
        )
        for cell in cells:
            assert None not in cell[:3], (sheet["title"], cell)
            asked.setdefault(cell, sheet["title"])
    assert len(asked) >= 10
    for cell, title in asked.items():
        step = explain(tiny_release, release, *cell)
        assert step.rows and verdicts(step) == [], (title, cell)

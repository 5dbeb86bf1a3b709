"""The exit suite of the leadership marts: severity `refuse` blocks, and the shipped suite judges what it names."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from expectations import gate
from warehouse.audit import EXIT_SUITES, exit_checks
from warehouse.candidate import PublishTable

GOOD = ("330603001", "year", 88.5, 1, 75.0, 100.0, 100.0, 300)
NAMES = (
    "subject_id", "period_type", "score", "rank_in_group", "water_class_1_3_pct", "complaint_in_time_pct",
    "permit_report_on_time_pct", "good_air_days",
)  # fmt: skip


def checked(rows: list[tuple[object, ...]], columns: tuple[str, ...] = NAMES) -> set[str]:
    with duckdb.connect() as con:
        con.execute(f"create table rpt_town_assessment ({', '.join(c + ' varchar' for c in columns)})")
        con.executemany(f"insert into rpt_town_assessment values ({', '.join('?' * len(columns))})", rows)
        typed = ", ".join(
            c if c in ("subject_id", "period_type") else f"cast({c} as decimal(18,6)) as {c}" for c in columns
        )
        con.execute(f"create or replace table rpt_town_assessment as select {typed} from rpt_town_assessment")
        table = PublishTable("rpt_town_assessment", "build", "rpt_town_assessment", "", {}, {}, "x")
        critical, findings = exit_checks(con, {"rpt_town_assessment": table}, EXIT_SUITES)
        assert not findings
        return {c["rule"] for c in critical}


def test_a_sound_mart_passes_blanks_included() -> None:
    assert checked([GOOD, ("330603100", "month", *[None] * 6)]) == set()


@pytest.mark.parametrize(
    ("at", "value", "rule"),
    [
        (0, "330603", "subject_is_a_town"),
        (1, "week", "period_type_known"),
        (2, 100.1, "score_in_range"),
        (3, 17, "rank_in_range"),
        (7, 367, "good_air_days_in_range"),
    ],
)
def test_a_broken_mart_blocks(at: int, value: object, rule: str) -> None:
    row = list(GOOD)
    row[at] = value
    assert checked([GOOD, tuple(row)]) == {rule}


def test_a_missing_column_blocks() -> None:
    assert checked([GOOD[:-1]], NAMES[:-1]) == {"columns"}


def test_every_exit_suite_is_valid() -> None:
    import yaml

    found = list(Path(EXIT_SUITES).glob("exit_*.yml"))
    assert found
    for path in found:
        suite = gate.Suite(**yaml.safe_load(path.read_text("utf-8")))
        assert path.stem == f"exit_{suite.source}"

"""The whole chain on a small synthetic district: what a reader of the release finds."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections import Counter
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import tiny as made
from tiny import Tiny

from exports.spec import load_exports
from extract.home import Home
from extract.seeds import PROJECT_DIR, seed_parts
from warehouse import connect as reading

TOWNS = 16


@pytest.fixture
def own(tiny_release: Tiny, tmp_path: Path) -> Home:
    """The release under a home whose exports and work are the test's own."""
    return made.overlay(tiny_release.home, tmp_path / "home")


def test_sixteen_towns_in_every_period(tiny_release: Tiny) -> None:
    with reading.connect(tiny_release.home) as con:
        counts = con.execute(
            "select period_type, period, count(distinct subject_id), count(*) from rpt_town_assessment group by 1, 2"
        ).fetchall()
        known = con.execute("select count(*) from dim_area where area_type = 'town'").fetchone()
    assert known == (TOWNS,)
    assert ("quarter", "2026-Q1", TOWNS, TOWNS) in counts
    assert {(n, rows) for _, _, n, rows in counts} == {(TOWNS, TOWNS)}


def test_the_score_of_a_town_is_the_sum_of_its_contributions(tiny_release: Tiny) -> None:
    with reading.connect(tiny_release.home) as con:
        off = con.execute(
            """
            with parts as (
                select subject_id, period, sum(contribution) as total from rpt_score_detail
                where index_code = 'town_green_assessment' and component_code <> 'total' group by 1, 2)
            select count(*), count(*) filter (where abs(t.score - p.total) > 0.0001)
            from rpt_town_assessment t inner join parts p using (subject_id, period) where t.score is not null"""
        ).fetchone()
    assert off is not None and off[0] > 0 and off[1] == 0


def test_town_table_of_the_terminal(own: Home) -> None:
    done = made.jianhu("status", "--towns", home=own.root)
    assert done["code"] == 0 and "示意权重，非官方" in done["out"]
    body = json.loads(made.jianhu("status", "--towns", "--json", home=own.root)["out"])
    assert len({t["town"] if "town" in t else t["town_name_zh"] for t in body["towns"]}) == TOWNS


def test_planted_truth_is_found_wholly_and_nothing_falsely(own: Home) -> None:
    done = made.jianhu("truth", "--json", home=own.root)
    told = json.loads(done["out"])
    off = [k for k in told["kinds"] if k["planted"] and (k["recall"], k["precision"]) != (1, 1)]
    assert not off, off
    planted = {k["kind"] for k in told["kinds"] if k["planted"]}
    # a small span must still hold the kinds that the design rests on
    assert planted >= {
        "gas_hour_exceedance", "water_day_exceedance", "permit_amended", "standard_change", "late_data",
        "duplicate_data", "below_detection", "resent_old_payload", "damaged_frame",
    }  # fmt: skip
    assert told["is_perfect"] and done["code"] == 0


def test_query_reads_the_release(own: Home) -> None:
    sql = "select count(distinct subject_id) as towns from rpt_town_assessment"
    done = made.jianhu("query", sql, "--json", home=own.root)
    assert (done["code"], json.loads(done["out"])) == (0, [{"towns": TOWNS}])
    refused = made.jianhu("query", "create table t as select 1", home=own.root)
    assert refused["code"] == 2 and "Traceback" not in refused["err"]


def test_status_tells_release_and_stale_sources(tiny_release: Tiny, own: Home) -> None:
    body = json.loads(made.jianhu("status", "--json", "--as-of", made.AS_OF, home=own.root)["out"])
    assert body["release"]["id"] == tiny_release.report("refresh")["release"]
    assert body["release"]["loads_not_released"] == 0
    # the last hours of the district are two weeks old at as_of, its yearly registers are not
    assert "air_platform_hourly" in body["stale"] and "forest" not in body["stale"]
    fresh = json.loads(
        made.jianhu("status", "--json", "--as-of", "2026-03-21 01:00:00", home=own.root)["out"]
    )
    assert "air_platform_hourly" not in fresh["stale"]
    quality = json.loads((reading.current_folder(tiny_release.home) / "quality.json").read_text("utf-8"))
    states = {s["source"]: s["state"] for s in quality["sources"]}
    assert states["air_platform_hourly"] == "stale" and states["forest"] == "fresh"
    page = (reading.current_folder(tiny_release.home) / "quality.html").read_text("utf-8")
    name = next(s["name_zh"] for s in quality["sources"] if s["source"] == "air_platform_hourly")
    assert name in page and any("过期" in w and name in w for w in quality["warnings"])


class _Links(HTMLParser):
    """What a page makes a browser fetch, and whether it runs scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [
            v or "" for k, v in attrs if k in ("src", "href", "srcset", "action", "data", "poster")
        ]


def test_quality_page_fetches_nothing(tiny_release: Tiny) -> None:
    text = (reading.current_folder(tiny_release.home) / "quality.html").read_text("utf-8")
    links = _Links()
    links.feed(text)
    assert all(x.startswith(("#", "data:")) for x in links.fetched), links.fetched
    assert not re.search(r"@import|url\((?!['\"]?data:)|https?://", text)
    assert "质量" in text and len(text) > 2000


def test_data_package_describes_every_published_table(tiny_release: Tiny) -> None:
    folder = reading.current_folder(tiny_release.home)
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    told = {r["name"]: r for r in package["resources"]}
    with reading.connect(tiny_release.home) as con:
        tables = {r[0] for r in con.execute("select table_name from duckdb_tables()").fetchall()} - {
            "release"
        }
        assert set(told) - {"release"} == tables
        for name in sorted(tables):
            columns = [d[0] for d in con.execute(f'describe "{name}"').fetchall()]
            fields = told[name]["schema"]["fields"]
            assert [f["name"] for f in fields] == columns, name
            assert all(f["description"].strip() for f in fields), name
    for r in told.values():
        assert (folder / r["path"]).exists(), r["path"]


def test_release_json_tells_what_it_was_made_of(tiny_release: Tiny) -> None:
    release = reading.current_release(tiny_release.home)
    assert release["as_of"] == made.AS_OF and release["scheme_mode"] == "illustrative"
    assert {x["source"] for x in release["loads"]} >= {"air_platform_hourly", "cems_hj212", "permit_register"}
    for name, file in release["files"].items():
        path = reading.current_folder(tiny_release.home) / name
        assert hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"], name


def test_no_restricted_field_in_open_tables(tiny_release: Tiny) -> None:
    with reading.connect(tiny_release.home) as con:
        names = {r[0] for r in con.execute("select distinct column_name from duckdb_columns()").fetchall()}
    assert not names & {"phone", "complainant_name", "address"}


def test_workbook_is_whole_marked_and_repeats(tiny_release: Tiny, own: Home) -> None:
    first = Path(tiny_release.report("export")["path"])
    again = made.jianhu("export", "leadership_quarterly", "--json", home=own.root)
    second = Path(json.loads(again["out"])["path"])
    assert second != first and second.read_bytes() == first.read_bytes()
    spec = load_exports()["leadership_quarterly"].spec
    book = openpyxl.load_workbook(first)
    tables = [s.title for s in spec.sheets]
    assert [n for n in book.sheetnames if not n.endswith("图")] == ["封面", *tables]
    assert [n for n in book.sheetnames if n.endswith("图")] == [
        f"{s.title}图" for s in spec.sheets if s.charts
    ]
    town = book[next(s.title for s in spec.sheets if s.mart == "rpt_town_assessment")]
    names = [c.value for c in town["A"][3 : 3 + TOWNS]]
    assert len(set(names)) == TOWNS and all(names)
    cover = "\n".join(str(c.value) for row in book["封面"].iter_rows() for c in row if c.value)
    release = tiny_release.report("refresh")["release"]
    for text in (
        "示意权重，非官方",
        release,
        "2026年第一季度",
        "编制",
        "审核",
        "审定",
        "统计口径",
        "2026-04-05 08:00",
    ):
        assert text in cover, text
    # every figure of the scheme stands beside its mark
    header = [c.value for c in town[3]]
    score, label = header.index("综合得分"), header.index("标注")
    for row in town.iter_rows(min_row=4, max_row=3 + TOWNS, values_only=True):
        if row[score] is not None:
            assert "示意权重" in str(row[label])
    assert first.stem.endswith("试算")
    for title in tables:
        assert book[title].freeze_panes, title
    for sheet in book.worksheets:
        assert not sheet._charts or sheet.title.endswith("图"), sheet.title
        # a chart is never cut by the end of a page: its sheet is fitted to one (1 is what a file leaves unsaid)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert not sheet._charts or sheet.page_setup.fitToHeight in (None, 1)
    assert len(book["镇街综合图"]._charts) == 3
    assert not any(c.data_type == "f" for s in book.worksheets for row in s.iter_rows() for c in row)


def test_a_period_that_the_release_lacks_is_refused(own: Home) -> None:
    done = made.jianhu("export", "leadership_quarterly", "--period", "2019-Q1", home=own.root)
    assert done["code"] == 1 and "complete or refused" in done["err"] and "Traceback" not in done["err"]
    assert not list(own.exports.rglob("*.xlsx"))
    assert made.jianhu("export", "leadership_quarterly", "--period", "spring", home=own.root)["code"] == 2
    assert made.jianhu("export", "no_such_export", home=own.root)["code"] == 2


def test_diff_of_a_release_with_itself_is_empty(tiny_release: Tiny, own: Home) -> None:
    release = tiny_release.report("refresh")["release"]
    body = json.loads(made.jianhu("diff", release, release, "--json", home=own.root)["out"])
    assert body["changed"] == {} and body["added"] == [] == body["removed"]
    assert body["inputs"]["loads_added"] == 0 and body["unchanged_count"] > 100


def test_unchanged_inputs_skip_the_refresh(tiny_release: Tiny) -> None:
    """A refresh reaches no provider, and without new loads it builds nothing."""
    first, second = tiny_release.report("refresh"), tiny_release.report("refresh_again")
    assert (first["unchanged"], second["unchanged"]) == (False, True)
    assert first["release"] == second["release"] == reading.current_folder(tiny_release.home).name


def test_truth_without_a_district_is_one_message(tiny_release: Tiny, tmp_path: Path) -> None:
    done = made.jianhu("truth", home=tmp_path)
    assert done["code"] == 1 and "there is no synthetic district here" in done["err"]
    assert "Traceback" not in done["err"]


def test_seed_cells_are_the_text_of_the_file(compiled: dict[str, Any], tiny_release: Tiny) -> None:
    """What a release holds of a seed is what its files say, cell by cell: codes stay texts, numbers keep digits."""
    parts = seed_parts()
    with reading.connect(tiny_release.home) as con:
        for s in compiled["nodes"].values():
            if s["resource_type"] != "seed":
                continue
            files = [PROJECT_DIR / f for f in [s["original_file_path"], *parts.get(s["name"], [])]]
            header, *rows = csv.reader(files[0].open(encoding="utf-8"))
            for part in files[1:]:
                rows += list(csv.reader(part.open(encoding="utf-8")))[1:]
            described = con.execute(f'describe "{s["name"]}"').fetchall()
            typed = s["config"]["column_types"]
            assert [d[0] for d in described] == header, s["name"]
            for c, kind in ((d[0], d[1]) for d in described):
                row = con.execute(f"describe select cast(null as {typed[c]})").fetchone()
                assert row is not None and row[1] == kind, f"{s['name']}.{c} is {kind}"
            held = con.execute(f'select * from "{s["name"]}"').fetchall()
            kinds = [d[1] for d in described]
            told = Counter(tuple(_cell(t, k) for t, k in zip(row, kinds, strict=True)) for row in rows)
            assert Counter(tuple(_plain(v) for v in row) for row in held) == told, s["name"]


def _cell(text: str, kind: str) -> object:
    if text == "":
        return None
    if kind == "BOOLEAN":
        return text.lower()
    return Decimal(text) if "INT" in kind or kind.startswith("DECIMAL") else text


def _plain(held: object) -> object:
    if held is None or isinstance(held, Decimal):
        return held
    if isinstance(held, bool):
        return str(held).lower()
    return Decimal(held) if isinstance(held, int) else str(held)

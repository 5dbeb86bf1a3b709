"""The fine tier: what is built month by month is what one SELECT over everything gives, and nothing is copied on the way."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from tiny import share_parse

from district.bulk import write_fine_year
from extract import run
from extract.home import Home
from extract.source import Source, get_source
from warehouse.dbt import run_dbt
from warehouse.devbuild import devbuild

SOURCE = "air_station_5min"
HEAD = "站点编码,时间,审核状态,SO2,SO2标识,PM10,PM10标识,PM2.5,PM2.5标识\n"


def day_file(folder: Path, day: date, spoilt: str = "") -> None:
    """A day of one station: SO2 the minute of the hour, PM10 a value that never moves, PM2.5 out of range at 10:05."""
    lines = []
    for slot in range(1, 289):
        hour, minute = divmod(5 * slot, 60)
        value = "99999" if (hour, minute) == (10, 5) else "20"
        lines.append(f"SYNF001,{day} {hour:02d}:{minute:02d}:00,reviewed,{minute},N,40,N,{value},N\n")
    (folder / f"air_5min_{day:%Y%m%d}.csv").write_text(HEAD + "".join(lines) + spoilt, "utf-8")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, together: Path) -> duckdb.DuckDBPyConnection:
    """Two days on both sides of a month's end, extracted and built up to the hours."""
    folder = tmp_path_factory.mktemp("fine")
    home = share_parse(Home(folder / "home").ensure(), together)
    spoilt = "SYNF001,2026-03-01 00:10:00,certain,1,N,1,N,1,N\n?,2026-03-01 00:15:00,reviewed,1,N,1,N,1,N\n"
    for day, odd in ((date(2026, 2, 28), ""), (date(2026, 3, 1), spoilt)):
        day_file(folder, day, odd)
    report = run.extract([SOURCE], files=[f"{folder}/*.csv"], home=home)
    assert (report.results[0].rows_loaded, report.results[0].rows_rejected) == (2 * 288 * 3, 6)
    assert set(report.results[0].rejected_by_check) == {"maturity_known", "station_code_form"}
    args = ["build", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"]
    devbuild(home, [*args, "--select", "+int_reading_hour"], as_of="2026-04-01 00:00:00")
    manifest = run_dbt(["compile", "--no-introspect", "--select", "int_reading_hour", "int_reading_fine_flag"], home,
                       vars={"as_of": "2026-04-01 00:00:00", "scheme_mode": "illustrative"}).manifest  # fmt: skip
    con = duckdb.connect(str(home.work / "build.duckdb"), read_only=True)
    con.execute("create temp table sql (model varchar, text varchar)")
    for name in ("int_reading_hour", "int_reading_fine_flag"):
        con.execute(
            "insert into sql values (?, ?)",
            [name, manifest["nodes"][f"model.jianhu.{name}"]["compiled_code"]],
        )
    return con


@pytest.mark.parametrize("model", ["int_reading_hour", "int_reading_fine_flag"])
def test_month_by_month_is_the_same_as_all_at_once(built: duckdb.DuckDBPyConnection, model: str) -> None:
    row = built.execute("select text from sql where model = ?", [model]).fetchone()
    assert row is not None
    again = f"({row[0]})"
    columns = ", ".join(d[0] for d in built.execute(f"describe {model}").fetchall())
    for one, other in ((model, again), (again, model)):
        differing = built.execute(f"select {columns} from {one} a except all select {columns} from {other} b")
        assert differing.fetchall() == []
    # by hand: PM10 stuck from its 24th reading on (553); PM2.5 stuck 97 + 264 + 144, and twice a leap up and down (4)
    counted = built.execute(
        f"select count(*), count(distinct date_trunc('month', observed_at - interval 1 minute)) from {model}"
    )
    assert counted.fetchone() == ((144, 2) if model == "int_reading_hour" else (1062, 2))


def test_hours_marks_and_lineage(built: duckdb.DuckDBPyConnection) -> None:
    hours = built.execute(
        "select factor_code, observed_at, value, valid_minutes, month, status from int_reading_hour "
        "where observed_at in ('2026-02-28 11:00:00', '2026-03-01 00:00:00') order by 1, 2"
    ).fetchall()
    told = [(f, t.hour, float(v), m, str(mo), s) for f, t, v, m, mo, s in hours]
    assert told == [  # 5, 10 … 55, 0: the mean of an hour is 27.5; midnight is the last hour of February
        ("PM10", 11, 40.0, 60, "2026-02-01", "illustrative"), ("PM10", 0, 40.0, 60, "2026-02-01", "illustrative"),
        ("PM2_5", 11, 20.0, 55, "2026-02-01", "illustrative"), ("PM2_5", 0, 20.0, 60, "2026-02-01", "illustrative"),
        ("SO2", 11, 27.5, 60, "2026-02-01", "verified"), ("SO2", 0, 27.5, 60, "2026-02-01", "verified"),
    ]  # fmt: skip
    # 24 equal readings in a row are stuck: the run goes on over the month's end, so March has no fresh start
    first = built.execute(
        "select min(observed_at), count(*) from int_reading_fine_flag where flag_rule like '%stuck%' and factor_code = 'PM10'"
    ).fetchone()
    assert first == (datetime(2026, 2, 28, 2, 0), 2 * 288 - 23)


def test_raw_is_a_view_that_tells_load_and_window(built: duckdb.DuckDBPyConnection) -> None:
    kind = built.execute(
        "select table_type from information_schema.tables where table_name = ?", [SOURCE]
    ).fetchone()
    assert kind == ("VIEW",)
    rows = built.execute(
        f"select count(*) from raw.{SOURCE} r join raw.load_ledger l on r._load_id = l.load_id and r._seq = l.seq "
        "and r._window_start = l.window_start and r._window_end = l.window_end"
    ).fetchone()
    assert rows == (2 * 288 * 3,)


def test_a_fine_source_has_no_parts() -> None:
    declared = get_source(SOURCE).model_dump()
    with pytest.raises(ValueError, match="intervals without parts"):
        Source(**{**declared, "options": {**declared["options"], "part_pattern": "(?P<part>x)"}})


def test_a_year_of_five_minute_files_is_a_function_of_the_seed(tmp_path: Path) -> None:
    """A month's bytes do not depend on how much of the year is made before it."""
    made = write_fine_year(tmp_path / "a", 3, 2025, points=2, days=33)
    write_fine_year(tmp_path / "b", 3, 2025, points=2, days=33)
    write_fine_year(tmp_path / "c", 4, 2025, points=2, days=1)
    assert (made["files"], made["values"]) == (33, 33 * 288 * 2 * 6)
    files = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert files[0] == "air_5min_20250101.csv.zst" and files[-1] == "air_5min_20250202.csv.zst"
    assert all((tmp_path / "a" / n).read_bytes() == (tmp_path / "b" / n).read_bytes() for n in files)
    assert (tmp_path / "a" / files[0]).read_bytes() != (tmp_path / "c" / files[0]).read_bytes()

"""Air from readings to indicators: the models' unit tests, and real hours against the index their publisher printed.

One dbt build serves all: two January days and one June day of the national bulletin for some stations when the folder
of real files is there, else none; the unit tests need no data.
"""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from tiny import share_parse

from extract.home import REPO, Home

STATIONS = {f"{n}A" for n in range(1001, 1061)} | {"1246A", "1247A", "1248A", "2921A", "2647A"}
DAYS = ("20190108", "20190109", "20190616")


@dataclass
class Built:
    """A built home; real: whether hours of the bulletin are in it; results: run_results of the build."""

    db: Path
    real: bool


def _shared() -> Path | None:
    for folder in (os.environ.get("JIANHU_SHARED"), REPO.parent / "shared"):
        if folder and (Path(folder) / "data" / "air").is_dir():
            return Path(folder)
    return None


def _bulletin_rows(shared: Path) -> list[tuple]:
    """(date, hour, type, station, value or None) of the wanted stations, straight from the published files."""
    import zstandard

    rows = []
    for day in DAYS:
        path = shared / "data" / "air" / "china_sites" / f"china_sites_{day}.csv.zst"
        with path.open("rb") as f:
            text = zstandard.ZstdDecompressor().stream_reader(f).read().decode("utf-8-sig")
        head, *body = csv.reader(io.StringIO(text))
        wanted = {name: i for i, name in enumerate(head) if name in STATIONS}
        for no, r in enumerate(body, 1):
            rows += [(r[0], int(r[1]), r[2], s, r[i] or None, no) for s, i in wanted.items()]
    return rows


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, together: Path) -> Built:
    import pyarrow as pa

    from extract.source import load_sources
    from warehouse.dbt import run_dbt
    from warehouse.raw import LEDGER_COLUMNS, create_raw

    home = share_parse(Home(tmp_path_factory.mktemp("air") / "home").ensure(), together)
    duckdb.connect(str(home.work / "restricted.duckdb")).close()
    shared = _shared()
    with duckdb.connect(str(home.work / "build.duckdb")) as con:
        nothing = pa.table({n: pa.array([], pa.string()) for n, _ in LEDGER_COLUMNS})
        create_raw(con, load_sources(), nothing, home)
        if shared:
            names = ("day", "hour", "item", "station", "value", "row_no")
            columns = zip(*_bulletin_rows(shared), strict=True)
            con.register("sent", pa.table({n: pa.array(c) for n, c in zip(names, columns, strict=True)}))
            con.execute(
                "insert into raw.air_bulletin_hourly by name select strptime(day, '%Y%m%d') as bulletin_date, hour, "
                "item as item_type, station as station_code, cast(value as decimal(18,6)) as value, "
                "value as value_as_sent, row_no as _row_no, station as _col, 'test' as _load_id, 1 as _seq from sent"
            )
    select = ["--select", "+fct_air_hour", "+ind_air", "--exclude", "fct_indicator_value+"]
    run_dbt(
        ["build", "--exclude-resource-type", "test", "unit_test", *select],
        home,
        vars={"as_of": "2026-04-01 00:00:00", "scheme_mode": "illustrative"},
    )
    return Built(home.work / "build.duckdb", shared is not None)


def _query(built: Built, sql: str) -> list[tuple]:
    with duckdb.connect(str(built.db), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_hourly_index_equals_the_published_one(built: Built) -> None:
    if not built.real:
        pytest.skip("the folder of real files (JIANHU_SHARED, or ../shared beside the repository) is absent")
    told, equal = _query(
        built,
        "select count(*), sum(case when aqi = published_aqi then 1 else 0 end) from fct_air_hour "
        "where published_aqi is not null",
    )[0]
    assert told > 3000
    assert equal == told


def test_the_capped_hour_of_2019_is_counted_as_published(built: Built) -> None:
    """SO2 915 at 2647A, 2019-01-09 13:00, was published as 200."""
    if not built.real:
        pytest.skip("the folder of real files (JIANHU_SHARED, or ../shared beside the repository) is absent")
    row = _query(
        built,
        "select so2_ug_m3, iaqi_so2, aqi, published_aqi from fct_air_hour "
        "where point_id = 'air:2647A' and observed_at = timestamp '2019-01-09 13:00:00'",
    )
    assert [tuple(int(v) for v in r) for r in row] == [(915, 200, 200, 200)]


def test_daily_maximum_equals_the_published_one_on_whole_days(built: Built) -> None:
    if not built.real:
        pytest.skip("the folder of real files (JIANHU_SHARED, or ../shared beside the repository) is absent")
    told, equal = _query(
        built,
        "select count(*), sum(case when round_even(d.o3_max_8h_ug_m3, 0) = p.value then 1 else 0 end) "
        "from int_air_day d join fct_reading p on p.point_id = d.point_id and p.statistic = 'published_o3_8h_24h' "
        "and p.observed_at = d.air_date + interval '24' hour "
        "where d.regime = 'regime_2012' and d.o3_hour_count = 24 and p.value is not null",
    )[0]
    assert told > 30
    assert equal >= told * 0.99


def test_towns_without_a_station_are_missing_with_a_reason(built: Built) -> None:
    if not built.real:
        pytest.skip("the folder of real files (JIANHU_SHARED, or ../shared beside the repository) is absent")
    rows = _query(
        built,
        "select distinct value, applicability, reason_zh from ind_air where subject_id = '330603001'",
    )
    assert rows == [(None, "missing", "本区域没有参加评价的空气点位")]

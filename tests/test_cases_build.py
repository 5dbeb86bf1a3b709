"""Complaints and registers through the real models, from planted raw rows to the marts; one build for the module."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from extract.home import Home
from extract.source import load_sources
from warehouse.dbt import run_dbt
from warehouse.raw import LEDGER_COLUMNS, create_raw

AS_OF = "2026-04-01 00:00:00"
PHONE, NAME, ADDRESS = "13800001234", "陆游之", "鲁迅故里 7 号"
INDICATORS = ["ind_complaint", "ind_energy", "ind_forest", "ind_pollutant", "ind_wetland"]
SCORES = ["score_fiscal_items", "score_provincial_green_index", "score_town_green_assessment"]


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    for i, row in enumerate(rows, start=1):
        full = {"_row_no": i, "_seq": 1, "_part": "a", "_load_id": f"load-{table}", **row}
        names = ", ".join(f'"{c}"' for c in full)
        con.execute(
            f"insert into raw.{table} ({names}) values ({', '.join('?' * len(full))})", list(full.values())
        )


def _complaints() -> list[dict[str, Any]]:
    base = {
        "channel": "12345热线",
        "purpose": "投诉",
        "category": "水",
        "town_name": "绍兴市柯桥区 柯岩街道",
        "received_at": "2026-01-10 09:00:00",
        "accepted_at": "2026-01-10 10:00:00",
        "assigned_at": "2026-01-10 11:00:00",
        "replied_at": "2026-01-20 11:00:00",
        "closed_at": "2026-01-20 12:00:00",
        "updated_at": "2026-01-20 12:00:00",
        "complainant_name": NAME,
        "phone": PHONE,
        "address": ADDRESS,
    }
    return [
        # a hotline case without a known limit; an older copy of it says something else
        {**base, "order_no": "A1", "content": "\n\t　河水发黑\u00a0有气味", "enterprise_name": "甲印染"},
        {**base, "order_no": "A1", "content": "旧文", "town_name": "福全", "updated_at": "2026-01-10 09:00:00"},
        # the same text under another number, and the same place, firm and kind within the window
        {**base, "order_no": "A2", "content": "河水发黑有气味", "enterprise_name": "甲 印染", "received_at": "2026-01-12 09:00:00",
         "accepted_at": "2026-01-12 10:00:00", "assigned_at": "2026-01-12 11:00:00"},
        # petitions: 60 days from 2026-01-10 end with 2026-03-11
        {**base, "order_no": "P1", "channel": "信访", "purpose": "求决", "town_name": "平水镇", "content": "请求处理",
         "closed_at": "2026-03-11 23:00:00"},
        {**base, "order_no": "P2", "channel": "信访", "purpose": "求决", "town_name": "平水", "content": "请求再处理",
         "closed_at": "2026-03-12 01:00:00"},
        # a town that is not ours, and one that is not told
        {**base, "order_no": "U1", "town_name": "火星镇", "content": "噪声"},
        {**base, "order_no": "U2", "town_name": None, "content": "噪声大"},
        # closed before it was accepted
        {**base, "order_no": "I1", "town_name": "王坛镇", "content": "先办结", "closed_at": "2026-01-10 09:30:00"},
        # a channel that nobody declared
        {**base, "order_no": "C1", "channel": "飞鸽", "town_name": "王坛镇", "content": "渠道不明"},
    ]  # fmt: skip


def _registers(towns: list[str]) -> dict[str, list[dict[str, Any]]]:
    told = {"input_basis": "统计公布", "input_body": "统计局", "input_document": "统计年鉴"}
    return {
        "energy": [
            {**told, "town_name": t, "period": "2025", "energy_tce": 100 + i, "gdp_10k_cny": 1000}
            for i, t in enumerate(towns)
        ],
        "env_statistics": [
            {**told, "town_name": t, "period": f"2025-Q{q}", "pollutant": p, "emission_t": 1}
            for t in towns for q in (1, 2, 3, 4) for p in ("化学需氧量", "氨氮", "SO2", "氮氧化物")
        ],
        "forest": [
            {**told, "town_name": t, "period": "2025", "forest_cover_pct": 10, "public_benefit_forest_mu": 100, "is_applicable": i > 0}
            for i, t in enumerate(towns)
        ],
        "wetland": [
            {**told, "town_name": t, "period": "2025", "important_wetland_mu": 100, "protected_wetland_mu": 40, "is_applicable": True}
            for t in towns
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Case, register, score and assessment tables of the planted rows; restricted tables as `restricted`."""
    home = Home(tmp_path_factory.mktemp("cases") / "home").ensure()
    before = os.environ.get("JIANHU_HASH_KEY")
    os.environ["JIANHU_HASH_KEY"] = "a key for tests"
    build_db, restricted_db = home.work / "build.duckdb", home.work / "restricted.duckdb"
    sources = load_sources()
    nothing = pa.table({n: pa.array([], pa.string()) for n, _ in LEDGER_COLUMNS})
    duckdb.connect(str(restricted_db)).close()
    divisions = Path(__file__).parents[1] / "dbt_project" / "seeds" / "reference" / "area.csv"
    with duckdb.connect(str(build_db)) as con:
        create_raw(con, sources, nothing, home)
        towns = [
            r[0]
            for r in con.execute(
                "select name_zh from read_csv(?, all_varchar=true) where area_type = 'town' order by area_code",
                [str(divisions)],
            ).fetchall()
        ]
        assert len(towns) == 16
        _insert(con, "complaint_12345", _complaints())
        for table, rows in _registers(towns).items():
            _insert(con, table, rows)
    try:
        run_dbt(
            ["build", "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious", "--select", "+rpt_town_assessment", "+rpt_fiscal_item",
             "+rpt_green_index", "+fct_case_finding", "fct_case_person", "+rpt_complaint", "rpt_score_detail",
             "assert_district_is_sum_of_towns", "assert_town_assessment_complete"],
            home, build_db=build_db, restricted_db=restricted_db,
            vars={"as_of": AS_OF, "scheme_mode": "illustrative", "indicator_models": INDICATORS, "score_models": SCORES},
        )  # fmt: skip
    finally:
        if before is None:
            os.environ.pop("JIANHU_HASH_KEY")
        else:
            os.environ["JIANHU_HASH_KEY"] = before
    con = duckdb.connect()
    con.execute(f"attach '{build_db}' as build (read_only)")
    con.execute(f"attach '{restricted_db}' as restricted (read_only)")
    con.execute("use build")
    yield con
    con.close()


def _dict(con: duckdb.DuckDBPyConnection, sql: str) -> dict[Any, Any]:
    return {r[0]: (r[1] if len(r) == 2 else r[1:]) for r in con.execute(sql).fetchall()}


def test_latest_version_and_town_names(built: duckdb.DuckDBPyConnection) -> None:
    towns = _dict(built, "select case_id, town_code from fct_case")
    assert towns["complaint:A1"] == "330603002"  # 柯岩, with the names in front; not the older copy's 福全
    assert towns["complaint:P1"] == towns["complaint:P2"] == "330603105"
    assert towns["complaint:U1"] is None and towns["complaint:U2"] is None


def test_handling_by_known_limits_only(built: duckdb.DuckDBPyConnection) -> None:
    handling = _dict(built, "select case_id, handling from fct_case")
    assert handling["complaint:A1"] == "no_limit"
    assert handling["complaint:P1"] == "in_time"
    assert handling["complaint:P2"] == "late"
    assert handling["complaint:C1"] == "no_rule"
    reasons = _dict(
        built, "select distinct clock, reason_zh from fct_case_clock where case_id = 'complaint:A1'"
    )
    assert set(reasons.values()) == {"未评价（缺时限）"}


def test_same_text_and_repeats(built: duckdb.DuckDBPyConnection) -> None:
    links = _dict(built, "select case_id, repeat_of_case_id, duplicate_of_case_id from fct_case")
    assert links["complaint:A2"] == ("complaint:A1", "complaint:A1")
    assert links["complaint:A1"] == (None, None)


def test_findings_are_told_and_nothing_is_dropped(built: duckdb.DuckDBPyConnection) -> None:
    found = {
        (r[0], r[1]) for r in built.execute("select case_id, finding_kind from fct_case_finding").fetchall()
    }
    assert {
        ("complaint:U1", "unknown_town"), ("complaint:U2", "unknown_town"), ("complaint:I1", "illegal_event"),
        ("complaint:C1", "unknown_code"),
    } <= found  # fmt: skip
    assert not {c for c, k in found if k == "unknown_town"} - {"complaint:U1", "complaint:U2"}
    assert built.execute("select count(*) from fct_case").fetchone() == (8,)


def test_illegal_event_is_kept_and_moves_no_state(built: duckdb.DuckDBPyConnection) -> None:
    events = built.execute(
        "select event, is_legal from fct_case_event where case_id = 'complaint:I1' order by event_no"
    ).fetchall()
    assert events[:3] == [("registered", True), ("closed", False), ("accepted", True)]
    assert _dict(built, "select case_id, case_state from fct_case")["complaint:I1"] == "replied"


def test_district_is_towns_plus_unknown(built: duckdb.DuckDBPyConnection) -> None:
    counts = _dict(
        built,
        "select subject_id, case_count from rpt_complaint where period = '2026-01' and case_count > 0",
    )
    assert counts["330603"] == 8
    assert counts["unknown"] == 2
    assert sum(v for k, v in counts.items() if k != "330603") == 8
    value, evaluated, no_limit = built.execute(
        "select complaint_in_time_pct, evaluated_count, no_limit_count from rpt_complaint "
        "where period = '2026-01' and subject_id = '330603'"
    ).fetchone() or (None, None, None)
    # P1 in time, P2 late; the other six have no limit
    assert (float(value), evaluated, no_limit) == (50.0, 2, 6)


def test_personal_data_stands_in_the_restricted_database_only(built: duckdb.DuckDBPyConnection) -> None:
    kept = built.execute(
        "select phone, complainant_name, address from restricted.main.fct_case_person where case_id = 'complaint:P1'"
    ).fetchone()
    assert kept == (PHONE, NAME, ADDRESS)
    columns = built.execute(
        "select table_name, column_name from duckdb_columns() where database_name = 'build' and schema_name = 'main' "
        "and data_type = 'VARCHAR'"
    ).fetchall()
    assert len(columns) > 100
    for table, column in columns:
        hit = built.execute(
            f'select count(*) from main."{table}" where strpos("{column}", ?) > 0 or strpos("{column}", ?) > 0 '
            f'or strpos("{column}", ?) > 0',
            [PHONE, NAME, ADDRESS],
        ).fetchone()
        assert hit == (0,), f"{table}.{column} holds a personal field"
    hashes = built.execute("select count(*), count(distinct complainant_hash) from fct_case").fetchone()
    assert hashes == (8, 1)  # one person, one keyed hash


def test_amounts_are_summed_and_ratios_are_not_averaged(built: duckdb.DuckDBPyConnection) -> None:
    got = _dict(
        built,
        "select concat(indicator_code, '|', basis, '|', subject_id), value from fct_indicator_value where period = '2025'",
    )
    assert got["pollutant_discharge_t|cod|330603001"] == 4  # four quarters of 1 t
    assert got["pollutant_discharge_t|so2|330603"] == 64
    # (100 + … + 115) tce of 16 × 1000: 1720 / 16000
    assert str(got["energy_per_gdp_tce_10k_cny|default|330603"]) == "0.107500"
    assert got["public_benefit_forest_mu|default|330603"] == 1500  # one town has no forest task


def test_assessment_is_whole_and_says_why_it_gives_no_points(built: duckdb.DuckDBPyConnection) -> None:
    rows = built.execute(
        "select period_type, count(*), count(score), count(rank_in_group), min(label_zh), min(withheld_reason_zh), "
        "bool_and(is_progress = (period_type <> 'year')) from rpt_town_assessment where period in ('2026-01', '2026') group by 1"
    ).fetchall()
    assert {r[0] for r in rows} == {"month", "year"}
    for _, towns, scores, ranks, label, reason, progress in rows:
        assert (towns, scores, ranks) == (16, 0, 0)  # no air was told: withheld, never guessed
        assert label == "示意权重，非官方"
        assert reason == "缺数：空气质量优良天数比例"
        assert progress
    detail = _dict(
        built,
        "select component_code, applicability, carried_zh from rpt_score_detail where subject_id = '330603001' and period = '2026-01'",
    )
    assert detail["outbound_water"] == ("not_applicable", None)  # the town has no outbound section
    assert detail["forest_quality"][0] == "not_applicable"  # told so by the register
    assert detail["air_quality"] == ("missing", None)
    assert detail["energy_per_gdp"] == ("applies", "沿用 2025-12-31")


def test_money_is_blank_with_its_reason(built: duckdb.DuckDBPyConnection) -> None:
    rows = built.execute(
        "select item_code, amount_10k_cny, withheld_reason_zh from rpt_fiscal_item where period = '2025'"
    ).fetchall()
    assert {r[0] for r in rows} == {
        "pollutant_discharge", "energy_per_gdp", "outbound_water", "forest_quality", "air_quality",
        "public_benefit_forest", "important_wetland",
    }  # fmt: skip
    assert all(r[1] is None and r[2] for r in rows)
    total = built.execute(
        "select score, withheld_reason_zh from rpt_green_index where period = '2025' and component_code = 'total'"
    ).fetchone()
    assert total is not None and total[0] is None
    assert all(name in total[1] for name in ("林", "水", "气"))

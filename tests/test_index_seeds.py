"""Policy seeds against the facts they come from, and the evidence of every model of cases and indexes."""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from extract.home import REPO

PROJECT = REPO / "dbt_project"
POLICY = PROJECT / "seeds" / "policy"
STATUSES = {"verified", "unverified", "illustrative", "adopted"}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def test_every_policy_row_has_a_status_and_a_source() -> None:
    seeds = sorted(POLICY.glob("*.csv"))
    assert len(seeds) >= 12
    for path in seeds:
        for n, row in enumerate(_rows(path), start=2):
            assert row["status"] in STATUSES, f"{path.name} line {n}"
            assert row["source_note"], f"{path.name} line {n} names no source"


def test_fiscal_rates_are_those_of_the_facts(shared: Path) -> None:
    facts = _rows(shared / "facts" / "fiscal_rates.csv")
    known = {(r["policy"], r["condition"], r["amount"]): r for r in facts}
    for row in _rows(POLICY / "fiscal_rate.csv"):
        fact = known.get((row["policy_zh"], row["condition"], row["amount"]))
        assert fact is not None, f"{row['rate_id']} is not a row of the facts"
        assert row["status"] == ("verified" if fact["seen"] == "yes" else "unverified")
        assert row["round"] == fact["round"]
        if fact["valid_to"]:  # the facts' last day; the seed's first day after it
            assert row["valid_to"] == f"{int(fact['valid_to'][:4]) + 1}-01-01"


def test_time_limits_are_those_of_the_facts(shared: Path) -> None:
    limits = {(r["domain"], r["step"]): r["limit"] for r in _rows(shared / "facts" / "time_limits.csv")}
    seed = {r["rule_id"]: r for r in _rows(POLICY / "case_clock.csv")}
    for rule, key in {
        "petition_register": ("信访", "信访部门登记并分流处理"),
        "petition_notify": ("信访", "有关机关收到后书面告知信访人"),
        "petition_settle": ("信访", "求决类事项自受理之日起办结"),
        "petition_review": ("信访", "复查机关作出复查意见"),
        "petition_recheck": ("信访", "复核机关作出复核意见"),
        "shaoxing_air_feedback_report": ("大气投诉举报(绍兴)", "办理完毕后答复举报人并反馈受理平台"),
    }.items():
        assert Decimal(seed[rule]["limit_value"]) == Decimal(limits[key]), rule
    assert Decimal(seed["petition_settle"]["extension_max"]) == Decimal(
        limits[("信访", "情况复杂经批准延长(上限)")]
    )


def test_what_was_not_found_stays_blank() -> None:
    hotline = [r for r in _rows(POLICY / "case_clock.csv") if r["channel"] in ("12345", "12369", "网络")]
    assert hotline and all(r["limit_value"] == "" and r["status"] == "unverified" for r in hotline)
    assert all(r["weight_pct"] == "" for r in _rows(POLICY / "green_index_parameter.csv"))
    official = {r["scheme_version"] for r in _rows(POLICY / "scheme.csv") if r["scheme_mode"] == "official"}
    weights = [r["weight"] for r in _rows(POLICY / "scheme_component.csv") if r["scheme_version"] in official]
    assert weights and set(weights) == {""}


def test_illustrative_scheme_weighs_its_seven_factors_alike() -> None:
    shipped = [r for r in _rows(POLICY / "scheme.csv") if r["status"] == "illustrative"]
    assert [r["label_zh"] for r in shipped] == ["示意权重，非官方"]
    factors: dict[str, Decimal] = {}
    for row in _rows(POLICY / "scheme_component.csv"):
        if row["scheme_version"] == shipped[0]["scheme_version"]:
            factors[row["factor"]] = factors.get(row["factor"], Decimal(0)) + Decimal(row["weight"])
    assert len(factors) == 7
    assert len(set(factors.values())) == 1
    items = {r["item_code"] for r in _rows(POLICY / "fiscal_item.csv")}
    assert set(factors) == items  # the seven of plan 4.8.3


def test_published_figures_are_those_of_the_facts(shared: Path) -> None:
    facts = {r["fact"]: r["value"] for r in _rows(shared / "facts" / "keqiao_facts.csv")}
    june = {
        r["indicator_code"]: r["value"] for r in _rows(POLICY / "published_figure.csv")
        if r["area_code"] == "330603" and r["period"] == "2021-06"
    }  # fmt: skip
    told = re.findall(r"\d+(?:\.\d+)?", facts["月报 2021-06 柯桥"].replace("PM2.5", ""))
    assert [june[c] for c in ("air_composite_index", "air_good_day_share_pct", "air_pm25_mean_ug_m3")] == told


def test_clauses_named_by_seeds_exist() -> None:
    known = {r["clause_id"] for r in _rows(POLICY / "clause__policy.csv")}
    known |= {r["clause_id"] for r in _rows(PROJECT / "seeds" / "reference" / "clause.csv")}
    for name in ("case_clock", "case_transition", "fiscal_item", "green_index_parameter", "scheme_component"):
        for row in _rows(POLICY / f"{name}.csv"):
            assert not row["clause_id"] or row["clause_id"] in known, f"{name}: {row['clause_id']}"


def _mine() -> dict[str, dict[str, Any]]:
    out: dict[str, dict[str, Any]] = {}
    for path in (PROJECT / "models" / "case" / "_case.yml", PROJECT / "models" / "indicators" / "_h6.yml"):
        for model in yaml.safe_load(path.read_text("utf-8"))["models"]:
            out[model["name"]] = (model.get("config") or {}).get("meta") or {}
    return out


@pytest.mark.parametrize("name", sorted(n for n in _mine() if n.startswith(("ind_", "score_"))))
def test_indicators_and_scores_declare_evidence_that_they_read(name: str) -> None:
    """A value is explained by rerunning its own SQL over its evidence, so each parent must be one that the SQL reads."""
    evidence = _mine()[name].get("evidence") or []
    assert evidence, f"{name} declares no evidence"
    sql = (PROJECT / "models" / "indicators" / f"{name}.sql").read_text("utf-8")
    macros = (PROJECT / "macros" / "register.sql").read_text("utf-8") if "register_i" in sql else ""
    for link in evidence:
        assert f"ref('{link['parent']}')" in sql + macros, f"{name} does not read {link['parent']}"
        assert link["on"] and link["label_zh"]


def test_fact_models_lead_down_to_loads() -> None:
    for name, meta in _mine().items():
        if name.startswith("fct_") and not name.endswith("_person"):
            assert "evidence" in meta, name
    for name in ("fct_case", "fct_case_event", "fct_register_value"):
        path = next(p for p in (PROJECT / "models").rglob(f"{name}.sql"))
        assert "_load_id" in path.read_text("utf-8")

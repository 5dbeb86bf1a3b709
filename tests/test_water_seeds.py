"""Seeds of surface water, sources and permits: typed columns, and figures equal to the reference facts."""

from __future__ import annotations

import csv
import os
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

REPO = Path(__file__).resolve().parents[1]
SEEDS = REPO / "dbt_project" / "seeds" / "standards"
FILES = ["water_seeds.yml", "source_seeds.yml", "hj212_seeds.yml", "permit_seeds.yml"]


def shared() -> Path:
    """The folder of reference material; the test is skipped where it is absent."""
    folder = Path(os.environ.get("JIANHU_SHARED", REPO.parent / "shared"))
    if not (folder / "facts").is_dir():
        pytest.skip("the folder of reference facts is absent (JIANHU_SHARED)")
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


@pytest.mark.parametrize("name", FILES)
def test_every_column_of_every_seed_is_typed_and_described(name: str) -> None:
    for seed in yaml.safe_load((SEEDS / name).read_text("utf-8"))["seeds"]:
        header = list(rows(SEEDS / f"{seed['name']}.csv")[0])
        assert list(seed["config"]["column_types"]) == header, seed["name"]
        assert [c["name"] for c in seed["columns"]] == header, seed["name"]
        assert all(c["description"] for c in seed["columns"]), seed["name"]


@pytest.mark.parametrize("name", FILES)
def test_every_status_is_of_the_vocabulary_and_carries_a_source(name: str) -> None:
    for seed in yaml.safe_load((SEEDS / name).read_text("utf-8"))["seeds"]:
        for row in rows(SEEDS / f"{seed['name']}.csv"):
            if "status" in row:
                assert row["status"] in {"verified", "unverified", "illustrative", "adopted"}, (
                    seed["name"],
                    row,
                )
                assert row.get("source") or row.get("source_note"), (seed["name"], row)


def test_gb3838_limits_equal_the_facts_item_by_item() -> None:
    facts = [
        r
        for r in rows(shared() / "facts" / "gb3838_limits.csv")
        if int(r["item_no"]) < 100 and r["code"] != "WT"
    ]
    ours = rows(SEEDS / "water_class_limit.csv")
    assert len(ours) == 5 * len(facts)
    scale = {"mg_l": 1, "ug_l": 1000, "dimensionless": 1, "count_l": 1}
    for fact in facts:
        for grade, column in enumerate(("class_I", "class_II", "class_III", "class_IV", "class_V"), 1):
            mine = [r for r in ours if r["item_name_zh"] == fact["name_cn"] and r["grade"] == str(grade)]
            assert len(mine) == 1, fact["name_cn"]
            figure = fact[column].split("-")[-1]
            assert Decimal(mine[0]["limit_value"]) == Decimal(figure) * scale[mine[0]["limit_unit"]], fact[
                "name_cn"
            ]
            assert (mine[0]["is_in_class_evaluation"] == "true") == (fact["in_21_item_evaluation"] == "yes")


def test_twenty_one_items_take_part_in_the_class() -> None:
    ours = rows(SEEDS / "water_class_limit.csv")
    taking_part = {r["factor_code"] for r in ours if r["is_in_class_evaluation"] == "true"}
    assert len(taking_part) == 21
    assert not taking_part & {"w01010", "w21001", "w02003"}  # temperature, total nitrogen, faecal coliform


def test_an_unseen_figure_stays_blank() -> None:
    blank = [
        r
        for r in rows(SEEDS / "source_rule.csv")
        if r["medium"] == "wastewater" and r["rule"] == "day_min_hours"
    ]
    assert [(r["value"], r["status"]) for r in blank] == [("", "unverified")]


def test_hourly_message_is_labelled_by_its_start_in_2017_and_unknown_in_2005() -> None:
    meaning = {
        r["dialect"]: r["time_meaning"] for r in rows(SEEDS / "hj212_time_meaning.csv") if r["mn"] == "*"
    }
    assert meaning["2017"] == "start"
    assert meaning["2005"] == "unknown"

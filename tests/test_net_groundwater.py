"""Groundwater: figures of seeds that can be computed, and the transcription of GB/T 14848 into canonical units."""

from __future__ import annotations

import csv
import itertools
from decimal import Decimal

from extract.home import REPO

SEEDS = REPO / "dbt_project" / "seeds"


def _rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def test_critical_values_are_those_of_all_orders() -> None:
    """The least S that at most 5 % of all orders of n different values reach in size; none exists for four values."""
    held = {
        int(r["sample_count"]): int(r["s_critical"]) if r["s_critical"] else None
        for r in _rows("networks/groundwater/groundwater_trend_critical.csv")
    }
    for n in (4, 5, 6, 7, 8):
        count: dict[int, int] = {}
        for order in itertools.permutations(range(n)):
            s = sum(1 if b > a else -1 for a, b in itertools.combinations(order, 2))
            count[s] = count.get(s, 0) + 1
        total = sum(count.values())
        reached = [
            s
            for s in sorted(count)
            if s > 0 and 20 * sum(c for x, c in count.items() if abs(x) >= s) <= total
        ]
        assert held[n] == (reached[0] if reached else None), n
    for n in range(4, 13):  # the same by the numbers of orders with k inversions: S is n(n-1)/2 - 2k
        inversions = [1]
        for size in range(2, n + 1):
            inversions = [
                sum(inversions[max(0, k - size + 1) : k + 1]) for k in range(len(inversions) + size - 1)
            ]
        most = n * (n - 1) // 2
        beyond = [k for k in range(most + 1) if 40 * sum(inversions[: k + 1]) <= sum(inversions)]
        assert held[n] == (most - 2 * max(beyond) if beyond else None), n


def test_limits_rise_and_stand_in_the_unit_of_their_factor() -> None:
    """Limits of better classes are never above those of worse ones; every factor of the table has the limit's unit."""
    unit = {
        r["factor_code"]: r["unit"]
        for name in ("reference/factor.csv", "networks/groundwater/factor__groundwater.csv")
        for r in _rows(name)
    }
    rows = _rows("networks/groundwater/groundwater_limit.csv")
    assert [int(r["item_no"]) for r in rows] == list(range(1, 94))
    assert len({r["factor_code"] for r in rows}) == 93
    for r in rows:
        told = [Decimal(r[f"limit_{n}"]) for n in (1, 2, 3, 4) if r[f"limit_{n}"]]
        assert told == sorted(told) and len(told) >= 3, r["item_name_zh"]
        assert unit[r["factor_code"]] == r["limit_unit"], r["item_name_zh"]


def test_printed_limits_become_canonical_figures() -> None:
    """Worked by hand: mercury 0.0001 mg/L is 0.1 μg/L, hexachlorocyclohexane 5.00 μg/L is 5000 ng/L."""
    by_name = {r["item_name_zh"]: r for r in _rows("networks/groundwater/groundwater_limit.csv")}
    assert by_name["汞"]["limit_1"] == "0.1" and by_name["汞"]["limit_unit"] == "ug_l"
    assert by_name["六六六"]["limit_3"] == "5000" and by_name["六六六"]["limit_unit"] == "ng_l"
    assert by_name["苯并(a)芘"]["limit_1"] == "0.002"
    assert (
        by_name["阴离子表面活性剂"]["limit_1"] == ""
        and by_name["阴离子表面活性剂"]["is_undetected_class_1"] == "true"
    )


def test_units_of_the_laboratory_lead_to_the_canonical_unit() -> None:
    """A figure in mg/L and the same in μg/L are one value."""
    told: dict[str, dict[str, Decimal]] = {}
    for r in _rows("networks/groundwater/reading_item__groundwater.csv"):
        told.setdefault(r["item"], {})[r["unit_as_sent"]] = Decimal(r["multiplier"])
    both = {i: m for i, m in told.items() if {"mg/L", "μg/L"} <= set(m)}
    assert len(both) > 60 and all(m["mg/L"] == 1000 * m["μg/L"] for m in both.values())

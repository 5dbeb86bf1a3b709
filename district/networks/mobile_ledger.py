"""Activity and factors of mobile and area sources, by town and period, and the totals that the ledger must give.

Trap: one town's catering has no factor for VOCs, so its total and the district's must be withheld. Factors are made up
and say so; they stand in the register's rows alone.
"""

from __future__ import annotations

from district.names import TOWNS, stream
from district.networks import Base, Feed
from district.plan import Row
from district.registers import periods, register_rows
from district.truth_kind import Kind

# source kind, sub-source, pollutant, unit of activity, activity a year, made-up factor in kg
_ITEMS = (
    ("移动源", "重型柴油货车", "氮氧化物", "千米", 9_000_000, 0.004),
    ("移动源", "轻型汽油车", "挥发性有机物", "千米", 40_000_000, 0.0001),
    ("移动源", "非道路机械", "二氧化硫", "小时", 20_000, 0.02),
    ("面源", "农业施肥", "氨氮", "亩", 12_000, 0.35),
    ("面源", "农村生活", "化学需氧量", "人", 8_000, 2.5),
    ("面源", "餐饮", "挥发性有机物", "户", 300, 12.0),
    ("面源", "散煤", "二氧化硫", "吨", 40, 9.0),
    ("面源", "散煤", "氮氧化物", "吨", 40, 1.5),
)
_NO_FACTOR = (3, "餐饮")  # town, sub-source
_MOBILE = {"氮氧化物", "挥发性有机物", "二氧化硫"}

KINDS: dict[str, Kind] = {
    "emission_ledger_total": Kind(
        ("fct_emission_ledger",),
        """
        with told as (select area_code, pollutant_code, period, emission_t, reason_zh from fct_emission_ledger
                      where source_kind = 'total')
        select count(*) filter (where is_right) as found, count(*) filter (where not is_right) as falsely_found
        from (select case when p.is_withheld then t.emission_t is null and t.reason_zh is not null
                          else coalesce(abs(t.emission_t - p.emission_t) < 0.0006, false) end as is_right
              from planted p inner join told t using (area_code, pollutant_code, period))""",
        "fct_emission_ledger: total of a town and of the district, or withheld",
        (("area_code", "varchar"), ("pollutant_code", "varchar"), ("period", "varchar"), ("emission_t", "double"),
         ("is_withheld", "boolean")),
    ),
}  # fmt: skip


def make(base: Base) -> Feed:
    """Rows of emission_activity for the years that the statistics tell, and their totals."""
    d = base.d
    rng = stream(d.seed, "mobile_ledger")
    size = rng.uniform(0.7, 1.4, len(TOWNS))
    years = [p for p, _ in periods(d) if "Q" not in p]
    rows: list[Row] = []
    truth: list[Row] = []
    codes = {
        "化学需氧量": "cod",
        "氨氮": "nh3n",
        "二氧化硫": "so2",
        "氮氧化物": "nox",
        "挥发性有机物": "vocs",
    }
    stationary = {
        (r["town_name"], r["period"], r["pollutant"]): r["emission_t"]
        for r in register_rows(d)["env_statistics"]
    }
    for period in years:
        sums: dict[str, float | None] = dict.fromkeys(codes, 0.0)
        for i, t in enumerate(TOWNS):
            totals: dict[str, float | None] = {p: stationary[(t.name, period, p)] for p in codes}
            for kind, sub, pollutant, unit, level, factor in _ITEMS:
                amount = round(level * float(size[i]), 0)
                known = (i, sub) != _NO_FACTOR
                rows.append({
                    "town_name": t.name, "period": period, "source_kind": kind, "sub_source": sub, "pollutant": pollutant,
                    "activity_amount": amount, "activity_unit": unit, "factor_kg_unit": factor if known else None,
                    "factor_source": "合成示意，非官方" if known else None, "method_version": "合成核算方法 v1（示意）",
                })  # fmt: skip
                so_far = totals[pollutant]
                totals[pollutant] = so_far + amount * factor / 1000 if known and so_far is not None else None
            for p, total in totals.items():
                truth.append({"area_code": t.code, "pollutant_code": codes[p], "period": period, "emission_t": total,
                              "is_withheld": total is None})  # fmt: skip
                so_far = sums[p]
                sums[p] = so_far + total if so_far is not None and total is not None else None
        truth += [
            {"area_code": "330603", "pollutant_code": codes[p], "period": period, "emission_t": v, "is_withheld": v is None}
            for p, v in sums.items()
        ]  # fmt: skip
    return Feed(registers={"emission_activity": rows}, truth={"emission_ledger_total": truth})

"""Registers kept by people: yearly and quarterly figures of the towns, and samples taken by hand.

Invariant: figures of a town over the quarters of a year sum to its yearly figure where both are given.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from district.names import TOWNS, stream
from district.plan import District, Row

POLLUTANTS = (
    ("化学需氧量", 420.0),
    ("氨氮", 24.0),
    ("二氧化硫", 95.0),
    ("氮氧化物", 260.0),
    ("挥发性有机物", 310.0),
)


def periods(d: District) -> list[tuple[str, date]]:
    """Years and quarters that end within the span, and the years just before it (for 'last year')."""
    out: list[tuple[str, date]] = []
    for year in range(d.first.year - 1, d.last.year + 1):
        for q in range(1, 5):
            end = date(year + q // 4, q % 4 * 3 + 1, 1)
            if year >= d.first.year and end <= d.last and end > d.first:
                out.append((f"{year}-Q{q}", end))
        end = date(year + 1, 1, 1)
        if end <= d.last or year < d.first.year:
            out.append((str(year), end))
    return out


def register_rows(d: District) -> dict[str, list[Row]]:
    """Rows of env_statistics, energy, forest and wetland, columns as their sources declare them."""
    rng = stream(d.seed, "registers")
    size = rng.uniform(0.6, 1.6, len(TOWNS))
    out: dict[str, list[Row]] = {"env_statistics": [], "energy": [], "forest": [], "wetland": []}
    quarter_share = np.array([0.23, 0.25, 0.25, 0.27])
    cover = [58 + 14 * float(rng.random()) if t.is_hilly else 6 + 14 * float(rng.random()) for t in TOWNS]
    for period, end in periods(d):
        year = int(period[:4])
        trend = 0.97 ** (year - 2024)
        share = quarter_share[int(period[-1]) - 1] if "Q" in period else 1.0
        yearly = "Q" not in period
        basis = "统计公布" if yearly else "部门核定"
        doc = f"合成〔{end.year}〕{end.month}号"
        for i, t in enumerate(TOWNS):
            gdp = 1_100_000 * float(size[i]) * 1.05 ** (year - 2024) * share
            for name, level in POLLUTANTS:
                out["env_statistics"].append(
                    {"town_name": t.name, "period": period, "pollutant": name,
                     "emission_t": round(level * float(size[i]) * t.dirt**2 * trend * share, 2), "input_basis": basis,
                     "input_body": "合成生态环境分局", "input_document": doc}
                )  # fmt: skip
            out["energy"].append(
                {"town_name": t.name, "period": period, "energy_tce": round(gdp * 0.28 * t.dirt * trend, 1),
                 "gdp_10k_cny": round(gdp, 1), "input_basis": basis, "input_body": "合成统计局", "input_document": doc}
            )  # fmt: skip
            if not yearly:
                continue
            has_forest = t.is_hilly or t.dirt < 1.1  # the flat northern towns have no task in forestry
            out["forest"].append(
                {"town_name": t.name, "period": period,
                 "forest_cover_pct": round(cover[i] + 0.1 * (year - 2024), 2) if has_forest else None,
                 "forest_stock_m3": round(cover[i] * 9000 * float(size[i]), 0) if has_forest else None,
                 "public_benefit_forest_mu": round(cover[i] * 820 * float(size[i]), 0) if has_forest else None,
                 "is_applicable": "是" if has_forest else "否", "input_basis": "部门核定",
                 "input_body": "合成林业站", "input_document": doc}
            )  # fmt: skip
            held = round(900 * float(size[i]), 0)
            out["wetland"].append(
                {"town_name": t.name, "period": period, "important_wetland_mu": held if t.has_wetland else None,
                 "protected_wetland_mu": round(held * (0.6 + 0.35 * float(size[i]) / 1.6), 0) if t.has_wetland else None,
                 "is_applicable": "是" if t.has_wetland else "否", "input_basis": "部门核定",
                 "input_body": "合成林业站", "input_document": doc}
            )  # fmt: skip
    return out


def write_registers(d: District, rows: dict[str, list[Row]], folder: Path) -> None:
    """One workbook per register and year of period, made on the template that `jianhu template` gives out."""
    from district.workbooks import write_register

    for source, items in rows.items():
        years: dict[str, list[Row]] = {}
        for r in items:
            told = r.pop("register_year", None) or r.get("period") or f"{r['sampled_at']:%Y}"
            key = str(told)[:4]
            years.setdefault(key, []).append(r)
        for year, some in sorted(years.items()):
            write_register(
                source, some, folder / source / f"{source}_{year}.xlsx", sender="合成单位", period=year
            )

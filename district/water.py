"""Surface water: 4-hourly bulletins of the automatic stations and monthly samples taken by hand.

Arrays are [step, section]; step k is the instant 4·k hours after the first midnight. The published class printed in a
bulletin is what GB 3838-2002 gives for its own shown figures (pH, DO, CODMn, NH3-N, TP), as the national platform does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from district.air import _ar1
from district.names import TOWNS, stream
from district.plan import District, Row, Section

CLASSES = ("Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ")
# what the provider's published class rests on: GB 3838-2002 table 1, items 3, 5 (CODMn 4), 7, 8 (river; lake)
_EDGES = {
    "DO": (7.5, 6.0, 5.0, 3.0, 2.0), "CODMn": (2.0, 4.0, 6.0, 10.0, 15.0), "NH3N": (0.15, 0.5, 1.0, 1.5, 2.0),
    "TP_river": (0.02, 0.1, 0.2, 0.3, 0.4), "TP_lake": (0.01, 0.025, 0.05, 0.1, 0.2),
}  # fmt: skip
ITEMS = (  # name in the bulletin, unit, shown decimals, factor code
    ("水温", "℃", 1, "w01010"), ("pH", "无量纲", 2, "w01001"), ("溶解氧", "mg/L", 2, "w01009"),
    ("电导率", "μS/cm", 1, "w01014"), ("浊度", "NTU", 1, "w01003"), ("高锰酸盐指数", "mg/L", 2, "w01019"),
    ("氨氮", "mg/L", 3, "w21003"), ("总磷", "mg/L", 3, "w21011"), ("总氮", "mg/L", 2, "w21001"),
)  # fmt: skip


@dataclass
class Water:
    sections: list[Section]
    values: dict[str, np.ndarray]  # item name → [step, section]
    truth: dict[str, list[Row]] = field(default_factory=dict)


def _severity(d: District, sections: list[Section], steps: int, name: str) -> np.ndarray:
    """How bad the water is on a scale where n.0 is the edge of class n; [step, section]."""
    rng = stream(d.seed, name)
    k = np.arange(steps)
    day_of_year = (d.begin.timetuple().tm_yday + k / 6)[:, None]
    season = -np.cos(2 * np.pi * (day_of_year - 200) / 365.25) * -0.18  # worse in summer
    rain = np.repeat(_ar1(rng, -(-steps // 6), 1, 0.6), 6, axis=0)[:steps]
    own = np.repeat(_ar1(rng, -(-steps // 42), len(sections), 0.5), 42, axis=0)[:steps]
    base = np.array([TOWNS[s.town].quality + (-0.1 if s.role == "outbound" else 0.0) for s in sections])
    return base - 0.45 + season + 0.10 * rain + 0.16 * own


def _between(severity: np.ndarray, edges: tuple[float, ...]) -> np.ndarray:
    """A concentration that lies in the class of the severity."""
    return np.exp(np.interp(severity, [0, 1, 2, 3, 4, 5], np.log([edges[0] * 0.4, *edges])))


def make_water(d: District) -> Water:
    """Series of the automatic stations, unrounded apart from what a bulletin shows."""
    sections = [s for s in d.sections if s.is_auto]
    steps = d.days * 6
    rng = stream(d.seed, "water")
    level = _severity(d, sections, steps, "water severity")
    n = len(sections)

    def noise(scale: float) -> np.ndarray:
        return scale * _ar1(rng, steps, n, 0.85)

    k = np.arange(steps)[:, None]
    day_of_year = d.begin.timetuple().tm_yday + k / 6
    temperature = 18 - 10.5 * np.cos(2 * np.pi * (day_of_year - 20) / 365.25) + noise(0.8)
    oxygen = np.interp(level + noise(0.12) - 0.35, [0, 1, 2, 3, 4, 5], [10.5, 7.7, 6.2, 5.1, 3.1, 2.0])
    oxygen = oxygen + 0.5 * np.sin(2 * np.pi * ((k % 6) * 4 - 9) / 24)
    is_lake = np.array([s.kind == "lake" for s in sections])
    tp_level = level + noise(0.14) - 0.25
    phosphorus = np.where(
        is_lake, _between(tp_level, _EDGES["TP_lake"]), _between(tp_level, _EDGES["TP_river"])
    )
    values = {
        "水温": temperature, "pH": np.clip(7.6 + noise(0.18), 6.6, 8.6), "溶解氧": np.clip(oxygen, 1.2, 14),
        "电导率": 330 + 40 * level + noise(12.0), "浊度": np.clip(18 * np.exp(noise(0.5)), 1, 300),
        "高锰酸盐指数": _between(level + noise(0.12), _EDGES["CODMn"]),
        "氨氮": _between(level + noise(0.18) - 0.3, _EDGES["NH3N"]), "总磷": phosphorus,
        "总氮": 0.9 + 0.5 * level + noise(0.15),
    }  # fmt: skip
    for name, _, _, _ in ITEMS:  # instruments under maintenance
        values[name][rng.random((steps, n)) < 0.01] = np.nan
    return Water(sections, values)


def published_class(row: dict[str, float | None], kind: str) -> str:
    """Class of shown figures by GB 3838-2002; empty when none of the graded items is there."""
    worst = -1
    for item, key in (("溶解氧", "DO"), ("高锰酸盐指数", "CODMn"), ("氨氮", "NH3N"), ("总磷", f"TP_{kind}")):
        v = row.get(item)
        if v is not None:
            over = (lambda e, v=v: v < e) if key == "DO" else (lambda e, v=v: v > e)
            worst = max(worst, sum(over(e) for e in _EDGES[key]))
    ph = row.get("pH")
    if ph is not None:
        worst = max(worst, 0 if 6 <= ph <= 9 else 5)
    return CLASSES[worst] if worst >= 0 else ""


def _cell(value: float, digits: int) -> str:
    if np.isnan(value):
        return "<span data-toggle='tooltip' data-placement='right' title='极值过滤'>--</span>"
    return f"<span data-toggle='tooltip' data-placement='right' title='原始值：{value:.5f}'>{value:.{digits}f}</span>"


def _row(w: Water, at: datetime, step: int, j: int, instead: dict[str, float] | None = None) -> list[Any]:
    s = w.sections[j]
    shown: dict[str, float | None] = {}
    cells = []
    for name, _, digits, _ in ITEMS:
        v = float((instead or {}).get(name, w.values[name][step, j]))
        shown[name] = None if np.isnan(v) else float(f"{v:.{digits}f}")
        cells.append(_cell(v, digits))
    town = TOWNS[s.town].name
    label = f"<span data-toggle='tooltip' data-placement='right' title='所在地市:绍兴市{town}&#10;所属河流:{s.river}'>{s.name}</span>"
    state = "维护" if all(v is None for v in shown.values()) else "正常"
    return ["浙江省", "曹娥江流域（合成）", label, at.strftime("%m-%d %H:%M"), published_class(shown, s.kind), *cells,
            "*", "*", state]  # fmt: skip


def write_bulletins(d: District, w: Water, folder: Path) -> None:
    """`<yyyy-mm-dd>.json` of every day as the platform answers it; fills truth of late and duplicated rows."""
    folder.mkdir(parents=True, exist_ok=True)
    head = ["省份", "流域", "断面名称", "监测时间", "水质类别",
            *(f"{n}<br/><span class='unit'>({u})</span>" for n, u, _, _ in ITEMS),
            "叶绿素α<br/><span class='unit'>(mg/L)</span>", "藻密度<br/><span class='unit'>(cells/L)</span>", "站点情况"]  # fmt: skip
    rng = stream(d.seed, "water late")
    late: dict[int, list[tuple[int, int]]] = {}
    for _ in range(max(2, round(d.days / 30 * d.scale))):  # rows that the next day's bulletin corrects
        step, j = int(rng.integers(max(1, (d.days - 1) * 6))), int(rng.integers(len(w.sections)))
        if not np.isnan(w.values["氨氮"][step, j]):
            late.setdefault(step // 6, []).append((step, j))
    for day in range(d.days):
        when = d.first + timedelta(days=day)
        corrected = {(s, j) for s, j in late.get(day, [])}
        body = []
        for step in range(day * 6, day * 6 + 6):
            at = d.begin + timedelta(hours=4 * step)
            for j in range(len(w.sections)):
                before = None
                if (step, j) in corrected:
                    now = float(f"{w.values['氨氮'][step, j]:.3f}")
                    before = {"氨氮": now * 9 + 4}
                    _late_truth(w, j, at, now, before["氨氮"])
                body.append(_row(w, at, step, j, before))
        for step, j in sorted({(s, j) for s, j in late.get(day - 1, [])}):
            body.append(_row(w, d.begin + timedelta(hours=4 * step), step, j))
        if day and day % 5 == 0:  # a stale row of yesterday stays in the bulletin
            step, j = day * 6 - 1, day % len(w.sections)
            if (step, j) not in {x for v in late.values() for x in v}:
                at = d.begin + timedelta(hours=4 * step)
                body.append(_row(w, at, step, j))
                _duplicate_truth(w, j, step, at)
        doc = {"result": 1, "total": 1, "records": len(body), "thead": head, "tbody": body}
        (folder / f"{when:%Y-%m-%d}.json").write_text(json.dumps(doc, ensure_ascii=False), "utf-8")


def _late_truth(w: Water, j: int, at: datetime, now: float, before: float) -> None:
    w.truth.setdefault("late_data", []).append(
        {"source": "water_auto_4h", "statistic": "instant", "point_id": f"water:{w.sections[j].code}", "factor_code": "w21003",
         "observed_at": at, "value": now, "value_before": round(before, 3)}
    )  # fmt: skip


def _duplicate_truth(w: Water, j: int, step: int, at: datetime) -> None:
    if not np.isnan(w.values["总磷"][step, j]):
        w.truth.setdefault("duplicate_data", []).append(
            {"source": "water_auto_4h", "statistic": "instant", "point_id": f"water:{w.sections[j].code}", "factor_code": "w21011",
             "observed_at": at, "value": float(f"{w.values['总磷'][step, j]:.3f}")}
        )  # fmt: skip


# hand-taken samples: name, unit, factor code, detection limit, decimals
MANUAL = (
    ("水温", "℃", "w01010", None, 1), ("pH", "无量纲", "w01001", None, 2), ("溶解氧", "mg/L", "w01009", None, 1),
    ("高锰酸盐指数", "mg/L", "w01019", None, 1), ("氨氮", "mg/L", "w21003", 0.025, 3),
    ("总磷", "mg/L", "w21011", 0.01, 3), ("总氮", "mg/L", "w21001", None, 2),
)  # fmt: skip
FORMS = ("{0}L", "<{0}", "ND", "未检出", "＜{0}", "{0}l")


def manual_samples(d: District) -> tuple[list[Row], list[Row]]:
    """Rows of water_section_manual (monthly, sections without a station) and the truth of its below-detection cells."""
    sections = [s for s in d.sections if not s.is_auto]
    rng = stream(d.seed, "manual")
    level = _severity(d, sections, d.days * 6, "manual severity")
    rows: list[Row] = []
    truth: list[Row] = []
    months = sorted({(d.first + timedelta(days=k)).replace(day=1) for k in range(d.days)})
    for m, month in enumerate(months):
        for j, s in enumerate(sections):
            day = month + timedelta(days=int(rng.integers(2, 9)))
            if not d.first <= day <= d.last:
                continue
            at = datetime.combine(day, datetime.min.time()) + timedelta(hours=9, minutes=10 * (j % 6))
            q = float(level[(day - d.first).days * 6, j])
            tp = float(_between(np.array(q - 0.25), _EDGES[f"TP_{s.kind}"]))
            figures = {
                "水温": 18 - 10 * float(np.cos(2 * np.pi * (day.timetuple().tm_yday - 20) / 365.25)),
                "pH": 7.5 + 0.2 * float(rng.standard_normal()),
                "溶解氧": float(np.interp(q - 0.35, [0, 1, 2, 3, 4, 5], [10.5, 7.7, 6.2, 5.1, 3.1, 2.0])),
                "高锰酸盐指数": float(_between(np.array(q), _EDGES["CODMn"])),
                "氨氮": float(_between(np.array(q - 0.3), _EDGES["NH3N"])), "总磷": tp, "总氮": 0.9 + 0.5 * q,
            }  # fmt: skip
            for k, (name, unit, factor, limit, digits) in enumerate(MANUAL):
                text = f"{figures[name]:.{digits}f}"
                if limit is not None and (m * 7 + j * 3 + k) % 9 == 0:
                    form = FORMS[(m + j + k) % len(FORMS)]
                    text = form.format(limit)
                    truth.append(
                        {"source": "water_section_manual", "point_id": f"water:{s.code}", "factor_code": factor,
                         "statistic": "instant", "observed_at": at, "sent": text,
                         "detection_limit": limit if "{0}" in form else None}
                    )  # fmt: skip
                rows.append(
                    {"section_code": s.code, "sampled_at": at, "factor_name": name, "value": text, "unit_text": unit,
                     "sample_no": f"合成{day:%Y%m%d}-{j + 1:02d}", "maturity": "reviewed"}
                )  # fmt: skip
    return rows, truth


def class_shares(w: Water) -> dict[str, float]:
    """Share of shown rows per published class, for a look at a seed's district."""
    count: dict[str, int] = {}
    for step in range(0, next(iter(w.values.values())).shape[0], 6):
        for j in range(len(w.sections)):
            c = str(_row(w, datetime.combine(date(2026, 1, 1), datetime.min.time()), step, j)[4])
            count[c] = count.get(c, 0) + 1
    total = sum(count.values()) or 1
    return {c: n / total for c, n in sorted(count.items())}

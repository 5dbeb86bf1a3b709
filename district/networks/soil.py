"""Soil: yearly samples of farmland and construction points, and the register of construction parcels.

Planted: pH exactly on 5.5, 6.5, 7.5 and just above, with cadmium between the two limits; a point whose land use changes between
two samples; parcels that are safe, accepted after remediation, unsafe, not investigated, not counted, and judged at their
planned use instead of the present one. Traps: mercury in μg/kg, six ways of writing "below detection", a wrong result that a
later report corrects, and the wrong report sent once more.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from district.names import TOWNS, stream
from district.networks import Base, Feed, point
from district.plan import District, Row
from district.truth_kind import Kind

ITEMS = {"砷": "soil_as", "镉": "soil_cd", "铬": "soil_cr", "六价铬": "soil_cr6", "铜": "soil_cu", "汞": "soil_hg",
         "镍": "soil_ni", "铅": "soil_pb", "锌": "soil_zn", "苯并[a]芘": "soil_bap", "pH": "soil_ph"}  # fmt: skip
FARM = {"砷": 9.0, "镉": 0.12, "铬": 60.0, "铜": 25.0, "汞": 0.2, "镍": 25.0, "铅": 30.0, "锌": 80.0}
BUILT = {"砷": 9.0, "镉": 0.2, "铜": 40.0, "汞": 0.3, "镍": 30.0, "铅": 60.0}
# pH, cadmium, screening limit of paddy land at that pH (GB 15618 table 1), class by screening and control (table 3)
EDGES = ((5.50, 0.35, 0.3, 2), (5.51, 0.35, 0.4, 1), (6.50, 0.5, 0.4, 2), (6.51, 0.5, 0.6, 1), (7.50, 0.7, 0.6, 2), (7.51, 0.7, 0.8, 1),
         (5.50, 1.8, 0.3, 3), (5.51, 1.8, 0.4, 2))  # fmt: skip
FORMS = ("{0}L", "<{0}", "ND", "未检出", "＜{0}", "{0}l")
HEAD = "样品编号,点位编码,采样时间,项目,结果,单位,审核状态,报告时间"


class _Lab:
    """Results as they are reported, and the truth that follows from them."""

    def __init__(self, d: District, feed: Feed) -> None:
        self.d, self.feed = d, feed
        self.rows: dict[int, list[str]] = {}
        self.count = 0

    def sample(
        self,
        code: str,
        at: datetime,
        results: dict[str, str | float],
        classes: dict[str, int],
        micro: bool = False,
    ) -> None:
        """Report one sample. classes: the class of the items that stand above their screening value."""
        self.count += 1
        reported = at.replace(hour=17) + timedelta(days=5)
        for item, result in results.items():
            unit, sent = (
                "无量纲" if item == "pH" else "mg/kg",
                result if isinstance(result, str) else f"{result:g}",
            )
            if micro and item == "汞" and not isinstance(result, str):
                unit, sent = "μg/kg", f"{result * 1000:g}"
            key: Row = {"point_id": f"soil:{code}", "factor_code": ITEMS[item], "observed_at": at}
            if isinstance(result, str):
                figure = "".join(c for c in result if c in "0123456789.")
                self.truth("below_detection", {**key, "source": "soil_sample", "statistic": "instant", "sent": sent,
                                               "detection_limit": float(figure) if figure else None})  # fmt: skip
            if item in classes:
                self.truth("soil_above", {**key, "class_no": classes[item]})
            self.add(at.year, code, at, item, sent, unit, reported)

    def add(
        self, year: int, code: str, at: datetime, item: str, sent: str, unit: str, reported: datetime
    ) -> None:
        line = f"合成T{self.count:04d},{code},{at:%Y-%m-%d %H:%M},{item},{sent},{unit},reviewed,{reported:%Y-%m-%d %H:%M:%S}"
        self.rows.setdefault(year, []).append(line)

    def truth(self, kind: str, row: Row) -> None:
        self.feed.truth.setdefault(kind, []).append(row)


def _file(lines: list[str]) -> bytes:
    return ("\r\n".join([HEAD, *lines]) + "\r\n").encode("gbk")


def _days(d: District) -> list[date]:
    """The first sampling day of every year of the span."""
    return [
        max(d.first, date(y, 1, 5))
        for y in range(d.first.year, d.last.year + 1)
        if max(d.first, date(y, 1, 5)) <= d.last
    ]


def _farmland(d: District, feed: Feed, lab: _Lab) -> None:
    rng = stream(d.seed, "soil farmland")
    uses = ("paddy", "dryland", "orchard")
    n = len(EDGES) + 3 + int(6 * d.scale)
    for j in range(n):
        code, use = f"SYNT{j + 1:02d}", "paddy" if j < len(EDGES) else uses[j % 3]
        feed.points.append(
            point(
                d,
                code,
                f"合成农用地土壤点{j + 1:02d}",
                "soil",
                (2 * j + 1) % len(TOWNS),
                "farmland",
                zone_code=use,
            )
        )
        for first in _days(d):
            day = min(first + timedelta(days=1 + j % 3), d.last)
            at = datetime.combine(day, datetime.min.time()) + timedelta(hours=9, minutes=20 * (j % 9))
            results: dict[str, str | float] = {"pH": round(float(rng.uniform(6.8, 7.3)), 2)}
            results |= {i: float(f"{v * float(rng.uniform(0.85, 1.15)):.3g}") for i, v in FARM.items()}
            classes: dict[str, int] = {}
            if j < len(EDGES):
                ph, cadmium, limit, class_no = EDGES[j]
                results |= {"pH": ph, "镉": cadmium}
                classes = {"镉": class_no} if class_no > 1 else {}
                lab.truth("soil_ph_edge", {"point_id": f"soil:{code}", "factor_code": "soil_cd", "observed_at": at, "limit_mg_kg": limit,
                                           "class_no": class_no})  # fmt: skip
            else:
                results["汞"] = FORMS[(j + day.year) % len(FORMS)].format(0.002)
            lab.sample(code, at, results, classes, micro=j == 1)


def _wrong(d: District, feed: Feed, lab: _Lab) -> None:
    """Lead of the first point is told ten times too high at first; the correction, and the old report once more."""
    for year in sorted(lab.rows):
        lines = lab.rows[year]
        n = next(i for i, x in enumerate(lines) if ",SYNT01," in x and ",铅," in x)
        cells = lines[n].split(",")
        right, reported = float(cells[4]), datetime.fromisoformat(cells[7])
        cells[4] = f"{right * 10:g}"
        lines[n] = ",".join(cells)
        feed.files[f"soil/土壤检测结果_{year}（旧稿重发）.csv"] = _file([lines[n]])
        cells[4], cells[7] = f"{right:g}", f"{reported + timedelta(days=6):%Y-%m-%d %H:%M:%S}"
        feed.files[f"soil/土壤检测结果_{year}（更正）.csv"] = _file([",".join(cells)])
        truth: Row = {"source": "soil_sample", "statistic": "instant", "point_id": "soil:SYNT01", "factor_code": "soil_pb",
                      "observed_at": datetime.fromisoformat(cells[2]), "value": right}  # fmt: skip
        for kind in ("late_data", "resent_old_payload"):
            lab.truth(kind, dict(truth))


def _construction(d: District, feed: Feed, lab: _Lab) -> None:
    """Parcels; code, planned use, key, points' present use, the item that stands out, whether accepted, whether begun, safe."""
    rng = stream(d.seed, "soil construction")
    first, began = _days(d)[0], d.last - timedelta(days=2)
    plan: tuple[tuple[str, bool, str, dict[str, float], bool, bool, bool | None], ...] = (
        ("第一类用地", True, "class_1", {}, False, True, True),
        ("第一类用地", True, "class_1", {"铅": 610.0}, True, True, True),
        ("第二类用地", True, "class_2", {"砷": 92.0}, False, True, False),
        ("第一类用地", True, "class_1", {}, False, False, None),
        ("第二类用地", True, "", {}, False, True, False),
        ("第一类用地", False, "class_1", {"镍": 210.0}, False, True, None),
        ("第一类用地", True, "class_2", {"砷": 41.0}, False, True, False),
    )
    limits = {
        "class_1": {"铅": 400.0, "砷": 20.0, "镍": 150.0},
        "class_2": {"铅": 800.0, "砷": 60.0, "镍": 900.0},
    }
    for k, (planned, is_key, present, high, is_accepted, is_begun, is_safe) in enumerate(plan):
        parcel, town, codes = f"SYNP{k + 1:02d}", (3 * k + 2) % len(TOWNS), []
        for n in range(2 if present else 0):
            code = f"SYNJ{k + 1:02d}{n + 1}"
            codes.append(code)
            feed.points.append(
                point(
                    d,
                    code,
                    f"合成建设用地土壤点{k + 1:02d}-{n + 1}",
                    "soil",
                    town,
                    "construction",
                    zone_code=present,
                )
            )
            at = datetime.combine(first, datetime.min.time()) + timedelta(hours=10, minutes=5 * k + n)
            results: dict[str, str | float] = {
                i: float(f"{v * float(rng.uniform(0.85, 1.15)):.3g}") for i, v in BUILT.items()
            }
            results |= {"六价铬": FORMS[(k + n) % 2].format(0.5), "苯并[a]芘": 0.04}
            results |= high if n == 0 else {}
            over = {i: 2 for i, v in high.items() if n == 0 and v > limits[present][i]}
            lab.sample(code, at, results, over)
        feed.registers.setdefault("soil_parcel", []).append(
            {"parcel_code": parcel, "name_zh": f"合成地块{k + 1:02d}", "town_name": TOWNS[town].name, "planned_use": planned,
             "is_key_parcel": "是" if is_key else "否", "area_mu": round(float(rng.uniform(12, 90)), 1),
             "use_started_date": began if is_begun else None, "accepted_date": first + timedelta(days=1) if is_accepted else None,
             "point_codes": "、".join(codes) or None, "register_year": d.last.year}
        )  # fmt: skip
        if d.days >= 10:
            lab.truth(
                "soil_parcel", {"parcel_code": parcel, "is_counted": is_key and is_begun, "is_safe": is_safe}
            )


def _land_change(d: District, feed: Feed, lab: _Lab) -> None:
    """Arsenic of 40 mg/kg before and after the point's land becomes land of the first class (20 instead of 60)."""
    if d.days < 10:
        return
    changed = d.first + timedelta(days=d.days // 2)
    row = point(d, "SYNJ90", "合成建设用地土壤点90", "soil", 5, "construction", zone_code="class_2")
    feed.points += [{**row, "valid_to": changed}, {**row, "zone_code": "class_1", "valid_from": changed}]
    for day, over in ((changed - timedelta(days=1), {}), (changed, {"砷": 2})):
        lab.sample(
            "SYNJ90",
            datetime.combine(day, datetime.min.time()) + timedelta(hours=14),
            {"砷": 40.0, "铅": 55.0},
            dict(over),
        )


def make(base: Base) -> Feed:
    """The network's feed."""
    d, feed = base.d, Feed()
    lab = _Lab(d, feed)
    _farmland(d, feed, lab)
    _wrong(d, feed, lab)
    _construction(d, feed, lab)
    _land_change(d, feed, lab)
    for year, lines in lab.rows.items():
        feed.files[f"soil/土壤检测结果_{year}.csv"] = _file(lines)
    return feed


_ITEM = "p.point_id = r.point_id and p.factor_code = r.factor_code and p.observed_at = r.observed_at"
_TYPED = (("class_no", "bigint"),)
KINDS: dict[str, Kind] = {
    "soil_ph_edge": Kind(
        ("fct_soil_item",),
        f"""
        with told as (
            select r.class_no = p.class_no and r.screening_limit_mg_kg = p.limit_mg_kg as is_right
            from planted p inner join fct_soil_item r on {_ITEM})
        select count(*) filter (where is_right) as found,
               count(*) filter (where not coalesce(is_right, false)) as falsely_found from told""",
        "screening value and class on both sides of pH 5.5, 6.5 and 7.5",
        (*_TYPED, ("limit_mg_kg", "double")),
    ),
    "soil_above": Kind(
        ("fct_soil_item",),
        f"""
        with told as (select * from fct_soil_item where class_no > 1)
        select (select count(*) from planted p where exists (select 1 from told r where {_ITEM} and p.class_no = r.class_no)) as found,
               (select count(*) from told r where not exists (
                    select 1 from planted p where {_ITEM} and p.class_no = r.class_no)) as falsely_found""",
        "items above their screening or control value, by the land use of the day",
        _TYPED,
    ),
    "soil_parcel": Kind(
        ("fct_soil_parcel",),
        """
        with told as (
            select r.is_counted = p.is_counted and r.is_safe is not distinct from p.is_safe as is_right
            from planted p inner join fct_soil_parcel r on p.parcel_code = r.parcel_code)
        select count(*) filter (where is_right) as found,
               count(*) filter (where not coalesce(is_right, false)) as falsely_found from told""",
        "whether a parcel counts, and whether it is safe at its planned use",
        (("parcel_code", "varchar"), ("is_counted", "boolean"), ("is_safe", "boolean")),
    ),
}  # fmt: skip

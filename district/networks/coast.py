"""The coast: cruises at sea sites with their area weights, and outfalls straight into the sea with their list.

Invariant: truth follows from the rows as sent. The class of sea water has no limits (GB 3097's are not at hand), so none is planted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from district.names import TOWNS, stream
from district.networks import Base, Feed, point, start_of
from district.plan import District, Row
from district.truth_kind import Kind

AREAS = {  # sea area → its sites with weight and km²; of the second the weights miss 1 by 0.03 where something is planted
    "合成杭州湾南岸": (
        ("SYNC01", 0.30, 60.0),
        ("SYNC02", 0.25, 50.0),
        ("SYNC03", 0.25, 50.0),
        ("SYNC04", 0.20, 40.0),
    ),
    "合成曹娥江口外": (("SYNC05", 0.50, 45.0), ("SYNC06", 0.30, 27.0), ("SYNC07", 0.20, 18.0)),
}
SEA_ITEMS = (  # item, unit, level, spread, decimals
    ("pH", "无量纲", 8.0, 0.1, 2), ("溶解氧", "mg/L", 7.6, 0.5, 2), ("化学需氧量", "mg/L", 1.6, 0.4, 2),
    ("无机氮", "mg/L", 1.1, 0.3, 3), ("活性磷酸盐", "mg/L", 0.038, 0.006, 4), ("石油类", "mg/L", 0.03, 0.008, 3),
)  # fmt: skip
HEAD = "口门编码,采样时间,审核状态,流量(m3/h),水温(℃),化学需氧量(mg/L),氨氮(mg/L),总氮(mg/L),总磷(mg/L)"
NAMES = ("w00000", "w01010", "w01018", "w21003", "w21001", "w21011")
WWTP = {
    "w01018": (50.0, 50.0),
    "w21003": (5.0, 8.0),
    "w21001": (15.0, 15.0),
    "w21011": (0.5, 0.5),
}  # seed: warm, cold water
COLD = 12.0


@dataclass(frozen=True)
class Outfall:
    code: str
    kind: str
    town: int
    is_listed: bool = True
    has_monitor: bool = True
    reason: str | None = None


OUTFALLS = (
    Outfall("SYNO1", "wwtp", 10),
    Outfall("SYNO2", "wwtp", 4),
    Outfall("SYNO3", "industrial", 10),
    Outfall("SYNO4", "other", 6, has_monitor=False, reason="合成：仅排放清净雨水，按季巡查"),
    Outfall("SYNO5", "other", 6, has_monitor=False),
    Outfall("SYNO6", "industrial", 4, is_listed=False),
)


def _months(d: District) -> list[datetime]:
    """The first days of the months of the span."""
    firsts = sorted({(d.first + timedelta(days=k)).replace(day=1) for k in range(d.days)})
    return [datetime.combine(f, datetime.min.time()) for f in firsts]


def _inside(d: District, at: datetime) -> bool:
    return d.first <= at.date() <= d.last


def _cruises(d: District, truth: dict[str, list[Row]]) -> list[Row]:
    """A cruise a month, on the 10th and 11th; one laboratory gives phosphate in µg/L, oil is sometimes below detection."""
    rng = stream(d.seed, "coast cruise")
    rows: list[Row] = []
    for m, first in enumerate(_months(d)):
        for n, code in enumerate(c for sites in AREAS.values() for c, _, _ in sites):
            at = first + timedelta(days=9 + n // 4, hours=9, minutes=20 * n)
            if not _inside(d, at):
                continue
            for item, unit, level, spread, digits in SEA_ITEMS:
                value = level + spread * float(rng.uniform(-1, 1))
                text, told = f"{value:.{digits}f}", unit
                if item == "活性磷酸盐" and n % 3 == 1:
                    text, told = f"{value * 1000:.1f}", "μg/L"
                if item == "石油类" and (m + n) % 4 == 0:
                    text = "<0.01"
                    truth["below_detection"].append(
                        {"source": "coastal_water_cruise", "point_id": f"coastal_water:{code}", "factor_code": "w22001",
                         "statistic": "instant", "observed_at": at, "sent": text, "detection_limit": 0.01}
                    )  # fmt: skip
                rows.append({"site_code": code, "cruise_code": f"合成{first:%Y%m}航次", "sampled_at": at, "item": item, "value": text,
                             "unit_text": told, "maturity": "reviewed"})  # fmt: skip
    return rows


def _weights(d: District, truth: dict[str, list[Row]]) -> list[Row]:
    rows: list[Row] = []
    off = 0.03 if d.days >= 20 else 0.0
    for year in sorted({d.first.year, d.last.year}):
        for k, (area, sites) in enumerate(AREAS.items()):
            for n, (code, weight, km2) in enumerate(sites):
                told = weight - (off if k and n == len(sites) - 1 else 0.0)
                rows.append(
                    {
                        "sea_area": area,
                        "site_code": code,
                        "weight_share": f"{told:.4f}",
                        "area_km2": km2,
                        "period": str(year),
                    }
                )
            if k and off:
                truth["coastal_weight_off"].append(
                    {"sea_area": area, "period": str(year), "weight_sum": 0.97}
                )
    return rows


def _samples(d: District, truth: dict[str, list[Row]]) -> dict[str, bytes]:
    """A table a month in GBK. Ammonia between the two figures: in cold water it meets the limit, in warm water it does not."""
    rng = stream(d.seed, "coast outfalls")
    files: dict[str, bytes] = {}
    for m, first in enumerate(_months(d)):
        lines = [HEAD]
        for n, o in enumerate(x for x in OUTFALLS if x.has_monitor):
            at = first + timedelta(days=3 + n, hours=10)
            if not _inside(d, at):
                continue
            told = [f"{rng.uniform(300, 900):.1f}", f"{rng.uniform(13, 20):.1f}", f"{rng.uniform(18, 38):.1f}", f"{rng.uniform(0.8, 3.5):.3f}",
                    f"{rng.uniform(6, 12):.2f}", f"{rng.uniform(0.1, 0.3):.3f}"]  # fmt: skip
            if o.code == "SYNO1":
                told[1], told[3] = "9.6", f"{rng.uniform(6, 7):.3f}"
            elif o.code == "SYNO2":
                told[1], told[3] = "16.2", f"{rng.uniform(6, 7):.3f}"
                if m % 2:
                    told[2] = f"{rng.uniform(58, 70):.1f}"
            elif o.code == "SYNO3":
                told[5] = ("0.01L", "<0.01")[m % 2]
                truth["below_detection"].append(
                    {"source": "sea_outfall_manual", "point_id": f"sea_outfall:{o.code}", "factor_code": "w21011", "statistic": "instant",
                     "observed_at": at, "sent": told[5], "detection_limit": 0.01}
                )  # fmt: skip
            lines.append(",".join([o.code, f"{at:%Y-%m-%d %H:%M}", "reviewed", *told]))
            if o.kind == "wwtp":
                for factor, text in zip(NAMES, told, strict=True):
                    if factor in WWTP and float(text) > WWTP[factor][float(told[1]) <= COLD]:
                        truth["sea_outfall_exceedance"].append(
                            {
                                "point_id": f"sea_outfall:{o.code}",
                                "factor_code": factor,
                                "observed_at": at,
                                "value": float(text),
                            }
                        )
        if len(lines) > 1:
            files[f"sea_outfall/直排海口监测_{first:%Y-%m}.csv"] = ("\r\n".join(lines) + "\r\n").encode("gbk")
    return files


def make(base: Base) -> Feed:
    """Sites, cruises, weights; outfalls, their list, samples and gaps."""
    d = base.d
    truth: dict[str, list[Row]] = {
        k: [] for k in ("below_detection", "coastal_weight_off", "sea_outfall_exceedance", "sea_outfall_gap")
    }
    feed = Feed(truth=truth)
    for area, sites in AREAS.items():
        feed.points += [
            point(d, c, f"合成海水站位{c[-2:]}", "coastal_water", 10, "sea_site", zone_code=area)
            for c, _, _ in sites
        ]
    feed.registers = {"coastal_water_cruise": _cruises(d, truth), "coastal_site_weight": _weights(d, truth)}
    feed.registers = {k: v for k, v in feed.registers.items() if v}
    feed.files = _samples(d, truth)
    told = {line.split(",")[0] for body in feed.files.values() for line in body.decode("gbk").splitlines()}
    listed: list[Row] = []
    for o in OUTFALLS:
        label = {"wwtp": "污水厂", "industrial": "工业", "other": "其他"}[o.kind]
        p = point(d, o.code, f"合成{label}直排口{o.code[-1]}", "sea_outfall", o.town, "monitor")
        if o.has_monitor:
            feed.points.append(p)
        if o.is_listed:
            listed.append(
                {"outfall_code": o.code, "name_zh": p["name_zh"], "outfall_type": o.kind, "town_code": TOWNS[o.town].code,
                 "longitude": p["longitude"], "latitude": p["latitude"], "operator_name": f"合成排口单位{o.code[-1]}（演示）",
                 "no_monitor_reason": o.reason, "valid_from": start_of(d), "valid_to": None}
            )  # fmt: skip
        gap = (
            "monitor_not_listed" if not o.is_listed
            else "no_monitor_no_reason" if not o.has_monitor and not o.reason
            else "monitor_silent" if o.has_monitor and o.code not in told
            else None
        )  # fmt: skip
        if gap:
            truth["sea_outfall_gap"].append({"point_id": f"sea_outfall:{o.code}", "gap_kind": gap})
    feed.database["sea_outfall_register"] = listed
    return feed


KINDS = {
    "coastal_weight_off": Kind(
        ("fct_coastal_weight",),
        """
        with told as (select sea_area, period from fct_coastal_weight where not is_sum_one)
        select (select count(*) from planted p inner join told t on p.sea_area = t.sea_area and p.period = t.period) as found,
               (select count(*) from told t where not exists (
                    select 1 from planted p where p.sea_area = t.sea_area and p.period = t.period)) as falsely_found""",
        "a sea area whose site weights do not sum to 1 is a finding, and no other is",
        (("sea_area", "varchar"), ("period", "varchar")),
    ),
    "sea_outfall_gap": Kind(
        ("fct_sea_outfall_inventory",),
        """
        with told as (select point_id, gap_kind from fct_sea_outfall_inventory where gap_kind is not null)
        select (select count(*) from planted p inner join told t on p.point_id = t.point_id and p.gap_kind = t.gap_kind) as found,
               (select count(*) from told t where not exists (
                    select 1 from planted p where p.point_id = t.point_id and p.gap_kind = t.gap_kind)) as falsely_found""",
        "an outfall without monitor and reason, a monitor that no list names, a monitor that tells nothing",
        (("gap_kind", "varchar"),),
    ),
    "sea_outfall_exceedance": Kind(
        ("fct_sea_outfall_sample",),
        """
        with told as (select point_id, factor_code, observed_at from fct_sea_outfall_sample where judgement = 'exceedance')
        select (select count(*) from planted p inner join told t on p.point_id = t.point_id and p.factor_code = t.factor_code
                and p.observed_at = t.observed_at) as found,
               (select count(*) from told t where not exists (select 1 from planted p where p.point_id = t.point_id
                and p.factor_code = t.factor_code and p.observed_at = t.observed_at)) as falsely_found""",
        "samples above the limit of their water temperature, and no other",
    ),
}

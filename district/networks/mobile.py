"""Vehicles met on the road, at inspection stations and at factory gates.

Traps: an old failure outside the window, an invalid record, a failure corrected on review while the old file is sent
again, a gate that tells another emission stage than the register, lorries that leave, vehicles that nobody knows.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from district.names import TOWNS, stream
from district.networks import Base, Feed
from district.networks._mobile_vehicles import (
    Vehicle,
    cars,
    fleet,
    identifiers,
    old_trucks,
    register_rows,
    trucks,
)
from district.plan import District, Row
from district.truth_kind import Kind

_HEADERS = ("记录编号", "点位编码", "通过时间", "号牌号码", "号牌颜色", "燃料种类", "车速", "比功率", "NO", "不透光度", "判定结果", "上传时间")  # fmt: skip
_STAGE_FOUR_BAN = date(2026, 3, 1)  # seed gate_ban_rule: from this day stage four is banned, too


def _told(kind: str, on: str, told: str, says: str, needs: str) -> Kind:
    return Kind(
        (needs,),
        f"""
        with told as ({told})
        select (select count(*) from planted p where exists (select 1 from told t where {on})) as found,
               (select count(*) from told t where not exists (select 1 from planted p where {on})) as falsely_found""",
        says,
        (("record_no", "varchar"), ("gate_code", "varchar"), ("passed_at", "timestamp"), ("report_no", "varchar"),
         ("sign_kind", "varchar")),
    )  # fmt: skip


KINDS: dict[str, Kind] = {
    "mobile_high_emitter": _told(
        "mobile_high_emitter", "p.record_no = t.listed_record_no", "select listed_record_no from fct_high_emitter",
        "fct_high_emitter: the record that completes two failures in the window", "fct_high_emitter",
    ),
    "mobile_gate_breach": _told(
        "mobile_gate_breach", "p.gate_code = t.place_code and p.passed_at = t.occurred_at",
        "select place_code, occurred_at from fct_gate_breach where is_breach",
        "fct_gate_breach: a banned stage that went in", "fct_gate_breach",
    ),
    "mobile_inspection_sign": _told(
        "mobile_inspection_sign", "p.report_no = t.report_no and p.sign_kind = t.sign_kind",
        "select report_no, sign_kind from fct_inspection_sign", "fct_inspection_sign: report and sign", "fct_inspection_sign",
    ),
}  # fmt: skip


class _Roadside:
    """Remote-sensing records by file, numbered as they are made."""

    def __init__(self, d: District) -> None:
        self.d, self.rng, self.count = d, stream(d.seed, "mobile remote sensing"), 0
        self.files: dict[str, list[list[str]]] = {}

    def add(
        self, v: Vehicle, at: datetime, result: str = "合格", *, file: str | None = None, no: str | None = None,
        delay: timedelta = timedelta(hours=2),
    ) -> str:  # fmt: skip
        if no is None:
            self.count += 1
            no = f"SYNR{self.count:06d}"
        poor = result == "不合格"
        row = [
            no, f"SYNY{v.number % 3 + 1:02d}", f"{at:%Y-%m-%d %H:%M:%S}", v.plate, "黄" if v.fuel == "diesel" else "蓝",
            {"diesel": "柴油", "gasoline": "汽油"}[v.fuel], f"{self.rng.uniform(25, 60):.1f}", f"{self.rng.uniform(2, 15):.1f}",
            f"{self.rng.uniform(2500, 3200) if poor else self.rng.uniform(50, 600):.0f}",
            f"{self.rng.uniform(40, 60) if poor else self.rng.uniform(1, 12):.1f}", result, f"{at + delay:%Y-%m-%d %H:%M:%S}",
        ]  # fmt: skip
        self.files.setdefault(file or f"遥感_{at:%Y-%m}", []).append(row)
        return no

    def payloads(self) -> dict[str, bytes]:
        out = {}
        for name, rows in sorted(self.files.items()):
            lines = [",".join(_HEADERS), *(",".join(r) for r in rows), ""]
            out[f"remote_sensing/{name}.csv"] = "\r\n".join(lines).encode("gb18030")
        return out


def _remote_sensing(d: District) -> tuple[dict[str, bytes], list[Row]]:
    road = _Roadside(d)
    for day in range(d.days):
        for v in fleet(d):
            if (day + v.number) % 16 == 0:
                road.add(v, d.begin + timedelta(days=day, hours=7 + v.number % 11, minutes=v.number % 60))
    truth: list[Row] = []
    if d.days < 30:
        return road.payloads(), truth
    met = cars(d)
    for v in met[:2]:
        road.add(v, d.begin + timedelta(days=4, hours=9, minutes=v.number % 60), "不合格")
        at = d.begin + timedelta(days=25, hours=16, minutes=v.number % 60)
        truth.append({"record_no": road.add(v, at, "不合格")})
    # eight months lie between the two: outside the window
    road.add(met[2], d.begin - timedelta(days=235), "不合格", file="遥感_历史")
    road.add(met[2], d.begin + timedelta(days=8, hours=10), "不合格")
    road.add(met[3], d.begin + timedelta(days=9, hours=10), "不合格")
    road.add(met[3], d.begin + timedelta(days=12, hours=10), "无效")
    # the second failure is found wrong on review; the file of the month is sent again after that
    road.add(met[4], d.begin + timedelta(days=5, hours=11), "不合格")
    wrong = d.begin + timedelta(days=7, hours=11)
    no = road.add(met[4], wrong, "不合格")
    road.add(met[4], wrong, "合格", file=f"遥感_复核_{wrong:%Y-%m}", no=no, delay=timedelta(days=3))
    month = f"遥感_{wrong:%Y-%m}"
    road.files[f"{month}_重发"] = [*road.files[month]]
    return road.payloads(), truth


def _gates(d: District) -> tuple[list[tuple[str, list[Row]]], list[Row]]:
    rng = stream(d.seed, "mobile gates")
    sites = [e["site_code"] for e in d.enterprises][: max(3, round(5 * d.scale))]
    codes = {s: f"SYNM{n + 1:02d}" for n, s in enumerate(sites)}
    modern, old, truth = trucks(d), old_trucks(d), []
    days: list[tuple[str, list[Row]]] = []
    for day in range(d.days):
        rows: list[Row] = []

        def passes(
            v: Vehicle, site: str, at: datetime, way: str, stage: str | None, rows: list[Row] = rows
        ) -> None:
            rows.append({"gateCode": codes[site], "siteCode": site, "dataTime": f"{at:%Y-%m-%d %H:%M:%S}",
                         "plateNo": v.plate, "direction": way, "vehicleClass": v.vehicle_class, "emissionStage": stage})  # fmt: skip

        midnight = d.begin + timedelta(days=day)
        site = sites[day % len(sites)]
        v = modern[day % len(modern)]
        at = midnight + timedelta(hours=8, minutes=int(rng.integers(50)))
        passes(v, site, at, "in", "国六")
        passes(v, site, at + timedelta(hours=1), "out", "国六")
        if day % 9 == 4 and d.days >= 20:
            v = old[day // 9 % len(old)]
            at = midnight + timedelta(hours=13, minutes=int(rng.integers(50)), seconds=17)
            # every second time the gate's own list flatters the lorry: the register decides
            passes(v, site, at, "in", "国六" if day // 9 % 2 else v.stage)
            passes(v, site, at + timedelta(minutes=40), "out", v.stage)
            if v.stage == "国三" or at.date() >= _STAGE_FOUR_BAN:
                truth.append({"gate_code": codes[site], "passed_at": at})
        if day % 10 == 6:
            passes(Vehicle(90000 + day, "heavy_diesel_truck", "diesel", "", 0, None), site,
                   midnight + timedelta(hours=18), "in", None)  # fmt: skip
        days.append((f"{midnight:%Y-%m-%d}", sorted(rows, key=lambda r: str(r["dataTime"]))))
    return days, truth


def _inspections(d: District) -> tuple[list[Row], list[Row]]:
    rng = stream(d.seed, "mobile inspections")
    rows: list[Row] = []
    truth: list[Row] = []
    all_vehicles = fleet(d)

    def test(v: Vehicle, at: datetime, seconds: int, figures: tuple[float, float, float]) -> str:
        no = f"SYNI{len(rows) + 1:06d}"
        rows.append({
            "report_no": no, "station_code": f"SYNJ{v.number % 2 + 1:02d}", "line_code": f"L{v.number % 2 + 1}", "plate": v.plate,
            "test_method": "lugdown" if v.fuel == "diesel" else "asm", "started_at": at, "ended_at": at + timedelta(seconds=seconds),
            "smoke_k_m": figures[0], "nox_ppm": figures[1], "power_kw": figures[2], "result": "合格",
        })  # fmt: skip
        return no

    for day in range(d.days):
        v = all_vehicles[day % len(all_vehicles)]
        figures = (round(float(rng.uniform(0.1, 0.9)), 3), round(float(rng.uniform(100, 900)), 1), round(float(rng.uniform(80, 300)), 1))  # fmt: skip
        test(v, d.begin + timedelta(days=day, hours=10, minutes=int(rng.integers(40))), int(rng.integers(300, 600)), figures)  # fmt: skip
    if d.days >= 30:
        same = [v for v in cars(d) if v.number % 2 == 0][:3]
        for n, v in enumerate(same):
            at = d.begin + timedelta(days=11, hours=14, minutes=15 * n)
            truth.append(
                {"report_no": test(v, at, 420, (0.31, 402.5, 151.2)), "sign_kind": "identical_results"}
            )
        fast = trucks(d)[1]
        at = d.begin + timedelta(days=17, hours=15)
        truth.append({"report_no": test(fast, at, 45, (0.22, 333.1, 220.4)), "sign_kind": "too_fast"})
    return rows, truth


def _stops(d: District) -> list[Row]:
    rng = stream(d.seed, "mobile stops")
    rows: list[Row] = []
    for day in range(0, d.days, 6):
        v = (old_trucks(d) + trucks(d))[day // 6 % 10]
        at = d.begin + timedelta(days=day, hours=20, minutes=int(rng.integers(50)))
        rows.append({
            "stop_no": f"SYNL{day:05d}", "stopped_at": at, "town_name": TOWNS[day % len(TOWNS)].name, "plate": v.plate,
            "emission_stage": v.stage, "smoke_k_m": round(float(rng.uniform(0.1, 0.8)), 3), "finding": None,
            "result": "合格", "register_year": f"{at:%Y}",
        })  # fmt: skip
    return rows


def make(base: Base) -> Feed:
    """Register, remote sensing, gates, inspections and road stops."""
    d = base.d
    files, listed = _remote_sensing(d)
    gates, breaches = _gates(d)
    inspections, signs = _inspections(d)
    planted = [
        *identifiers(d),
        *({"kind": "plate", "identifier": f"合D{90000 + n:05d}"} for n in range(6, d.days, 10)),
    ]
    return Feed(
        database={"mobile_vehicle_register": register_rows(d), "vehicle_inspection": inspections},
        registers={"road_stop": _stops(d)},
        platform={"gate_access": gates},
        files=files,
        truth={
            "mobile_high_emitter": listed,
            "mobile_gate_breach": breaches,
            "mobile_inspection_sign": signs,
        },
        identifiers=planted,
    )

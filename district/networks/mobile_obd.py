"""Seconds of heavy trucks' terminals: short trips, one file a day, packed.

Planted: dosing switched off under load (with the NOx that follows), a vehicle that falls silent. Traps: dosing zero while
idling or cold, a terminal that never sends dosing, seconds sent twice, invalid fixes, values marked 无效.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import zstandard

from district.names import TOWNS, stream
from district.networks import Base, Feed
from district.networks._mobile_vehicles import Vehicle, trucks
from district.plan import District, Row
from district.truth_kind import Kind

HEADERS = ("车辆识别代号", "采集时间", "车速", "大气压力", "发动机净输出扭矩", "摩擦扭矩", "发动机转速", "发动机燃料流量", "SCR上游NOx",
           "SCR下游NOx", "反应剂余量", "进气量", "SCR入口温度", "SCR出口温度", "DPF压差", "发动机冷却液温度", "油箱液位", "定位状态", "经度",
           "纬度", "累计里程", "实际尿素喷射量")  # fmt: skip
SECONDS = 150
_EVERY_DAYS = 10
_OFFLINE_DAYS = 20  # seed mobile_rule: offline_days

_SAME_SIGN = "p.sign_kind = t.sign_kind and p.started_at = t.started_at"
KINDS: dict[str, Kind] = {
    "obd_sign": Kind(
        ("fct_obd_sign",),
        f"""
        with told as (select sign_kind, started_at from fct_obd_sign where sign_kind in ('scr_dosing_zero', 'nox_high'))
        select (select count(*) from planted p where exists (select 1 from told t where {_SAME_SIGN})) as found,
               (select count(*) from told t where not exists (select 1 from planted p where {_SAME_SIGN})) as falsely_found""",
        "fct_obd_sign: kind and first minute of the trip",
        (("sign_kind", "varchar"), ("started_at", "timestamp")),
    ),
    "obd_offline_vehicle": Kind(
        ("fct_obd_sign",),
        """
        with told as (select last_seen_at from fct_obd_sign where sign_kind = 'vehicle_offline')
        select (select count(*) from planted p where p.last_seen_at in (select last_seen_at from told)) as found,
               (select count(*) from told where last_seen_at is null or last_seen_at not in (select last_seen_at from planted))
                   as falsely_found""",
        "fct_obd_sign vehicle_offline, on the last second seen",
        (("last_seen_at", "timestamp"),),
    ),
}  # fmt: skip


def _trip_starts(d: District, n: int) -> list[datetime]:
    """Starts of a truck's trips; no two trucks share one."""
    return [
        d.begin + timedelta(days=day, hours=8 + n % 9, minutes=(n * 7) % 60)
        for day in range((n * 3) % _EVERY_DAYS, d.days, _EVERY_DAYS)
    ]


def trip_lines(d: District, v: Vehicle, start: datetime, mode: str, seconds: int = SECONDS) -> list[str]:
    """Lines of one trip. mode: normal, idle, cold, tampered, silent (no dosing value is sent)."""
    rng = stream(d.seed, f"mobile_obd {v.number} {start:%Y%m%d%H%M}")
    lon, lat = TOWNS[v.town].lon, TOWNS[v.town].lat
    noise = rng.normal(0, 1, (seconds, 4))
    lines = []
    for s in range(seconds):
        a, b, c, e = (float(x) for x in noise[s])
        idle, cold, tampered = mode == "idle", mode == "cold", mode == "tampered"
        speed = 0.0 if idle else max(0.0, 45 + 4 * a)
        torque = 6 if idle else round(48 + 4 * b)
        inlet = (140 if idle or cold else 285) + 3 * c
        upstream = (120 if idle else 640) + 15 * e
        dosing = 0.0 if idle or cold or tampered else 620 + 20 * b
        downstream = upstream * (0.97 if tampered else 0.6 if cold or idle else 0.06)
        if cold:
            downstream *= 0.5  # a cold engine gives less: no sign is meant here
        upstream_text = "无效" if s == 17 else f"{upstream:.2f}"
        lines.append(",".join((
            v.vin, f"{start + timedelta(seconds=s):%Y-%m-%d %H:%M:%S}", f"{speed:.2f}", "101.0", str(torque), "9",
            f"{700 if idle else 1450 + 20 * a:.1f}", f"{2.5 if idle else 19 + b:.2f}", upstream_text, f"{downstream:.2f}",
            f"{72.4:.1f}", f"{120 if idle else 560 + 10 * b:.2f}", f"{inlet:.1f}", f"{inlet - 12:.1f}", "2.1", "86", "55.2",
            "无效" if s in (3, 4) else "有效", f"{lon + s * speed * 3e-6:.6f}", f"{lat + s * speed * 1e-6:.6f}",
            f"{120000 + s * speed / 3600:.1f}", "" if mode == "silent" else f"{dosing:.2f}",
        )))  # fmt: skip
    return lines


def make(base: Base) -> Feed:
    """One packed file a day on which somebody drove."""
    d = base.d
    days: dict[str, list[str]] = {}
    signs: list[Row] = []
    last_seen: dict[int, datetime] = {}
    is_long = d.days >= 30
    for n, v in enumerate(trucks(d)):
        for k, start in enumerate(_trip_starts(d, n)):
            if n == 5 and k > 0 and is_long:
                break
            mode = {
                0: "normal",
                1: "idle" if k % 2 else "normal",
                3: "cold" if k % 2 else "normal",
                4: "silent",
            }.get(n, "normal")
            if n == 2 and k in (1, 2) and is_long:
                mode = "tampered"
                signs += [{"sign_kind": s, "started_at": start} for s in ("scr_dosing_zero", "nox_high")]
            lines = trip_lines(d, v, start, mode)
            if n == 0:
                lines += lines[20:25]  # sent again by the terminal
            days.setdefault(f"{start:%Y-%m-%d}", []).extend(lines)
            last_seen[n] = start + timedelta(seconds=SECONDS - 1)
    newest = max(last_seen.values(), default=d.begin)
    silent = [t for t in last_seen.values() if newest - t > timedelta(days=_OFFLINE_DAYS)]
    files = {
        f"obd/obd_{day}.csv.zst": zstandard.ZstdCompressor(level=9).compress(
            "\n".join([",".join(HEADERS), *lines, ""]).encode()
        )
        for day, lines in sorted(days.items())
    }
    return Feed(
        files=files,
        truth={"obd_sign": signs, "obd_offline_vehicle": [{"last_seen_at": t} for t in silent]},
    )

"""Stacks and waste-water outlets: hourly series, planted exceedances, and what the law must make of them.

Arrays are [hour]; hour h is the period that STARTS h hours after the first midnight. Truth is not what was meant to
be planted but what follows from the final values as they are sent, judged here by the permits' own figures.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np

from district.names import stream
from district.plan import District, Outlet, Row

GAS_FACTORS = {"boiler": ("a34013", "a21026", "a21002"), "stenter": ("a34013",)}
WATER_FACTORS = ("w01018", "w21003", "w21001", "w21011")
DECIMALS = {"w01018": 1, "w21011": 3}


@dataclass
class OutletSeries:
    """avg, zs: factor → measured and converted hourly means as sent (zs only where oxygen is converted).

    flow: m³/s (gas) or L/s (water); flags: N or an HJ 212 flag; present: a frame was sent at all;
    corrected: hour → factor → the value first sent, before its correction; planted: hour → why it is special.
    """

    outlet: Outlet
    avg: dict[str, np.ndarray]
    zs: dict[str, np.ndarray]
    flow: np.ndarray
    extra: dict[str, np.ndarray]
    flags: np.ndarray
    present: np.ndarray
    corrected: dict[int, dict[str, float]] = field(default_factory=dict)
    resent: dict[int, dict[str, float]] = field(default_factory=dict)
    duplicated: list[int] = field(default_factory=list)
    planted: dict[int, str] = field(default_factory=dict)

    def judged(self, factor: str) -> np.ndarray:
        """The series that a gas limit is held against: the converted mean, else the measured one."""
        return self.zs.get(factor, self.avg[factor])


def _wander(rng: np.random.Generator, hours: int, memory: float) -> np.ndarray:
    """Stationary noise of unit variance (moving average of white noise, as long as the memory)."""
    k = int(memory)
    white = rng.standard_normal(hours + k)
    total = np.cumsum(np.concatenate([[0.0], white]))
    return (total[k : k + hours] - total[:hours]) / np.sqrt(k)


def lowest_limit(o: Outlet, factor: str) -> float:
    """The strictest figure that ever holds; the background keeps under it."""
    return min(x.value for x in o.limits if x.factor == factor and x.value is not None
               and x.statistic in ("hourly_mean", "daily_mean") and not x.is_deleted)  # fmt: skip


def _background(d: District, o: Outlet) -> OutletSeries:
    rng = stream(d.seed, f"outlet {o.outlet_id}")
    hours = d.days * 24
    hour = np.arange(hours) % 24
    present = rng.random(hours) > 0.004
    flags = np.full(hours, "N", dtype="<U1")
    for _ in range(max(1, d.days // 45)):  # stops of one to three days
        start = int(rng.integers(hours))
        flags[start : start + int(rng.integers(20, 70))] = "F"
    flags[np.arange(hours) % 168 == int(rng.integers(168))] = "C"
    flags[rng.random(hours) < 0.0015] = "M"
    stopped = flags == "F"
    avg: dict[str, np.ndarray] = {}
    zs: dict[str, np.ndarray] = {}
    extra: dict[str, np.ndarray] = {}
    if o.medium == "gas":
        flow = np.round(np.clip(9 + 2.2 * _wander(rng, hours, 12), 3, 18) * (0.85 + 0.2 * (hour > 6)), 2)
        if o.reference_o2 is not None:
            ref = o.reference_o2
            o2 = np.round(np.clip(ref + 1.6 + 0.9 * _wander(rng, hours, 6), 1.2, 17.0), 1)
            extra["a19001"] = np.where(stopped, 20.9, o2)
        for f in GAS_FACTORS[o.kind]:
            top = lowest_limit(o, f)
            level = np.clip(top * 0.42 * np.exp(0.28 * _wander(rng, hours, 8)), 0.3, top * 0.82)
            level = np.where(stopped, 0.0, level)
            if o.reference_o2 is None:
                avg[f] = np.round(level, 2)
            else:
                zs[f] = np.round(level, 2)
                avg[f] = np.round(level * (21 - o2) / (21 - ref), 2)
    else:
        day_shape = 0.55 + 0.6 * np.exp(-((hour - 11) ** 2) / 30) + 0.35 * np.exp(-((hour - 20) ** 2) / 12)
        flow = np.round(np.clip(22 * day_shape * np.exp(0.18 * _wander(rng, hours, 10)), 2, 70), 2)
        for f in WATER_FACTORS:
            top = lowest_limit(o, f)
            level = np.clip(top * 0.48 * np.exp(0.22 * _wander(rng, hours, 9)), top * 0.05, top * 0.78)
            avg[f] = np.round(np.where(stopped, 0.0, level), DECIMALS.get(f, 2))
        extra["w01001"] = np.round(np.clip(7.5 + 0.3 * _wander(rng, hours, 20), 6.6, 8.4), 2)
    flow = np.where(stopped, 0.0, flow)
    return OutletSeries(o, avg, zs, flow, extra, flags, present)


def _set_gas(d: District, s: OutletSeries, hour: int, factor: str, judged: float, flag: str = "N") -> None:
    """Make one hour's judged value `judged`, keeping measured, converted and oxygen in agreement."""
    s.flags[hour], s.present[hour] = flag, True
    ref = s.outlet.reference_o2
    if ref is None:
        s.avg[factor][hour] = round(judged, 2)
        return
    o2 = float(s.extra["a19001"][hour])
    if o2 > 17:
        s.extra["a19001"][hour] = o2 = ref + 1.5
    s.zs[factor][hour] = round(judged, 2)
    s.avg[factor][hour] = round(judged * (21 - o2) / (21 - ref), 2)


def _between(s: OutletSeries, hour: int, days: int = 1) -> bool:
    """Whether hours [hour, hour + 24·days) are untouched so far."""
    return not any(h in s.planted for h in range(hour, hour + 24 * days))


def _plant_gas(d: District, rng: np.random.Generator, s: OutletSeries) -> None:
    o, hours = s.outlet, len(s.flow)
    limits = [
        x for x in o.limits if x.statistic == "hourly_mean" and not x.is_deleted and x.value is not None
    ]
    factors = [f for f in GAS_FACTORS[o.kind] if any(x.factor == f for x in limits)]
    stopped = s.flags == "F"

    def free_hour() -> int | None:
        for _ in range(200):
            h = int(rng.integers(24, hours - 24))
            if h not in s.planted and not stopped[h]:
                return h
        return None

    for why in ["excess"] * max(2, d.days // 30) + ["flagged", "measured_only"] * max(1, d.days // 60):
        found = free_hour()
        if found is None:
            continue
        f = factors[int(rng.integers(len(factors)))]
        figure = o.limit_at(f, d.begin + timedelta(hours=found))
        if figure is None:
            continue
        if why == "excess":
            _set_gas(d, s, found, f, figure * float(rng.uniform(1.15, 2.2)))
        elif why == "flagged":
            _set_gas(
                d, s, found, f, figure * float(rng.uniform(1.5, 3.0)), str(rng.choice(["F", "C", "M", "D"]))
            )
        elif o.reference_o2 is not None:
            # little oxygen: the measured figure stands above the limit, the converted one that counts does not
            low_o2 = 1.0
            s.extra["a19001"][found] = low_o2
            share = (21 - low_o2) / (21 - o.reference_o2)
            s.flags[found], s.present[found] = "N", True
            s.zs[f][found] = round(figure * (0.5 + 0.5 / share), 2)
            s.avg[f][found] = round(float(s.zs[f][found]) * share, 2)
        s.planted[found] = why


def _plant_amended(d: District, s: OutletSeries) -> None:
    """Values between the old and the new figure around the midnight of the amendment, the last old hour included."""
    factor, midnight, old, new = d.amended[s.outlet.outlet_id]
    m = int((midnight - d.begin).total_seconds() // 3600)
    value = (old + new) / 2
    if s.outlet.medium == "gas":
        for h in (m - 30, m - 1, m, m + 1, m + 40):
            if 0 <= h < len(s.flow):
                _set_gas(d, s, h, factor, value)
                s.planted[h] = "amended"
        return
    for day in (m - 24, m):  # the last day under the old figure, the first under the new
        hours = slice(day, day + 24)
        s.avg[factor][hours] = round(value, DECIMALS.get(factor, 2))
        s.flow[hours] = np.where(s.flow[hours] > 0, s.flow[hours], 20.0)
        s.flags[hours], s.present[hours] = "N", True
        s.planted.update(dict.fromkeys(range(day, day + 24), "amended"))


def _plant_water(d: District, rng: np.random.Generator, s: OutletSeries) -> None:
    o = s.outlet
    for why in ["day", "weighted_over", "weighted_under", "hour", "hour", "flagged"] * max(1, d.days // 60):
        for _ in range(100):
            day = int(rng.integers(1, d.days - 1)) if d.days > 3 else 1
            hours = slice(day * 24, day * 24 + 24)
            if _between(s, day * 24) and (s.flags[hours] != "F").all():
                break
        else:
            continue
        f = WATER_FACTORS[int(rng.integers(len(WATER_FACTORS)))]
        figure = o.limit_at(f, d.begin + timedelta(days=day))
        if figure is None:
            continue
        s.present[hours], s.flags[hours] = True, "N"
        v = s.avg[f][hours]  # a view
        digits = DECIMALS.get(f, 2)
        pulse = np.zeros(24, bool)
        pulse[9:17] = True
        if why == "day":
            v[:] = np.round(figure * rng.uniform(1.15, 1.7) * rng.uniform(0.95, 1.05, 24), digits)
        elif (
            why == "weighted_over"
        ):  # eight strong hours carry the water: weighted mean above, plain mean below
            s.flow[hours] = np.where(pulse, 40.0, 10.0)
            v[:] = np.round(np.where(pulse, figure * 1.5, figure * 0.5), digits)
        elif (
            why == "weighted_under"
        ):  # the strong hours carry little water: plain mean above, weighted mean below
            s.flow[hours] = np.where(pulse, 4.0, 40.0)
            v[:] = np.round(np.where(pulse, figure * 2.4, figure * 0.5), digits)
        elif why == "hour":
            v[int(rng.integers(24))] = round(figure * float(rng.uniform(1.1, 1.6)), digits)
        else:
            h = int(rng.integers(24))
            v[h] = round(figure * 40, digits)
            s.flags[day * 24 + h] = str(rng.choice(["C", "M", "D"]))
        s.planted.update(dict.fromkeys(range(day * 24, day * 24 + 24), why))


def _plant_arrivals(d: District, rng: np.random.Generator, s: OutletSeries) -> None:
    """Corrections under a later QN, an old frame sent again after its correction, frames sent twice."""
    ordinary = np.flatnonzero((s.flags == "N") & s.present)
    ordinary = ordinary[[h not in s.planted for h in ordinary]]
    if len(ordinary) < 12:
        return
    count = max(1, d.days // 60)
    chosen = [int(h) for h in rng.choice(ordinary, size=min(len(ordinary), 4 * count), replace=False)]
    factor = next(iter(s.avg))
    for k, h in enumerate(chosen):
        if k % 4 == 0:
            s.corrected[h] = {factor: round(float(s.judged(factor)[h]) * 4 + 3, 2)}
        elif k % 4 == 1:
            s.resent[h] = {factor: round(float(s.judged(factor)[h]) * 5 + 7, 2)}
        else:
            s.duplicated.append(h)


def make_outlets(d: District) -> list[OutletSeries]:
    """Series of every monitored outlet, planted."""
    out = []
    for o in d.outlets:
        if o.channel == "none":
            continue
        s = _background(d, o)
        if o.outlet_id in d.amended:
            _plant_amended(d, s)
        rng = stream(d.seed, f"planted {o.outlet_id}")
        if o.medium == "gas":
            _plant_gas(d, rng, s)
        else:
            _plant_water(d, rng, s)
        if o.channel == "hj212":
            _plant_arrivals(d, rng, s)
        out.append(s)
    return out


def _figures(d: District, o: Outlet, factor: str, periods: int, step: timedelta) -> np.ndarray:
    """The figure in force at the start of each period; NaN where none is."""
    out = np.full(periods, np.nan)
    for limit in o.limits:
        if limit.factor != factor or limit.is_deleted or limit.statistic not in ("hourly_mean", "daily_mean"):
            continue
        lo = max(0, -((d.begin - limit.start) // step))
        hi = periods if limit.end is None else max(0, min(periods, -((d.begin - limit.end) // step)))
        out[lo:hi] = limit.value
    return out


def judge(d: District, all_series: list[OutletSeries]) -> dict[str, list[Row]]:
    """What follows from the values as sent: exceedances, warnings, and hours that must not count."""
    truth: dict[str, list[Row]] = {k: [] for k in (
        "gas_hour_exceedance", "water_day_exceedance", "water_hour_warning", "permit_amended", "device_flag_exempt")}  # fmt: skip
    hour, day = timedelta(hours=1), timedelta(days=1)
    for s in all_series:
        o = s.outlet
        valid = s.present & (s.flags == "N")
        base = {"outlet_id": o.outlet_id, "channel": o.channel}
        edge = d.amended.get(o.outlet_id)
        for f in GAS_FACTORS[o.kind] if o.medium == "gas" else WATER_FACTORS:
            values = s.judged(f) if o.medium == "gas" else s.avg[f]
            figures = _figures(d, o, f, len(values), hour)
            above = values > figures
            for h in np.flatnonzero(above & s.present):
                row = {**base, "factor_code": f, "observed_at": d.begin + (int(h) + 1) * hour, "value": float(values[h]),
                       "limit_value": float(figures[h]), "why": s.planted.get(int(h), "")}  # fmt: skip
                if not valid[h]:
                    truth["device_flag_exempt"].append({**row, "flag": str(s.flags[h])})
                elif o.medium == "gas":
                    truth["gas_hour_exceedance"].append(row)
                else:
                    truth["water_hour_warning"].append({**row, "day_exceeds": False})
            if edge and edge[0] == f:
                truth["permit_amended"] += _around(d, s, f, edge, values, figures)
            if o.medium == "wastewater":
                truth["water_day_exceedance"] += _days(d, s, f, valid, _figures(d, o, f, d.days, day), base)
    over = {(r["outlet_id"], r["factor_code"], r["date_day"]) for r in truth["water_day_exceedance"]}
    for r in truth["water_hour_warning"]:
        r["day_exceeds"] = (r["outlet_id"], r["factor_code"], (r["observed_at"] - hour).date()) in over
    return truth


def _days(
    d: District, s: OutletSeries, f: str, valid: np.ndarray, figures: np.ndarray, base: Row
) -> list[Row]:
    """Days whose flow-weighted mean over the valid hours exceeds the figure in force."""
    weight = np.where(valid, s.flow, 0.0).reshape(-1, 24)
    total = weight.sum(axis=1)
    load = (weight * s.avg[f].reshape(-1, 24)).sum(axis=1)
    mean = np.divide(load, total, out=np.zeros_like(load), where=total > 0)
    return [
        {**base, "factor_code": f, "date_day": d.first + timedelta(days=int(k)), "value": round(float(mean[k]), 4),
         "limit_value": float(figures[k]), "why": s.planted.get(int(k) * 24, "")}
        for k in np.flatnonzero(mean > figures)
    ]  # fmt: skip


def _around(
    d: District,
    s: OutletSeries,
    f: str,
    edge: tuple[str, object, float, float],
    values: np.ndarray,
    figures: np.ndarray,
) -> list[Row]:
    """The planted periods around an amendment, with the judgement that the figure in force gives."""
    rows: list[Row] = []
    daily = s.outlet.medium == "wastewater"
    for h in sorted(k for k, why in s.planted.items() if why == "amended"):
        if daily and h % 24:
            continue
        start = d.begin + timedelta(hours=h)
        rows.append(
            {
                "outlet_id": s.outlet.outlet_id, "channel": s.outlet.channel, "factor_code": f,
                "statistic": "daily_mean" if daily else "hourly_mean",
                "observed_at": start + timedelta(hours=24 if daily else 1), "date_day": start.date(),
                "value": float(values[h]), "limit_value": float(figures[h]), "exceeds": bool(values[h] > figures[h]),
            }
        )  # fmt: skip
    return rows

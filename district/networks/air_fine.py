"""Five-minute values of air stations: one station that sends nothing else, and one that reports its hours itself, too.

Invariant: the truth is the mean of the values as they are sent; levels stay far below every limit, and the second station's
readings cover only hours that it reports itself, so no other figure of the district moves.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np

from district.bulk import FINE_HEADER, SLOTS
from district.names import stream
from district.networks import Base, Feed, point
from district.plan import District, Row
from district.truth_kind import Kind
from district.vectors import FACTORS

_LEVELS = {"SO2": 12, "NO2": 30, "CO": 0.8, "O3": 70, "PM10": 58, "PM2_5": 31}
_VOID, _KEPT, _SHORT, _LOW = 3, 4, 9, 15  # hours of a day in which something is planted
_OWN_HOURS = range(9, 13)
_ABSURD = 88888


class _Day:
    """One station's day: texts and marks of 288 intervals by factor, and what of them counts."""

    def __init__(self, d: District, code: str, day: datetime, rng: np.random.Generator) -> None:
        self.code, self.day = code, day
        self.sent: dict[str, list[str]] = {}
        self.marks: dict[str, list[str]] = {}
        self.sound: dict[str, list[Fraction | None]] = {}
        for f in FACTORS:
            wiggle = rng.integers(-3, 4, SLOTS)
            values = [
                Fraction(round(_LEVELS[f] * 100) + int(w) * (3 if f == "CO" else 100), 100) for w in wiggle
            ]
            self.sent[f] = [f"{float(v):.2f}" if f == "CO" else str(int(v)) for v in values]
            self.marks[f] = ["N"] * SLOTS
            self.sound[f] = list(values)

    def spoil(self, factor: str, slot: int, text: str, mark: str) -> None:
        """A reading that must not count."""
        self.sent[factor][slot], self.marks[factor][slot] = text, mark
        self.sound[factor][slot] = None

    def lines(self, hours: range = range(24)) -> Iterator[str]:
        for slot in range(hours.start * 12, hours.stop * 12):
            at = self.day + timedelta(minutes=5 * (slot + 1))
            cells = ",".join(f"{self.sent[f][slot]},{self.marks[f][slot]}" for f in FACTORS)
            yield f"{self.code},{at:%Y-%m-%d %H:%M:%S},reviewed,{cells}"

    def mean(self, factor: str, hour: int) -> tuple[Decimal | None, int]:
        """(mean of the hour that ends hour + 1 o'clock, None below 45 minutes; minutes that count)."""
        kept = [v for v in self.sound[factor][hour * 12 : hour * 12 + 12] if v is not None]
        if len(kept) < 9:
            return None, 5 * len(kept)
        exact = sum(kept, Fraction(0)) / len(kept)
        scaled = Decimal(exact.numerator) / Decimal(exact.denominator)
        return scaled.quantize(Decimal("0.000001"), ROUND_HALF_UP), 5 * len(kept)


def _station_days(d: District) -> list[int]:
    """Days of the span on which the stations send: every sixth, and fewer in a long span."""
    return list(range(1, d.days, max(6, d.days // 16)))


def make(base: Base) -> Feed:
    """Files of the fine stations, the points, and what is planted in them."""
    d, feed = base.d, Feed()
    truth: dict[str, list[Row]] = {k: [] for k in KINDS}
    codes = [f"SYNF{n + 1:03d}" for n in range(max(1, round(2 * d.scale)))]
    for n, code in enumerate(codes):
        feed.points.append(point(d, code, f"合成五分钟站{n + 1}", "air", n, "fine"))
    for number, index in enumerate(_station_days(d)):
        at = d.begin + timedelta(days=index)
        rng = stream(d.seed, f"air_fine {at:%Y-%m-%d}")
        days = [_Day(d, code, at, rng) for code in codes]
        for one in days:
            _plant(one, rng, truth)
        own = list(_own_hours(base, at, index, rng, truth))
        name = f"air_5min/air_5min_{at:%Y%m%d}"
        text = [FINE_HEADER, *(line for one in days for line in one.lines()), *own]
        feed.files[name + ".csv"] = _bytes(text)
        if number % 3 == 1:  # the platform corrects a day: the first file held other values
            feed.files[name + "_补.csv"] = feed.files[name + ".csv"]
            feed.files[name + ".csv"] = _bytes([line.replace(",N", ",D") for line in text])
    feed.truth = truth
    return feed


def _bytes(lines: list[str]) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode("utf-8-sig")


def _plant(one: _Day, rng: np.random.Generator, truth: dict[str, list[Row]]) -> None:
    """Readings that a mark voids, hours with too few minutes, cells below detection; then the truth of every hour."""
    for f in FACTORS:
        for slot in rng.choice(12, 3, replace=False).tolist():
            one.spoil(f, _VOID * 12 + slot, str(_ABSURD), "N")  # no mark of the device: only the rule knows
            one.spoil(f, _KEPT * 12 + slot, "150", str(rng.choice(["D", "M", "C"])))
        for slot in rng.choice(12, 4, replace=False).tolist():
            one.spoil(f, _SHORT * 12 + slot, "", "B")
    for slot in rng.choice(12, 5, replace=False).tolist():
        one.spoil("SO2", _LOW * 12 + slot, "<3", "N")
    for f in FACTORS:
        for hour in range(24):
            value, minutes = one.mean(f, hour)
            row: Row = {
                "point_id": f"air:{one.code}", "factor_code": f,
                "observed_at": one.day + timedelta(hours=hour + 1), "minutes": minutes,
            }  # fmt: skip
            if value is None:
                truth["fine_hour_short"].append(row)
                continue
            truth["fine_hour_mean"].append({**row, "value": str(value)})
            if hour == _VOID:
                truth["fine_value_void"].append({**row, "value": str(value)})


def _own_hours(
    base: Base, at: datetime, index: int, rng: np.random.Generator, truth: dict[str, list[Row]]
) -> Iterator[str]:
    """Lines of a station that reports its hours itself: its five-minute values say something else, and must not count."""
    code = base.d.air[0].code
    one = _Day(base.d, code, at, rng)
    for hour in _OWN_HOURS:
        told = base.air.values["PM2_5"][index * 24 + hour, 0]
        if np.isnan(told) or base.air.flags["PM2_5"][index * 24 + hour, 0] != "N":
            continue
        if one.mean("PM2_5", hour)[0] == Decimal(str(told)):
            continue  # one could not tell which of the two stands
        truth["fine_own_hour"].append(
            {
                "point_id": f"air:{code}", "observed_at": at + timedelta(hours=hour + 1), "value": float(told),
                "value_made": str(one.mean("PM2_5", hour)[0]),
            }
        )  # fmt: skip
        yield from one.lines(range(hour, hour + 1))


_SAME = "p.point_id = r.point_id and p.factor_code = r.factor_code and p.observed_at = r.observed_at"
_HOURS = "int_reading_hour r where r.source = 'air_station_5min' and r.point_id like 'air:SYNF%'"

KINDS = {
    "fine_hour_mean": Kind(
        ("int_reading_hour", "fct_reading"),
        f"""
        select (select count(*) from planted p inner join int_reading_hour r on {_SAME}
                inner join fct_reading f on r.point_id = f.point_id and r.factor_code = f.factor_code
                    and r.observed_at = f.observed_at and r.maturity = f.maturity and r.source = f.source and f.averaging_minutes = 60
                where r.value = cast(p.value as decimal(18, 6)) and f.value = r.value and r.valid_minutes = p.minutes) as found,
               (select count(*) from {_HOURS} and r.value is not null and not exists (
                    select 1 from planted p where {_SAME} and r.value = cast(p.value as decimal(18, 6)))) as falsely_found""",
        "int_reading_hour and fct_reading hold the mean of the readings that count, to the sixth decimal",
    ),
    "fine_hour_short": Kind(
        ("int_reading_hour",),
        f"""
        select (select count(*) from planted p inner join int_reading_hour r on {_SAME}
                where r.value is null and r.reason_zh = concat('有效 ', p.minutes, ' 分钟，少于 45 分钟')) as found,
               (select count(*) from {_HOURS} and r.value is null
                    and not exists (select 1 from planted p where {_SAME})) as falsely_found""",
        "no value, and the reason names the minutes",
    ),
    "fine_value_void": Kind(
        ("int_reading_hour", "int_reading_fine_flag"),
        f"""
        with marked as (
            select f.point_id, f.factor_code, date_trunc('hour', f.observed_at - interval 1 minute) + interval 1 hour as observed_at
            from int_reading_fine_flag f where contains(f.flag_rule, 'impossible_range')
        )
        select (select count(*) from planted p inner join int_reading_hour r on {_SAME}
                where r.value = cast(p.value as decimal(18, 6))
                and (select count(*) from marked m where m.point_id = p.point_id and m.factor_code = p.factor_code
                     and m.observed_at = p.observed_at) = 3) as found,
               (select count(*) from marked r where not exists (select 1 from planted p where {_SAME})) as falsely_found""",
        "readings out of every possible range carry the mark and are not in the hour's mean",
    ),
    "fine_own_hour": Kind(
        ("int_air_hour", "int_reading_hour"),
        """
        with told as (
            select a.pm25_ug_m3 = cast(p.value as decimal(18, 6)) and h.value is distinct from a.pm25_ug_m3 as is_own
            from planted p
            inner join int_air_hour a on p.point_id = a.point_id and p.observed_at = a.observed_at and a.maturity = 'reviewed'
            inner join int_reading_hour h on p.point_id = h.point_id and p.observed_at = h.observed_at and h.factor_code = 'PM2_5')
        select count(*) filter (where is_own) as found, count(*) filter (where not coalesce(is_own, false)) as falsely_found from told""",
        "an hour that the station reports itself stands; the mean of its finer readings is kept beside it",
    ),
}

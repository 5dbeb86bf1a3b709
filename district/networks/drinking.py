"""Drinking water: sources of towns and villages sampled by month or quarter, rural sites by half-year.

Samples reach back before the span (registers keep history), so that every span holds ended periods. Invariant: apart from what is
planted each due sample exists, no result exceeds a limit, and a microbe that must not be found is reported as not found.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import numpy as np

from district.names import stream
from district.networks import Base, Feed, point
from district.plan import District, Row
from district.truth_kind import Kind

# the items of the district's own plan (seed drinking_sample_plan): name, unit, factor code, level, decimals, detection limit
ITEMS = {
    "w01001": ("pH", "无量纲", 7.4, 2, None), "w01003": ("浑浊度", "NTU", 0.4, 2, None),
    "w01009": ("溶解氧", "mg/L", 8.1, 1, None), "w01019": ("高锰酸盐指数", "mg/L", 2.1, 1, None),
    "w21003": ("氨氮", "mg/L", 0.12, 3, 0.025), "w21011": ("总磷", "mg/L", 0.020, 3, 0.01),
    "w21017": ("氟化物", "mg/L", 0.25, 2, None), "w21007": ("硝酸盐", "mg/L", 1.20, 2, 0.08),
    "w21038": ("硫酸盐", "mg/L", 18.0, 1, None), "w21022": ("氯化物", "mg/L", 11.0, 1, None),
    "w20125": ("铁", "mg/L", 0.06, 2, 0.03), "w20124": ("锰", "mg/L", 0.03, 2, 0.01),
    "TCOLI": ("总大肠菌群", "MPN/100mL", 0.0, 0, None),
}  # fmt: skip
PLAN = {
    "thousand_tonne": (1, ("w01001", "w01009", "w01019", "w21003", "w21011", "w21017", "w21007", "w21038", "w21022",
                           "w20125", "w20124")),
    "township_source": (3, ("w01001", "w01009", "w01019", "w21003", "w21011", "w21007", "w20125", "w20124")),
    "rural_supply": (6, ("w01001", "w01003", "w01019", "w21007", "w21017", "TCOLI")),
}  # fmt: skip
FORMS = ("{0}L", "<{0}", "ND", "未检出", "＜{0}")
RURAL_STANDARD = date(2023, 4, 1)  # GB 5749-2022: before it nothing is held against it
EXCEEDING = {"w20125": 0.42, "w20124": 0.17}  # above 0.3 and 0.1 mg/L of GB 3838 table 2


@dataclass(frozen=True)
class Site:
    code: str
    medium: str
    role: str
    town: int
    since: date

    @property
    def point_id(self) -> str:
        return f"{self.medium}:{self.code}"


@dataclass
class Sample:
    site: Site
    factor: str
    period: date  # first day of the period that it is due in
    at: datetime
    text: str


@dataclass
class Samples:
    d: District
    rows: list[Sample] = field(default_factory=list)
    truth: dict[str, list[Row]] = field(default_factory=dict)

    def tell(self, kind: str, **row: object) -> None:
        self.truth.setdefault(kind, []).append(row)


def _month(day: date, months: int) -> date:
    """First day of the month that lies `months` after the month of `day`."""
    n = day.year * 12 + day.month - 1 + months
    return date(n // 12, n % 12 + 1, 1)


def _start(day: date, months: int) -> date:
    """First day of the period of so many months that `day` lies in."""
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def sites(d: District) -> list[Site]:
    """The same sites at any scale; sources since two quarters before the span, rural sites since four half-years."""
    quarter, half = _month(_start(d.first, 3), -6), _month(_start(d.first, 6), -24)
    out = [Site(f"SYNWD{n + 1:02d}", "drinking_source", "thousand_tonne", 5 + n, quarter) for n in range(4)]
    out += [
        Site(f"SYNWD{n + 11:02d}", "drinking_source", "township_source", 4 + 2 * n, quarter) for n in range(6)
    ]
    return out + [Site(f"SYNWC{n + 1:02d}", "rural_water", "rural_supply", 6 + n, half) for n in range(10)]


def _periods(d: District, site: Site) -> list[date]:
    months, day, out = PLAN[site.role][0], site.since, []
    while day <= d.last:
        out.append(day)
        day = _month(day, months)
    return out


def _background(d: District) -> Samples:
    rng = stream(d.seed, "drinking")
    s = Samples(d)
    for site in sites(d):
        factors = PLAN[site.role][1]
        for period in _periods(d, site):
            day = min(period + timedelta(days=int(rng.integers(3, 9))), d.last)
            at = datetime.combine(day, time(9, 30))
            for factor in factors:
                level, digits = ITEMS[factor][2:4]
                figure = level * (1 + 0.05 * float(np.clip(rng.standard_normal(), -2, 2)))
                text = "未检出" if factor == "TCOLI" else f"{figure:.{digits}f}"
                s.rows.append(Sample(site, factor, period, at, text))
    return s


def _closed(d: District, sample: Sample) -> bool:
    """The period has ended within the data: what is missing then is missing for good."""
    return _month(sample.period, PLAN[sample.site.role][0]) <= d.last - timedelta(days=12)


def _pick(rng: np.random.Generator, rows: list[Sample], taken: set[tuple[str, date]]) -> Sample | None:
    """A sample of a site and period in which nothing is planted yet."""
    free = [x for x in rows if (x.site.code, x.period) not in taken]
    if not free:
        return None
    chosen = free[int(rng.integers(len(free)))]
    taken.add((chosen.site.code, chosen.period))
    return chosen


def _plant(s: Samples) -> None:
    """Missing samples, exceedances (some twice running), microbes that were found (some twice running)."""
    rng = stream(s.d.seed, "drinking planted")
    taken: set[tuple[str, date]] = set()
    closed = [x for x in s.rows if _closed(s.d, x)]
    before = {(x.site.code, x.factor, x.period): x for x in s.rows}

    def fail(x: Sample, kind: str, text: str, was_repeated: bool) -> None:
        """The result of x, and of the period before where it is to be a repetition."""
        previous = before.get((x.site.code, x.factor, _month(x.period, -PLAN[x.site.role][0])))
        free = previous is not None and (previous.site.code, previous.period) not in taken
        free = free and previous is not None and (x.factor != "TCOLI" or previous.period >= RURAL_STANDARD)
        twice = [previous] if was_repeated and free and previous is not None else []
        for y in [*twice, x]:
            taken.add((y.site.code, y.period))
            y.text = text
            s.tell(kind, point_id=y.site.point_id, factor_code=y.factor, observed_at=y.at)
        if twice:
            s.tell(
                "drinking_repeat_failure",
                point_id=x.site.point_id,
                factor_code=x.factor,
                period_start_date=x.period,
            )

    # a site fails once or twice at most: two plantings side by side would make a run that nobody meant
    used: set[str] = set()
    for n in range(4):
        metal = "w20125" if n % 2 else "w20124"
        rows = [
            x for x in closed if x.factor == metal and x.site.code not in used and x.period > x.site.since
        ]
        x = _pick(rng, rows, taken)
        if x is not None:
            used.add(x.site.code)
            fail(x, "drinking_exceedance", str(EXCEEDING[metal]), was_repeated=n < 2)
    for n in range(4):
        rows = [
            x
            for x in closed
            if x.factor == "TCOLI"
            and x.site.code not in used
            and x.period > x.site.since
            and x.period >= RURAL_STANDARD
        ]
        x = _pick(rng, rows, taken)
        if x is not None:
            used.add(x.site.code)
            fail(x, "drinking_not_detectable", str(2 + n), was_repeated=n < 2)
    for n in range(5):
        months = (1, 3, 6)[n % 3]
        rows = [x for x in closed if PLAN[x.site.role][0] == months and x.site.code not in used]
        x = _pick(rng, rows, taken)
        if x is not None:
            used.add(x.site.code)
            _lose(s, x, is_late=n == 0)


def _lose(s: Samples, x: Sample, is_late: bool) -> None:
    """The sample was never taken, or the day after its period: then it counts for the next one, which has its own."""
    if is_late:
        x.at = datetime.combine(_month(x.period, PLAN[x.site.role][0]), time(8, 10))
    else:
        s.rows.remove(x)
    s.tell(
        "drinking_due_missing", point_id=x.site.point_id, factor_code=x.factor, period_start_date=x.period,
    )  # fmt: skip


def _hide(s: Samples) -> None:
    """Some results stand below the detection limit, in the forms that laboratories write; told as planted."""
    forms = 0
    for n, x in enumerate(s.rows):
        limit = ITEMS[x.factor][4]
        source = "rural_water_lab" if x.site.medium == "rural_water" else "drinking_source_lab"
        if limit is not None and n % 7 == 0 and x.text not in {str(v) for v in EXCEEDING.values()}:
            form = FORMS[forms % len(FORMS)]
            forms += 1
            x.text = form.format(limit)
            told = limit if "{0}" in form else None
        elif x.text == "未检出":
            told = None
        else:
            continue
        s.tell(
            "below_detection", source=source, point_id=x.site.point_id, factor_code=x.factor, statistic="instant",
            observed_at=x.at, sent=x.text, detection_limit=told,
        )  # fmt: skip


def _books(s: Samples) -> list[Row]:
    return [
        {"source_code": x.site.code, "sampled_at": x.at, "factor_name": ITEMS[x.factor][0], "value": x.text,
         "unit_text": ITEMS[x.factor][1], "sample_no": f"合成{x.at:%Y%m%d}-{x.site.code}", "maturity": "reviewed"}
        for x in s.rows if x.site.medium == "drinking_source"
    ]  # fmt: skip


def _files(s: Samples) -> dict[str, bytes]:
    """One CSV per half-year of the rural sites, as the disease-control centre exports it."""
    files: dict[str, list[Sample]] = {}
    for x in s.rows:
        if x.site.medium == "rural_water":
            half = f"{x.period.year}{'上' if x.period.month < 7 else '下'}半年"
            files.setdefault(f"rural_water/农村饮用水_{half}.csv", []).append(x)
    out = {}
    for name, rows in files.items():
        text = io.StringIO()
        sheet = csv.writer(text, lineterminator="\r\n")
        sheet.writerow(("监测点编码", "采样日期", "检验项目", "检验结果", "单位", "报告编号"))
        for x in rows:
            sheet.writerow((x.site.code, f"{x.at:%Y/%m/%d %H:%M}", *ITEMS[x.factor][:1], x.text, ITEMS[x.factor][1],
                            f"合成检字{x.at:%Y%m%d}{x.site.code[-2:]}"))  # fmt: skip
        out[name] = text.getvalue().encode("utf-8-sig")
    return out


def make(base: Base) -> Feed:
    """Sources and rural sites, their samples, and what is planted in them."""
    s = _background(base.d)
    _plant(s)
    _hide(s)
    names = {
        "thousand_tonne": "合成千吨万人水源地",
        "township_source": "合成乡镇水源地",
        "rural_supply": "合成农村供水点",
    }
    return Feed(
        points=[
            point(base.d, x.code, f"{names[x.role]}{x.code[-2:]}（演示）", x.medium, x.town, x.role, valid_from=x.since,
                  water_body_type="lake" if x.role == "thousand_tonne" else "river" if x.medium == "drinking_source" else None)
            for x in sites(base.d)
        ],
        registers={"drinking_source_lab": _books(s)}, files=_files(s), truth=s.truth,
    )  # fmt: skip


def _judged(comparison: str, says: str) -> Kind:
    return Kind(
        ("fct_drinking_sample",),
        f"""
        with told as (select point_id, factor_code, observed_at from fct_drinking_sample
                      where result = 'fail' and comparison {comparison})
        select (select count(*) from planted p inner join told t using (point_id, factor_code, observed_at)) as found,
               (select count(*) from told t where not exists (select 1 from planted p where p.point_id = t.point_id
                and p.factor_code = t.factor_code and p.observed_at = t.observed_at)) as falsely_found""",
        says,
    )


def _by_period(table: str, condition: str, says: str) -> Kind:
    return Kind(
        (table,),
        f"""
        with told as (select point_id, factor_code, period_start_date from {table} where {condition})
        select (select count(*) from planted p inner join told t using (point_id, factor_code, period_start_date)) as found,
               (select count(*) from told t where not exists (select 1 from planted p where p.point_id = t.point_id
                and p.factor_code = t.factor_code and p.period_start_date = t.period_start_date)) as falsely_found""",
        says, (("period_start_date", "date"),),
    )  # fmt: skip


KINDS = {
    "drinking_due_missing": _by_period(
        "fct_drinking_due", "is_missing", "a due sample that never came, or came after its period"
    ),
    "drinking_repeat_failure": _by_period(
        "fct_drinking_due", "is_repeat_failure", "the same item of the same site failing twice running"
    ),
    "drinking_exceedance": _judged("<> 'not_detected'", "a result above its limit, judged by the number"),
    "drinking_not_detectable": _judged(
        "= 'not_detected'", "found where nothing may be found, judged by the mark"
    ),
}

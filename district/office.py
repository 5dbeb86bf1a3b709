"""What offices drop: monthly complaint workbooks, citizens' messages, the ledger of permit reports.

A complaint workbook has a title row, one sheet per town, a total row, times in several notations, full-width digits,
a hidden row; one month comes as a GBK text that is called .xls. Invariant: an order's state is its last version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import xlsxwriter

from district.export_books import FIXED_DATE, month_spans
from district.names import STREETS, SURNAMES, TOWNS, phone, stream
from district.networks import Order
from district.plan import District, Row

CATEGORIES = ("大气", "水", "噪声", "固废", "恶臭")
REPEAT_DAYS = (
    30  # the span within which the generator plants a second complaint; background keeps further apart
)
COLUMNS = (
    ("order_no", "工单编号"), ("channel", "来源渠道"), ("purpose", "诉求类型"), ("category", "污染类别"),
    ("town_name", "属地"), ("enterprise_name", "被反映单位"), ("received_at", "登记时间"), ("assigned_at", "转派时间"),
    ("accepted_at", "受理时间"), ("replied_at", "答复时间"), ("closed_at", "办结时间"), ("extended_days", "延长天数"),
    ("satisfaction", "满意度"), ("updated_at", "更新时间"), ("content", "诉求内容"), ("complainant_name", "诉求人"),
    ("phone", "联系电话"), ("address", "地址"),
)  # fmt: skip
OTHER_NAMES = {
    "工单编号": "工单号",
    "来源渠道": "渠道",
    "被反映单位": "涉及企业",
    "联系电话": "电话",
    "诉求内容": "内容",
}
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass
class Office:
    """Orders with all their versions, oldest first, and the truth they carry."""

    versions: list[list[Row]] = field(default_factory=list)
    truth: dict[str, list[Row]] = field(default_factory=dict)
    identifiers: list[Row] = field(default_factory=list)
    planted: dict[str, str] = field(default_factory=dict)  # ref of a planted order → its number


def _order(
    d: District, rng: np.random.Generator, n: int, at: datetime, town: int, enterprise: str, category: str
) -> list[Row]:
    """The versions of one order: as registered, and (mostly) as settled."""
    hours = timedelta(hours=1)
    channel = str(rng.choice(["12345", "12369", "信访", "网络"], p=[0.45, 0.15, 0.3, 0.1]))
    purpose = str(rng.choice(["举报", "投诉", "求决", "咨询"], p=[0.3, 0.35, 0.28, 0.07]))
    slow = rng.random() < 0.08 + 0.05 * TOWNS[town].dirt
    assigned = at + float(rng.uniform(2, 60)) * hours
    accepted = assigned + float(rng.uniform(4, 120)) * hours
    closed = accepted + float(rng.uniform(24 * 62, 24 * 80) if slow else rng.uniform(24 * 3, 24 * 45)) * hours
    replied = closed + float(rng.uniform(100, 300) if slow else rng.uniform(3, 24)) * hours
    stamp = [t.replace(second=0, microsecond=0) for t in (at, assigned, accepted, closed, replied)]
    who = f"演示{SURNAMES[n % len(SURNAMES)]}某{n:04d}"
    first: Row = {
        "order_no": f"SYN{at:%Y%m}{n:05d}", "channel": channel, "purpose": purpose, "category": category,
        "town_name": TOWNS[town].name, "enterprise_name": enterprise, "received_at": stamp[0],
        "assigned_at": stamp[1], "accepted_at": None, "replied_at": None, "closed_at": None, "extended_days": None,
        "satisfaction": None, "updated_at": stamp[1],
        "content": f"（合成）反映{enterprise}{category}问题，第{n}号，望处理。", "complainant_name": who,
        "phone": phone(100_000 + n), "address": f"{TOWNS[town].name}{STREETS[n % len(STREETS)]}{n % 200 + 1}号",
    }  # fmt: skip
    done = {
        **first, "accepted_at": stamp[2], "closed_at": stamp[3], "replied_at": stamp[4], "updated_at": stamp[4],
        "satisfaction": str(rng.choice(["满意", "基本满意", "不满意"], p=[0.6, 0.3, 0.1])),
    }  # fmt: skip
    return [first, done]


def make_complaints(d: District, planted: Sequence[Order] = ()) -> Office:
    """All orders of the span, with those that networks plant. Repeats are what the finished list holds, whether planted or
    by chance."""
    rng = stream(d.seed, "complaints")
    office = Office()
    sites = [
        (e["enterprise_name"], next(i for i, t in enumerate(TOWNS) if t.code == e["town_code"]))
        for e in d.enterprises
    ]
    sites += [(f"演示工地{k:02d}", k % len(TOWNS)) for k in range(1, 1 + max(16, round(40 * d.scale)))]
    last: dict[tuple[int, str, str], datetime] = {}
    events: list[tuple[datetime, int, str, str]] = []
    for day in range(d.days):
        for _ in range(int(rng.poisson(1.6 * d.scale))):
            at = d.begin + timedelta(days=day, minutes=int(rng.integers(7 * 60, 21 * 60)))
            name, town = sites[int(rng.integers(len(sites)))]
            category = CATEGORIES[int(rng.integers(len(CATEGORIES)))]
            before = last.get((town, name, category))
            if before and (at - before).days <= REPEAT_DAYS + 3:
                continue  # would be a repeat that nobody planted
            last[town, name, category] = at
            events.append((at, town, name, category))
            if rng.random() < 0.06 and day + REPEAT_DAYS < d.days:  # the same matter once more
                again = at + timedelta(days=int(rng.integers(3, REPEAT_DAYS - 3)), hours=2)
                last[town, name, category] = again
                events.append((again, town, name, category))
    refs = {(o.at, o.town, o.about, o.category): o.ref for o in planted}
    events += refs
    events.sort()
    previous: dict[tuple[int, str, str], tuple[datetime, str]] = {}
    for n, (at, town, name, category) in enumerate(events, 1):
        versions = _order(d, rng, n, at, town, name, category)
        order = versions[0]["order_no"]
        office.versions.append(versions)
        if (ref := refs.get((at, town, name, category))) is not None:
            office.planted[ref] = order
        seen = previous.get((town, name, category))
        if seen and (at.date() - seen[0].date()).days <= REPEAT_DAYS:
            office.truth.setdefault("complaint_repeat", []).append(
                {
                    "case_id": f"complaint:{order}",
                    "repeat_of_case_id": f"complaint:{seen[1]}",
                    "received_at": at,
                }
            )
        previous[town, name, category] = (at, order)
        office.identifiers += [{"kind": "name", "identifier": versions[0]["complainant_name"]},
                               {"kind": "phone", "identifier": versions[0]["phone"]}]  # fmt: skip
    return office


def _stamp(value: Any, n: int) -> Any:
    """A time as clerks write it; the notation changes from row to row."""
    if not isinstance(value, datetime):
        return value
    if n % 11 == 3:
        return f"{value.year}.{value.month}.{value.day} {value:%H:%M}"
    if n % 11 == 7:
        return f"{value:%Y-%m-%d %H:%M:%S}".translate(_WIDE)
    if n % 11 == 9:
        return f"{value.year}年{value.month}月{value.day}日 {value:%H:%M}"
    return value.strftime("%Y-%m-%d %H:%M:%S")


def _book(path: Path, title: str, rows: list[Row], other_names: bool) -> None:
    """A workbook with one sheet per town that has rows."""
    heads = [OTHER_NAMES.get(zh, zh) if other_names else zh for _, zh in COLUMNS]
    with xlsxwriter.Workbook(str(path)) as book:
        book.set_properties({"created": FIXED_DATE, "comments": "合成数据"})
        bold = book.add_format({"bold": True, "align": "center"})
        when = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for number, town in enumerate(TOWNS):
            mine = [r for r in rows if r["town_name"] == town.name]
            if not mine:
                continue
            page = book.add_worksheet(town.name)
            page.merge_range(0, 0, 0, len(COLUMNS) - 1, f"{title}（{town.name}，合成数据）", bold)
            page.write_row(1, 0, heads, bold)
            for k, r in enumerate(mine):
                for c, (name, _) in enumerate(COLUMNS):
                    value = r[name]
                    if isinstance(value, datetime) and k % 11 == 5:
                        page.write_datetime(2 + k, c, value, when)  # a true date cell: an Excel serial
                    elif value is not None:
                        page.write(2 + k, c, _stamp(value, k))
            if len(mine) > 2:
                page.set_row(3, None, None, {"hidden": True})  # hidden by a filter, yet an order
            if len(mine) < 4 or number % 4:  # only some offices add a total row
                continue
            page.write(2 + len(mine), 0, "合计")
            page.write(2 + len(mine), 1, f"{len(mine)}件")


def _text_book(path: Path, rows: list[Row]) -> None:
    """What some systems sell as .xls: a tab-separated text in GBK."""
    lines = ["\t".join(zh for _, zh in COLUMNS)]
    for k, r in enumerate(rows):
        lines.append("\t".join("" if r[n] is None else str(_stamp(r[n], k)) for n, _ in COLUMNS))
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode("gbk"))


def write_complaints(d: District, office: Office, folder: Path) -> None:
    """`工单_<yyyy-mm>.xlsx`: orders registered in the month, and those of earlier months that have changed since."""
    folder.mkdir(parents=True, exist_ok=True)
    months = [m for m, _, _ in month_spans(d)]
    files: dict[str, list[Row]] = {m: [] for m in months}
    open_at: dict[str, list[Row]] = {m: [] for m in months}
    finish = datetime.combine(d.last, datetime.min.time()) + timedelta(days=1)
    for versions in office.versions:
        registered, done = versions[0], versions[-1]
        month = registered["received_at"].strftime("%Y-%m")
        settled = done["updated_at"].strftime("%Y-%m")
        if settled == month:
            files[month].append(done)
            continue
        files[month].append(registered)
        open_at[month].append(registered)
        if done["updated_at"] < finish and settled in files:
            files[settled].append(done)
            office.truth.setdefault("late_data", []).append(
                {
                    "source": "complaint_12345",
                    "case_id": f"complaint:{done['order_no']}",
                    "closed_at": done["closed_at"],
                }
            )
    for n, month in enumerate(months):
        rows = files[month]
        if not rows:
            continue
        title = f"{month} 生态环境类政务热线工单"
        if n == 1:
            _text_book(folder / f"工单_{month}.xls", rows)
        else:
            _book(folder / f"工单_{month}.xlsx", title, rows, other_names=n % 3 == 2)
    # an old file sent again after its orders had moved on; and one sent twice
    for n, month in enumerate(months[:-1]):
        stale = [
            r
            for r in open_at[month]
            if r["order_no"] in {x["order_no"] for m in months[n + 1 :] for x in files[m]}
        ]
        if stale and n % 6 == 0:
            _book(folder / f"工单_{month}（旧稿重发）.xlsx", f"{month} 工单旧稿", stale, other_names=False)
            closed = {x["order_no"]: x for m in months[n + 1 :] for x in files[m]}
            office.truth.setdefault("resent_old_payload", []).extend(
                {"source": "complaint_12345", "case_id": f"complaint:{r['order_no']}",
                 "closed_at": closed[r["order_no"]]["closed_at"]} for r in stale
            )  # fmt: skip
    if files[months[0]]:
        _book(folder / f"工单_{months[0]}（重复报送）.xlsx", "重复报送", files[months[0]], other_names=True)
        office.truth.setdefault("duplicate_data", []).extend(
            {"source": "complaint_12345", "case_id": f"complaint:{r['order_no']}"} for r in files[months[0]]
        )


def write_messages(d: District, folder: Path) -> list[Row]:
    """`留言_<yyyy>.xlsx`: citizens' messages of a year. Returns planted identifiers."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = stream(d.seed, "messages")
    heads = [
        "留言编号",
        "留言用户",
        "留言主题",
        "留言时间",
        "留言详情",
        "一级分类",
        "答复意见",
        "答复时间",
        "点赞数",
        "反对数",
    ]
    years: dict[int, list[list[Any]]] = {}
    people: list[Row] = []
    n = 0
    for day in range(d.days):
        for _ in range(int(rng.poisson(0.3 * d.scale))):
            n += 1
            at = d.begin + timedelta(days=day, minutes=int(rng.integers(6 * 60, 23 * 60)))
            reply = at + timedelta(days=int(rng.integers(1, 40)), hours=3) if rng.random() < 0.85 else None
            user = f"SYNU{n:06d}"
            people.append({"kind": "user", "identifier": user})
            tel = phone(900_000 + n)
            people.append({"kind": "phone", "identifier": tel})
            years.setdefault(at.year, []).append(
                [f"SYNM{n:06d}", user, "（合成）河道水质问题", f"{at:%Y/%m/%d %H:%M:%S}",
                 f"\n\t\t\u3000\u3000合成留言{n}：附近河水发黑，请联系{tel}。", "环境保护" if n % 4 else "城乡建设",
                 "（合成）已转有关部门处理。" if reply else None, f"{reply:%Y-%m-%d %H:%M}" if reply else None,
                 int(rng.integers(0, 30)), int(rng.integers(0, 5))]
            )  # fmt: skip
    for year, rows in years.items():
        with xlsxwriter.Workbook(str(folder / f"留言_{year}.xlsx")) as book:
            book.set_properties({"created": FIXED_DATE, "comments": "合成数据"})
            page = book.add_worksheet("留言")
            page.write_row(0, 0, heads)
            for r, row in enumerate(rows, 1):
                page.write_row(r, 0, row)
    return people


def _due(year: int, month: int) -> datetime:
    """The 15th of the month after the period's last month, end of day."""
    return datetime(year + month // 12, month % 12 + 1, 15, 23, 59, 59)


def write_permit_reports(d: District, folder: Path) -> list[Row]:
    """`执行报告_<yyyy-mm>.xlsx`: reports whose period ends in that month. Returns truth: reports handed in late or never."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = stream(d.seed, "permit reports")
    permits = sorted({(o.permit_no, o.company) for o in d.outlets})
    late: list[Row] = []
    finish = datetime.combine(d.last, datetime.min.time()) + timedelta(days=1)
    for month_text, _, _ in month_spans(d):
        first = date.fromisoformat(month_text + "-01")
        due = _due(first.year, first.month)
        if due >= finish:
            continue  # not yet due: no ledger for that month
        kinds = [("月报", month_text)]
        if first.month % 3 == 0:
            kinds.append(("季报", f"{first.year}-Q{first.month // 3}"))
        if first.month == 12:
            kinds.append(("年报", str(first.year)))
        with xlsxwriter.Workbook(str(folder / f"执行报告_{month_text}.xlsx")) as book:
            book.set_properties({"created": FIXED_DATE, "comments": "合成数据"})
            page = book.add_worksheet("台账")
            page.merge_range(0, 0, 0, 5, f"{month_text} 排污许可执行报告提交台账（合成数据）")
            page.write_row(1, 0, ["排污许可证编号", "单位名称", "报告类型", "报告期", "提交时间", "状态"])
            r = 2
            for kind, period in kinds:
                for permit, company in permits:
                    draw = float(rng.random())
                    at: datetime | None = due - timedelta(days=float(rng.uniform(1, 11)), minutes=7)
                    if draw < 0.06:
                        at = due + timedelta(days=float(rng.uniform(1, 9)))
                    elif draw < 0.09:
                        at = None
                    if at and at >= finish:
                        at = None
                    if at is None or at > due:
                        late.append({"permit_no": permit, "report_type": kind, "report_period": period, "due_at": due,
                                     "submitted_at": at})  # fmt: skip
                    shown = _stamp(at.replace(microsecond=0), r) if at else None
                    page.write_row(r, 0, [permit, company, kind, period, shown, "已提交" if at else "未提交"])
                    r += 1
            page.write_row(r, 0, ["合计", f"{r - 2}份"])
    return late

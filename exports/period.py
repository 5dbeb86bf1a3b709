"""Which period an export prints: named by the caller, else the last complete one at the release's as-of."""

from __future__ import annotations

import re
from datetime import datetime

from extract.errors import UsageError

_FORMS = {"quarter": r"\d{4}-Q[1-4]", "month": r"\d{4}-(0[1-9]|1[0-2])", "year": r"\d{4}"}


def last_complete(period_type: str, as_of: datetime) -> str:
    """The last period of that type that had ended at as_of, e.g. `2026-Q1` at 2026-04-01 00:00."""
    if period_type == "year":
        return str(as_of.year - 1)
    if period_type == "quarter":
        index = as_of.year * 4 + (as_of.month - 1) // 3 - 1
        return f"{index // 4}-Q{index % 4 + 1}"
    index = as_of.year * 12 + as_of.month - 2
    return f"{index // 12}-{index % 12 + 1:02d}"


def check(period_type: str, period: str) -> str:
    """The period itself if it has the form of its type; UsageError else."""
    if not re.fullmatch(_FORMS[period_type], period):
        raise UsageError(
            f"{period!r} is not a {period_type}",
            todo={
                "quarter": "write it as 2026-Q1",
                "month": "write it as 2026-03",
                "year": "write it as 2026",
            }[period_type],
        )
    return period


def title_zh(period: str) -> str:
    """`2026-Q1` → 2026年第一季度; `2026-03` → 2026年3月; `2026` → 2026年."""
    year, _, rest = period.partition("-")
    if rest.startswith("Q"):
        return f"{year}年第{'一二三四'[int(rest[1]) - 1]}季度"
    return f"{year}年{int(rest)}月" if rest else f"{year}年"


def fill_of(period_type: str, period: str) -> dict[str, str]:
    """What a sheet's `where` may name: the period, its year, the months it spans, the last year complete at its end."""
    year, _, rest = period.partition("-")
    if rest.startswith("Q"):
        first, last = int(rest[1]) * 3 - 2, int(rest[1]) * 3
    elif rest:
        first = last = int(rest)
    else:
        first, last = 1, 12
    ranked = int(year) if last == 12 else int(year) - 1
    return {
        "period": period,
        "period_type": period_type,
        "year": year,
        "last_year": str(ranked - 1),
        "ranked_year": str(ranked),
        "first_month": f"{year}-{first:02d}",
        "last_month": f"{year}-{last:02d}",
    }

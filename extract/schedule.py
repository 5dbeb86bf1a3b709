"""Which sources are fetched together: one group for each (provider, schedule), read from the declarations.

Light on purpose: the DAG files import this at every parse.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from extract.source import Source, load_sources


@dataclass(frozen=True)
class Group:
    """Sources of one provider that share a cron line (Asia/Shanghai)."""

    provider: str
    schedule: str
    sources: tuple[str, ...]
    owner: str
    freshness_hours: int

    @property
    def dag_id(self) -> str:
        """`extract__<provider>__<cron>`: stable as long as provider and schedule are."""
        slug = re.sub(r"[^0-9a-z]+", "_", self.schedule.replace("*/", "every").replace("*", "x")).strip("_")
        return f"extract__{self.provider}__{slug}"


def groups(sources: dict[str, Source] | None = None) -> list[Group]:
    """All groups in order of provider and schedule; every declared source is in exactly one."""
    found: dict[tuple[str, str], list[Source]] = {}
    for source in (sources or load_sources()).values():
        found.setdefault((source.provider, source.schedule), []).append(source)
    return [
        Group(
            provider,
            schedule,
            tuple(sorted(s.name for s in members)),
            "、".join(sorted({s.owner for s in members})),
            min(s.freshness_hours for s in members),
        )
        for (provider, schedule), members in sorted(found.items())
    ]

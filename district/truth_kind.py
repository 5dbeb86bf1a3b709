"""How one kind of planted truth is looked for in a release; stands apart so that networks can name it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """needs: relations of the release; sql: one row (found, falsely_found) from `planted`; says: how the kind is recognised."""

    needs: tuple[str, ...]
    sql: str
    says: str
    columns: tuple[
        tuple[str, str], ...
    ] = ()  # name and DuckDB type of columns that a seed may leave without a value

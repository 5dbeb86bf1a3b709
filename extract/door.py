"""The door: what a reader made of payloads becomes typed rows, or rejected rows with reasons, or a refused load.

Invariant: rows_in = loaded + rejected for every load; a row's verdict depends on its own load alone, however many
loads are looked at together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations import gate
from extract.errors import LoadRefused
from extract.readers.base import REJECT_COLUMNS, Parsed
from extract.source import Source
from extract.types import CHECKS, Encoded, Parser, arrow_type, reason

BATCH_ROWS = (
    1_000_000  # rows that are looked at together; a longer load passes in pieces (extract/passage.py)
)
_REQUIRED, _DUPLICATE = CHECKS.index("required_blank"), "duplicate_key"


@dataclass
class Verdict:
    """What the door says of one load. rows: schema `raw_schema`; rejected: `rejected_schema`."""

    rows: pa.Table
    rejected: pa.Table
    refused: LoadRefused | None = None


Repeated = Callable[[dict[str, Encoded], pa.Table, np.ndarray, np.ndarray], np.ndarray]


@dataclass
class _Problems:
    """Broken checks of a batch: for each, check id, column (or none) and the positions of the rows."""

    found: list[tuple[str, str | None, np.ndarray]] = field(default_factory=list)

    def mask(self, n: int) -> np.ndarray:
        out = np.zeros(n, dtype=bool)
        for _, _, at in self.found:
            out[at] = True
        return out


def raw_schema(source: Source) -> pa.Schema:
    """The columns of rows.parquet, `docs/contracts.md` section 1, in order."""
    fields: list[pa.Field] = []
    for c in source.columns:
        fields.append(pa.field(c.name, arrow_type(c.data_type)))
        if not c.is_text:
            fields.append(pa.field(f"{c.name}_as_sent", pa.string()))
        if c.parse == "measurement":
            fields.append(pa.field(f"{c.name}_qualifier", pa.string()))
            fields.append(pa.field(f"{c.name}_detection_limit", pa.decimal128(18, 6)))
    fields += [
        pa.field("_row_no", pa.int64()),
        pa.field("_col", pa.string()),
        pa.field("_null_reason", pa.string()),
    ]
    return pa.schema(fields)


def rejected_schema(source: Source) -> pa.Schema:
    """The columns of rejected.parquet: where, why, then the row's texts as sent."""
    return pa.schema(
        [pa.field("_row_no", pa.int64()), pa.field("_col", pa.string())]
        + [pa.field(n, pa.string()) for n in (*REJECT_COLUMNS, "all_checks")]
        + [pa.field(c.name, pa.string()) for c in source.columns]
    )


def value_column(source: Source) -> str | None:
    """The column whose blank is told in `_null_reason`: `value`, else the last declared decimal outside the key."""
    names = [c.name for c in source.columns]
    if "value" in names:
        return "value"
    numbers = [
        c.name
        for c in source.columns
        if c.data_type.startswith("decimal") and c.name not in source.natural_key
    ]
    return numbers[-1] if numbers else None


class Door:
    """The door of one source: its types, its suite, its key. One process may hold many."""

    def __init__(self, source: Source, suite: gate.Suite | None = None, parser: Parser | None = None) -> None:
        self.source = source
        self.suite = suite if suite is not None else gate.load_suite(source)
        self._parser = parser or Parser()
        self._date_format = source.options.get("date_format")

    def check(self, items: list[Parsed]) -> list[Verdict]:
        """One verdict for each parsed payload, in order. Raises gate.GateFault when our own checking fails."""
        out, encoded = self.judge(items, self._duplicates)
        slot = np.repeat(np.arange(len(items)), [p.table.num_rows for p in items])
        for verdict, refused in zip(out, self.refusals(Metrics(items, out, encoded, slot)), strict=True):
            verdict.refused = refused
        return out

    def judge(self, items: list[Parsed], repeated: Repeated) -> tuple[list[Verdict], dict[str, Encoded]]:
        """The verdict on the rows of each payload, and the columns as they were read. repeated: gives the positions of sound
        rows whose key was told before."""
        texts = [_text_table(self.source, p) for p in items]
        table = pa.concat_tables(texts)
        n = table.num_rows
        counts = np.array([t.num_rows for t in texts])
        slot = np.repeat(np.arange(len(items)), counts)
        encoded = {
            c.name: self._parser.column(c, table[c.name], self._date_format) for c in self.source.columns
        }

        problems = _Problems()
        for name, e in encoded.items():
            self._type_problems(name, e, problems)
        self._gate_rows(encoded, n, problems)
        bad = problems.mask(n)
        duplicates = repeated(encoded, table, slot, bad)
        if len(duplicates):
            problems.found.append((_DUPLICATE, None, duplicates))
            bad[duplicates] = True

        rows = self._typed_table(encoded, table)
        rejected, at = self._rejected(encoded, table, problems)
        out: list[Verdict] = []
        start = 0
        for k, parsed in enumerate(items):
            stop = start + int(counts[k])
            part = rows.slice(start, stop - start)
            here = bad[start:stop]
            if here.any():
                part = part.filter(pa.array(~here))
            lo, hi = np.searchsorted(at, [start, stop])
            own = pa.concat_tables([_reader_rejects(self.source, parsed), rejected.slice(lo, hi - lo)])
            own = own.sort_by([("_row_no", "ascending"), ("_col", "ascending")]).combine_chunks()
            out.append(Verdict(part.combine_chunks(), own))
            start = stop
        return out, encoded

    def _type_problems(self, name: str, e: Encoded, problems: _Problems) -> None:
        codes = set(pc.unique(e.problems).to_pylist())
        required = e.column.required and (1 in codes or e.indices.null_count > 0)
        if not required and not codes - {0, 1}:
            return
        rows = e.problem_rows().to_numpy(zero_copy_only=False)
        for code in sorted(codes - {0, 1}):
            problems.found.append((CHECKS[code], name, np.flatnonzero(rows == code)))
        if required:
            problems.found.append((CHECKS[_REQUIRED], name, np.flatnonzero(rows == 1)))

    def _gate_rows(self, encoded: dict[str, Encoded], n: int, problems: _Problems) -> None:
        rules = self.suite.of("reject")
        if not rules or not n:
            return
        broken: dict[str, list[int]] = {}
        # a rule on values gives every row of one text the same answer: Great Expectations sees each text once
        columns = {e.column: _looked_at(encoded[e.column]) for e in rules}
        longest = max(len(values) for values in columns.values())
        for start in range(0, longest, BATCH_ROWS):
            size = min(BATCH_ROWS, longest - start)
            pieces = {}
            for name, values in columns.items():
                piece = values.slice(start, size)
                pieces[name] = pa.concat_arrays([piece, pa.nulls(size - len(piece), piece.type)])
            frame = pa.table(pieces).to_pandas()
            frame[gate.POSITION] = np.arange(start, start + size)
            for check, at in gate.validate(rules, frame).items():
                broken.setdefault(check, []).extend(at)
        for e in rules:
            if broken.get(e.id):
                texts = np.zeros(len(encoded[e.column].texts) + 1, dtype=bool)
                texts[broken[e.id]] = True
                rows = texts[encoded[e.column].indices.fill_null(-1).to_numpy(zero_copy_only=False)]
                problems.found.append((e.id, e.column, np.flatnonzero(rows)))

    def _duplicates(
        self, encoded: dict[str, Encoded], table: pa.Table, slot: np.ndarray, bad: np.ndarray
    ) -> np.ndarray:
        """Positions of sound rows whose key stands on an earlier sound row of the same load."""
        import pandas as pd

        good = np.flatnonzero(~bad)
        key, size = slot[good].astype(np.int64), int(slot.max(initial=0)) + 1
        for name in self.key_names():
            values, at = self.key_column(name, encoded, table)
            codes, span = at[good].astype(np.int64) + 1, len(values) + 1
            if size * span >= 2**62:
                key, uniques = pd.factorize(key)
                size = len(uniques)
            key, size = key * span + codes, size * span
        return good[pd.Series(key).duplicated(keep="first").to_numpy()]

    def key_names(self) -> list[str]:
        """Columns within which a row must stand once: the natural key, and the change time where a key may come again."""
        changed = self.source.changed_at if self.source.slice.kind == "arrivals" else []
        return list(dict.fromkeys([*self.source.natural_key, *changed]))

    def key_column(
        self, name: str, encoded: dict[str, Encoded], table: pa.Table
    ) -> tuple[pa.Array, np.ndarray]:
        """Distinct values of a key's column as they are typed, and the index of each row's value (-1: none)."""
        if name in encoded:
            e = encoded[name]
            canonical = e.values.dictionary_encode()
            by_text = pc.fill_null(canonical.indices, -1).to_numpy(zero_copy_only=False)
            at = pc.fill_null(e.indices, -1).to_numpy(zero_copy_only=False)
            return canonical.dictionary, np.append(by_text, -1)[
                at
            ]  # index -1 (no cell) reads the appended -1
        found = table[name].combine_chunks().dictionary_encode()
        return found.dictionary, pc.fill_null(found.indices, -1).to_numpy(zero_copy_only=False)

    def _typed_table(self, encoded: dict[str, Encoded], table: pa.Table) -> pa.Table:
        out: dict[str, Any] = {}
        for c in self.source.columns:
            e = encoded[c.name]
            if c.is_text:
                out[c.name] = table[c.name]
                continue
            out[c.name] = e.typed()
            out[f"{c.name}_as_sent"] = table[c.name]
            if e.qualifiers is not None and e.limits is not None:
                out[f"{c.name}_qualifier"] = e.qualifiers.take(e.indices)
                out[f"{c.name}_detection_limit"] = e.limits.take(e.indices)
        out["_row_no"], out["_col"] = table["_row_no"], table["_col"]
        value = value_column(self.source)
        if value is None:
            out["_null_reason"] = pa.nulls(table.num_rows, pa.string())
        else:
            blank = pc.equal(encoded[value].problem_rows(), 1)
            out["_null_reason"] = pc.if_else(blank, pa.scalar("blank"), pa.scalar(None, pa.string()))
        return pa.table(out)

    def _rejected(
        self, encoded: dict[str, Encoded], table: pa.Table, problems: _Problems
    ) -> tuple[pa.Table, np.ndarray]:
        """Rejected rows of the batch in order of position, and their positions; the first broken check explains."""
        schema = rejected_schema(self.source)
        first: dict[int, tuple[str, str | None]] = {}
        every: dict[int, list[str]] = {}
        for check, column, positions in problems.found:
            label = f"{check}:{column}" if column else check
            for i in positions.tolist():
                first.setdefault(i, (check, column))
                every.setdefault(i, []).append(label)
        at = np.array(sorted(first), dtype=np.int64)
        if not len(at):
            return schema.empty_table(), at
        texts = table.take(pa.array(at))
        rules = {e.id: e for e in self.suite.expectations}
        told: dict[tuple[str, str | None, str | None], tuple[str, str]] = {}
        cols: dict[str, list[Any]] = {n: [] for n in (*REJECT_COLUMNS, "all_checks")}
        by_column = {c.name: texts[c.name].to_pylist() for c in self.source.columns}
        for k, i in enumerate(at.tolist()):
            check, column = first[i]
            value = by_column[column][k] if column else self._key_text(by_column, texts, k)
            known = (check, column, value)
            if known not in told:
                told[known] = self._reason(rules, check, column, value)
            zh, en = told[known]
            for n, v in zip(cols, (check, column, value, zh, en, ";".join(every[i])), strict=True):
                cols[n].append(v)
        data = {"_row_no": texts["_row_no"], "_col": texts["_col"], **cols}
        data |= {c.name: texts[c.name] for c in self.source.columns}
        return pa.table(data, schema=schema), at

    def _key_text(self, by_column: dict[str, list[Any]], texts: pa.Table, k: int) -> str:
        parts = [by_column[c][k] if c in by_column else texts[c][k].as_py() for c in self.source.natural_key]
        return " | ".join("" if p is None else str(p) for p in parts)

    def _reason(
        self, rules: dict[str, gate.Expectation], check: str, column: str | None, value: str | None
    ) -> tuple[str, str]:
        if check in rules:
            return rules[check].reason(self.source, value or "")
        if column:
            return reason(check, self.source.column(column), value)
        names = self.source.natural_key
        zh = [self.source.column(c).headers()[0] if not c.startswith("_") else c for c in names]
        return reason(check, None, value, key=", ".join(names), key_zh="、".join(zh))

    def refusals(self, told: Mapping[str, Any]) -> list[LoadRefused | None]:
        """For each load, why it is refused as a whole. told: the measures of gate.LOAD_METRICS and of the columns, by load."""
        records = told["records_in"]
        out: list[LoadRefused | None] = [None] * len(records)
        least = self.source.volume.min_records
        for k, n in enumerate(records):
            if n < least:
                out[k] = LoadRefused(
                    f"the load holds {n} records, fewer than {least}（记录数不足，整批退回）",
                    rule=f"{self.source.file.name}: volume.min_records",
                    todo="send the complete file again",
                )
        rules = self.suite.of("refuse")
        if not rules:
            return out
        import pandas as pd

        names = dict.fromkeys([*gate.LOAD_METRICS, *(e.column for e in rules)])
        frame = pd.DataFrame({name: told[name] for name in names})
        frame[gate.POSITION] = range(len(out))
        broken = gate.validate(rules, frame)
        for e in rules:
            for k in broken[e.id]:
                if out[k] is None:
                    zh, en = e.reason(self.source, frame[e.column][k])
                    out[k] = LoadRefused(
                        en, where=zh, rule=f"expectations/{self.source.name}.yml: {e.id}",
                        todo="correct and send the whole again（更正后整批重报）",
                    )  # fmt: skip
        return out


class Metrics(dict[str, Any]):
    """Measures of loads that were looked at together; those of columns are counted when a rule asks."""

    def __init__(
        self, items: list[Parsed], verdicts: list[Verdict], encoded: dict[str, Encoded], slot: np.ndarray
    ) -> None:
        rows_in = [v.rows.num_rows + v.rejected.num_rows for v in verdicts]
        super().__init__(
            records_in=[p.records_in for p in items],
            rows_in=rows_in,
            rejected_pct=[
                100.0 * v.rejected.num_rows / max(1, n) for v, n in zip(verdicts, rows_in, strict=True)
            ],
        )
        self._encoded, self._slot, self._loads = encoded, slot, len(items)

    def __missing__(self, name: str) -> np.ndarray:
        metric = next(m for m in gate.COLUMN_METRICS if name.endswith(m))
        e = self._encoded[name.removesuffix(metric)]
        filled = self.filled(e)
        if metric == "_filled_count":
            return np.bincount(self._slot[filled], minlength=self._loads)
        codes = e.indices.fill_null(-1).to_numpy(zero_copy_only=False)[filled].astype(np.int64)
        pairs = np.unique(self._slot[filled] * np.int64(len(e.texts) + 1) + codes)
        return np.bincount((pairs // (len(e.texts) + 1)).astype(np.int64), minlength=self._loads)

    @staticmethod
    def filled(e: Encoded) -> np.ndarray:
        """Which rows tell a value; below detection is one, too."""
        out: np.ndarray = pc.is_valid(e.values.take(e.indices)).to_numpy(zero_copy_only=False)
        if e.qualifiers is not None:
            out = out | pc.is_valid(e.qualifiers.take(e.indices)).to_numpy(zero_copy_only=False)
        return out


def _looked_at(e: Encoded) -> pa.Array:
    values = e.values
    # a batch of Decimal objects costs seconds; a rule on a number's form needs no more than a double
    return values.cast(pa.float64()) if pa.types.is_decimal(values.type) else values


def _text_table(source: Source, parsed: Parsed) -> pa.Table:
    """The reader's table in the fixed order of columns; a column that the reader left out is null."""
    t = parsed.table
    names = set(t.column_names)
    data = {
        "_row_no": t["_row_no"].cast(pa.int64()),
        "_col": t["_col"].cast(pa.string()) if "_col" in names else pa.nulls(t.num_rows, pa.string()),
    }
    for c in source.columns:
        data[c.name] = t[c.name].cast(pa.string()) if c.name in names else pa.nulls(t.num_rows, pa.string())
    return pa.table(data)


def _reader_rejects(source: Source, parsed: Parsed) -> pa.Table:
    """The rows that the reader itself turned away, in the schema of rejected.parquet."""
    schema = rejected_schema(source)
    r = parsed.rejects
    if r is None or not r.num_rows:
        return schema.empty_table()
    have = set(r.column_names)
    data: dict[str, Any] = {}
    for f in schema:
        if f.name == "all_checks":
            data[f.name] = r["check_id"].cast(pa.string())
        elif f.name in have:
            data[f.name] = r[f.name].cast(f.type)
        else:
            data[f.name] = pa.nulls(r.num_rows, f.type)
    return pa.table(data, schema=schema)

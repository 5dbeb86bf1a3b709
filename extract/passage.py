"""One load that is too long to be held: it goes through the door piece by piece.

Invariant: the verdict of every row, and of the load, is the one that the whole load would have got in one piece.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations import gate
from extract.door import Door, Metrics, Verdict
from extract.errors import LoadRefused
from extract.readers.base import Parsed
from extract.types import Encoded

_BITS = 62  # of a signed 64-bit number, with room to add


class Keys:
    """The keys of a load seen so far, exactly: each column's values are numbered, the numbers packed into one.

    Packed keys stand in sorted runs. The column with the most values comes first, so that pieces in order of time have
    runs that do not overlap and need no search.
    """

    def __init__(self) -> None:
        self._order: list[str] = []
        self._numbers: dict[str, dict[Any, int]] = {}
        self._bits: dict[str, int] = {}
        self._runs: list[np.ndarray] = []
        self._odd: set[tuple[int, ...]] | None = None  # instead of runs, where the numbers do not fit

    def repeated(self, columns: dict[str, tuple[list[Any], np.ndarray]]) -> np.ndarray:
        """Which rows of the next piece tell a key again. columns: distinct values, and each row's index (-1: none)."""
        if not self._order:
            self._order = sorted(columns, key=lambda n: -len(columns[n][0]))
            self._numbers = {n: {} for n in self._order}
        codes: dict[str, np.ndarray] = {}
        for name in self._order:
            values, at = columns[name]
            known = self._numbers[name]
            number = np.array([known.setdefault(v, len(known) + 1) for v in values] + [0], dtype=np.int64)
            codes[name] = number[at]  # index -1 reads the appended 0
        if not self._fit():
            return self._odd_ones(codes)
        return self._seen(self._packed(codes))

    def _fit(self) -> bool:
        """Whether the numbers fit; gives columns that outgrew their bits more of them, and packs the runs anew."""
        if self._odd is not None:
            return False
        need = {n: max(1, len(self._numbers[n]).bit_length()) for n in self._order}
        if self._bits and all(need[n] <= self._bits[n] for n in self._order):
            return True
        room = {n: b + 3 for n, b in need.items()}
        bits = room if sum(room.values()) <= _BITS else need
        old, self._bits = self._bits, bits
        unpacked = [self._unpacked(run, old) for run in self._runs]
        if sum(bits.values()) > _BITS:
            self._odd = set()
            for codes in unpacked:
                self._odd_ones(codes)
            self._runs = []
            return False
        self._runs = [self._packed(codes) for codes in unpacked]
        return True

    def _packed(self, codes: dict[str, np.ndarray]) -> np.ndarray:
        key = np.zeros(len(codes[self._order[0]]), dtype=np.int64)
        for name in self._order:
            key = (key << self._bits[name]) | codes[name]
        return key

    def _unpacked(self, run: np.ndarray, bits: dict[str, int]) -> dict[str, np.ndarray]:
        codes = {}
        for name in reversed(self._order):
            codes[name] = run & ((1 << bits[name]) - 1)
            run = run >> bits[name]
        return codes

    def _seen(self, key: np.ndarray) -> np.ndarray:
        order = np.argsort(key, kind="stable")
        ranked = key[order]
        again = np.zeros(len(key), dtype=bool)
        if not len(key):
            return again
        again[order[1:][ranked[1:] == ranked[:-1]]] = True
        for run in self._runs:
            if run[0] <= ranked[-1] and ranked[0] <= run[-1]:
                at = np.minimum(np.searchsorted(run, ranked), len(run) - 1)
                again[order[run[at] == ranked]] = True
        self._runs.append(np.unique(ranked))
        return again

    def _odd_ones(self, codes: dict[str, np.ndarray]) -> np.ndarray:
        assert self._odd is not None
        again = np.zeros(len(codes[self._order[0]]), dtype=bool)
        for i, key in enumerate(zip(*(codes[n].tolist() for n in self._order), strict=True)):
            if key in self._odd:
                again[i] = True
            self._odd.add(key)
        return again


class Passage:
    """The way of one load through the door of its source: `check` each piece in order, then ask for `refusal`."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._keys = Keys()
        self._sums = dict.fromkeys(("records_in", "rows_in", "rejected"), 0)
        self._filled: dict[str, int] = {}
        self._distinct: dict[str, set[str]] = {}

    def check(self, parsed: Parsed) -> Verdict:
        """The verdict of the next piece; never refused, for that is said of the whole."""
        verdicts, encoded = self._door.judge([parsed], self._repeated)
        verdict = verdicts[0]
        self._sums["records_in"] += parsed.records_in
        self._sums["rows_in"] += verdict.rows.num_rows + verdict.rejected.num_rows
        self._sums["rejected"] += verdict.rejected.num_rows
        for e in self._door.suite.of("refuse"):
            self._count(e.column, encoded)
        return verdict

    def _count(self, metric: str, encoded: dict[str, Encoded]) -> None:
        kind = next((m for m in gate.COLUMN_METRICS if metric.endswith(m)), None)
        if kind is None:
            return
        e = encoded[metric.removesuffix(kind)]
        filled = Metrics.filled(e)
        if kind == "_filled_count":
            self._filled[metric] = self._filled.get(metric, 0) + int(filled.sum())
        else:
            texts = pc.unique(e.sent().filter(pa.array(filled)))
            self._distinct.setdefault(metric, set()).update(texts.to_pylist())

    def _repeated(
        self, encoded: dict[str, Encoded], table: pa.Table, slot: np.ndarray, bad: np.ndarray
    ) -> np.ndarray:
        good = np.flatnonzero(~bad)
        columns: dict[str, tuple[list[Any], np.ndarray]] = {}
        for name in self._door.key_names():
            values, at = self._door.key_column(name, encoded, table)
            columns[name] = (values.to_pylist(), at[good])
        return good[self._keys.repeated(columns)]

    def refusal(self) -> LoadRefused | None:
        """What the door says of the load as a whole, when all pieces have passed."""
        s = self._sums
        told: dict[str, Any] = {
            "records_in": [s["records_in"]],
            "rows_in": [s["rows_in"]],
            "rejected_pct": [100.0 * s["rejected"] / max(1, s["rows_in"])],
            **{name: [n] for name, n in self._filled.items()},
            **{name: [len(texts)] for name, texts in self._distinct.items()},
        }
        return self._door.refusals(told)[0]

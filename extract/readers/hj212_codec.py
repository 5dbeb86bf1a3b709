"""Many HJ 212 frames at once: candidates, length, CRC and data areas in numpy and Arrow.

Invariant: a frame goes through here only while it is regular; everything else is handed to `hj212_rules`, so verdicts
and values are those of the plain form. Bytes come in, Arrow comes out; no Python object per frame or item.

Why the CRC costs almost nothing: only the high byte of the register meets the next byte, that map of 256 states is
linear over GF(2), and eight steps of it are the identity. So bytes eight apart act alike, the running XOR of the
block's 64-bit words holds the state of every segment, and one difference of two words is left to do per frame.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from extract.readers import hj212_rules as rules
from extract.readers.hj212_rules import CRC_HIGH, CRC_TABLE, FIELD_NO, HEAD, dialect_of, text_of

BLOCK = (
    2 << 20
)  # bytes decoded at a time: the running arrays stay in cache and memory does not follow the payload

_TABLE16 = np.array(CRC_TABLE, np.uint16)
_HIGH = np.frombuffer(CRC_HIGH, np.uint8)


def _powers() -> np.ndarray:
    out = [np.arange(256, dtype=np.uint8)]
    for _ in range(7):
        out.append(_HIGH[out[-1]])
    return np.stack(out)


_POWER = _powers()  # _POWER[k][x]: k steps of the register's high byte over zero bytes
assert np.array_equal(_HIGH[_POWER[7]], _POWER[0]), "the state map has period 8"

_HEX = np.full(256, 255, np.uint8)
for _i, _c in enumerate(b"0123456789ABCDEF"):
    _HEX[_c] = _i
for _i, _c in enumerate(b"abcdef"):
    _HEX[_c] = 10 + _i

_EQ, _SEMI, _COMMA, _AMP, _ODD = 1, 2, 3, 4, 5
_CLASS = np.zeros(256, np.uint8)
_CLASS[:32] = _ODD
_CLASS[127:] = _ODD
for _sign, _v in ((b"=", _EQ), (b";", _SEMI), (b",", _COMMA), (b"&", _AMP)):
    _CLASS[_sign[0]] = _v
_CLASS_BYTES = _CLASS.tobytes()

ROW_COLUMNS = ("mn", "st", "cn", "qn", "dialect", "data_time", "factor_code", *rules.FIELD_COLUMNS)
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def candidates(data: bytes) -> np.ndarray:
    """Positions (int64, ascending) at which a frame may begin: ## as `hj212_rules.CANDIDATE` has it."""
    a = np.frombuffer(data, np.uint8)
    if a.size < 2:
        return np.zeros(0, np.int64)
    step = BLOCK // 8
    hash_at = np.concatenate([np.flatnonzero(a[k : k + step] == 35) + k for k in range(0, a.size, step)])
    if hash_at.size < 2:
        return np.zeros(0, np.int64)
    pair = hash_at[:-1][np.diff(hash_at) == 1]
    padded = np.minimum(pair[:, None] + np.arange(2, 6), a.size - 1)
    digit = (a[padded] - 48) < 10
    plain = digit.all(axis=1) & (pair + 6 <= a.size)
    rest = pair[~plain]
    more = [p for p in rest.tolist() if rules.CANDIDATE.match(data, p)]
    return np.sort(np.concatenate([pair[plain], np.array(more, np.int64)])) if more else pair[plain]


def segment_ends(data: bytes, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """End of the data segment of each frame whose length, CRC digits and CRC hold (-1 for the others), and its print.

    Equal segments have equal prints (uint64); segments with equal prints are most likely equal.
    """
    a = np.frombuffer(data, np.uint8)
    ends = np.full(starts.size, -1, np.int64)
    prints = np.zeros(starts.size, np.uint64)
    at = 0
    while at < starts.size:
        lo = int(starts[at])
        to = max(int(np.searchsorted(starts, lo + BLOCK)), at + 1)
        hi = min(int(starts[to - 1]) + 10013, a.size)
        found, prints[at:to] = _block_ends(a[lo:hi], starts[at:to] - lo)
        ends[at:to] = np.where(found < 0, -1, found + lo)
        at = to
    return ends, prints


def _block_ends(a: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As segment_ends within one block."""
    out, prints = np.full(starts.size, -1, np.int64), np.zeros(starts.size, np.uint64)
    head = a[np.minimum(starts[:, None] + np.arange(2, 6), a.size - 1)].astype(np.int64) - 48
    length = head @ np.array([1000, 100, 10, 1])
    end = starts + 6 + length
    ok = ((head >= 0) & (head <= 9)).all(axis=1) & (length >= 2) & (end + 4 <= a.size)
    if not ok.any():
        return out, prints
    s, e = starts[ok] + 6, end[ok]
    nibbles = _HEX[a[e[:, None] + np.arange(4)]]
    hex_ok = (nibbles < 16).all(axis=1)
    given = nibbles.astype(np.uint16) @ np.array([4096, 256, 16, 1], np.uint16)
    words = np.zeros(a.size // 8 + 2, "<u8")
    words.view(np.uint8)[8 : 8 + a.size] = a
    running = np.bitwise_xor.accumulate(
        words
    )  # [k]: XOR of the bytes before 8 k, position by position modulo 8
    last = e - 1
    lanes = _xor_before(running, words, last) ^ _xor_before(running, words, s)
    state = _POWER[(last - s) % 8, 0xFF]
    by_lane = lanes.view(np.uint8).reshape(-1, 8)
    for k in range(8):
        state ^= _POWER[(last - k) % 8, by_lane[:, k]]
    good = hex_ok & (_TABLE16[state ^ a[last]] == given)
    at = np.flatnonzero(ok)[good]
    out[at] = e[good]
    turn = (s % 8 * 8).astype(np.uint64)
    turned = (lanes >> turn) | np.where(turn > 0, lanes << ((64 - turn) % 64), 0).astype(np.uint64)
    prints[at] = ((turned ^ given) * np.uint64(0x9E3779B97F4A7C15) + (e - s).astype(np.uint64))[good]
    return out, prints


def _xor_before(running: np.ndarray, words: np.ndarray, at: np.ndarray) -> np.ndarray:
    """XOR of all bytes before `at`, those at positions k modulo 8 in byte k of the word."""
    k, part = at >> 3, (at & 7).astype(np.uint64)
    return running[k] ^ (words[k + 1] & ((np.uint64(1) << (part * np.uint64(8))) - np.uint64(1)))


@dataclass
class Decoded:
    """Regular frames of one block, decoded.

    frames: their indices into the block's frames; slow: indices that the plain form must read; rows: one per frame ×
    factor with columns frame (int32 index), mn, st, cn, qn, dialect, data_time, factor_code and the fields;
    notes: counters.
    """

    frames: np.ndarray
    slow: np.ndarray
    rows: pa.Table | None
    notes: dict[str, int] = field(default_factory=dict)


class Keys:
    """What each distinct name means, learnt once per payload: the names of a network are a few hundred."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[int, int, int]] = {}
        self._factor_no: dict[str, int] = {}
        self.factors: list[str] = []

    def meaning(self, name: bytes) -> tuple[int, int, int]:
        """(number of the head field or -1, number of the factor or -1, number of the value field or -1 / -2 DataTime)."""
        found = self._known.get(name)
        if found is None:
            key = text_of(name).strip()
            head = HEAD.index(key) if key in HEAD else -1
            factor, dash, kind = key.rpartition("-")
            if key == "DataTime":
                found = (head, -1, -2)
            elif dash and factor and kind in FIELD_NO:
                no = self._factor_no.setdefault(factor, len(self._factor_no))
                if no == len(self.factors):
                    self.factors.append(factor)
                found = (head, no, FIELD_NO[kind])
            else:
                found = (head, -1, -1)
            self._known[name] = found
        return found


def decode(block: bytes, starts: np.ndarray, ends: np.ndarray, keys: Keys) -> Decoded:
    """Decode the framed frames of one block (segments [starts, ends) within it, ascending, not overlapping)."""
    a = np.frombuffer(block, np.uint8)
    n = starts.size
    starts, ends = starts.astype(np.int32), ends.astype(np.int32)
    cls = np.frombuffer(block.translate(_CLASS_BYTES), np.uint8)
    pos = np.flatnonzero(cls != 0).astype(np.int32)
    kind = cls[pos]
    # a regular frame has exactly CP=&& … && : four ampersands, two at its very end
    amps, odds = pos[kind == _AMP], pos[kind == _ODD]
    amp_lo = np.searchsorted(amps, starts)
    bad = np.searchsorted(amps, ends) - amp_lo != 4
    bad |= np.searchsorted(odds, ends) != np.searchsorted(odds, starts)
    good = np.flatnonzero(~bad)
    if good.size == 0:
        return Decoded(good, np.arange(n), None)
    s, e = starts[good], ends[good]
    lo, hi = np.searchsorted(pos, s), np.searchsorted(pos, e)
    amp = amps[amp_lo[good][:, None] + np.arange(4)]
    shape = (amp[:, 1] == amp[:, 0] + 1) & (amp[:, 2] == e - 2) & (amp[:, 3] == e - 1) & (amp[:, 0] - 4 >= s)
    before = a[np.maximum(amp[:, :1] - np.array([4, 3, 2, 1]), 0)]
    shape &= (before == np.frombuffer(b";CP=", np.uint8)).all(axis=1)

    count = hi - lo
    first = np.cumsum(count) - count
    owner = np.repeat(np.arange(good.size, dtype=np.int32), count)
    at = np.arange(owner.size, dtype=np.int32) - np.repeat((first - lo).astype(np.int32), count)
    p, c = pos[at], kind[at]
    prev_c = np.empty_like(c)
    prev_c[1:] = c[:-1]
    prev_c[first] = _SEMI
    prev_p = np.empty_like(p)
    prev_p[1:] = p[:-1]
    prev_p[first] = s - 1
    next_p = np.empty_like(p)
    next_p[:-1] = p[1:]
    next_p[first + count - 1] = e
    wrong = (c == _EQ) & (prev_c == _EQ)
    wrong |= ((c == _SEMI) | (c == _COMMA)) & (prev_c != _EQ)
    # before && stands a value, a spare semicolon or nothing; any text there is an item without a value
    wrong |= (c == _AMP) & ((prev_c == _COMMA) | ((prev_c != _EQ) & (prev_p != p - 1)))
    odd = np.zeros(good.size, bool)
    odd[owner[wrong]] = True
    odd |= ~shape

    eq = np.flatnonzero(c == _EQ)
    f = owner[eq]
    name_start, name_end, value_end = prev_p[eq] + 1, p[eq], next_p[eq]
    tiles = np.empty((eq.size, 4), np.int32)
    tiles[:, 0], tiles[:, 1], tiles[:, 2], tiles[:, 3] = name_start, name_end, name_end + 1, value_end
    offsets = pa.py_buffer(np.append(tiles.ravel(), np.int32(len(block))))
    quarter = np.arange(eq.size, dtype=np.int32) * 4
    cells = pa.Array.from_buffers(pa.binary(), 4 * eq.size, [None, offsets, pa.py_buffer(block)])
    names = pc.take(cells, pa.array(quarter), boundscheck=False).dictionary_encode()
    meanings = np.array([keys.meaning(b) for b in names.dictionary.to_pylist()], np.int32).reshape(-1, 3)
    name_no = names.indices.to_numpy()
    factor_no, field_no = meanings[:, 1].copy()[name_no], meanings[:, 2].copy()[name_no]
    in_head = name_start <= amp[f, 0]
    texts = pa.Array.from_buffers(pa.string(), 4 * eq.size, [None, offsets, pa.py_buffer(block)])
    value_len = value_end - name_end - 1

    in_cp = ~in_head
    head_fields = np.flatnonzero(in_head)
    head_no = meanings[:, 0].copy()[name_no[head_fields]]
    head = {name: _one_each(head_fields[head_no == no], f, good.size, odd) for no, name in enumerate(HEAD)}
    time_at = _one_each(np.flatnonzero(in_cp & (field_no == -2)), f, good.size, odd)
    odd |= (head["PNUM"] >= 0) | (head["PNO"] >= 0) | (head["CN"] < 0) | (head["MN"] < 0)
    odd |= value_len[head["CN"]] != 4
    cn_at = name_end[head["CN"]] + 1
    odd |= ((a[np.minimum(cn_at[:, None] + np.arange(4), a.size - 1)] - 48) > 9).any(axis=1)
    mn_at = np.minimum(name_end[head["MN"]] + 1, a.size - 1)
    odd |= (value_len[head["MN"]] < 1) | (a[mn_at] <= 32)
    flags = _pick(texts, head["Flag"]).dictionary_encode()
    dialects = [dialect_of(x) for x in flags.dictionary.to_pylist()]
    flag_index = flags.indices.fill_null(len(dialects)).to_numpy()
    dialect = pa.array([*dialects, dialect_of(None)]).take(pa.array(flag_index))
    cp_items = np.bincount(f[in_cp], minlength=good.size)
    is_2025 = np.array([d == "2025" for d in [*dialects, ""]])[flag_index]
    odd |= is_2025 & (cp_items <= 1)
    odd |= (time_at >= 0) & ~_time_ok(a, name_end[time_at] + 1, value_len[time_at])

    item = np.flatnonzero(in_cp & (factor_no >= 0)).astype(np.int32)
    has_item = np.zeros(good.size, bool)
    has_item[f[item]] = True
    odd |= has_item & (time_at < 0)
    rows, item_rows = _rows(item, f, factor_no, keys, odd)
    kinds = field_no[item].astype(np.uint8)
    if rows.size:  # two values of one kind in a row: fewer kinds than items
        first_item = np.flatnonzero(np.diff(item_rows, prepend=-1))
        told = np.bitwise_or.reduceat(np.left_shift(np.uint32(1), kinds), first_item)
        odd[f[rows[np.bitwise_count(told) != np.diff(first_item, append=item.size)]]] = True

    keep_row = ~odd[f[rows]]
    keep = keep_row[item_rows]
    item, kinds, rows = item[keep], kinds[keep], rows[keep_row]
    item_rows = (np.cumsum(keep_row, dtype=np.int32) - np.int32(1))[item_rows[keep]]
    owner_of = f[rows]
    per_frame = np.bincount(owner_of, minlength=good.size)
    columns: dict[str, pa.Array] = {"frame": pa.array(good[owner_of].astype(np.int32))}
    for key, at_field in [(k.lower(), head[k]) for k in ("MN", "ST", "CN", "QN")] + [("data_time", time_at)]:
        length = np.where(at_field >= 0, value_len[at_field], -1)
        repeated = _spread(a, name_end[at_field] + 1, length, per_frame)
        columns[key] = _pick(texts, at_field[owner_of]) if repeated is None else repeated
    columns["dialect"] = dialect.take(pa.array(owner_of))
    columns["factor_code"] = pa.array(keys.factors, pa.string()).take(pa.array(factor_no[rows]))
    by_kind = np.argsort(kinds, kind="stable")
    until = np.cumsum(np.bincount(kinds, minlength=len(FIELD_NO)))
    item, item_rows = item[by_kind], item_rows[by_kind]
    for no, name in enumerate(rules.FIELD_COLUMNS):
        here = slice(until[no - 1] if no else 0, until[no])
        columns[name] = _scatter(texts, item[here], value_len, item_rows[here], rows.size)
    kept = ~odd
    is_kept_item = kept[f]
    notes = {
        "pw_empty": int(np.count_nonzero(kept & ((head["PW"] < 0) | (value_len[head["PW"]] == 0)))),
        "segment_over_1024": int(np.count_nonzero(kept & (e - s > 1024))),
        "crc_lower_case": int(np.count_nonzero(kept & (a[e[:, None] + np.arange(4)] >= 97).any(axis=1))),
        "items_in_payload_only": int(np.count_nonzero(in_cp & (field_no == -1) & is_kept_item)),
    }
    bad[good[odd]] = True
    return Decoded(good[kept], np.flatnonzero(bad), pa.table(columns).select(["frame", *ROW_COLUMNS]), notes)


def _one_each(fields: np.ndarray, f: np.ndarray, n: int, odd: np.ndarray) -> np.ndarray:
    """Index of the field per frame or -1; a frame that has it twice is marked odd."""
    out = np.full(n, -1, np.int64)
    out[f[fields]] = fields
    odd[f[fields[out[f[fields]] != fields]]] = True
    return out


def _pick(texts: pa.Array, fields: np.ndarray) -> pa.Array:
    """Values of fields by index; null for -1."""
    absent = fields < 0
    if absent.all():
        return pa.nulls(fields.size, pa.string())
    return texts.take(pa.array(fields * 4 + 2, mask=absent if absent.any() else None))


def _scatter(texts: pa.Array, fields: np.ndarray, value_len: np.ndarray, at: np.ndarray, n: int) -> pa.Array:
    """A column of n rows with the values of `fields` at rows `at` (ascending), null elsewhere."""
    if not fields.size:
        return pa.nulls(n, pa.string())
    values = pc.take(texts, pa.array(fields * np.int32(4) + np.int32(2)), boundscheck=False)
    if fields.size == n:
        return values
    offsets = np.zeros(n + 1, np.int32)
    offsets[at + 1] = value_len[fields]
    np.cumsum(offsets, out=offsets)
    there = np.zeros(n, bool)
    there[at] = True
    bits = pa.py_buffer(np.packbits(there, bitorder="little"))
    return pa.Array.from_buffers(pa.string(), n, [bits, pa.py_buffer(offsets), values.buffers()[2]])


def _spread(a: np.ndarray, at: np.ndarray, length: np.ndarray, times: np.ndarray) -> pa.Array | None:
    """Each frame's text repeated for its rows, where all that have one (length not -1) have one length; else None."""
    there = length >= 0
    n = int(times.sum())
    if not there.any():
        return pa.nulls(n, pa.string())
    width = int(length[there][0])
    if width == 0 or (length[there] != width).any():
        return None
    # every start of a text of that width in the block, as one array without a copy
    texts = np.ndarray((a.size - width + 1,), f"V{width}", a, strides=(1,))
    data = np.repeat(texts[np.where(there, at, 0)], times)
    offsets = np.arange(n + 1, dtype=np.int32) * np.int32(width)
    bits = None
    if not there.all():
        bits = pa.py_buffer(np.packbits(np.repeat(there, times), bitorder="little"))
    return pa.Array.from_buffers(pa.string(), n, [bits, pa.py_buffer(offsets), pa.py_buffer(data)])


def _time_ok(a: np.ndarray, at: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Whether 14 digits at each position are an instant (24:00:00 and 17 digits go to the plain form)."""
    d = a[np.clip(at[:, None] + np.arange(14), 0, a.size - 1)].astype(np.int32) - 48
    ok = (length == 14) & ((d >= 0) & (d <= 9)).all(axis=1)
    two = d[:, 0::2] * 10 + d[:, 1::2]
    year, month, day, hour, minute, second = two[:, 0] * 100 + two[:, 1], *(two[:, k] for k in range(2, 7))
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    days = _MONTH_DAYS[np.clip(month, 0, 12)] + (leap & (month == 2))
    ok &= (year >= 1900) & (year <= 2199) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= days)
    return ok & (hour < 24) & (minute < 60) & (second < 60)


def _rows(
    item: np.ndarray, f: np.ndarray, factor_no: np.ndarray, keys: Keys, odd: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(first item of each row, row of each item): a row is a run of items of one frame and factor.

    A factor that comes back after another one makes its frame odd: the plain form joins what belongs together.
    """
    if item.size == 0:
        return np.zeros(0, np.int32), np.zeros(0, np.int64)
    pair = f[item] * np.int64(len(keys.factors)) + factor_no[item]
    starts_row = np.empty(item.size, bool)
    starts_row[0] = True
    np.not_equal(pair[1:], pair[:-1], out=starts_row[1:])
    rows = item[starts_row]
    runs = pair[starts_row]
    order = np.argsort(runs, kind="stable")
    again = order[1:][runs[order][1:] == runs[order][:-1]]
    odd[f[rows[again]]] = True
    return rows, np.cumsum(starts_row, dtype=np.int32) - np.int32(1)


def first_equal(data: bytes, starts: np.ndarray, ends: np.ndarray, prints: np.ndarray) -> np.ndarray:
    """Index of the first segment with the same bytes, per segment [start, end): itself when there is none before."""
    n = starts.size
    first = np.arange(n)
    order = np.argsort(prints, kind="stable")
    same = np.flatnonzero(prints[order][1:] == prints[order][:-1])
    if not same.size:
        return first
    seen: dict[bytes, int] = {}
    for i in np.unique(np.concatenate([order[same], order[same + 1]])).tolist():
        first[i] = seen.setdefault(data[int(starts[i]) : int(ends[i])], i)
    return first

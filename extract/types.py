"""Typed parsing at the door: text exactly as sent becomes typed columns beside it, by the types of the source's YAML.

Invariant: a column's result depends on its text and its declaration alone, so distinct texts are parsed once (in
DuckDB SQL over Arrow) and mapped back to the rows; nothing is guessed that the declaration leaves open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from extract.source import Column

VERSION = "1"  # raised whenever the same text would be read otherwise: part of every parse version

_SPACE = " \t\r\n\v\f\u00a0\u3000\ufeff\u200b"
_WIDE = "０１２３４５６７８９．－＋，：／（）％＜＞～ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ﹤﹥〈〉−–\u3000\u00a0"
_HALF = "0123456789.-+,:/()%<>~ABCDEFGHIJKLMNOPQRSTUVWXYZ<><>--  "
_FALSE = ["false", "0", "0.0", "否", "n", "no", "f", "无", "×"]

# what a problem code of the SQL means; 0 is sound and 1 is blank
CHECKS = [
    "", "blank", "not_a_number", "number_out_of_range", "not_an_integer", "not_a_time", "impossible_time",
    "time_out_of_range", "not_a_boolean", "not_allowed", "damaged_long_number", "required_blank", "duplicate_key",
]  # fmt: skip

REASONS: dict[str, tuple[str, str]] = {
    "required_blank": (
        "“{column_zh}”为必填项，此处为空（“{value}”）；请补填",
        "column {column} is required and is blank here ({value!r}); fill it in",
    ),
    "not_a_number": (
        "“{column_zh}”应为数字，收到“{value}”；请只填数字，单位、说明写在别的列",
        "column {column} must be a number, got {value!r}; send the number alone, units and remarks elsewhere",
    ),
    "number_out_of_range": (
        "“{column_zh}”的数字“{value}”超出该列能存的位数（{data_type}）；请核对小数点与单位",
        "the number {value!r} does not fit column {column} ({data_type}); check decimal point and unit",
    ),
    "not_an_integer": (
        "“{column_zh}”应为整数，收到“{value}”；请核对",
        "column {column} must be a whole number in range, got {value!r}",
    ),
    "not_a_time": (
        "“{column_zh}”不是可识别的日期时间：“{value}”；请写成 2026-03-01 或 2026-03-01 08:00:00",
        "column {column} is not a date or time: {value!r}; write 2026-03-01 or 2026-03-01 08:00:00",
    ),
    "impossible_time": (
        "“{column_zh}”的日期时间不存在：“{value}”；请核对月、日、时、分、秒",
        "the date or time {value!r} in column {column} does not exist; check month, day, hour, minute, second",
    ),
    "time_out_of_range": (
        "“{column_zh}”的年份不在 1900–2199 之内：“{value}”；请核对年份",
        "the year of {value!r} in column {column} is outside 1900-2199; check the year",
    ),
    "not_a_boolean": (
        "“{column_zh}”应填“是”或“否”，收到“{value}”",
        "column {column} must be yes or no (是/否), got {value!r}",
    ),
    "not_allowed": (
        "“{column_zh}”的取值“{value}”不在允许的范围：{allowed}",
        "the value {value!r} of column {column} is not one of: {allowed}",
    ),
    "damaged_long_number": (
        "“{column_zh}”的长号码被表格软件改成科学计数法“{value}”，末几位已丢失；请先把该列设为“文本”格式，再重填原号码",
        "the long number of column {column} was damaged to {value!r} by a spreadsheet and has lost digits; format "
        "the column as text, then enter the number again",
    ),
    "duplicate_key": (
        "同一次报送中主键重复：{value}；已保留先出现的一行，请删除重复行或更正主键（{key_zh}）",
        "the natural key {value} occurs twice in this load; the first row was kept, remove or correct this one ({key})",
    ),
}


def shown_name(column: Column) -> str:
    """What a sender calls the column: a Chinese name he may use, else the description's first words."""
    for name in column.aliases:
        if re.search("[\u4e00-\u9fff]", name):
            return name
    return re.split("[，,：:；。（( ]", column.description)[0] or column.name


def reason(check_id: str, column: Column | None, value: str | None, **more: str) -> tuple[str, str]:
    """The reason in Chinese and English for a check of this module, filled in for one column and value."""
    zh, en = REASONS[check_id]
    shown = (value or "")[:80]
    column_zh = shown_name(column) if column else ""
    fill: dict[str, str] = {
        "column_zh": column_zh,
        "column": column.name if column else "",
        "data_type": column.data_type if column else "",
        "allowed": "、".join(column.allowed) if column else "",
        "value": shown,
        **more,
    }
    return zh.format(**fill), en.format(**fill)


def _q(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _list(texts: list[str]) -> str:
    return "(" + ", ".join(_q(t) for t in texts) + ")"


def _norm(expr: str = "s") -> str:
    return f"trim(translate({expr}, {_q(_WIDE)}, {_q(_HALF)}), {_q(_SPACE)})"


def _blank(column: Column) -> str:
    blanks = sorted({"", *column.blanks})
    return f"(trim(s, {_q(_SPACE)}) in {_list(blanks)} or n in {_list(blanks)})"


_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"
_THOUSANDS = r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?"


def _number_sql(src: str, precision: int, scale: int) -> str:
    """From relation `src(i, s, n, d)`: columns v decimal(p,s), is_number, is_whole; d is the text of the number.

    Half-even at the column's scale, on the digits themselves: no binary float takes part.
    """
    whole = precision - scale
    return f"""
    parts as (
      select i, regexp_extract(d, '^([+-]?)(\\d*)(?:\\.(\\d*))?(?:[eE]([+-]?\\d{{1,3}}))?$',
                               ['sg', 'ip', 'fp', 'ex']) as r,
             regexp_full_match(d, {_q(_NUMBER)}) as is_number
      from {src}),
    shifted as (
      select i, is_number, r.sg as sg, r.ip || r.fp as g,
             length(r.ip) + coalesce(try_cast(nullif(r.ex, '') as integer), 0) as point
      from parts),
    plain as (
      select i, is_number, sg,
             ltrim(case when point <= 0 then '' when point >= length(g) then g || repeat('0', least(point, 60)
                   - length(g)) else left(g, point) end, '0') as ip,
             case when point >= length(g) then '' when point <= 0 then repeat('0', least(-point, 60)) || g
                  else substr(g, point + 1) end as fp
      from shifted),
    cut as (
      select i, is_number, sg, ip, rtrim(fp, '0') = '' as is_whole, rpad(left(fp, {scale}), {scale}, '0') as kept,
             rtrim(substr(fp, {scale + 1}), '0') as rest
      from plain),
    num as (
      select i, is_number, is_whole,
             case when is_number and length(ip) <= {whole} then
               try_cast(try_cast((case when sg = '-' then '-' else '' end) || coalesce(nullif(ip, ''), '0')
                                 || {"'.' || kept" if scale else "''"} as decimal(38,{scale}))
                 + case when rest > '5' or (rest = '5'
                             and right(coalesce(nullif(ip, ''), '0') || kept, 1) in ('1', '3', '5', '7', '9'))
                        then cast((case when sg = '-' then '-' else '' end)
                                  || {_q("0." + "0" * (scale - 1) + "1" if scale else "1")} as decimal(38,{scale}))
                        else cast(0 as decimal(38,{scale})) end as decimal({precision},{scale})) end as v
      from cut)"""


def _decimal_of(data_type: str) -> tuple[int, int]:
    p, s = data_type[len("decimal(") : -1].split(",")
    return int(p), int(s)


def _decimal_query(column: Column) -> str:
    p, s = _decimal_of(column.data_type)
    measure = column.parse == "measurement"
    limit = r"(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"
    none_found = r"(?i)(N\.?D\.?|BDL|<\s*(DL|LOD|MDL|检出限)|未检出|不得检出|未检测出|低于检出限|小于检出限)"
    if measure:
        kind = f"""case
            when regexp_full_match(n, '<\\s*{limit}\\s*[Ll]?') or regexp_full_match(n, '{limit}\\s*\\(?[Ll]\\)?')
              or regexp_full_match(n, 'L\\s*{limit}') then '<'
            when regexp_full_match(n, '>\\s*{limit}') then '>'
            when regexp_full_match(n, '{none_found}\\s*(\\(\\s*<?{limit}\\s*L?\\s*\\))?') then 'ND' end"""
        text = f"""case when q is null then {_plain_text()} else regexp_extract(n, '{limit}') end"""
    else:
        kind, text = "cast(null as varchar)", _plain_text()
    return f"""
    with norm as (select i, s, {_norm()} as n from u),
    kinds as (select i, s, n, {kind} as q from norm),
    digits as (select *, {text} as d from kinds),
    {_number_sql("digits", p, s)}
    select digits.i,
           case when q is null and not {_blank(column)} then v end as v,
           case when q is not null then case when q = '>' then '>' else '<' end end as qualifier,
           cast(case when q is not null and d <> '' then v end as decimal(18,6)) as detection_limit,
           case when {_blank(column)} then 1
                when q is not null then 0
                when not is_number then 2
                when v is null then 3 else 0 end as problem
    from digits join num using (i) order by digits.i"""


def _plain_text() -> str:
    return f"case when regexp_full_match(n, {_q(_THOUSANDS)}) then replace(n, ',', '') else n end"


def _integer_query(column: Column) -> str:
    kind = "integer" if column.data_type == "int" else "bigint"
    return f"""
    with norm as (select i, s, {_norm()} as n from u),
    digits as (select *, {_plain_text()} as d from norm),
    {_number_sql("digits", 38, 0)}
    select digits.i, case when not {_blank(column)} and is_whole then try_cast(v as {kind}) end as v,
           cast(null as varchar) as qualifier, cast(null as decimal(18,6)) as detection_limit,
           case when {_blank(column)} then 1 when not is_number then 2
                when not is_whole or try_cast(v as {kind}) is null then 4 else 0 end as problem
    from digits join num using (i) order by digits.i"""


def _time_query(column: Column, date_format: str | None) -> str:
    is_date = column.data_type == "date"
    written = (
        r"^(\d{4})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,2})"
        r"(?:\s+(\d{1,2})(?::\s*(\d{1,2})(?::\s*(\d{1,2})(?:[.,](\d{1,9}))?)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$"
    )
    compact = r"^(\d{4})(\d{2})(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(\d{3}|\.\d{1,9})?)?)?)?()$"
    names = "['y', 'mo', 'd', 'h', 'mi', 's', 'f', 'z']"
    known = "rtrim(translate(n, '年月时点分日号T秒', '--:::   '), ' :')"
    declared = (
        f"coalesce(strftime(try_strptime(n, {_q(date_format)}), '%Y-%m-%d %H:%M:%S'), {known})"
        if date_format
        else known
    )
    value = "cast(t as date)" if is_date else "t"
    return f"""
    with norm0 as (select i, s, {_norm()} as n from u),
    norm as (select i, s, n, {declared} as w,
             regexp_full_match(n, '\\d{{5}}(\\.\\d+)?') and try_cast(n as double) between 20000 and 80000 as serial
             from norm0),
    parts as (
      select i, s, n, serial,
             regexp_full_match(w, {_q(written[1:-1])}) as is_written,
             regexp_full_match(w, {_q(compact[1:-1])}) as is_compact,
             case when regexp_full_match(w, {_q(compact[1:-1])})
                  then regexp_extract(w, {_q(compact)}, {names}) else regexp_extract(w, {_q(written)}, {names}) end as r
      from norm),
    ints as (
      select i, s, n, serial, is_written or is_compact as matched, r.z as z,
             try_cast(r.y || '-' || lpad(r.mo, 2, '0') || '-' || lpad(r.d, 2, '0') as date) as day,
             try_cast(r.y as integer) as y,
             coalesce(try_cast(nullif(r.h, '') as integer), 0) as h,
             coalesce(try_cast(nullif(r.mi, '') as integer), 0) as mi,
             coalesce(try_cast(nullif(r.s, '') as integer), 0) as sec,
             coalesce(try_cast(rpad(left(nullif(ltrim(r.f, '.'), ''), 6), 6, '0') as bigint), 0) as us
      from parts),
    made as (
      select *, case
        when serial and not matched then timestamp '1899-12-30 00:00:00'
             + to_microseconds(cast(round(cast(n as double) * 86400) as bigint) * 1000000)
        when matched and day is not null and h <= 24 and mi < 60 and sec < 60
             and (h < 24 or (mi = 0 and sec = 0 and us = 0))
        then cast(day as timestamp)
             + to_microseconds(((cast(h as bigint) * 60 + mi) * 60 + sec) * 1000000 + us)
             + to_minutes(case when z = '' then 0 when z = 'Z' then 480
                 else 480 - (case when left(z, 1) = '-' then -1 else 1 end)
                      * (cast(substr(z, 2, 2) as integer) * 60 + cast(right(z, 2) as integer)) end) end as t
      from ints),
    told as (
      select *, case when {_blank(column)} then 1
                     when not matched and not serial then 5
                     when t is null then 6
                     when not (year(t) between 1900 and 2199 or cast(t as date) = date '9999-12-31') then 7
                     else 0 end as problem
      from made)
    select i, case when problem = 0 then {value} end as v, cast(null as varchar) as qualifier,
           cast(null as decimal(18,6)) as detection_limit, problem
    from told order by i"""


def _boolean_query(column: Column) -> str:
    true = sorted({t.lower() for t in column.true_values} | {"1.0"})
    return f"""
    with norm as (select i, s, {_norm()} as n from u)
    select i, case when {_blank(column)} then null when lower(n) in {_list(true)} then true
                   when lower(n) in {_list(_FALSE)} then false end as v,
           cast(null as varchar) as qualifier, cast(null as decimal(18,6)) as detection_limit,
           case when {_blank(column)} then 1 when lower(n) in {_list(true)} or lower(n) in {_list(_FALSE)} then 0
                else 8 end as problem
    from norm order by i"""


def _text_query(column: Column) -> str:
    return f"""
    with norm as (select i, s, trim(s, {_q(_SPACE)}) as t, {_norm()} as n from u)
    select i, case when {_blank(column)} then null else t end as v,
           cast(null as varchar) as qualifier, cast(null as decimal(18,6)) as detection_limit,
           case when {_blank(column)} then 1
                when regexp_full_match(n, '[+-]?\\d(\\.\\d+)?[eE]\\+\\d{{1,3}}') then 10 else 0 end as problem
    from norm order by i"""


# what nearly every provider sends: read without the long way round
_FAST = {
    "decimal": (r"-?\d{1,11}(\.\d{1,6})?", "try_cast(s as decimal({p},{s}))"),
    "int": (r"-?\d{1,9}", "try_cast(s as integer)"),
    "bigint": (r"-?\d{1,18}", "try_cast(s as bigint)"),
    "timestamp": (r"(19|20|21)\d\d-\d\d-\d\d[ T][0-2]\d:[0-5]\d:[0-5]\d", "try_cast(s as timestamp)"),
    "date": (r"(19|20|21)\d\d-\d\d-\d\d", "try_cast(s as date)"),
}


@dataclass
class Encoded:
    """One column: distinct texts, their reading, and for each row the index of its text (null: no cell).

    values: typed (trimmed text for varchar), problems: int8 code per distinct text into CHECKS.
    """

    column: Column
    indices: pa.Array
    texts: pa.Array
    values: pa.Array
    qualifiers: pa.Array | None
    limits: pa.Array | None
    problems: pa.Array

    def typed(self) -> pa.Array:
        """The typed values by row."""
        return self.values.take(self.indices)

    def sent(self) -> pa.Array:
        """The texts by row, exactly as sent."""
        return self.texts.take(self.indices)

    def problem_rows(self) -> pa.Array:
        """Problem code by row; a missing cell is blank."""
        return pc.fill_null(self.problems.take(self.indices), pa.scalar(1, pa.int8()))


def arrow_type(data_type: str) -> pa.DataType:
    """The Arrow type of a declared data_type."""
    if data_type.startswith("decimal"):
        return pa.decimal128(*_decimal_of(data_type))
    return {
        "varchar": pa.string(), "int": pa.int32(), "bigint": pa.int64(), "date": pa.date32(),
        "timestamp": pa.timestamp("us"), "boolean": pa.bool_(),
    }[data_type]  # fmt: skip


class Parser:
    """Parses the columns of one source; holds one private DuckDB connection. Not for several threads."""

    def __init__(self) -> None:
        import duckdb

        self._con = duckdb.connect(config={"threads": 1})

    def column(self, column: Column, texts: pa.ChunkedArray, date_format: str | None = None) -> Encoded:
        """Reads one text column. date_format: the provider's own strptime format, tried before the known forms."""
        if not pa.types.is_string(texts.type):
            texts = texts.cast(pa.string())
        encoded = texts.combine_chunks().dictionary_encode()
        if isinstance(encoded, pa.ChunkedArray):  # an empty column keeps no chunk
            encoded = (
                encoded.chunk(0)
                if encoded.num_chunks
                else pa.array([], pa.dictionary(pa.int32(), pa.string()))
            )
        read = self._read(column, encoded.dictionary, date_format)
        problems = read["problem"].cast(pa.int8())
        if column.allowed:
            known = pc.is_in(read["v"] if column.is_text else encoded.dictionary, pa.array(column.allowed))
            wrong = pc.and_(pc.equal(problems, 0), pc.invert(known))
            problems = pc.if_else(wrong, pa.scalar(CHECKS.index("not_allowed"), pa.int8()), problems)
        measure = column.parse == "measurement"
        return Encoded(
            column, encoded.indices, encoded.dictionary, read["v"],
            read["qualifier"] if measure else None, read["detection_limit"] if measure else None, problems,
        )  # fmt: skip

    def _read(self, column: Column, uniques: pa.Array, date_format: str | None) -> dict[str, pa.Array]:
        kind = column.data_type.split("(")[0]
        full = {
            "varchar": _text_query, "decimal": _decimal_query, "int": _integer_query, "bigint": _integer_query,
            "boolean": _boolean_query,
        }.get(kind)  # fmt: skip
        slow = full(column) if full else _time_query(column, date_format)
        u = pa.table({"i": pa.array(range(len(uniques)), pa.int32()), "s": uniques})
        fast = None
        if kind in _FAST and not date_format:
            pattern, cast = _FAST[kind]
            p, s = _decimal_of(column.data_type) if kind == "decimal" else (0, 0)
            cast = cast.format(p=p, s=s)
            self._con.register("u", u)
            fast = self._arrow(
                f"select i, case when regexp_full_match(s, {_q(pattern)}) then {cast} end as v from u order by i"
            )
            blanks = pa.array([b for b in column.blanks], pa.string())
            left = pc.or_(pc.is_null(fast["v"].combine_chunks()), pc.is_in(uniques, blanks))
            u = u.filter(left)
        self._con.register("u", u)
        rest = self._arrow(slow)
        self._con.unregister("u")
        target = arrow_type(column.data_type)
        if fast is None:
            return {k: _cast(rest[k], target if k == "v" else None) for k in rest.column_names if k != "i"}
        return _merge(fast["v"], rest, len(uniques), target)

    def _arrow(self, sql: str) -> pa.Table:
        got: Any = self._con.execute(sql)
        return got.to_arrow_table() if hasattr(got, "to_arrow_table") else got.arrow()


def _cast(values: pa.ChunkedArray, target: pa.DataType | None) -> pa.Array:
    one = values.combine_chunks()
    if isinstance(one, pa.ChunkedArray):
        one = one.chunk(0) if one.num_chunks else pa.array([], values.type)
    return one.cast(target) if target is not None and one.type != target else one


def _merge(fast: pa.ChunkedArray, rest: pa.Table, n: int, target: pa.DataType) -> dict[str, pa.Array]:
    """Fast readings of n texts with those of the long way put in their places."""
    values = _cast(fast, target)
    out: dict[str, pa.Array] = {}
    at = rest["i"].combine_chunks().to_numpy() if rest.num_rows else None
    for key, base in (
        ("v", values),
        ("qualifier", pa.nulls(n, pa.string())),
        ("detection_limit", pa.nulls(n, pa.decimal128(18, 6))),
        ("problem", pa.repeat(pa.scalar(0, pa.int8()), n)),
    ):
        if at is None:
            out[key] = base
            continue
        import numpy as np

        where = np.arange(n)
        where[at] = n + np.arange(len(at))
        out[key] = pa.concat_arrays([base, _cast(rest[key], base.type)]).take(pa.array(where))
    return out

"""Tables of a provider's database through SQLAlchemy: a full snapshot, or what changed in a window.

Invariant: the payload is JSON Lines, one object a row, every value as canonical text (decimals with all their digits,
instants as YYYY-MM-DD HH:MM:SS) or null, so the same rows give the same bytes whatever driver brought them.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.json as pa_json
from pydantic import Field
from sqlalchemy import create_engine, exc, text
from sqlalchemy.engine import URL, Connection, Engine, make_url

from extract import secrets
from extract.errors import Unreachable, UserError
from extract.readers.base import Parsed, Payload, Reader, Request, Slice
from extract.readers.files import Location, constants_of, fetch_files, refuse_broken
from extract.readers.http_client import Setting
from extract.readers.records import Rejects, match_headers, require_columns, table
from extract.readers.windows import ZONE, windows
from extract.source import Source, Strict

_BATCH = 5000


class DatabaseOptions(Strict):
    """url: SQLAlchemy URL; query: what to read, in a total order.

    Windows are bound as :start and :end (exclusive). A query without them is narrowed by `change_column`.
    """

    url: Setting
    query: str
    change_column: str | None = Field(None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    window_pattern: str | None = None
    part_pattern: str | None = None
    date_format: str | None = None
    connect_timeout_seconds: int = Field(15, gt=0)
    statement_timeout_seconds: int = Field(600, gt=0)


class DatabaseReader(Reader):
    """Reader of kind `database`."""

    VERSION: ClassVar[str] = "1"
    Options: ClassVar[type[DatabaseOptions]] = DatabaseOptions

    def fetch(self, source: Source, request: Request, workdir: Path) -> Iterator[Payload]:
        """A payload per window (one in all where the source has none), or per file that stands in for the database.

        Raises Unreachable when there is no connection, UserError when the query does not fit the database.
        """
        options: DatabaseOptions = self.options(source)
        if request.files:
            yield from fetch_files(
                source, request, workdir, Location(glob=""), options.window_pattern, options.part_pattern
            )
            return
        workdir.mkdir(parents=True, exist_ok=True)
        url = _url(source, options)
        engine = _engine(source, url, options)
        try:
            for slice_ in windows(source, request):
                yield _read(source, options, engine, url, slice_, workdir)
        finally:
            engine.dispose()

    def parse(self, source: Source, payload: Payload) -> Parsed:
        """Rows of one payload; a line that is not a JSON object is a rejected row."""
        refuse_broken(payload)
        data = payload.path.read_bytes()
        constants = constants_of(source, payload)
        if not data.strip():
            return Parsed(table(source, [], None, {}), 0)
        rejects = Rejects(source)
        numbers: list[int] | None = None
        sent = _columns_of(data)
        if sent is None:
            data, sent, numbers = _whole_lines(data, rejects)
        if numbers == []:
            return Parsed(table(source, [], None, {}), len(rejects), rejects.table())
        named = match_headers(source, sent)
        require_columns(source, {*named.values(), *constants}, payload.name, sent)
        read = _read_lines(data, sent)
        cells: dict[str, Any] = {k: v for k, v in constants.items() if k not in named.values()}
        cells |= {name: read[sent[i]].combine_chunks() for i, name in named.items()}
        rows = table(source, numbers or range(1, read.num_rows + 1), None, cells)
        return Parsed(rows, rows.num_rows + len(rejects), rejects.table())


# ---------------------------------------------------------------- fetch


def _url(source: Source, options: DatabaseOptions) -> URL:
    given = secrets.resolve(options.url, source.name)
    try:
        url = make_url(given)
    except exc.ArgumentError:
        raise UserError(
            f"the database address of provider {source.provider} is not a URL",
            where=f"source {source.name}",
            todo="write it as postgresql+psycopg://user:password@host:port/database or sqlite:////path/to/file",
        ) from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")  # the driver that is installed
    return url


def _engine(source: Source, url: URL, options: DatabaseOptions) -> Engine:
    kind = url.get_backend_name()
    if kind == "sqlite" and url.database and url.database != ":memory:" and not Path(url.database).exists():
        raise Unreachable(
            f"the database file of provider {source.provider} does not exist",
            where=f"source {source.name}: {url.database}",
            todo="check the path in the setting",
        )
    arguments: dict[str, Any] = {}
    if kind == "postgresql":
        arguments["connect_timeout"] = options.connect_timeout_seconds
        arguments["options"] = f"-c statement_timeout={options.statement_timeout_seconds * 1000}"
    elif kind == "sqlite":
        arguments["timeout"] = options.connect_timeout_seconds
    try:
        return create_engine(url, connect_args=arguments)
    except (exc.NoSuchModuleError, ImportError) as e:
        raise UserError(
            f"no driver is installed for the database of provider {source.provider}",
            where=f"source {source.name}: {url.drivername}: {type(e).__name__}",
            todo="use postgresql+psycopg or sqlite, or install the driver",
        ) from None


def _read(
    source: Source, options: DatabaseOptions, engine: Engine, url: URL, slice_: Slice, workdir: Path
) -> Payload:
    query, params = _statement(options, url, slice_)
    key = hashlib.sha256(f"{slice_.start}|{slice_.end}".encode()).hexdigest()[:8]
    target = workdir / f"{source.name}_{key}.jsonl"
    try:
        connection = engine.connect()
    except exc.SQLAlchemyError as e:
        raise Unreachable(
            f"the database of provider {source.provider} does not answer",
            where=f"source {source.name}: {_shown(url)}: {_said(e, url)}",
            todo="check address, user, password and network; the other providers are not affected",
        ) from None
    with connection:
        try:
            _write_rows(connection, query, params, target)
        except exc.OperationalError as e:
            if url.get_backend_name() == "postgresql" and not _is_our_mistake(e):
                raise Unreachable(
                    f"the database of provider {source.provider} broke off",
                    where=f"source {source.name}: {_said(e, url)}",
                    todo="run again later",
                ) from None
            raise _misfit(source, e, url) from None
        except exc.SQLAlchemyError as e:
            raise _misfit(source, e, url) from None
    window = f"?start={slice_.start}&end={slice_.end}" if slice_.start else ""
    arrived = datetime.now(ZONE).replace(tzinfo=None, microsecond=0)
    return Payload(slice_, f"{source.name}{window}", target, arrived)


def _statement(options: DatabaseOptions, url: URL, slice_: Slice) -> tuple[str, dict[str, Any]]:
    query = options.query
    has_window = re.search(r"(?<!:):(start|end)\b", query) is not None
    if slice_.start is None:
        return query, {}
    if not has_window and options.change_column:
        column = options.change_column
        query = f"select * from ({query}) as changed where {column} >= :start and {column} < :end order by {column}"
        has_window = True
    if not has_window:
        return query, {}
    bounds = [datetime.combine(d, clock()) for d in (slice_.start, slice_.end) if d]
    if url.get_backend_name() == "sqlite":  # instants are text there
        return query, {"start": str(bounds[0]), "end": str(bounds[1])}
    return query, {"start": bounds[0], "end": bounds[1]}


def _write_rows(connection: Connection, query: str, params: dict[str, Any], target: Path) -> None:
    streaming = connection.execution_options(stream_results=True, max_row_buffer=_BATCH)
    if connection.dialect.name == "postgresql":
        streaming = streaming.execution_options(postgresql_readonly=True)
    result = streaming.execute(text(query), params)
    names = list(result.keys())
    with target.open("w", encoding="utf-8", newline="\n") as out:
        for batch in result.partitions(_BATCH):
            for row in batch:
                cells = {n: canonical(v) for n, v in zip(names, row, strict=True)}
                out.write(json.dumps(cells, ensure_ascii=False, separators=(",", ":")) + "\n")


def canonical(value: Any) -> str | None:
    """The one text of a database value; None for NULL. Instants with a zone become Asia/Shanghai wall time."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    if isinstance(value, datetime):
        return (value.astimezone(ZONE).replace(tzinfo=None) if value.tzinfo else value).isoformat(" ")
    if isinstance(value, (date, clock)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return format(Decimal(repr(value.total_seconds())), "f")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    if isinstance(value, (list, dict, tuple)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=canonical)
    return str(value)


# ---------------------------------------------------------------- messages


def _shown(url: URL) -> str:
    return url.set(password=None, query={}).render_as_string()


def _said(error: Exception, url: URL) -> str:
    """What the driver said, in one line, without the password."""
    told = str(getattr(error, "orig", None) or error).strip()
    line = " ".join(told.split())[:300]
    return line.replace(str(url.password), "***") if url.password else line


def _is_our_mistake(error: exc.DBAPIError) -> bool:
    """SQLSTATE class 42: a table, column or word that the database does not know."""
    return str(getattr(error.orig, "sqlstate", "") or "").startswith("42")


def _misfit(source: Source, error: Exception, url: URL) -> UserError:
    return UserError(
        f"the query of source {source.name} does not fit the database of provider {source.provider}",
        where=f"file {source.file.name}, options.query: {_said(error, url)}",
        todo="ask the provider for the present names of tables and columns, and correct the query",
    )


# ---------------------------------------------------------------- parse


def _columns_of(data: bytes) -> list[str] | None:
    """Names of all objects in order of first appearance, when every line is a whole object of texts; else None."""
    try:
        names = pa_json.read_json(io.BytesIO(data), _reading(len(data))).schema
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    return list(names.names) if all(_is_text(f.type) for f in names) else None


def _is_text(kind: pa.DataType) -> bool:
    # Arrow guesses instants from texts; read again as string they are what was sent
    return bool(pa.types.is_string(kind) or pa.types.is_null(kind) or pa.types.is_timestamp(kind))


def _reading(size: int) -> pa_json.ReadOptions:
    return pa_json.ReadOptions(block_size=max(1 << 22, min(size, 1 << 30)))


def _read_lines(data: bytes, names: list[str]) -> pa.Table:
    schema = pa.schema([pa.field(n, pa.string()) for n in names])
    how = pa_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    return pa_json.read_json(io.BytesIO(data), _reading(len(data)), how)


def _whole_lines(data: bytes, rejects: Rejects) -> tuple[bytes, list[str], list[int]]:
    """The lines that are objects, values as text, their columns and numbers; the others become rejects.

    A payload from disk may be cut, or hold numbers that are not text yet.
    """
    kept: list[str] = []
    numbers: list[int] = []
    names: dict[str, None] = {}
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_float=str, parse_int=str)
            if not isinstance(row, dict):
                raise ValueError("not an object")
        except ValueError:
            rejects.add(
                number, "cut_line", "该行不是完整的记录（可能被截断）；请重新导出", "the line is not a whole record; export it again",
                value=line[:200].decode("utf-8", "replace"),
            )  # fmt: skip
            continue
        names.update(dict.fromkeys(row))
        numbers.append(number)
        kept.append(json.dumps({k: canonical(v) for k, v in row.items()}, ensure_ascii=False))
    return "\n".join(kept).encode(), list(names), numbers

"""The database reader against SQLite and a real PostgreSQL started from the pgserver wheel."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from extract.errors import LoadRefused, Unreachable, UserError
from extract.readers.base import Payload, Request, Slice, get_reader
from extract.readers.database import canonical
from extract.source import Source, get_source

PERMITS, SITES = get_source("permit_register"), get_source("enterprise_register")
MONTHS = Request(date(2026, 1, 15), date(2026, 3, 1))
COLUMNS = [c.name for c in PERMITS.columns]


def permit(
    number: str, changed: str, limit: str | None = "35.000000", deleted: bool = False
) -> dict[str, Any]:
    return {
        "permit_no": number, "uscc": "91330603X", "site_code": "S1", "issued_date": "2025-01-01", "expiry_date": None,
        "outlet_code": "DA001", "outlet_name": "1号锅炉", "medium": "gas", "mn": "M1", "factor_code": "a21026",
        "compliance_statistic": "hourly_mean", "limit_value": limit, "limit_low": None, "limit_unit": "mg/m³",
        "conversion": "reference_oxygen", "reference_oxygen_pct": "9.000000", "exempt_states": "F|C",
        "effective_from": "2026-01-01 00:00:00", "effective_to": None, "changed_at": changed, "is_deleted": deleted,
    }  # fmt: skip


ROWS = [
    permit("P1", "2025-12-31 23:59:59"),
    permit("P2", "2026-01-01 00:00:00", "0.100000"),
    permit("P3", "2026-01-31 23:59:59.500000", None),
    permit("P2", "2026-02-01 00:00:00", "50.000000", deleted=True),
    permit("P4", "2026-03-01 00:00:00"),
]


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A PostgreSQL with table permit_register; its SQLAlchemy URL."""
    pgserver = pytest.importorskip("pgserver")
    psycopg = pytest.importorskip("psycopg")
    root = Path(tempfile.mkdtemp(prefix="jianhu-test-pg-"))
    root.chmod(0o755)  # the server's own user must be able to enter
    server = pgserver.get_server(root / "data", cleanup_mode="stop")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            kinds = {"varchar": "text", "decimal(18,6)": "numeric(18,6)"}
            columns = ", ".join(f"{c.name} {kinds.get(c.data_type, c.data_type)}" for c in PERMITS.columns)
            connection.execute(f"create table permit_register ({columns})")
            slots = ", ".join(f"%({c})s" for c in COLUMNS)
            with connection.cursor() as cursor:
                cursor.executemany(f"insert into permit_register values ({slots})", ROWS)
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    path = tmp_path / "permits.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute(f"create table permit_register ({', '.join(COLUMNS)})")
        slots = ", ".join(f":{c}" for c in COLUMNS)
        connection.executemany(f"insert into permit_register values ({slots})", ROWS)
    connection.close()
    return f"sqlite:///{path}"


@pytest.fixture(params=["postgres", "sqlite"])
def url(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue(request.param)


def with_options(source: Source, **more: Any) -> Source:
    return source.model_copy(update={"options": {**source.options, **more}})


def fetch(source: Source, work: Path, request: Request = MONTHS) -> list[Payload]:
    return list(get_reader("database").fetch(source, request, work / "run"))


def parse(source: Source, payload: Payload):
    return get_reader("database").parse(source, payload)


# ---------------------------------------------------------------- arrivals by change time


def test_windows_hold_what_changed_in_them(url: str, tmp_path: Path):
    source = with_options(PERMITS, url=url)
    payloads = fetch(source, tmp_path)
    assert [(p.slice.start, p.slice.end) for p in payloads] == [
        (date(2026, 1, 1), date(2026, 2, 1)),
        (date(2026, 2, 1), date(2026, 3, 1)),
    ]
    january, february = (parse(source, p).table.to_pylist() for p in payloads)
    assert [(r["_row_no"], r["permit_no"], r["limit_value"]) for r in january] == [
        (1, "P2", "0.100000"),
        (2, "P3", None),
    ]
    (gone,) = february
    assert gone["permit_no"] == "P2" and gone["is_deleted"] in ("true", "1")
    assert gone["outlet_name"] == "1号锅炉" and gone["changed_at"] == "2026-02-01 00:00:00"
    assert gone["expiry_date"] is None and gone["issued_date"] == "2025-01-01"


def test_both_databases_give_the_same_bytes_twice(postgres: str, tmp_path: Path):
    source = with_options(PERMITS, url=postgres)
    first = [p.path.read_bytes() for p in fetch(source, tmp_path / "a")]
    again = [p.path.read_bytes() for p in fetch(source, tmp_path / "b")]
    assert first == again
    row = json.loads(first[0].splitlines()[0])
    assert set(row) == set(COLUMNS) and all(v is None or isinstance(v, str) for v in row.values())
    assert row["limit_value"] == "0.100000", "numeric(18,6) keeps its scale"


def test_a_query_without_bounds_is_narrowed_by_the_change_column(url: str, tmp_path: Path):
    source = with_options(PERMITS, url=url, query="select * from permit_register")
    counts = [parse(source, p).records_in for p in fetch(source, tmp_path)]
    assert counts == [2, 1]


def test_a_window_without_changes_is_an_empty_payload(url: str, tmp_path: Path):
    source = with_options(PERMITS, url=url)
    (payload,) = fetch(source, tmp_path, Request(date(2024, 5, 3), date(2024, 5, 4)))
    parsed = parse(source, payload)
    assert parsed.records_in == 0 and parsed.table.num_rows == 0
    assert parsed.table.column_names[2:] == COLUMNS


# ---------------------------------------------------------------- snapshot


def test_a_snapshot_is_one_payload_without_a_window(tmp_path: Path):
    path = tmp_path / "sites.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "create table enterprise_register (uscc, enterprise_name, site_code, town_code, longitude)"
        )
        connection.execute(
            "insert into enterprise_register values ('9133', '甲\n厂', 'S2', '330603001', 120.5)"
        )
        connection.execute("insert into enterprise_register values ('9133', '乙厂', 'S1', '330603002', null)")
    connection.close()
    source = with_options(SITES, url=f"sqlite:///{path}")
    (payload,) = fetch(source, tmp_path)
    assert payload.slice == Slice("enterprise_register")
    rows = parse(source, payload).table.to_pylist()
    assert [(r["site_code"], r["enterprise_name"], r["longitude"], r["phone"]) for r in rows] == [
        ("S1", "乙厂", None, None),
        ("S2", "甲\n厂", "120.5", None),
    ]


def test_many_rows_are_streamed_in_order(tmp_path: Path):
    path = tmp_path / "many.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("create table enterprise_register (uscc, enterprise_name, site_code, town_code)")
        connection.executemany(
            "insert into enterprise_register values ('x', 'y', ?, 't')",
            ((f"S{i:06d}",) for i in range(12_345)),
        )
    connection.close()
    source = with_options(SITES, url=f"sqlite:///{path}")
    (payload,) = fetch(source, tmp_path)
    table = parse(source, payload).table
    assert table["site_code"].to_pylist() == [f"S{i:06d}" for i in range(12_345)]
    assert table["_row_no"].to_pylist() == list(range(1, 12_346))


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    "value, text",
    [
        (None, None), ("", ""), (True, "true"), (7, "7"), (Decimal("1E+3"), "1000"), (Decimal("0.100"), "0.100"),
        (1e-7, "0.0000001"), (0.1, "0.1"), (date(2026, 3, 1), "2026-03-01"), (b"\x01\xff", "01ff"),
        (datetime(2026, 3, 1, 8), "2026-03-01 08:00:00"), (datetime(2026, 3, 1, 8, 0, 0, 5), "2026-03-01 08:00:00.000005"),
        (datetime.fromisoformat("2026-03-01T00:00:00+00:00"), "2026-03-01 08:00:00"),
        ([1, {"a": "中"}], '[1,{"a":"中"}]'),
    ],
)  # fmt: skip
def test_canonical_text(value: Any, text: str | None):
    assert canonical(value) == text


# ---------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    "query", ["select * from no_such_table", "select no_such_column from permit_register"]
)
def test_an_unknown_table_or_column_is_one_message(url: str, tmp_path: Path, query: str):
    source = with_options(PERMITS, url=url, query=query, change_column=None)
    with pytest.raises(UserError, match="no_such") as caught:
        fetch(source, tmp_path)
    assert not isinstance(caught.value, Unreachable)
    assert caught.value.__cause__ is None and "options.query" in str(caught.value)


def test_a_refused_connection_names_the_provider_and_no_password(tmp_path: Path):
    source = with_options(
        PERMITS, url="postgresql://clerk:top-secret-9@127.0.0.1:9/permits", connect_timeout_seconds=2
    )
    with pytest.raises(Unreachable, match="permit_platform") as caught:
        fetch(source, tmp_path)
    assert "top-secret-9" not in str(caught.value) and caught.value.__cause__ is None
    assert "127.0.0.1" in str(caught.value)


@pytest.mark.parametrize(
    "bad, error",
    [
        ("not a url", UserError),
        ("oracle+none://u:pw-77@h/x", UserError),
        ("sqlite:////no/such/file.db", Unreachable),
    ],
)
def test_a_wrong_address_is_one_message(tmp_path: Path, bad: str, error: type[UserError]):
    with pytest.raises(error) as caught:
        fetch(with_options(PERMITS, url=bad), tmp_path)
    assert "pw-77" not in str(caught.value)


def test_a_query_that_would_write_is_refused(postgres: str, tmp_path: Path):
    query = "delete from permit_register returning *"
    with pytest.raises(UserError):
        fetch(with_options(PERMITS, url=postgres, query=query, change_column=None), tmp_path)
    source = with_options(PERMITS, url=postgres)
    assert [parse(source, p).records_in for p in fetch(source, tmp_path)] == [2, 1]


def _payload(tmp_path: Path, text: str) -> Payload:
    path = tmp_path / "rows.jsonl"
    path.write_text(text, "utf-8")
    return Payload(Slice(SITES.name), "rows.jsonl", path, datetime(2026, 1, 1))


def test_a_cut_payload_costs_its_last_line(tmp_path: Path):
    line = '{"uscc":"1","enterprise_name":"甲","site_code":"S1","town_code":"t","longitude":120.50}'
    parsed = parse(SITES, _payload(tmp_path, f"{line}\n{line}\n{line[:30]}"))
    assert parsed.records_in == 3 and parsed.table.num_rows == 2
    assert parsed.table["longitude"].to_pylist() == ["120.50", "120.50"]
    (reject,) = parsed.rejects.to_pylist()
    assert (reject["_row_no"], reject["check_id"]) == (3, "cut_line")


def test_a_payload_without_a_required_column_is_refused(tmp_path: Path):
    with pytest.raises(LoadRefused, match="town_code"):
        parse(SITES, _payload(tmp_path, '{"uscc":"1","enterprise_name":"甲","site_code":"S1"}\n'))


def test_a_payload_of_broken_lines_alone_is_all_rejects(tmp_path: Path):
    parsed = parse(SITES, _payload(tmp_path, "[1]\nxx\n"))
    assert parsed.records_in == 2 and parsed.table.num_rows == 0 and parsed.rejects.num_rows == 2

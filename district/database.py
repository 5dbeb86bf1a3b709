"""The permit platform's PostgreSQL: a real server from the pgserver wheel, filled from `<home>/synthetic/database`."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_SQL = {
    pa.string(): "text", pa.float64(): "double precision", pa.bool_(): "boolean", pa.date32(): "date",
    pa.timestamp("us"): "timestamp without time zone", pa.int64(): "bigint",
}  # fmt: skip
_DECIMAL = {"longitude", "latitude", "limit_value", "limit_low", "reference_oxygen_pct"}


class PermitDatabase:
    """Starts a server in a new temporary folder (a server refuses to run in a folder its user cannot enter)."""

    def __init__(self, folder: Path) -> None:
        import pgserver

        self.root = Path(tempfile.mkdtemp(prefix="jianhu-pg-"))
        self.root.chmod(0o755)
        self.server: Any = pgserver.get_server(self.root / "data", cleanup_mode="stop")
        self.url = self.server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        self._fill(folder / "database")

    def _fill(self, folder: Path) -> None:
        import psycopg

        with (
            psycopg.connect(self.server.get_uri(), autocommit=False) as connection,
            connection.cursor() as cursor,
        ):
            for path in sorted(folder.glob("*.parquet")):
                name, table = path.stem, pq.read_table(path)
                columns = ", ".join(
                    f'"{f.name}" {"numeric(18,6)" if f.name in _DECIMAL else _SQL[f.type]}'
                    for f in table.schema
                )
                cursor.execute(f"create table {name} ({columns})")
                with cursor.copy(f"copy {name} from stdin") as copy:
                    for row in table.to_pylist():
                        copy.write_row([row[f] for f in table.column_names])

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        self.server.cleanup()
        shutil.rmtree(self.root, ignore_errors=True)

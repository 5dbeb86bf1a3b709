"""Build the raw tables and run dbt in a home without audit or publication, for people who write models.

    python -m warehouse.devbuild --home DIR [--as-of '2026-04-01 00:00:00'] [--select stg_x+] [--args 'test --select y']

Invariant: nothing under releases/ is touched; the databases stay in `<home>/work` to be looked at.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

import duckdb

from extract.errors import UserError
from extract.home import Home
from extract.home import home as find_home
from extract.ledger import ledger, winners
from extract.source import load_sources
from warehouse.dbt import DbtResult, run_dbt
from warehouse.raw import create_raw


def devbuild(
    home: Home,
    args: list[str],
    *,
    as_of: str,
    scheme_mode: str = "illustrative",
    keep: bool = False,
    project_dir: Path | None = None,
    threads: int | None = None,
) -> DbtResult:
    """Fresh build databases, raw tables of the winning loads, then one dbt call, whose result is returned. keep: do not remake the raw tables.
    threads: of dbt, None = all cores."""
    home.ensure()
    build_db, restricted_db = home.work / "build.duckdb", home.work / "restricted.duckdb"
    sources = load_sources()
    if not keep or not build_db.exists():
        for db in (build_db, restricted_db):
            db.unlink(missing_ok=True)
        winning = winners(ledger(home), sources)
        duckdb.connect(str(restricted_db)).close()
        with duckdb.connect(str(build_db), config={"storage_compatibility_version": "latest"}) as con:
            create_raw(con, sources, winning, home, progress=lambda s: print(s, file=sys.stderr))
    return run_dbt(
        args,
        home,
        vars={"as_of": as_of, "scheme_mode": scheme_mode},
        project_dir=project_dir,
        threads=threads,
        progress=lambda s: print(s, file=sys.stderr),
    )


def main() -> int:
    """The command; 0, or 1 with one message."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--home")
    p.add_argument("--as-of", default="2026-04-01 00:00:00")
    p.add_argument("--scheme-mode", default="illustrative", choices=["illustrative", "official"])
    p.add_argument("--select", nargs="*", default=[])
    p.add_argument("--args", default="build", help="the dbt command, default: build")
    p.add_argument("--keep", action="store_true", help="keep the raw tables of the last devbuild")
    a = p.parse_args()
    args = shlex.split(a.args) + (["--select", *a.select] if a.select else [])
    try:
        devbuild(find_home(a.home), args, as_of=a.as_of, scheme_mode=a.scheme_mode, keep=a.keep)
    except UserError as e:
        print(e, file=sys.stderr)
        return e.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())

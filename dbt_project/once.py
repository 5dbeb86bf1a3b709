"""dbt in a process of its own: `python dbt_project/once.py <arguments of dbt>`; ends as dbt's command does (0, 1, 2).

JIANHU_DBT_PARSED names a file that holds the project as dbt parsed it in the very state that it is in now (warehouse/dbt.py
sees to that). It spares the parse, a fifth of a small refresh; one that is absent or cannot be read leaves dbt to parse whole.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Any


def parsed(path: Path) -> Any:
    """The manifest in `path`, or None."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    try:
        found = Manifest.from_msgpack(path.read_bytes(), decoder=extended_mashumuro_decoder)
    except Exception:  # absent, cut off, of another dbt: all mean the same
        return None
    found.build_flat_graph()  # what macros read as `graph`
    return found


def main(args: list[str]) -> int:
    """Run dbt with `args`."""
    from dbt.cli.main import dbtRunner

    manifest = parsed(Path(os.environ.get("JIANHU_DBT_PARSED", "")))
    gc.freeze()  # hundreds of thousands of objects that stay to the end: not to be walked through at every collection
    gc.set_threshold(50_000, 20, 20)
    result = dbtRunner(manifest=manifest).invoke(args)
    if result.exception is not None:
        print(f"Error: {result.exception}", file=sys.stderr)
        return 2
    return 0 if result.success else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""sqlfluff over all models: `python dbt_project/lint.py`. Ends with 1 when a model breaks a rule.

sqlfluff's own processes hand parse trees to one another, and the trees of our longest unions are too deep for that; here each process
lints a share of the models by itself, with room for deep trees.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent
_LINT = (
    "import sys; sys.setrecursionlimit(50_000); from sqlfluff.cli.commands import cli; "
    "cli(['lint', '--processes', '1', '--disable-progress-bar', *sys.argv[1:]])"
)


def main() -> int:
    """Lint every model, a share in each process; what they found is printed when all are done."""
    models = sorted(str(p.relative_to(PROJECT.parent)) for p in (PROJECT / "models").rglob("*.sql"))
    shares = min(os.cpu_count() or 2, 8)
    with tempfile.TemporaryDirectory() as scratch:
        running = []
        for n in range(shares):
            folder = Path(scratch) / str(n)
            folder.mkdir()
            env = {
                **os.environ,
                "JIANHU_DBT_DIR": str(PROJECT),
                "JIANHU_TEMP_DIR": str(folder),
                "JIANHU_BUILD_DB": str(folder / "build.duckdb"),
                "JIANHU_RESTRICTED_DB": str(folder / "restricted.duckdb"),
                "DBT_TARGET_PATH": str(folder / "target"),
            }
            command = [sys.executable, "-W", "ignore", "-c", _LINT, *models[n::shares]]
            running.append(
                subprocess.Popen(
                    command,
                    cwd=PROJECT.parent,
                    env=env,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                )
            )
        outputs = [p.communicate()[0] for p in running]
    failed = [(p.returncode, out) for p, out in zip(running, outputs, strict=True) if p.returncode]
    for code, out in failed:
        print(out.strip() or f"sqlfluff ended with {code} and said nothing")
    print(f"sqlfluff: {len(models)} models, {'faults above' if failed else 'no fault'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

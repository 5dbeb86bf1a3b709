"""The 8-hour ozone step: hourly rows to running 8 h means and daily maxima, by the house's own two models, beside pandas.

What is timed is the compiled SQL of int_air_hour and int_air_day, nothing written for the benchmark. Each side runs in a process of
its own from its own store of the same rows (a DuckDB table, a Parquet file). Every hour and every day is compared first.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import duckdb

from bench import _pandas_o3
from bench.run import Context, Result
from extract.home import REPO, Home

MODELS = ("int_air_hour", "int_air_day")
TIGHT = "200MB"  # also tried in: what does not fit is spilled
POINTS, DAYS, BEGIN = 300, 365, datetime(2025, 1, 1)


def _rows(con: duckdb.DuckDBPyConnection, points: int) -> int:
    """A table like fct_reading: ozone of `points` stations over a year; 4 % of the hours absent, 1 % under a mark, 1 % blank."""
    from warehouse.dbt import PROJECT_DIR

    assert PROJECT_DIR.exists()
    con.execute(
        f"""
        create table main.fct_reading as
        select 'air:B' || lpad(p::varchar, 4, '0') as point_id, 'O3' as factor_code, 'mean' as statistic, 60 as averaging_minutes,
               ended as observed_at, 'reviewed' as maturity, 'observed' as value_origin,
               case when h % 100 <> 1 then cast(20 + (h // 7) % 180 + (h % 10) / 10 as decimal(18, 6)) end as value,
               null::varchar as value_as_sent, null::varchar as unit_as_sent, null::varchar as qualifier,
               null::decimal(18, 6) as detection_limit, case when h % 97 = 2 then 'M' else 'N' end as flag_device,
               null::varchar as null_reason, date_trunc('month', ended - interval '1' hour)::date as month,
               'air_platform_hourly' as source, 'bench' as _load_id, cast(n as bigint) as _row_no, null::varchar as _col,
               null::varchar as flag_rule, null::varchar as flag_human
        from (select p, n, timestamp '{BEGIN}' + (n + 1) * interval '1' hour as ended, hash(p * 100000 + n) % 100000 as h
              from range({points}) as a(p) cross join range({DAYS * 24}) as b(n))
        where h % 25 <> 0
        """
    )
    found = con.execute("select count(*) from main.fct_reading").fetchone()
    return int(found[0]) if found else 0


def _compiled(home: Home) -> dict[str, str]:
    """SQL of the two models as dbt compiles it for this home, whose seeds are built."""
    from warehouse.devbuild import devbuild

    as_of = "2026-01-02 00:00:00"
    run = devbuild(home, ["compile", "--no-introspect"], as_of=as_of)
    nodes = run.manifest["nodes"].values()
    found = {n["name"]: n for n in nodes if n["resource_type"] == "model" and n["name"] in MODELS}
    read = {r for n in found.values() for r in n["depends_on"]["nodes"] if r.startswith("seed.")}
    devbuild(home, ["seed", "--select", *sorted(r.split(".")[-1] for r in read)], as_of=as_of, keep=True)
    return {
        name: found[name]["compiled_code"] for name in MODELS
    }  # in the order in which one reads the other


def _ours(database: str, statements: str, memory_limit: str = "5GB") -> None:
    """In the child: make both tables, by default in the memory that a build has."""
    con = duckdb.connect(
        database, config={"memory_limit": memory_limit, "temp_directory": f"{database}.spill"}
    )
    con.execute("set enable_progress_bar = false")
    con.execute("set preserve_insertion_order = false")  # as in a build
    for name, sql in json.loads(Path(statements).read_text("utf-8")).items():
        con.execute(f'create or replace table main."{name}" as {sql}')


def _theirs(rows: str, form: str, out: str) -> None:
    """In the child: the pandas script; writes hours.parquet and days.parquet."""
    hours, days = getattr(_pandas_o3, form)(Path(rows))
    hours.to_parquet(Path(out) / "hours.parquet")
    days.to_parquet(Path(out) / "days.parquet")


def _child(call: str, times: int = 3) -> tuple[float, float]:
    """(seconds of the fastest run without the interpreter's start and imports, peak MB) of a call of this module."""
    code = (
        "import time, resource, bench.o3_8h as b, pandas, pyarrow.parquet\n"
        f"t = time.perf_counter(); b.{call}; t = time.perf_counter() - t\n"
        "print(t, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    told = []
    for _ in range(times):
        done = subprocess.run([sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr.strip()[-1500:])
        told.append(tuple(float(x) for x in done.stdout.split()[-2:]))
    return min(t[0] for t in told), max(t[1] for t in told)


def _differences(database: Path, out: Path, first_hour: int) -> tuple[int, int]:
    """(hours and days compared, those that differ), from `first_hour` of a day on."""
    con = duckdb.connect(str(database), read_only=True)
    row = con.execute(
        f"""
        with hours as (
            select point_id, observed_at, case when o3_8h_count >= 6
                then (2 * cast(o3_8h_sum_ug_m3 * 1000000 as hugeint) + o3_8h_count) // (2 * o3_8h_count) end as ours
            from main.int_air_hour where hour_no >= {first_hour}),
        their_hours as (select cast(point_id as varchar) as point_id, observed_at, cast(o3_8h as hugeint) as theirs
                        from '{out}/hours.parquet' where hour(observed_at - interval '1' hour) + 1 >= {first_hour}),
        days as (select point_id, air_date, cast(o3_max_8h_ug_m3 * 1000000 as hugeint) as ours, o3_window_count as n
                 from main.int_air_day where regime = 'regime_2012'),
        their_days as (select cast(point_id as varchar) as point_id, cast(air_date as date) as air_date,
                              cast(o3_max_8h as hugeint) as theirs, windows as n from '{out}/days.parquet')
        select (select count(*) from hours) + (select count(*) from days),
               (select count(*) from hours full join their_hours using (point_id, observed_at) where ours is distinct from theirs)
               + (select count(*) from days d full join their_days t using (point_id, air_date)
                  where d.ours is distinct from t.theirs or d.n is distinct from t.n)
        """
    ).fetchone()
    con.close()
    assert row is not None
    return int(row[0]), int(row[1])


def run(context: Context) -> list[Result]:
    """A station-year of ozone for 300 stations (2.5 million rows at scale 1)."""
    begun = time.perf_counter()
    home = Home(context.work / "home").ensure()
    statements = context.work / "statements.json"
    statements.write_text(json.dumps(_compiled(home)), "utf-8")
    database, rows = home.work / "build.duckdb", context.work / "rows.parquet"
    with duckdb.connect(str(database)) as con:
        count = _rows(con, max(3, round(POINTS * context.scale)))
        con.execute(f"copy main.fct_reading to '{rows}' (format parquet)")
    made = time.perf_counter() - begun
    seconds, peak = _child(f"_ours({str(database)!r}, {str(statements)!r})")
    tight_seconds, tight_peak = _child(f"_ours({str(database)!r}, {str(statements)!r}, {TIGHT!r})", 2)
    results = []
    for form, first_hour in (("long_form", 1), ("wide_form", 8)):
        out = context.work / form
        out.mkdir()
        rival_seconds, rival_peak = _child(f"_theirs({str(rows)!r}, {form!r}, {str(out)!r})", 2)
        compared, different = _differences(database, out, first_hour)
        results.append(
            Result(
                f"o3_8h_{form}", count, round(seconds, 3), round(count / seconds, 1), round(peak, 1),
                rival=f"pandas, exact integers, {form.replace('_', ' ')}", ratio=round(rival_seconds / seconds, 2), equal=different == 0,
                note=f"{compared} hours and days compared, {different} differ; rival {rival_seconds:.2f} s, peak {rival_peak:.0f} MB "
                f"({rival_peak / peak:.1f} times ours); ours: compiled int_air_hour and int_air_day under both regimes with "
                f"marks and maturities; within {TIGHT}: {tight_seconds:.2f} s, peak {tight_peak:.0f} MB; input made in {made:.0f} s",
            )
        )  # fmt: skip
    return results

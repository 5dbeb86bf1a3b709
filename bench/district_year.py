"""A synthetic district-year of the hourly tier (24 million rows): its refresh, and the daily AQI beside pandas.

Both start from the same landing. The daily AQI of both is compared point by point and day by day before any time counts.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from bench._steps import call
from bench.run import Context, Result
from extract.home import Home
from extract.seeds import PROJECT_DIR

YEAR = 2025
SOURCE = "air_platform_hourly"
SEED = PROJECT_DIR / "seeds" / "standards" / "air_iaqi_breakpoint.csv"


def _call(args: list[str], home: Path) -> tuple[float, float]:
    """(seconds, peak MB) of a command in the home."""
    step = call(args, home)
    return step.seconds, step.peak_mb


def _rival(home: Path) -> tuple[float, float]:
    """The pandas script in a process of its own; writes rival.parquet."""
    code = (
        "import sys; from pathlib import Path; from bench import _pandas_aqi as r; "
        f"h = Path({str(home)!r}); r.daily(r.landing_files(h, {SOURCE!r}), Path({str(SEED)!r})).to_parquet(h / 'rival.parquet')"
    )
    return _call([sys.executable, "-c", code], home)


def _differences(home: Path, daily: str) -> tuple[int, int]:
    """(point-days compared, point-days that differ) between the warehouse's daily AQI and the rival's."""
    con = duckdb.connect()
    con.execute(f"attach '{daily}' as w (read_only)")
    row = con.execute(
        f"""
        with ours as (
            select replace(subject_id, 'air:', '') as station_code, air_date, aqi from w.fct_air_day
            where subject_type = 'point' and regime = 'regime_2012' and extract(year from air_date) = {YEAR}
        ), theirs as (
            select cast(station_code as varchar) as station_code, cast(air_date as date) as air_date, cast(aqi as bigint) as aqi
            from '{home / "rival.parquet"}' where extract(year from air_date) = {YEAR}
        )
        select count(*), count(*) filter (where ours.aqi is distinct from theirs.aqi)
        from ours full join theirs using (station_code, air_date)
        """
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def run(context: Context) -> list[Result]:
    """Simulate, load, refresh; then the daily AQI alone beside the rival."""
    home = Home(context.work / "home").ensure()
    jianhu = str(Path(sys.executable).with_name("jianhu"))
    made = context.work / "payloads"
    simulated, _ = _call(
        [
            jianhu,
            "simulate",
            "--tier",
            "hourly",
            "--year",
            str(YEAR),
            "--scale",
            str(context.scale),
            "--out",
            str(made),
        ],
        home.root,
    )
    payloads = str(made / f"{YEAR}-*.json.zst")
    loaded, load_peak = _call([jianhu, "extract", SOURCE, "--files", payloads, "--json"], home.root)
    daily_seconds, daily_peak = _call(
        [
            sys.executable,
            "-m",
            "warehouse.devbuild",
            "--home",
            str(home.root),
            "--as-of",
            f"{YEAR + 1}-01-02 00:00:00",
            "--args",
            "build --exclude-resource-type test --exclude-resource-type unit_test",
            "--select",
            "+fct_air_day",
        ],
        home.root,
    )
    rival_seconds, rival_peak = _rival(home.root)
    compared, different = _differences(home.root, str(_built(home)))
    refreshed, peak = _call([jianhu, "refresh", "--as-of", f"{YEAR + 1}-01-02 00:00:00", "--json"], home.root)
    con = duckdb.connect(str(home.current.resolve() / "warehouse.duckdb"), read_only=True)
    found = con.execute("select count(*) from fct_reading").fetchone()
    con.close()
    rows = int(found[0]) if found else 0
    disk = sum(p.stat().st_size for p in home.root.rglob("*") if p.is_file()) / 1e9
    return [
        Result(
            "district_year_refresh", rows, refreshed, rows / refreshed, round(peak, 1),
            note=f"simulate {simulated:.0f} s; extract through the door {loaded:.0f} s (peak {load_peak:.0f} MB); home on disk {disk:.1f} GB",
        ),
        Result(
            "daily_aqi", rows, daily_seconds, rows / daily_seconds, round(daily_peak, 1),
            rival="pandas, exact integers, from the same rows.parquet", ratio=round(rival_seconds / daily_seconds, 2), equal=different == 0,
            note=f"{compared} point-days compared, {different} differ; ours from landing to fct_air_day under both regimes with flags and lineage, "
            f"the rival one regime: {rival_seconds:.0f} s, peak {rival_peak:.0f} MB",
        ),
    ]  # fmt: skip


def _built(home: Home) -> Path:
    """The database that devbuild made."""
    found = sorted(home.work.rglob("build.duckdb"), key=lambda p: p.stat().st_mtime)
    if not found:
        raise RuntimeError("devbuild left no build.duckdb")
    return found[-1]

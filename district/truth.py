"""Hold a release against what was planted: per kind planted, found, falsely found, recall, precision.

Each kind is one row of `KINDS`: the relations of the release it leans on and a SELECT over `planted` (its truth file)
that gives `found` and `falsely_found`. Invariant: recall = found / planted, precision = found / (found + falsely
found); a kind whose relations the release lacks is told as not examined, never as found.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from district.networks import networks
from district.truth_kind import Kind
from extract.home import home as find_home


def _exceedance(kind: str, when: str) -> Kind:
    on = f"p.outlet_id = e.outlet_id and p.factor_code = e.factor_code and p.{when} = e.{when}"
    return Kind(
        ("fct_exceedance",),
        f"""
        with told as (select distinct outlet_id, factor_code, {when} from fct_exceedance where kind = '{kind}')
        select (select count(*) from planted p where exists (select 1 from told e where {on})) as found,
               (select count(*) from told e where not exists (select 1 from planted p where {on})) as falsely_found""",
        f"fct_exceedance, kind {kind}, on outlet, factor, {when}",
    )


_SAME = "p.point_id = r.point_id and p.factor_code = r.factor_code and p.observed_at = r.observed_at"
_SAME_READING = f"{_SAME} and p.statistic = r.statistic and p.source = r.source"

# readings by their value, complaints by the time they were settled
_BY_VALUE = Kind(
    ("fct_reading", "fct_case"),
    f"""
    with readings as (
        select p.point_id, p.factor_code, p.observed_at, p.statistic,
               bool_and(coalesce(abs(r.value - p.value) < 0.0006, false)) as is_right
        from planted p inner join fct_reading r on {_SAME_READING}
        where p.point_id is not null group by all),
    cases as (
        select p.case_id, bool_and(coalesce(c.closed_at = p.closed_at, false)) as is_right
        from planted p inner join fct_case c on p.case_id = c.case_id group by all),
    told as (select is_right from readings union all select is_right from cases)
    select count(*) filter (where is_right) as found, count(*) filter (where not is_right) as falsely_found from told""",
    "the value in fct_reading (the settling time in fct_case) is the last one, not an earlier one",
)

KINDS: dict[str, Kind] = {
    "gas_hour_exceedance": _exceedance("gas_hour_exceedance", "observed_at"),
    "water_day_exceedance": _exceedance("water_day_exceedance", "date_day"),
    "water_hour_warning": _exceedance("water_hour_warning", "observed_at"),
    "permit_amended": Kind(
        ("fct_source_hour_judgement", "fct_source_day_judgement"),
        """
        with told as (
            select p.exceeds, j.judgement = 'exceedance' as judged,
                   abs(j.limit_value - p.limit_value) < 0.0006 as is_figure
            from planted p inner join fct_source_hour_judgement j
                on p.statistic = 'hourly_mean' and p.outlet_id = j.outlet_id and p.factor_code = j.factor_code
                and p.observed_at = j.observed_at and j.compliance_statistic = 'hourly_mean'
            union all
            select p.exceeds, j.judgement = 'exceedance', abs(j.limit_value - p.limit_value) < 0.0006
            from planted p inner join fct_source_day_judgement j
                on p.statistic = 'daily_mean' and p.outlet_id = j.outlet_id and p.factor_code = j.factor_code
                and p.date_day = j.date_day and j.compliance_statistic = 'daily_mean')
        select count(*) filter (where is_figure and judged = exceeds) as found,
               count(*) filter (where not coalesce(is_figure and judged = exceeds, false)) as falsely_found from told""",
        "judged by the figure in force when the hour or day began, on both sides of the midnight",
    ),
    "device_flag_exempt": Kind(
        ("fct_exceedance", "fct_source_hour_judgement"),
        """
        with told as (
            select j.outlet_id, j.factor_code, j.observed_at, bool_or(j.judgement in ('exceedance', 'warning')) as counted
            from planted p inner join fct_source_hour_judgement j
                on p.outlet_id = j.outlet_id and p.factor_code = j.factor_code and p.observed_at = j.observed_at
            group by all)
        select count(*) filter (where not counted) as found, count(*) filter (where counted) as falsely_found from told""",
        "an hour above the figure under a device mark is judged as neither exceedance nor warning",
    ),
    "damaged_frame": Kind(
        ("fct_reading",),
        f"""
        select count(distinct (p.point_id, p.observed_at)) filter (where r.value < 8000) as found,
               (select count(*) from fct_reading where source = 'cems_hj212' and value = 8888) as falsely_found
        from planted p inner join fct_reading r on {_SAME} and r.source = 'cems_hj212'""",
        "the value of a broken frame is nowhere, that of its repetition stands",
    ),
    "late_data": _BY_VALUE,
    "resent_old_payload": _BY_VALUE,
    "duplicate_data": Kind(
        ("fct_reading", "fct_case"),
        f"""
        with counts as (
            select p.point_id, p.factor_code, p.observed_at, p.statistic, count(*) as n
            from planted p inner join fct_reading r on {_SAME_READING} where p.point_id is not null group by all
            union all
            select p.case_id, null, null, null, count(*) from planted p inner join fct_case c on p.case_id = c.case_id
            group by all)
        select count(*) filter (where n = 1) as found, count(*) filter (where n > 1) as falsely_found from counts""",
        "what was sent twice stands once",
    ),
    "below_detection": Kind(
        ("fct_reading",),
        f"""
        with told as (select distinct point_id, factor_code, observed_at, statistic, source, value, detection_limit
                      from fct_reading where qualifier = '<')
        select (select count(*) from planted p where exists (
                    select 1 from told r where {_SAME_READING} and r.value is null
                    and coalesce(abs(r.detection_limit - p.detection_limit) < 0.0000006,
                                 r.detection_limit is null and p.detection_limit is null))) as found,
               (select count(*) from told r where not exists (select 1 from planted p where {_SAME_READING})) as falsely_found""",
        "no number, the mark < and the detection limit where one was given",
    ),
    "complaint_repeat": Kind(
        ("fct_case",),
        """
        with told as (select case_id, repeat_of_case_id from fct_case where is_repeat)
        select (select count(*) from planted p inner join told t using (case_id, repeat_of_case_id)) as found,
               (select count(*) from told t where not exists (
                    select 1 from planted p where p.case_id = t.case_id
                    and p.repeat_of_case_id = t.repeat_of_case_id)) as falsely_found""",
        "fct_case.is_repeat with the case it repeats",
    ),
    "permit_report_late": Kind(
        ("fct_permit_report",),
        """
        with told as (select permit_no, report_type, report_period from fct_permit_report where is_due and not is_on_time)
        select (select count(*) from planted p inner join told t using (permit_no, report_type, report_period)) as found,
               (select count(*) from told t where not exists (
                    select 1 from planted p where p.permit_no = t.permit_no and p.report_type = t.report_type
                    and p.report_period = t.report_period)) as falsely_found""",
        "fct_permit_report: handed in after its day, or never",
    ),
    "air_aqi_day": Kind(
        ("fct_air_day",),
        """
        with told as (
            select d.aqi = p.aqi and coalesce(d.primary_factor, '') = coalesce(p.primary_factor, '') as is_right
            from planted p inner join fct_air_day d
                on d.subject_type = 'point' and d.subject_id = p.point_id and d.air_date = p.date_day and d.is_in_force)
        select count(*) filter (where is_right) as found,
               count(*) filter (where not coalesce(is_right, false)) as falsely_found from told""",
        "AQI and primary pollutant of the rule in force on that day",
    ),
    "standard_change": Kind(
        ("fct_air_day",),
        """
        with sides as (
            select o.subject_id as point_id, o.air_date as date_day, o.aqi as aqi_2012, n.aqi as aqi_2026,
                   case when n.is_in_force then n.level_no else o.level_no end as level_no,
                   o.is_good <> n.is_good as is_parted, n.is_in_force as is_new
            from fct_air_day o inner join fct_air_day n
                on o.subject_type = 'point' and n.subject_type = 'point' and o.subject_id = n.subject_id
                and o.air_date = n.air_date and o.regime = 'regime_2012' and n.regime = 'regime_2026')
        select (select count(*) from planted p inner join sides b using (point_id, date_day)
                where b.is_parted and b.aqi_2012 = p.aqi_2012 and b.aqi_2026 = p.aqi_2026 and b.level_no = p.level) as found,
               (select count(*) from sides b where b.is_parted and b.is_new and not exists (
                    select 1 from planted p where p.point_id = b.point_id and p.date_day = b.date_day)) as falsely_found""",
        "both indices of days that only one standard calls good, and the level in force on that day",
    ),
}


for _network in networks():
    for _name, _kind in getattr(_network, "KINDS", {}).items():
        if _name in KINDS:
            raise ValueError(f"two networks plant the kind {_name}")
        KINDS[_name] = _kind


def examine(connection: Any, kind: str, planted: Any) -> dict[str, Any]:
    """One kind against an open release. `planted`: its truth as an Arrow table."""
    row: dict[str, Any] = {
        "kind": kind, "planted": planted.num_rows, "found": 0, "falsely_found": 0, "recall": None, "precision": None,
        "note": "",
    }  # fmt: skip
    spec = KINDS[kind]
    present = {
        r[0] for r in connection.execute("select table_name from information_schema.tables").fetchall()
    }
    lacking = [n for n in spec.needs if n not in present]
    if lacking:
        return {**row, "note": f"not examined: the release has no {', '.join(lacking)}"}
    connection.register("planted", _complete(kind, planted))
    try:
        found, falsely = connection.execute(spec.sql).fetchone()
    finally:
        connection.unregister("planted")
    row |= {"found": int(found), "falsely_found": int(falsely), "note": spec.says}
    if planted.num_rows == 0:
        row["note"] = f"nothing planted in this span; {spec.says}"
    else:
        row["recall"] = round(found / planted.num_rows, 6)
    row["precision"] = round(found / (found + falsely), 6) if found + falsely else None
    return row


def _complete(kind: str, planted: Any) -> Any:
    """Columns that a kind's SQL names and that no row of this seed happened to have."""
    import pyarrow as pa

    wanted = {"point_id": pa.string(), "case_id": pa.string(), "closed_at": pa.timestamp("us"), "value": pa.float64(),
              "factor_code": pa.string(), "statistic": pa.string(), "source": pa.string(), "detection_limit": pa.float64(),
              "observed_at": pa.timestamp("us"), "repeat_of_case_id": pa.string(), "permit_no": pa.string(),
              "report_type": pa.string(), "report_period": pa.string(), "outlet_id": pa.string(), "date_day": pa.date32(),
              "exceeds": pa.bool_(), "limit_value": pa.float64(), "aqi": pa.int64(), "aqi_2012": pa.int64(),
              "aqi_2026": pa.int64(), "level": pa.int64(), "primary_factor": pa.string()}  # fmt: skip
    types = {"varchar": pa.string(), "double": pa.float64(), "bigint": pa.int64(), "boolean": pa.bool_(),
             "date": pa.date32(), "timestamp": pa.timestamp("us")}  # fmt: skip
    wanted |= {name: types[told] for name, told in KINDS[kind].columns}
    for name, kind_of in wanted.items():
        if name not in planted.column_names:
            planted = planted.append_column(name, pa.nulls(planted.num_rows, kind_of))
        elif planted[name].type != kind_of:
            # a seed that planted only blanks leaves a column without its type
            at = planted.column_names.index(name)
            planted = planted.set_column(at, name, planted[name].cast(kind_of))
    return planted


def compare(home: str | os.PathLike[str] | Path | None = None, connection: Any = None) -> dict[str, Any]:
    """The report of all kinds. connection: an open release instead of the current one of `home`."""
    from district.serve import folder_of

    folder = folder_of(home)
    summary = json.loads((folder / "district.json").read_text("utf-8"))
    release = "given"
    con = connection
    if con is None:
        from warehouse.connect import connect, current_release

        release = str(
            current_release(find_home(home)).get("release_id") or current_release(find_home(home)).get("id")
        )
        con = connect(find_home(home))
    try:
        kinds = [examine(con, kind, pq.read_table(folder / "truth" / f"{kind}.parquet")) for kind in KINDS]
    finally:
        if connection is None:
            con.close()
    examined = [r for r in kinds if r["recall"] is not None]
    return {
        "release": release,
        "seed": summary["seed"],
        "from": summary["from"],
        "to": summary["to"],
        "scale": summary["scale"],
        "is_perfect": bool(examined)
        and all(r["recall"] == 1 and r["precision"] == 1 for r in examined)
        and not any(r["falsely_found"] for r in kinds),
        "kinds": kinds,
    }

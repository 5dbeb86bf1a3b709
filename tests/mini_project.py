"""A miniature dbt project over two declared sources, so that the machinery is tested without the district's models.

reading_mini: an interval source of measurements; person_mini: a source with personal fields.
"""

from __future__ import annotations

import shutil
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa

from extract import landing
from extract.door import Door
from extract.home import REPO, Home
from extract.readers.base import Parsed, Payload, Slice
from extract.source import Column, SliceSpec, Source, Volume
from warehouse.build import Options

READING = Source(
    name="reading_mini", description="d", name_zh="小读数", provider="p", owner="监测站", schedule="0 * * * *",
    freshness_hours=48, reader="files", slice=SliceSpec(kind="interval", window="day"),
    natural_key=["point", "observed_at"], feeds="reading", volume=Volume(min_records=0),
    columns=[
        Column(name="point", data_type="varchar", description="点位"),
        Column(name="observed_at", data_type="timestamp", description="时间", required=True),
        Column(name="value", data_type="decimal(18,6)", description="值", parse="measurement"),
    ],
)  # fmt: skip
PERSON = Source(
    name="person_mini", description="d", name_zh="小来件", provider="q", owner="信访科", schedule="0 6 * * *",
    freshness_hours=48, reader="files", slice=SliceSpec(kind="arrivals"), natural_key=["order_no"],
    changed_at=["updated_at"], feeds="case", volume=Volume(min_records=0),
    columns=[
        Column(name="order_no", data_type="varchar", description="编号"),
        Column(name="updated_at", data_type="timestamp", description="更新"),
        Column(name="phone", data_type="varchar", description="电话", privacy="personal"),
        Column(name="note", data_type="varchar", description="说明"),
    ],
)  # fmt: skip
EMPTY = READING.model_copy(update={"name": "nothing_mini", "name_zh": "空"})
SOURCES = {s.name: s for s in (EMPTY, PERSON, READING)}
AS_OF = "2026-03-03 08:00:00"

_SOURCES_YML = """
version: 2
sources:
  - name: raw
    schema: raw
    tables: [{name: load_ledger}, {name: reading_mini}, {name: person_mini}, {name: nothing_mini}]
"""
_MODELS = {
    "staging/stg_reading_mini.sql": """-- grain: point × observed_at
select point, observed_at, value, value_qualifier, cast(date_trunc('month', observed_at) as date) as month, _load_id
from {{ source('raw', 'reading_mini') }}
union all
select point, observed_at, value, value_qualifier, cast(date_trunc('month', observed_at) as date) as month, _load_id
from {{ source('raw', 'nothing_mini') }}
""",
    "core/fct_mini.sql": """-- grain: point × observed_at
select * from {{ ref('stg_reading_mini') }}
""",
    "core/fct_indicator_value.sql": """-- grain: subject × period
select
    'point' as subject_type, point as subject_id, 'mini_mean' as indicator_code, 'day' as period_type,
    cast(cast(observed_at as date) as varchar) as period, 'default' as basis,
    cast(sum(value) as decimal(18,6)) as value, '{{ var("as_of") }}' as policy_version,
    'applies' as applicability, cast(null as varchar) as reason_zh
from {{ ref('fct_mini') }}
group by point, cast(observed_at as date)
""",
    "core/person_closed.sql": """-- grain: order_no
{{ config(database='restricted') }}
select order_no, phone from {{ source('raw', 'person_mini') }}
""",
    "core/person_open.sql": """-- grain: order_no
select order_no, note, sha256(getvariable('jianhu_hash_key') || phone) as phone_hash
from {{ source('raw', 'person_mini') }}
""",
    "core/int_helper.sql": "-- grain: one\nselect 1 as n\n",
}
_MODELS_YML = """
version: 2
models:
  - name: fct_mini
    description: 小读数事实表
    columns:
      - {name: point, description: 点位}
      - {name: value, description: "值（µg/m³）", config: {meta: {unit: ug_m3}}}
    data_tests:
      - unique_rows: {arguments: {columns: [point, observed_at]}}
      - row_holds: {arguments: {expression: "value < 900"}, config: {severity: warn}}
      - row_holds: {arguments: {expression: "value > -900"}}
"""


def make_project(folder: Path) -> Path:
    """The dbt project, its profile and plugin taken from the real one."""
    real = REPO / "dbt_project"
    (folder / "macros" / "engine").mkdir(parents=True)
    shutil.copytree(real / "plugins", folder / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "macros" / "materializations").mkdir()
    macros = (
        "tests.sql",
        "engine/rows.sql",
        "generate_schema_name.sql",
        "materializations/table.sql",
        "materializations/seed.sql",
    )
    for name in ("profiles.yml", ".dbtignore", *(f"macros/{m}" for m in macros)):
        shutil.copyfile(real / name, folder / name)
    (folder / "dbt_project.yml").write_text(
        "name: jianhu\nversion: '1.0.0'\nconfig-version: 2\nprofile: jianhu\nmodel-paths: [models]\n"
        "models: {jianhu: {+materialized: table, staging: {+meta: {publish: false}}}}\n"
        "seeds: {jianhu: {+meta: {publish: true}}}\n",
        "utf-8",
    )
    for name, sql in _MODELS.items():
        path = folder / "models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(sql, "utf-8")
    (folder / "models" / "_models.yml").write_text(_MODELS_YML, "utf-8")
    (folder / "models" / "_sources.yml").write_text(_SOURCES_YML, "utf-8")
    (folder / "seeds").mkdir()
    (folder / "seeds" / "rule.csv").write_text(
        "rule_code,value,status\na,1,verified\nb,2,unverified\n", "utf-8"
    )
    return folder


def options(project: Path, **more: object) -> Options:
    """Options of a build of the miniature project."""
    return Options(project_dir=project, sources=SOURCES, scheme_mode="official", as_of=AS_OF, **more)  # type: ignore[arg-type]


def load(
    home: Home, source: Source, lines: list[tuple[str, ...]], *, part: str = "", day: date | None = None
) -> None:
    """Commit one load of text rows through the real door."""
    end = date.fromordinal(day.toordinal() + 1) if day else None
    folder = home.work / "mini"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "payload.csv"
    path.write_text("\n".join(",".join(x) for x in lines) + "\n", "utf-8")
    payload = Payload(Slice(source.name, part, day, end), "payload.csv", path, datetime(2026, 3, 3, 7, 0))
    n = len(lines)
    columns = {"_row_no": pa.array(range(1, n + 1), pa.int64()), "_col": pa.nulls(n, pa.string())}
    for i, c in enumerate(source.columns):
        columns[c.name] = pa.array([x[i] for x in lines], pa.string())
    parsed = Parsed(pa.table(columns), n)
    landing.commit(home.ensure(), source, payload, parsed, Door(source).check([parsed])[0])


def fill(home: Home, days: int = 2, bump: int = 0) -> None:
    """Two days of readings of two points, and two letters; bump changes the second day."""
    for d in range(1, days + 1):
        rows = [
            (
                p,
                f"2026-03-{d:02d} {h:02d}:00:00",
                "<0.05" if h == 5 else str(h + k + (bump if d == days else 0)),
            )
            for k, p in enumerate(("P1", "P2"))
            for h in range(24)
        ]
        load(home, READING, rows, day=date(2026, 3, d))
    load(
        home,
        PERSON,
        [
            ("A1", "2026-03-01 10:00:00", "13800000000", "噪声"),
            ("A2", "2026-03-02 10:00:00", "13900000001", "异味"),
        ],
        part="a.xlsx",
    )

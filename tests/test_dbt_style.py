"""The house rules of the dbt project, read from its manifest: no rule is told to people only.

The project is compiled once over empty raw tables. Reasons stand beside every exception.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
import yaml
from compiled import AS_OF, models

from extract.seeds import PROJECT_DIR, seed_parts

MODELS = sorted((PROJECT_DIR / "models").rglob("*.sql"))
ENGINE = PROJECT_DIR / "macros" / "engine"

# numbers that are arithmetic or calendar, not policy
ALLOWED_NUMBERS = {
    "0": "nothing",
    "840": "the least number that 1 to 8 divide",
    "1": "one, first",
    "2": "two halves, second character",
    "3": "months of a quarter",
    "4": "characters of a year",
    "5": "place of the month in a period's text; the worst of five classes",
    "6": "decimals of a published value",
    "7": "hours before this one in an 8 h window; days of a week",
    "8": "decimals of a percentile",
    "10": "characters of a prefix or of a date",
    "12": "decimals of an intermediate value; months of a year",
    "18": "digits of a decimal type",
    "23": "hours before this one in a 24 h window",
    "24": "hours of a day",
    "38": "digits of a decimal type",
    "60": "minutes of an hour, seconds of a minute",
    "62": "loads that one cell of the provenance table can name",
    "99": "a rank after all seeded ranks",
    "100": "per cent",
    "1000": "thousandth of a unit",
    "1440": "minutes of a day",
    "3600": "seconds of an hour",
}
BARE = {
    r"\bavg\s*\(": "mean() of macros/engine",
    r"(?<!\{)(?<![/*])/(?![/*])(?!\})": "ratio() of macros/engine",
    r"\bround(_even)?\s*\(": "round_half_even() or round_half_up() of macros/engine",
    r"::": "cast()",
    r"\bcoalesce\s*\(\s*concat\s*\(": "||, for concat skips nulls in DuckDB and is never null",
    r"\blike\s+concat\s*\(": "is_named_in(), for concat skips nulls in DuckDB",
    r"\bqualify\b": "row_number() in a subquery, or latest_by_key()",
    r"\bexclude\s*\(": "the columns by name",
    r"\bgroup\s+by\s+all\b": "the columns by name",
    r"\b(now\s*\(|current_date\b|current_timestamp\b|today\s*\()": "var as_of",
    r"\blist_(transform|filter|reduce)\s*\(": "a macro of macros/engine",
}


def plain(sql: str) -> str:
    """A model's SQL without comments, Jinja and texts: what a rule about forms must look at."""
    sql = re.sub(r"\{#.*?#\}", " ", sql, flags=re.S)
    sql = re.sub(r"\{\{.*?\}\}", " ", sql, flags=re.S)
    sql = re.sub(r"\{%.*?%\}", " ", sql, flags=re.S)
    sql = re.sub(r"--[^\n]*", " ", sql)
    return re.sub(r"'(?:[^']|'')*'", "''", sql)


def test_as_of_stands_in_the_sql_of_models_only(compiled: dict[str, Any]) -> None:
    """A parsed project is used again for another as_of (warehouse/dbt.py), so parsing must not have kept this one."""
    parts = ("nodes", "sources", "macros", "exposures", "unit_tests", "docs", "disabled")
    rendered = ("compiled_code", "extra_ctes")
    for node in (n for part in parts for found in [compiled[part]] for n in found.values()):
        for n in node if isinstance(node, list) else [node]:
            kept = {k: v for k, v in n.items() if k not in rendered}
            if n.get("resource_type") == "unit_test":  # its own as_of, given in YAML
                continue
            assert AS_OF not in json.dumps(kept, ensure_ascii=False), n["unique_id"]


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_model_says_its_grain(path: Path) -> None:
    assert path.read_text("utf-8").lstrip().startswith("-- grain:"), (
        "the first line must be `-- grain: a × b`"
    )


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_model_uses_no_bare_form(path: Path) -> None:
    sql = plain(path.read_text("utf-8"))
    found = [f"{m.group(0)!r}: use {use}" for form, use in BARE.items() for m in re.finditer(form, sql, re.I)]
    assert not found, found


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_model_holds_no_policy_number(path: Path) -> None:
    sql = plain(path.read_text("utf-8"))
    numbers = set(re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])", sql)) - set(ALLOWED_NUMBERS)
    assert not numbers, f"a number of policy belongs in a dated seed row: {sorted(numbers)}"


def test_required_columns_of_a_table_are_told_in_one_test():
    """A `not_null` looks at the table once for each column; `filled` and `key` look once for all."""
    told = [p for p in PROJECT_DIR.rglob("*.yml") if "not_null" in p.read_text("utf-8")]
    assert not told, "say it with `key` or `filled` (macros/tests.sql)"


def test_forms_are_found_where_they_stand() -> None:
    bad = "select avg(x), a / b, round(c), d::int, coalesce(concat(x), y) like concat(z) from t qualify 1 = 1 group by all -- 'a / b'"
    hits = [form for form in BARE if re.search(form, plain(bad), re.I)]
    assert len(hits) == 8
    assert not [form for form in BARE if re.search(form, plain("select '1/2' as a /* x */ -- avg(b)"), re.I)]


def test_columns_are_described(compiled: dict[str, Any]) -> None:
    missing = []
    for m in models(compiled):
        if not m["description"]:
            missing.append(m["name"])
        missing += [f"{m['name']}.{c}" for c, v in m["columns"].items() if not v["description"]]
        if not m["columns"]:
            missing.append(f"{m['name']}: no columns")
    assert not missing, missing


def test_seeds_type_and_describe_every_column(compiled: dict[str, Any]) -> None:
    wrong = []
    for s in compiled["nodes"].values():
        if s["resource_type"] != "seed":
            continue
        header = next(csv.reader((PROJECT_DIR / s["original_file_path"]).open(encoding="utf-8")))
        typed = s["config"].get("column_types") or {}
        wrong += [f"{s['name']}.{c}: no type" for c in header if c not in typed]
        wrong += [
            f"{s['name']}.{c}: not described"
            for c in header
            if not s["columns"].get(c, {}).get("description")
        ]
        wrong += [f"{s['name']}.{c}: not in the file" for c in typed if c not in header]
    assert not wrong, wrong


def test_parts_of_a_seed_have_one_header() -> None:
    families = seed_parts()
    assert {"clause"} <= set(families)
    headers = {p.stem: _header(p) for p in (PROJECT_DIR / "seeds").rglob("*.csv")}
    wrong = [
        part
        for family, parts in families.items()
        for part in parts
        if _header(PROJECT_DIR / part) != headers.get(family)
    ]
    assert not wrong, "a part has another header than its family, or the family has no seed of its own name"


def _header(path: Path) -> str:
    return path.open(encoding="utf-8").readline().strip()


def test_a_unit_is_named_once() -> None:
    """Networks append to one file: two that need the same unit must not both add it."""
    codes = [
        r["unit_code"]
        for r in csv.DictReader((PROJECT_DIR / "seeds/catalogue/unit.csv").open(encoding="utf-8"))
    ]
    assert len(codes) == len(set(codes)), sorted(c for c in set(codes) if codes.count(c) > 1)


def test_contracts_are_enforced(compiled: dict[str, Any]) -> None:
    wrong = []
    for m in models(compiled):
        bound = m["fqn"][1] in ("core", "indicators", "marts") and not m["name"].startswith("int_")
        if bound and not m["config"]["contract"]["enforced"]:
            wrong.append(m["name"])
    assert not wrong, wrong


def test_one_name_has_one_type(compiled: dict[str, Any]) -> None:
    """The same column name means the same type wherever a contract states it."""
    told: dict[str, dict[str, list[str]]] = {}
    for m in models(compiled):
        for name, c in m["columns"].items():
            kind = (c.get("data_type") or "").lower().replace(" ", "")
            kind = {"integer": "int", "text": "varchar", "string": "varchar", "bool": "boolean"}.get(
                kind, kind
            )
            if kind:
                told.setdefault(name, {}).setdefault(kind, []).append(m["name"])
    mixed = {n: k for n, k in told.items() if len(k) > 1}
    assert not mixed, json.dumps(mixed, ensure_ascii=False, indent=1)[:4000]


def test_reading_level_models_say_how_far_they_look(compiled: dict[str, Any]) -> None:
    reads = {n["name"]: n for n in models(compiled)}
    by_id = {n["unique_id"]: n["name"] for n in reads.values()}
    wrong = []
    for name, m in reads.items():
        parents = [by_id.get(p, "") for p in m["depends_on"]["nodes"]]
        reads_readings = "fct_reading" in parents and name.startswith(("int_", "fct_"))
        if reads_readings and "month" in m["columns"] and "lookback_hours" not in m["config"]["meta"]:
            wrong.append(name)
    assert not wrong, f"meta.lookback_hours is missing: {wrong}"


def test_models_parse_as_spark(compiled: dict[str, Any]) -> None:
    """sqlglot reads each compiled model as DuckDB, writes Spark, and the Spark text parses again."""
    failed = []
    for m in models(compiled):
        sql = m.get("compiled_code") or ""
        assert sql, f"{m['name']} was not compiled"
        try:
            spark = sqlglot.transpile(
                sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.IGNORE
            )
            assert len(spark) == 1
            sqlglot.parse_one(spark[0], read="spark")
        except sqlglot.errors.SqlglotError as e:
            failed.append(f"{m['name']}: {str(e).splitlines()[0]}")
    assert not failed, failed


def test_a_key_fails_on_what_is_told_twice_or_left_empty(compiled: dict[str, Any]) -> None:
    checks = [n for n in compiled["nodes"].values() if (n.get("test_metadata") or {}).get("name") == "key"]
    beside = {n["unique_id"] for n in checks
              if set(n["test_metadata"]["kwargs"].get("filled") or ()) - set(n["test_metadata"]["kwargs"]["columns"])}  # fmt: skip
    check = min((n for n in checks if n["unique_id"] in beside), key=lambda n: str(n["unique_id"]))
    kwargs = check["test_metadata"]["kwargs"]
    columns = list(dict.fromkeys([*kwargs["columns"], *kwargs["filled"]]))
    other = next(c for c in kwargs["filled"] if c not in kwargs["columns"])
    relation = re.search(r'from ("[^"]+"\."[^"]+"\."[^"]+")', check["compiled_code"])
    assert relation is not None
    con = duckdb.connect()
    con.execute(f"attach ':memory:' as {relation[1].split('.')[0]}")
    con.execute(f"create table {relation[1]} ({', '.join(f'{c} varchar' for c in columns)})")
    planted = [("good", "x"), ("twice", "x"), ("twice", "y"), ("empty", None)]
    for key, cell in planted:
        con.execute(
            f"insert into {relation[1]} values ({', '.join('?' for _ in columns)})",
            [cell if c == other else key for c in columns],
        )
    assert sorted(r[0] for r in con.execute(check["compiled_code"]).fetchall()) == ["empty", "twice"]


def test_every_yaml_entry_has_its_model() -> None:
    """A description that outlives its model misleads."""
    names = {p.stem for p in MODELS}
    orphans = [
        f"{y.name}: {m['name']}"
        for y in sorted((PROJECT_DIR / "models").rglob("*.yml"))
        for m in (yaml.safe_load(y.read_text("utf-8")) or {}).get("models", []) or []
        if m["name"] not in names
    ]
    assert not orphans, orphans


def test_spark_has_each_engine_macro_that_duckdb_has() -> None:
    text = "\n".join(p.read_text("utf-8") for p in sorted(ENGINE.glob("*.sql")))
    duck = set(re.findall(r"macro default__(\w+)", text))
    spark = set(re.findall(r"macro spark__(\w+)", text))
    assert duck and duck == spark, duck ^ spark

"""The district over real protocols: HTTP with token, signature and paging; a real PostgreSQL; stopping again."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from district.api import Platform, Refused
from district.serve import running, set_phase
from district.simulate import simulate
from extract.errors import UserError


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("served")
    simulate(5, date(2026, 2, 25), date(2026, 3, 8), scale=0.2, home=root)
    return root


@pytest.fixture(scope="module")
def env(home: Path) -> Iterator[dict[str, str]]:
    with running(home) as settings:
        yield settings


def _token(env: dict[str, str]) -> dict[str, str]:
    answer = httpx.post(
        env["JIANHU_PLATFORM_URL"] + "/api/token",
        json={"username": env["JIANHU_PLATFORM_USER"], "password": env["JIANHU_PLATFORM_PASSWORD"]},
    )
    return {"Authorization": "Bearer " + answer.json()["data"]["token"]}


WINDOW = {"beginTime": "2026-03-01 01:00:00", "endTime": "2026-03-02 00:00:00"}


def test_air_needs_a_token_and_pages_whole(env: dict[str, str], home: Path) -> None:
    url = env["JIANHU_PLATFORM_URL"] + "/api/air/hourly"
    denied = httpx.get(url, params=WINDOW)
    assert denied.status_code == 401 and denied.json()["code"] == 40101
    wrong = httpx.post(
        env["JIANHU_PLATFORM_URL"] + "/api/token", json={"username": "synthetic", "password": "x"}
    )
    assert wrong.status_code == 401
    headers = _token(env)
    got: list[dict] = []
    totals = set()
    for page in range(1, 100):
        data = httpx.get(url, params={**WINDOW, "page": page, "pageSize": 100}, headers=headers).json()[
            "data"
        ]
        totals.add(data["total"])
        if not data["list"]:
            break
        got += data["list"]
    want = json.loads((home / "synthetic/platform/air/2026-03-01.json").read_bytes())["data"]["list"]
    assert got == want and totals == {len(want)}
    assert httpx.get(url, params={"beginTime": "yesterday"}, headers=headers).status_code == 400
    assert httpx.get(env["JIANHU_PLATFORM_URL"] + "/api/none").status_code == 404


def test_a_window_that_spans_days_is_inclusive(env: dict[str, str]) -> None:
    window = {
        "beginTime": "2026-02-28 23:00:00",
        "endTime": "2026-03-01 02:00:00",
        "page": 1,
        "pageSize": 5000,
    }
    data = httpx.get(
        env["JIANHU_PLATFORM_URL"] + "/api/air/hourly", params=window, headers=_token(env)
    ).json()["data"]
    times = [r["dataTime"] for r in data["list"]]
    assert sorted(set(times)) == [
        "2026-02-28 23:00:00",
        "2026-03-01 00:00:00",
        "2026-03-01 01:00:00",
        "2026-03-01 02:00:00",
    ]
    assert times == sorted(times)


def _signed(env: dict[str, str], **query: str) -> dict[str, str]:
    query |= {
        "appKey": env["JIANHU_PLATFORM_APP_KEY"],
        "timestamp": query.get("timestamp", str(int(time.time() * 1000))),
    }
    text = "&".join(f"{k}={query[k]}" for k in sorted(query))
    query["sign"] = hmac.new(
        env["JIANHU_PLATFORM_APP_SECRET"].encode(), text.encode(), hashlib.sha256
    ).hexdigest()
    return query


def test_water_needs_a_fresh_signature(env: dict[str, str]) -> None:
    url = env["JIANHU_PLATFORM_URL"] + "/api/water/realtime"
    good = httpx.get(url, params=_signed(env, date="2026-03-02"))
    body = good.json()
    assert good.status_code == 200 and body["result"] == 1 and body["records"] == len(body["tbody"]) > 0
    assert all(len(row) == len(body["thead"]) for row in body["tbody"])
    forged = {**_signed(env, date="2026-03-02"), "date": "2026-03-03"}
    assert httpx.get(url, params=forged).json()["code"] == 40102
    stale = _signed(env, date="2026-03-02", timestamp=str(int((time.time() - 900) * 1000)))
    assert httpx.get(url, params=stale).status_code == 401


def test_signature_of_the_specification(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # the worked example of docs/platform-api.md
    platform = Platform(
        tmp_path, {"JIANHU_PLATFORM_APP_KEY": "keqiao", "JIANHU_PLATFORM_APP_SECRET": "s3cret"}
    )
    monkeypatch.setattr("district.api.time.time", lambda: 1769788800.0)
    query = {"date": "2026-01-31", "appKey": "keqiao", "timestamp": "1769788800000",
             "sign": "884a74d29eee34c3d6efbb7aff24dceabe445ef2da1dce230dfdc0c34e814783"}  # fmt: skip
    platform.check_signature(query)
    with pytest.raises(Refused):
        platform.check_signature({**query, "sign": "0" * 64})


def test_tables_are_in_a_real_postgresql(env: dict[str, str], home: Path) -> None:
    engine = sa.create_engine(env["JIANHU_PERMIT_DB_URL"])
    with engine.connect() as connection:
        assert "PostgreSQL" in str(connection.execute(sa.text("select version()")).scalar())
        for name in ("point_register", "enterprise_register", "permit_register"):
            want = pq.read_table(home / "synthetic/database" / f"{name}.parquet")
            got = connection.execute(sa.text(f"select * from {name}")).mappings().all()
            assert len(got) == want.num_rows and list(got[0]) == want.column_names
        deleted = connection.execute(
            sa.text("select count(*) from permit_register where is_deleted")
        ).scalar()
        assert deleted and deleted > 0
    engine.dispose()


def test_phase_changes_the_answer(env: dict[str, str], home: Path) -> None:
    rows = [
        r
        for r in pq.read_table(home / "synthetic/truth/late_data.parquet").to_pylist()
        if r["source"] == "air_platform_hourly"
    ]
    assert rows
    r = rows[0]
    window = {"beginTime": str(r["observed_at"]), "endTime": str(r["observed_at"]),
              "stationCode": r["point_id"].removeprefix("air:")}  # fmt: skip
    url, headers = env["JIANHU_PLATFORM_URL"] + "/api/air/hourly", _token(env)
    try:
        set_phase(home, 1)
        early = httpx.get(url, params=window, headers=headers).json()["data"]["list"][0]
    finally:
        set_phase(home, 3)
    late = httpx.get(url, params=window, headers=headers).json()["data"]["list"][0]
    assert late[r["factor_code"]] == r["value"] and early[r["factor_code"]] != r["value"]


def test_what_was_started_is_stopped(home: Path, tmp_path: Path) -> None:
    with running(home) as settings:
        url = settings["JIANHU_PLATFORM_URL"]
        pid = (
            int((home / "synthetic" / ".ready").read_text())
            if (home / "synthetic" / ".ready").exists()
            else 0
        )
        assert httpx.get(url + "/api/none").status_code == 404
        data = settings["JIANHU_PERMIT_DB_URL"].split("host=")[1]
        assert Path(data).exists()
    assert not Path(data).exists()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url + "/api/none")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(UserError), running(tmp_path):
        pass

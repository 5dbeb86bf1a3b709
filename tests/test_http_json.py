"""The HTTP reader against a real server on a local port that speaks docs/platform-api.md, faults planted."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from extract.errors import LoadRefused, Unreachable, UserError
from extract.home import REPO
from extract.readers import http_client
from extract.readers.base import Payload, Request, Slice, get_reader
from extract.readers.windows import windows
from extract.secrets import MissingSetting
from extract.source import Source, get_source

AIR, WATER = get_source("air_platform_hourly"), get_source("water_auto_4h")
DAY = Request(date(2026, 1, 31), date(2026, 2, 1))
ITEMS = ("SO2", "NO2", "CO", "O3", "PM10", "PM2_5")


class Platform:
    """A small platform; `faults` are answers given once each, in order, before it behaves."""

    def __init__(self) -> None:
        self.records = 7
        self.faults: list[tuple[int, dict[str, str], str]] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.tokens: list[str] = []
        self.lasting = 10**9  # pages a token lasts
        self.total_of = lambda page: self.records
        self.thead = ["断面名称", "监测时间", "pH<br/><span class='unit'>(无量纲)</span>"]
        self.tbody = [["曹娥江大闸", "01-31 16:00", "<span title='原始值：7.512'>7.5</span>"]]

    def record(self, i: int) -> dict[str, Any]:
        out: dict[str, Any] = {
            "stationCode": f"S{i:03d}",
            "dataTime": "2026-01-31 01:00:00",
            "auditState": "preliminary",
        }
        for item in ITEMS:
            out[item], out[f"{item}_flag"] = f"{i}.70", "N"
        return out

    def answer(
        self, method: str, path: str, query: dict[str, str], header: str, body: bytes
    ) -> tuple[int, Any]:
        if path == "/api/token":
            sent = json.loads(body)
            if sent != {"username": "reader", "password": "pass-word-1"}:
                return 401, {"code": 40101, "message": f"wrong password {sent['password']}"}
            self.tokens.append(f"tok-{len(self.tokens)}")
            self.left = self.lasting
            return 200, {"code": 0, "message": "ok", "data": {"token": self.tokens[-1], "expires_in": 1800}}
        if path == "/api/air/hourly":
            if not self.tokens or header != f"Bearer {self.tokens[-1]}" or self.left <= 0:
                return 401, {"code": 40101, "message": "token expired"}
            self.left -= 1
            page, size = int(query["page"]), int(query["pageSize"])
            rows = [self.record(i) for i in range((page - 1) * size, min(page * size, self.records))]
            return 200, {"code": 0, "message": "ok", "data": {"total": self.total_of(page), "list": rows}}
        if path == "/api/water/realtime":
            if query.get("sign") != http_client.signature(query, "s3cret") or query.get("appKey") != "keqiao":
                return 401, {"code": 40102, "message": "wrong signature"}
            if abs(int(query["timestamp"]) / 1000 - time.time()) > 300:
                return 401, {"code": 40102, "message": "stale"}
            return 200, {"result": 1, "total": 1, "records": 100, "thead": self.thead, "tbody": self.tbody}
        return 404, {"code": 40401, "message": "no such path"}


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    me = Platform()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            me.asked.append((parts.path, query))
            headers: dict[str, str] = {}
            if me.faults and parts.path != "/api/token":
                status, headers, text = me.faults.pop(0)
            else:
                status, doc = me.answer(
                    self.command, parts.path, query, self.headers.get("Authorization") or "", body
                )
                text = json.dumps(doc, ensure_ascii=False)
            if status == 0:  # a broken connection
                self.close_connection = True
                return
            sent = text.encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(sent))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = handle_any

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    monkeypatch.setenv("JIANHU_PLATFORM_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("JIANHU_PLATFORM_USER", "reader")
    monkeypatch.setenv("JIANHU_PLATFORM_PASSWORD", "pass-word-1")
    monkeypatch.setenv("JIANHU_PLATFORM_APP_KEY", "keqiao")
    monkeypatch.setenv("JIANHU_PLATFORM_APP_SECRET", "s3cret")
    yield me
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(http_client, "sleep", slept.append)
    monkeypatch.setattr(http_client, "_unreached", set())
    return slept


def with_options(source: Source, **more: Any) -> Source:
    return source.model_copy(update={"options": {**source.options, **more}})


SMALL = with_options(AIR, paging={"page": "page", "size": "pageSize", "per_page": 3, "total": "data.total"})


def fetch(source: Source, work: Path, request: Request = DAY) -> list[Payload]:
    return list(get_reader("http_json").fetch(source, request, work / "run-1"))


def parse(source: Source, payload: Payload):
    return get_reader("http_json").parse(source, payload)


# ---------------------------------------------------------------- the protocol


def test_signature_is_the_documented_one():
    params = {"timestamp": "1769788800000", "date": "2026-01-31", "appKey": "keqiao", "sign": "ignored"}
    assert http_client.string_to_sign(params) == "appKey=keqiao&date=2026-01-31&timestamp=1769788800000"
    documented = (REPO / "docs" / "platform-api.md").read_text("utf-8")
    assert f"sign={http_client.signature(params, 's3cret')}" in documented


def test_pages_of_a_window_become_one_payload(platform: Platform, tmp_path: Path):
    (payload,) = fetch(SMALL, tmp_path)
    assert payload.slice == Slice("air_platform_hourly", "", date(2026, 1, 31), date(2026, 2, 1))
    lines = [json.loads(x) for x in payload.path.read_text("utf-8").splitlines()]
    assert [x["page"] for x in lines] == [1, 2, 3]
    assert json.loads(lines[0]["body"])["data"]["total"] == 7
    parsed = parse(SMALL, payload)
    assert parsed.records_in == 7 and parsed.table.num_rows == 7 * 6 and not parsed.notes
    rows = parsed.table.to_pylist()
    assert {r["_row_no"] for r in rows} == set(range(1, 8))
    assert (
        rows[-1]["station_code"] == "S006" and rows[-1]["value"] == "6.70" and rows[-1]["device_flag"] == "N"
    )
    assert platform.asked[1][1]["beginTime"] == "2026-01-31 01:00:00"
    assert platform.asked[1][1]["endTime"] == "2026-02-01 00:00:00"
    assert not list((tmp_path / "pages").rglob("*.json"))


def test_signed_grid(platform: Platform, tmp_path: Path):
    (payload,) = fetch(WATER, tmp_path)
    assert "sign" not in payload.name and "keqiao" not in payload.name
    parsed = parse(WATER, payload)
    (row,) = parsed.table.to_pylist()
    assert (row["item"], row["item_unit"], row["value"], row["value_original"]) == (
        "pH",
        "无量纲",
        "7.5",
        "7.512",
    )
    assert row["crawl_date"] == "2026-01-31" and row["observed_at"] == "2026-01-31 16:00"
    assert any("100" in n for n in parsed.notes), "a declared total that did not come is told"


def test_numbers_keep_their_digits(tmp_path: Path):
    path = tmp_path / "answer.json"
    path.write_text(
        '{"code":0,"data":{"total":1,"list":[{"stationCode":"A","dataTime":"2026-01-31 01:00:00",'
        '"auditState":"reviewed","SO2":0.70,"NO2":1e1,"CO":null,"O3":12345678901234567890,"PM10":"","PM2_5":"3"}]}}',
        "utf-8",
    )
    parsed = parse(AIR, Payload(Slice(AIR.name), "answer.json", path, datetime(2026, 1, 31)))
    assert {r["item"]: r["value"] for r in parsed.table.to_pylist()} == {
        "SO2": "0.70", "NO2": "1e1", "CO": None, "O3": "12345678901234567890", "PM10": "", "PM2_5": "3",
    }  # fmt: skip


def test_windows_are_whole_and_cover_the_request():
    month = AIR.model_copy(update={"slice": AIR.slice.model_copy(update={"window": "month"})})
    found = [(s.start, s.end) for s in windows(month, Request(date(2025, 12, 15), date(2026, 2, 1)))]
    assert found == [(date(2025, 12, 1), date(2026, 1, 1)), (date(2026, 1, 1), date(2026, 2, 1))]
    days = list(windows(AIR, Request(date(2026, 2, 27), date(2026, 3, 2))))
    assert [s.start for s in days] == [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1)]


# ---------------------------------------------------------------- faults


def test_a_token_that_is_dropped_is_renewed(platform: Platform, tmp_path: Path):
    platform.lasting = 1
    (payload,) = fetch(SMALL, tmp_path)
    assert parse(SMALL, payload).records_in == 7
    assert len(platform.tokens) == 3


@pytest.mark.parametrize(
    "fault",
    [
        (500, {}, "{}"),
        (503, {}, "busy"),
        (200, {}, '{"code": 50001, "message": "fault"}'),
        (200, {}, "<html>gateway</html>"),
        (0, {}, ""),
    ],
    ids=["500", "503", "code", "not-json", "broken"],
)
def test_a_passing_fault_is_asked_again(platform: Platform, tmp_path: Path, fault):
    platform.faults = [fault, fault]
    (payload,) = fetch(SMALL, tmp_path)
    assert parse(SMALL, payload).records_in == 7


def test_retry_after_is_obeyed(platform: Platform, tmp_path: Path, waits: list[float]):
    platform.faults = [(429, {"Retry-After": "17"}, '{"code": 42901, "message": "slow down"}')]
    fetch(SMALL, tmp_path)
    assert 17.0 in waits


def test_a_wait_that_is_too_long_gives_up(platform: Platform, tmp_path: Path):
    platform.faults = [(429, {"Retry-After": "86400"}, "{}")]
    with pytest.raises(Unreachable, match="district_platform"):
        fetch(SMALL, tmp_path)


def test_a_dead_server_is_named_once_without_secrets(platform: Platform, tmp_path: Path, monkeypatch, waits):
    monkeypatch.setenv("JIANHU_PLATFORM_URL", "http://someone:pass-word-1@127.0.0.1:9")
    for source in (SMALL, WATER):
        waits.clear()
        http_client._unreached.clear()
        with pytest.raises(Unreachable, match="district_platform") as caught:
            fetch(source, tmp_path)
        told = str(caught.value)
        assert "5 tries" in told
        assert not any(s in told for s in ("pass-word-1", "s3cret", "sign="))
        assert caught.value.__cause__ is None
        backoffs = [w for w in waits if w > 0]
        assert len(backoffs) >= 4 and len(set(backoffs)) > 1, "waits are jittered"


def test_the_sources_of_a_dead_address_do_not_wait_each_on_its_own(
    platform: Platform, tmp_path: Path, monkeypatch, waits
):
    alive = os.environ["JIANHU_PLATFORM_URL"]
    monkeypatch.setenv("JIANHU_PLATFORM_URL", "http://127.0.0.1:9")
    for source, told in ((SMALL, "5 tries"), (WATER, "one try"), (SMALL, "one try")):
        with pytest.raises(Unreachable, match=told):
            fetch(source, tmp_path)
    assert len([w for w in waits if w > 0]) == 4
    monkeypatch.setenv("JIANHU_PLATFORM_URL", alive)
    platform.faults = [(500, {}, "{}"), (500, {}, "{}")]  # an address that answers is asked as often as ever
    assert fetch(SMALL, tmp_path)


def test_wrong_password_is_told_without_it(platform: Platform, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("JIANHU_PLATFORM_PASSWORD", "hunter-2-wrong")
    with pytest.raises(UserError, match="user or password is wrong") as caught:
        fetch(SMALL, tmp_path)
    assert "hunter" not in str(caught.value)
    assert len([p for p, _ in platform.asked if p == "/api/token"]) == 1


def test_wrong_signature_is_not_asked_again(platform: Platform, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("JIANHU_PLATFORM_APP_SECRET", "other-secret")
    with pytest.raises(UserError, match="40102") as caught:
        fetch(WATER, tmp_path)
    assert "other-secret" not in str(caught.value) and len(platform.asked) == 1


def test_a_missing_setting_is_named(tmp_path: Path, monkeypatch):
    monkeypatch.delenv("JIANHU_PLATFORM_URL", raising=False)
    with pytest.raises(MissingSetting, match="JIANHU_PLATFORM_URL"):
        fetch(SMALL, tmp_path)


def test_an_answer_that_changes_under_way_is_fetched_anew(platform: Platform, tmp_path: Path):
    seen: list[int] = []

    def total(page: int) -> int:
        seen.append(page)
        if seen == [1, 2]:
            platform.records = 8
        return platform.records

    platform.total_of = total
    (payload,) = fetch(SMALL, tmp_path)
    parsed = parse(SMALL, payload)
    assert parsed.records_in == 8 and not parsed.notes
    assert seen == [1, 2, 1, 2, 3]


def test_a_total_that_never_comes_is_kept_and_told(platform: Platform, tmp_path: Path):
    platform.total_of = lambda page: 9
    (payload,) = fetch(SMALL, tmp_path)
    parsed = parse(SMALL, payload)
    assert parsed.records_in == 7
    assert any("total 9, got 7" in n for n in parsed.notes)


def test_an_interrupted_window_goes_on_where_it_stopped(platform: Platform, tmp_path: Path):
    once = with_options(SMALL, retry={"attempts": 1})
    real = platform.answer
    platform.answer = lambda m, p, q, h, b: (500, {}) if q.get("page") == "3" else real(m, p, q, h, b)  # type: ignore[method-assign]
    with pytest.raises(Unreachable):
        fetch(once, tmp_path)
    platform.answer = real  # type: ignore[method-assign]
    platform.asked.clear()
    (payload,) = list(get_reader("http_json").fetch(once, DAY, tmp_path / "run-2"))
    assert parse(once, payload).records_in == 7
    assert [q["page"] for p, q in platform.asked if p == "/api/air/hourly"] == ["3"]
    stale = with_options(once, resume_minutes=0)
    platform.asked.clear()
    list(get_reader("http_json").fetch(stale, DAY, tmp_path / "run-3"))
    assert [q["page"] for p, q in platform.asked if p == "/api/air/hourly"] == ["1", "2", "3"]


def test_politeness(platform: Platform, tmp_path: Path, waits: list[float]):
    fetch(with_options(SMALL, politeness_seconds=5), tmp_path)
    assert len([w for w in waits if 4 < w <= 5]) >= 3


@pytest.mark.parametrize("text", ["", "[", '{"code":0,"data":{}}', '{"page": 1, "body": "{"}\n'])
def test_a_payload_that_is_no_answer_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "x.json"
    path.write_text(text, "utf-8")
    with pytest.raises(LoadRefused):
        parse(AIR, Payload(Slice(AIR.name), "x.json", path, datetime(2026, 1, 31)))


def test_a_stored_answer_is_read_from_disk(tmp_path: Path):
    path = tmp_path / "2026-01-31.json"
    doc = {
        "result": 1,
        "records": 1,
        "thead": ["断面名称", "监测时间", "pH"],
        "tbody": [["A", "01-31 08:00", "7.1"]],
    }
    path.write_text(json.dumps(doc, ensure_ascii=False), "utf-8")
    (payload,) = get_reader("http_json").fetch(WATER, Request(files=(str(path),)), tmp_path / "work")
    assert payload.slice.start == date(2026, 1, 31)
    (row,) = parse(WATER, payload).table.to_pylist()
    assert row["crawl_date"] == "2026-01-31" and row["value"] == "7.1"


def test_the_national_bulletin(shared: Path, tmp_path: Path):
    files = sorted((shared / "data" / "water" / "auto_by_day").glob("2020-05/2020-05-08.json*"))
    if not files:
        pytest.skip("the national surface-water bulletin is absent from the folder of real files")
    (payload,) = get_reader("http_json").fetch(WATER, Request(files=(str(files[0]),)), tmp_path / "work")
    parsed = parse(WATER, payload)
    doc = json.loads(payload.path.read_text("utf-8"))
    assert parsed.records_in == len(doc["tbody"])
    assert parsed.table.num_rows == len(doc["tbody"]) * 11
    row = parsed.table.slice(0, 1).to_pylist()[0]
    assert (row["section_name"], row["value"], row["value_original"]) == ("鼓楼外大街", "20.3", "20.27")
    assert row["observed_at"].startswith("2020-05-08")

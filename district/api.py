"""The district platform's HTTP API (docs/platform-api.md) over the payload files of a synthetic district.

Invariant: an answer is a function of the payload files, the phase and the request; tokens and the stock of allowed
requests are the only state. Run inside `district.serve`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets as random_secrets
import threading
import time
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

TOKEN_SECONDS = 1800
STALE_SECONDS = 300
MAX_PAGE = 5000
CACHED_DAYS = 40  # of all data sets together: an extract walks the days of a month, page by page


class Refused(Exception):
    """An answer other than 200: status, code of the envelope, message."""

    def __init__(self, status: int, code: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers


class Platform:
    """What the platform knows. folder: `<home>/synthetic`; phase: see docs/district.md."""

    def __init__(
        self, folder: Path, env: dict[str, str], token_requests: int = 400, fault_every: int = 0
    ) -> None:
        self.folder, self.env = folder, env
        self.token_requests, self.fault_every = token_requests, fault_every
        self.lock = threading.Lock()
        self.tokens: dict[str, tuple[float, int]] = {}
        self.requests = 0
        self.cache: dict[tuple[str, int], list[dict[str, Any]]] = {}

    # ---- access

    def token(self, body: dict[str, Any]) -> dict[str, Any]:
        user, password = str(body.get("username", "")), str(body.get("password", ""))
        good = hmac.compare_digest(
            user.encode(), self.env["JIANHU_PLATFORM_USER"].encode()
        ) & hmac.compare_digest(password.encode(), self.env["JIANHU_PLATFORM_PASSWORD"].encode())
        if not good:
            raise Refused(401, 40101, "用户名或密码错误")
        token = random_secrets.token_hex(16)
        with self.lock:
            self.tokens[token] = (time.monotonic() + TOKEN_SECONDS, self.token_requests)
        return {"token": token, "expires_in": TOKEN_SECONDS}

    def check_token(self, header: str) -> None:
        token = header.removeprefix("Bearer ").strip()
        with self.lock:
            until, left = self.tokens.get(token, (0.0, 0))
            if until < time.monotonic() or left <= 0:
                self.tokens.pop(token, None)
                raise Refused(401, 40101, "令牌缺失、无效或已过期")
            self.tokens[token] = (until, left - 1)

    def check_signature(self, query: dict[str, str]) -> None:
        given = query.get("sign", "")
        signed = "&".join(f"{k}={query[k]}" for k in sorted(query) if k != "sign")
        want = hmac.new(
            self.env["JIANHU_PLATFORM_APP_SECRET"].encode(), signed.encode(), hashlib.sha256
        ).hexdigest()
        if query.get("appKey") != self.env["JIANHU_PLATFORM_APP_KEY"] or not hmac.compare_digest(given, want):
            raise Refused(401, 40102, "appKey 或签名错误")
        try:
            age = abs(time.time() - int(query.get("timestamp", "")) / 1000)
        except ValueError:
            raise Refused(401, 40102, "时间戳缺失或不是毫秒数") from None
        if age > STALE_SECONDS:
            raise Refused(401, 40102, "时间戳已过期")

    def hiccup(self) -> None:
        """With `--faults N`, every N-th request is refused with 429 and the one after with 503."""
        with self.lock:
            self.requests += 1
            n = self.requests
        if self.fault_every and n % self.fault_every == 0:
            raise Refused(429, 42901, "请求过于频繁", **{"Retry-After": "1"})
        if self.fault_every and n % self.fault_every == 1 and n > 1:
            raise Refused(503, 50001, "服务暂不可用")

    # ---- data

    def file(self, kind: str, day: date) -> Path:
        """The payload of a day in the present phase: an earlier phase's own file first, else the final one."""
        phase = read_phase(self.folder)
        early = self.folder / "platform" / f"phase{phase}" / kind / f"{day}.json"
        return early if early.exists() else self.folder / "platform" / kind / f"{day}.json"

    def day(self, kind: str, day: date) -> list[dict[str, Any]]:
        path = self.file(kind, day)
        if not path.exists():
            return []
        key = (str(path), path.stat().st_mtime_ns)
        with self.lock:
            found = self.cache.get(key)
        if found is None:
            found = json.loads(path.read_bytes())["data"]["list"]
            with self.lock:
                if len(self.cache) >= CACHED_DAYS:
                    self.cache.clear()
                self.cache[key] = found
        return found

    def records(self, kind: str, query: dict[str, str]) -> dict[str, Any]:
        """A page of the records of one data set whose `dataTime` lies in the asked span (both ends included)."""
        begin, end = _time(query, "beginTime"), _time(query, "endTime")
        page, size = _whole(query, "page", 1), _whole(query, "pageSize", 1000)
        if page < 1 or not 1 <= size <= MAX_PAGE or end < begin or (end - begin).days > 366:
            raise Refused(400, 40001, "page、pageSize 或时间范围不合法")
        station = query.get("stationCode")
        found: list[dict[str, Any]] = []
        day = (begin - timedelta(hours=1)).date()
        while day <= (end - timedelta(hours=1)).date():
            found += [
                r for r in self.day(kind, day)
                if str(begin) <= r["dataTime"] <= str(end) and (not station or r["stationCode"] == station)
            ]  # fmt: skip
            day += timedelta(days=1)
        part = found[(page - 1) * size : page * size]
        return {"total": len(found), "page": page, "pageSize": size, "list": part}

    def water(self, query: dict[str, str]) -> bytes:
        try:
            day = date.fromisoformat(query.get("date", ""))
        except ValueError:
            raise Refused(400, 40001, "date 应为 YYYY-MM-DD") from None
        path = self.file("water", day)
        if not path.exists():
            empty = {"result": 1, "total": 1, "records": 0, "thead": [], "tbody": []}
            some = sorted((self.folder / "platform" / "water").glob("*.json"))
            if some:
                empty["thead"] = json.loads(some[0].read_bytes())["thead"]
            return json.dumps(empty, ensure_ascii=False).encode()
        return path.read_bytes()


def read_phase(folder: Path) -> int:
    """The phase of the district: 1, 2 or 3 (the final one, also where nothing is set)."""
    path = folder / "phase"
    return int(path.read_text()) if path.exists() else 3


def _time(query: dict[str, str], name: str) -> datetime:
    try:
        return datetime.strptime(query.get(name, ""), "%Y-%m-%d %H:%M:%S")
    except ValueError:
        raise Refused(400, 40001, f"{name} 应为 YYYY-MM-DD HH:MM:SS") from None


def _whole(query: dict[str, str], name: str, default: int) -> int:
    try:
        return int(query.get(name, default))
    except ValueError:
        raise Refused(400, 40001, f"{name} 应为整数") from None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = (
        True  # head and body go out as two writes; the second would wait 40 ms for the first's receipt
    )
    platform: Platform

    def log_message(self, format: str, *args: Any) -> None:
        return

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def _serve(self, method: str) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        try:
            self._send(200, self._answer(method, parts.path, query, body))
        except Refused as e:
            text = json.dumps(
                {"code": e.code, "message": e.message, "data": None}, ensure_ascii=False
            ).encode()
            self._send(e.status, text, e.headers)

    def _answer(self, method: str, path: str, query: dict[str, str], body: bytes) -> bytes:
        if (method, path) == ("POST", "/api/token"):
            try:
                sent = json.loads(body or b"{}")
            except ValueError:
                raise Refused(400, 40001, "请求体不是 JSON") from None
            return _envelope(self.platform.token(sent if isinstance(sent, dict) else {}))
        if (method, path) == ("GET", "/api/air/hourly"):
            self.platform.check_token(self.headers.get("Authorization") or "")
            self.platform.hiccup()
            return _envelope(self.platform.records("air", query))
        if method == "GET" and (named := re.fullmatch(r"/api/data/([a-z0-9_]+)", path)):
            self.platform.check_token(self.headers.get("Authorization") or "")
            self.platform.hiccup()
            return _envelope(self.platform.records(named.group(1), query))
        if (method, path) == ("GET", "/api/water/realtime"):
            self.platform.check_signature(query)
            self.platform.hiccup()
            return self.platform.water(query)
        raise Refused(404, 40401, "没有这个接口")

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Synthetic", "1")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _envelope(data: Any) -> bytes:
    return json.dumps({"code": 0, "message": "ok", "data": data}, ensure_ascii=False).encode()


def start(platform: Platform) -> ThreadingHTTPServer:
    """An HTTP server on a free loopback port, serving in a thread of its own."""
    handler = type("PlatformHandler", (Handler,), {"platform": platform})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True, name="platform").start()
    return server

"""One provider's HTTP API: token or signature, retries, politeness. The protocol is docs/platform-api.md.

Invariant: no password, token, secret or signature leaves this module in a message, and a provider that does not answer
ends as one `Unreachable` that names it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
from pydantic import Field
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from extract import secrets
from extract.errors import Unreachable, UserError
from extract.readers.texts import decode
from extract.source import Source, Strict

Setting = str | dict[str, str]  # a text, or {env: NAME}
_AGENT = "jianhu/0.1"
POLITENESS_SECONDS = 0.2
_last_asked: dict[str, float] = {}  # by address: politeness holds across the sources of one provider
_unreached: set[str] = set()  # addresses to which a source could not connect: the next one there tries once
sleep: Callable[[float], None] = time.sleep  # tests wait without waiting


class TokenAuth(Strict):
    """POST user and password to `path`, carry the token as bearer, ask anew when it is refused."""

    kind: Literal["token"]
    path: str
    user: Setting
    password: Setting


class SignedAuth(Strict):
    """appKey, timestamp (ms) and sign = HMAC-SHA256 over the sorted parameters."""

    kind: Literal["signed"]
    app_key: Setting
    secret: Setting


class Retry(Strict):
    """attempts in all; waits grow from first_wait to longest_wait seconds, jittered; longer Retry-After gives up."""

    attempts: int = Field(5, ge=1)
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 30.0
    longest_retry_after_seconds: float = 300.0


class _Again(Exception):
    """A fault that may pass: what happened, the wait that the provider asks for, whether nobody answered at all."""

    def __init__(self, what: str, wait: float | None = None, *, unreached: bool = False) -> None:
        super().__init__(what)
        self.wait = wait
        self.unreached = unreached


class _Renew(Exception):
    """The token was refused."""


def string_to_sign(params: Mapping[str, str]) -> str:
    """All parameters but `sign`, sorted by name, `name=value` with raw values, joined by &.

    Example: `appKey=keqiao&date=2026-01-31&timestamp=1769788800000`.
    """
    return "&".join(f"{k}={params[k]}" for k in sorted(params) if k != "sign")


def signature(params: Mapping[str, str], secret: str) -> str:
    """Lower-case hex of HMAC-SHA256 over `string_to_sign`; key and message in UTF-8."""
    return hmac.new(secret.encode(), string_to_sign(params).encode(), hashlib.sha256).hexdigest()


class Client:
    """GET JSON from one provider for one source; use as a context manager."""

    def __init__(
        self,
        source: Source,
        base: Setting,
        auth: TokenAuth | SignedAuth | None,
        retry: Retry,
        timeout_seconds: float,
        politeness_seconds: float | None,
        ok: tuple[str, str],
    ) -> None:
        """ok: (key, value) of an answer that is not a fault. Raises MissingSetting for a setting that is not there."""
        self.source, self.auth, self.retry, self.ok = source, auth, retry, ok
        self.base = secrets.resolve(base, source.name).rstrip("/")
        is_here = urlsplit(self.base).hostname in ("127.0.0.1", "::1", "localhost")
        default = 0.0 if is_here else POLITENESS_SECONDS
        self.politeness = default if politeness_seconds is None else politeness_seconds
        self._token: str | None = None
        self._token_until = 0.0
        self._hidden: list[str] = []
        if isinstance(auth, TokenAuth):
            self._user = self._hide(secrets.resolve(auth.user, source.name))
            self._password = self._hide(secrets.resolve(auth.password, source.name))
        elif isinstance(auth, SignedAuth):
            self._app_key = secrets.resolve(auth.app_key, source.name)
            self._secret = self._hide(secrets.resolve(auth.secret, source.name))
        try:
            self._http = httpx.Client(
                timeout=timeout_seconds, headers={"User-Agent": _AGENT}, follow_redirects=False
            )
            self._shown_base = str(httpx.URL(self.base).copy_with(username=None, password=None))
        except httpx.InvalidURL:
            raise UserError(
                f"the address of provider {source.provider} is not a URL",
                where=f"source {source.name}",
                todo="write it as http://host:port",
            ) from None

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, query: Mapping[str, str]) -> tuple[str, Any]:
        """(exact text, document) of one GET. Raises Unreachable after the last try, UserError when refused."""
        renewed = False

        def ask() -> tuple[str, Any]:
            nonlocal renewed
            try:
                return self._ask(path, query)
            except _Renew:
                self._token = None
                if renewed:
                    raise self._refused(path, "the token is refused again and again") from None
                renewed = True
                return self._ask(path, query)

        return self._with_retries(path, ask)

    # ------------------------------------------------------------ inside

    def _hide(self, value: str) -> str:
        self._hidden.append(value)
        return value

    def _clean(self, text: object) -> str:
        shown = str(text)
        for value in sorted(filter(None, self._hidden), key=len, reverse=True):
            shown = shown.replace(value, "***")
        return shown[:300]

    def _with_retries(self, path: str, ask: Callable[[], tuple[str, Any]]) -> tuple[str, Any]:
        jittered = wait_random_exponential(
            multiplier=self.retry.first_wait_seconds, max=self.retry.longest_wait_seconds
        )

        def wait(state: RetryCallState) -> float:
            fault = state.outcome.exception() if state.outcome else None
            asked = fault.wait if isinstance(fault, _Again) else None
            return jittered(state) if asked is None else asked

        tries = 1 if self.base in _unreached else self.retry.attempts
        again = Retrying(
            stop=stop_after_attempt(tries),
            retry=retry_if_exception_type(_Again),
            wait=wait,
            sleep=lambda s: sleep(s),
            reraise=True,
        )
        try:
            answer = again(ask)
            _unreached.discard(self.base)
            return answer
        except _Again as fault:
            if fault.unreached:
                _unreached.add(self.base)
            raise Unreachable(
                f"the provider {self.source.provider} does not answer",
                where=f"source {self.source.name}: {self._shown_base}{path}: {self._clean(fault)}"
                + (f" ({tries} tries)" if tries > 1 else " (one try: nobody answered there just before)"),
                todo="check address, network and the provider's service; the other providers are not affected",
            ) from None

    def _refused(self, path: str, why: object) -> UserError:
        return UserError(
            f"the provider {self.source.provider} refuses the request",
            where=f"source {self.source.name}: {self._shown_base}{path}: {self._clean(why)}",
            todo="check user, password, appKey and secret in the settings, and the source's options",
        )

    def _ask(self, path: str, query: Mapping[str, str]) -> tuple[str, Any]:
        params = dict(query)
        headers: dict[str, str] = {}
        if isinstance(self.auth, TokenAuth):
            headers["Authorization"] = f"Bearer {self._bearer(self.auth)}"
        elif isinstance(self.auth, SignedAuth):
            params |= {"appKey": self._app_key, "timestamp": str(int(time.time() * 1000))}
            params["sign"] = self._hide(signature(params, self._secret))
        answer = self._send("GET", path, params=params, headers=headers)
        if isinstance(self.auth, SignedAuth):
            self._hidden.pop()
        return self._read(path, answer)

    def _bearer(self, auth: TokenAuth) -> str:
        if self._token is None or time.monotonic() > self._token_until:
            sent = {"username": self._user, "password": self._password}
            answer = self._send("POST", auth.path, json=sent)
            try:
                _, doc = self._read(auth.path, answer)
            except _Renew:
                raise self._refused(auth.path, "user or password is wrong") from None
            data = doc.get("data") if isinstance(doc, dict) else None
            token = data.get("token") if isinstance(data, dict) else None
            if not isinstance(data, dict) or not token:
                raise self._refused(auth.path, "the answer holds no token")
            self._token = self._hide(str(token))
            lasts = float(data.get("expires_in") or 600)
            self._token_until = time.monotonic() + max(1.0, 0.9 * lasts)
        return self._token

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        pause = _last_asked.get(self.base, 0.0) + self.politeness - time.monotonic()
        if pause > 0:
            sleep(pause)
        try:
            return self._http.request(method, self.base + path, **more)
        except (httpx.ConnectError, httpx.ConnectTimeout) as e:
            raise _Again(f"{type(e).__name__}: {self._clean(e)}", unreached=True) from None
        except httpx.TimeoutException:
            raise _Again("no answer in time") from None
        except httpx.TransportError as e:
            raise _Again(f"{type(e).__name__}: {self._clean(e)}") from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.HTTPError) as e:
            raise self._refused(path, type(e).__name__) from None
        finally:
            _last_asked[self.base] = time.monotonic()

    def _read(self, path: str, answer: httpx.Response) -> tuple[str, Any]:
        text = decode(answer.content).text
        try:
            doc = json.loads(text, parse_float=str, parse_int=str)
        except ValueError:
            doc = None
        status = answer.status_code
        code, said = str(status), ""
        if isinstance(doc, dict):
            said = str(doc.get("message") or "")
            key, good = self.ok
            if status == 200 and key in doc and str(doc[key]) != good:
                code = str(doc[key])
                # 40101 speaks as HTTP 401 does
                status = int(code[:3]) if len(code) == 5 and code.isdigit() else 400
            elif status != 200 and "code" in doc:
                code = str(doc["code"])
        what = f"{code} {said}".strip()
        if status == 401 and isinstance(self.auth, TokenAuth):
            raise _Renew
        if status == 429:
            wait = _retry_after(answer.headers.get("Retry-After"))
            if wait is not None and wait > self.retry.longest_retry_after_seconds:
                raise Unreachable(
                    f"the provider {self.source.provider} asks to wait {wait:.0f} s",
                    where=f"source {self.source.name}: {self._shown_base}{path}",
                    todo="run again later",
                )
            raise _Again(f"{what}: too many requests", wait)
        if status >= 500:
            raise _Again(what, _retry_after(answer.headers.get("Retry-After")) if status == 503 else None)
        if status != 200:
            raise self._refused(path, what)
        if doc is None:
            raise _Again("the answer is not JSON")
        return text, doc


def _retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header, which is a number or an HTTP date; None where there is none."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return None

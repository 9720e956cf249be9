"""Airflow's REST API: tokens, tries, deadlines, and what its refusals mean."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar, final
from urllib.parse import quote, urlencode

import httpcore
import msgspec

from dli_adapters.airflow.target import AirflowTarget
from dli_domain.errors import (
    WorkflowError,
    WorkflowNotFoundError,
    WorkflowPermissionError,
    WorkflowUnavailableError,
)
from dli_domain.model.secret import Secret
from dli_domain.ports.clock import Clock

T = TypeVar("T")
Query = Mapping[str, object]

_MOST_BYTES = 32 << 20
_TRIES = 4
_PAUSE_SECONDS = 0.2
# One exchange may take so much of the time of the call: the rest is for another try.
_SHARE = 3
# What passes: a database that is locked, a piece that starts, a gateway.
_PASSING = frozenset({429, 500, 502, 503, 504})
_NEVER_SENT = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout)


class LostAnswerError(Exception):
    """It was sent, and no answer says whether it was done."""


class ConflictError(Exception):
    """There is one already; Airflow does not say which."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes

    @property
    def detail(self) -> str:
        """What Airflow says went wrong, on one line; nothing of a page of HTML."""
        try:
            told = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ""
        said = told.get("detail", "") if isinstance(told, dict) else ""
        if isinstance(said, dict):
            said = said.get("reason", "")
        if isinstance(said, list):
            said = "; ".join(_finding(one) for one in said)
        return " ".join(str(said).split())[:400]


def segment(text: str) -> str:
    """One part of a path."""
    return quote(text, safe="")


@final
class AirflowClient:
    """Calls of one Airflow; safe to use from several threads. `close` it at the end."""

    def __init__(self, target: AirflowTarget, clock: Clock) -> None:
        self._target = target
        self._clock = clock
        self._pool = httpcore.ConnectionPool(max_connections=16, keepalive_expiry=20.0, retries=0)
        self._lock = threading.Lock()
        self._token: Secret | None = target.token
        self._base = target.url.rstrip("/")

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def get(self, path: str, answer: type[T], query: Query | None = None) -> T:
        """The answer to a question, which is asked again where it got none."""
        return self._decoded(self._asked("GET", path, query=query), answer)

    def find(self, path: str, answer: type[T]) -> T | None:
        """As `get`; None where there is no such thing."""
        try:
            return self.get(path, answer)
        except WorkflowNotFoundError:
            return None

    def change(self, method: str, path: str, body: Mapping[str, Any], answer: type[T]) -> T:
        """Do what may be done twice: a PATCH, or a POST that only asks."""
        return self._decoded(self._asked(method, path, body), answer)

    def post_once(self, path: str, body: Mapping[str, Any], answer: type[T]) -> T:
        """Do what must not be done twice.

        Raises:
            LostAnswerError: whether it was done is not known.
            ConflictError: there is one already.
            WorkflowError: it was refused; nothing was done.
        """
        deadline = self._deadline()
        for attempt in range(_TRIES):
            try:
                found = self._sent("POST", path, body, None, deadline)
            except _NEVER_SENT as error:
                if not self._paused(attempt, deadline):
                    raise self._unreachable(error) from error
                continue
            except (
                httpcore.NetworkError,
                httpcore.ProtocolError,
                httpcore.TimeoutException,
            ) as error:
                raise LostAnswerError(type(error).__name__) from error
            if found.status in _PASSING:
                raise LostAnswerError(f"Airflow answered {found.status}")
            if found.status == HTTPStatus.CONFLICT:
                raise ConflictError(found.detail)
            return self._decoded(found, answer)
        raise self._unreachable(None)

    def _asked(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Query | None = None,
    ) -> _Answer:
        deadline = self._deadline()
        attempt = 0
        while True:
            failure: Exception | None = None
            found: _Answer | None = None
            try:
                found = self._sent(method, path, body, query, deadline)
            except (
                httpcore.NetworkError,
                httpcore.ProtocolError,
                httpcore.TimeoutException,
            ) as error:
                failure = error
            if found is not None and found.status not in _PASSING:
                return found
            if attempt >= _TRIES - 1 or not self._paused(attempt, deadline):
                if found is not None:
                    return found
                raise self._unreachable(failure) from failure
            attempt += 1

    def _sent(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        query: Query | None,
        deadline: float,
    ) -> _Answer:
        token = self._bearer(deadline)
        found = self._exchange(method, path, body, query, token, deadline)
        if not _token_refused(found) or self._target.username is None:
            return found
        # A token that ended is told by 401 or 403, before anything was done: once more with a new one.
        with self._lock:
            if self._token is token:
                self._token = None
        return self._exchange(method, path, body, query, self._bearer(deadline), deadline)

    def _bearer(self, deadline: float) -> Secret | None:
        with self._lock:
            if self._token is None and self._target.username is not None:
                self._token = self._login(deadline)
            return self._token

    def _login(self, deadline: float) -> Secret:
        password = self._target.password
        body = {
            "username": self._target.username,
            "password": "" if password is None else password.reveal(),
        }
        found = self._exchange("POST", "/auth/token", body, None, None, deadline)
        if found.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise WorkflowPermissionError(
                "Airflow refused the server's user name or password",
                hint="Ask the server's operators to correct 'airflow.username' and its password.",
            )
        return Secret(self._decoded(found, _Token).access_token)

    def _exchange(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        query: Query | None,
        token: Secret | None,
        deadline: float,
    ) -> _Answer:
        data = b"" if body is None else msgspec.json.encode(body)
        headers: dict[bytes | str, bytes | str] = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
            headers["Content-Length"] = str(len(data))
        if token is not None:
            headers["Authorization"] = f"Bearer {token.reveal()}"
        left = deadline - self._clock.monotonic()
        limit = max(0.05, min(left, self._target.timeout / _SHARE))
        until = self._clock.monotonic() + limit
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), limit)
        url = f"{self._base}{path}" + (f"?{urlencode(query, doseq=True)}" if query else "")
        with self._pool.stream(
            method, url, headers=headers, content=data, extensions={"timeout": timeouts}
        ) as response:
            return _Answer(response.status, self._read(response, until))

    def _read(self, response: httpcore.Response, until: float) -> bytes:
        held = bytearray()
        for piece in response.iter_stream():
            held += piece
            if len(held) > _MOST_BYTES:
                raise WorkflowUnavailableError("Airflow's answer is larger than 32 MiB")
            if self._clock.monotonic() > until:
                raise httpcore.ReadTimeout("the answer takes too long")
        return bytes(held)

    def _decoded(self, found: _Answer, answer: type[T]) -> T:
        if found.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise refusal(found.status, found.detail)
        if answer is type(None):
            return None
        try:
            return msgspec.json.decode(found.body, type=answer)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise WorkflowUnavailableError(
                "What answers as Airflow is none: its answer has another shape",
                hint="Ask the server's operators whether 'airflow.url' is an Airflow 3.",
            ) from error

    def _deadline(self) -> float:
        return self._clock.monotonic() + self._target.timeout

    def _paused(self, attempt: int, deadline: float) -> bool:
        pause = _PAUSE_SECONDS * 2**attempt
        if self._clock.monotonic() + pause >= deadline:
            return False
        time.sleep(pause)
        return True

    def _unreachable(self, error: Exception | None) -> WorkflowUnavailableError:
        kind = "no answer" if error is None else type(error).__name__
        return WorkflowUnavailableError(
            f"Airflow cannot be reached: {kind}",
            causes=("Airflow is down", "The server's 'airflow.url' is wrong"),
            hint="Try it again later; if it stays so, ask the server's operators.",
        )


class _Token(msgspec.Struct):
    access_token: str


def refusal(status: int, detail: str) -> WorkflowError:
    """What a status of Airflow means where it is no success."""
    said = f": {detail}" if detail else ""
    if status == HTTPStatus.NOT_FOUND:
        return WorkflowNotFoundError(f"Airflow does not know it{said}")
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return WorkflowPermissionError(
            f"Airflow does not let the server's user do this{said}",
            hint="Ask the server's operators for an Airflow user that may.",
        )
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return WorkflowUnavailableError(
            f"Airflow answered {status}{said}", hint="Try it again later."
        )
    if status < HTTPStatus.BAD_REQUEST:
        return WorkflowUnavailableError(
            f"Airflow answered {status} and points elsewhere; no redirect is followed",
            hint="Ask the server's operators to correct 'airflow.url'.",
        )
    return WorkflowError(f"Airflow refused it with {status}{said}")


def _token_refused(found: _Answer) -> bool:
    # A role that is too low is 403 "Forbidden"; a token that ended is 401, or 403 with these words.
    if found.status == HTTPStatus.UNAUTHORIZED:
        return True
    return found.status == HTTPStatus.FORBIDDEN and "JWT" in found.detail


def _finding(one: object) -> str:
    if not isinstance(one, dict):
        return str(one)
    place = ".".join(str(part) for part in one.get("loc", ()) if part != "body")
    return f"{place} {one.get('msg', '')}".strip()

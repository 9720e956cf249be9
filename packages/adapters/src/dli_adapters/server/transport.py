"""One small HTTP client for everything that is asked of the server."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import uuid4

import httpcore
import msgspec

from dli_adapters.server import answers, failures
from dli_adapters.server.answers import Answer
from dli_adapters.server.connection import Origin, check_token, no_tls, open_pool, tls_context
from dli_adapters.server.exchange import BrokenOffError, LateError, Line, NeverLeftError, Request
from dli_adapters.server.lost import LostAnswerError, late
from dli_adapters.server.paths import NamelessError, checked_path, segment
from dli_adapters.server.retrying import TRIES, RetryBudget
from dli_adapters.server.sending import Sender
from dli_adapters.server.source import Source
from dli_adapters.wire.frames import CutResultError
from dli_adapters.wire.messages import KEY_HEADER, TRACE_HEADER
from dli_domain.model.run import Deadline
from dli_domain.model.settings import ServerTarget
from dli_domain.ports.clock import Clock

__all__ = ["LostAnswerError", "Query", "Transport", "segment"]

T = TypeVar("T")
Query = Mapping[str, str | int | bool | None]
Body = msgspec.Struct | Mapping[str, Any]

_FOREVER = float("inf")


@dataclass(frozen=True, kw_only=True)
class Transport:
    """Requests to one server, each with the token, a trace id and a moment at which it ends.

    Made by `connect`. May be used by several threads at once. No redirect is followed, no other
    origin is ever asked, no proxy or certificate of the environment is obeyed, and the token goes
    in clear to this machine only.
    """

    target: ServerTarget
    line: Line
    budget: RetryBudget
    trace: str
    deadline: Deadline | None = None
    tries: int = TRIES

    @classmethod
    @contextmanager
    def connect(
        cls,
        target: ServerTarget,
        clock: Clock,
        deadline: Deadline | None = None,
        *,
        tries: int = TRIES,
    ) -> "Iterator[Transport]":
        """A client for the server; connections open as they are needed and are closed at the end.

        Args:
            target: The address and the token. `timeout` bounds each exchange, in seconds.
            clock: For all times.
            deadline: Ends whatever still goes on then.
            tries: How often a request that may be sent again is sent at most.

        Raises:
            ServerError: DLI-505, the address is none, or the token would go in clear.
        """
        origin = Origin.of(target.url)
        check_token(target, origin)
        # 10 ms for all certificates: not for plain HTTP to this machine
        tls = tls_context(target.ca_file) if origin.scheme == "https" else no_tls()
        with (
            open_pool(clock.monotonic, tls) as pool,
            open_pool(clock.monotonic, tls, kept=False) as fresh,
        ):
            yield cls(
                target=target,
                line=Line(origin=origin, clock=clock, pool=pool, fresh=fresh),
                budget=RetryBudget(clock.monotonic),
                trace=uuid4().hex,
                deadline=deadline,
                tries=tries,
            )

    def until(self, deadline: Deadline | None) -> "Transport":
        """The same connections with another deadline: to cancel after the run's own has passed."""
        return replace(self, deadline=deadline)

    def get(
        self,
        path: str,
        query: Query | None = None,
        *,
        answer: type[T],
        within: float | None = None,
        limit: int = answers.JSON_LIMIT,
    ) -> T:
        """What the server answers; asked again where it did not answer.

        Args:
            path: From `/`; its parts are escaped by `segment`.
            query: Values by name; None is left out.
            answer: The type of the body, by msgspec; `type(None)` for no body.
            within: Seconds for each exchange, if not the target's.
            limit: Bytes of the body at most.

        Raises:
            ServerUnreachableError: no connection, or no answer in time.
            ServerError: DLI-502 ... 507, it refused; or what it raised itself.
            ExecutionTimeoutError: the deadline passed.
            NamelessError: a part of the path can be no name; nothing was sent.
        """
        request = self._request("GET", path, query, within=within)
        self.budget.called()
        return self._decoded(self._sender.asked(request, limit), answer, request)

    def find(
        self,
        path: str,
        query: Query | None = None,
        *,
        answer: type[T],
        within: float | None = None,
    ) -> T | None:
        """As `get`; None where the server answers 404, and for what can be no name."""
        try:
            request = self._request("GET", path, query, within=within)
        except NamelessError:
            return None
        self.budget.called()
        found = self._sender.asked(request, answers.JSON_LIMIT)
        if found.status == HTTPStatus.NOT_FOUND:
            return None
        return self._decoded(found, answer, request)

    def status(self, path: str, *, within: float | None = None) -> int:
        """The status of the answer to a GET, whatever it holds."""
        self.budget.called()
        return self._sender.asked(
            self._request("GET", path, within=within), answers.JSON_LIMIT
        ).status

    def post(
        self,
        path: str,
        body: Body | None = None,
        *,
        answer: type[T],
        key: str | None = None,
        within: float | None = None,
        limit: int = answers.JSON_LIMIT,
        harmless: bool = False,
    ) -> T:
        """Have the server do something, at most once.

        Sent again only where it is certain that it did not arrive, or where the server refused
        it for now (429); where it is `harmless` to do it twice, as a question is.

        Args:
            path: As for `get`.
            body: Sent as JSON; `{}` where there is none.
            answer: As for `get`.
            key: Goes along as `Idempotency-Key`.
            within: As for `get`.
            limit: As for `get`.
            harmless: Whether it may be done more than once.

        Raises:
            LostAnswerError: it may have arrived, and no answer came.
            ServerError: as for `get`.
        """
        request = self._request("POST", path, body=body or {}, key=key, within=within)
        send = self._sender.asked if harmless else self._sender.told
        self.budget.called()
        return self._decoded(send(request, limit), answer, request)

    def put(
        self, path: str, body: Body | None = None, *, answer: type[T], key: str | None = None
    ) -> T:
        """As `post`."""
        request = self._request("PUT", path, body=body or {}, key=key)
        self.budget.called()
        return self._decoded(self._sender.told(request, answers.JSON_LIMIT), answer, request)

    def delete(self, path: str, query: Query | None = None, *, answer: type[T]) -> T:
        """As `post`, without a body."""
        request = self._request("DELETE", path, query)
        self.budget.called()
        return self._decoded(self._sender.told(request, answers.JSON_LIMIT), answer, request)

    @contextmanager
    def stream(self, path: str, start: int = 0) -> Iterator[Source]:
        """A long answer from the byte `start` on; only the deadline ends it.

        Raises:
            ServerUnreachableError: no connection, or it ended before the answer began.
            ServerError: as for `get`.
        """
        request = self._request("GET", path, start=start, within=_FOREVER)
        try:
            response = self.line.open(request)
        except (NeverLeftError, BrokenOffError, LateError) as error:
            raise self._sender.explained(error, request) from error
        try:
            wanted = HTTPStatus.PARTIAL_CONTENT if start else HTTPStatus.OK
            if response.status != wanted:
                raise self._unwanted(response, request)
            headers = answers.checked_headers(response.headers, str(request))
            yield Source(self._pieces(response, request), headers)
        finally:
            response.close()

    def _unwanted(self, response: httpcore.Response, request: Request) -> Exception:
        answer = self.line.whole(response, request, answers.ERROR_LIMIT)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            return self._failure(answer, request)
        return answers.protocol(f"The server answered {answer.status} to {request}")

    def _pieces(self, response: httpcore.Response, request: Request) -> Iterator[bytes]:
        try:
            yield from self.line.pieces(response)
        except BrokenOffError as error:
            raise CutResultError(f"The answer to {request} broke off") from error
        except LateError as error:
            raise late(self.target, request, self.deadline, self.line.clock) from error

    def _request(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        *,
        body: Body | None = None,
        key: str | None = None,
        within: float | None = None,
        start: int = 0,
    ) -> Request:
        path = checked_path(path)
        given = {name: _text(value) for name, value in (query or {}).items() if value is not None}
        data = b"" if body is None else msgspec.json.encode(body)
        headers = {
            "Host": self.line.origin.authority,
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "User-Agent": "dli",
            TRACE_HEADER: self.trace,
        }
        if self.target.api_key is not None:
            headers["Authorization"] = f"Bearer {self.target.api_key.reveal()}"
        if key is not None:
            headers[KEY_HEADER] = key
        if start:
            headers["Range"] = f"bytes={start}-"
        if body is not None:
            headers |= {"Content-Type": "application/json", "Content-Length": str(len(data))}
        return Request(
            method=method,
            path=f"{path}?{urlencode(given)}" if given else path,
            headers=tuple(headers.items()),
            body=data,
            until=self._sender.moment(self.target.timeout if within is None else within),
        )

    def _decoded(self, answer: Answer, kind: type[T], request: Request) -> T:
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise self._failure(answer, request)
        return answers.decoded(answer.body, kind, str(request))

    def _failure(self, answer: Answer, request: Request) -> Exception:
        token = self.target.api_key.reveal() if self.target.api_key else ""
        # A server that repeats what it was sent must not bring the token to a screen or a log.
        body = answer.body.replace(token.encode(), b"***") if token else answer.body
        masked = Answer(answer.status, answer.headers, body)
        return failures.failure(masked, str(request), self.target.url)

    @property
    def _sender(self) -> Sender:
        return Sender(
            target=self.target,
            line=self.line,
            budget=self.budget,
            deadline=self.deadline,
            tries=self.tries,
        )


def _text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

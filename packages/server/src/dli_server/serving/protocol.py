"""One connection: strict HTTP/1.1 with a deadline for every part of a request."""

import asyncio
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Any, ClassVar, cast

import h11
import msgspec
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from dli_adapters.wire.failures import ErrorAnswer, ErrorBody
from dli_server.serving.lingering import LingeringTransport
from dli_server.serving.strict import StrictConnection

HEAD_SECONDS = 10.0
BODY_SECONDS = 30.0
WRITE_SECONDS = 30.0
PER_ADDRESS = 512
_REASONS = {400: b"Bad Request", 408: b"Request Timeout"}


class GuardedProtocol(H11Protocol):
    """uvicorn's protocol, for clients that are slow, hostile, or gone.

    A head must be complete after ten seconds and a body after thirty; an answer that nobody
    reads for thirty seconds is given up. Of one address only so many connections are held: a new
    one takes the place of the one that has waited longest without sending a request.
    """

    head_seconds: ClassVar[float] = HEAD_SECONDS
    body_seconds: ClassVar[float] = BODY_SECONDS
    write_seconds: ClassVar[float] = WRITE_SECONDS
    per_address: ClassVar[int | None] = PER_ADDRESS
    held: ClassVar[dict[str, "OrderedDict[GuardedProtocol, None]"]] = {}

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn = StrictConnection()
        self._alarm: asyncio.TimerHandle | None = None
        self._waiting_for: object = None
        self._write_alarm: asyncio.TimerHandle | None = None
        self._address = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, if need be in place of an older one of the same address."""
        self._lingering = LingeringTransport(transport, self.loop)
        super().connection_made(cast("asyncio.Transport", self._lingering))
        self._address = self.client[0] if self.client else ""
        mine = self.held.setdefault(self._address, OrderedDict())
        mine[self] = None
        if self.per_address is not None and len(mine) > self.per_address:
            self._make_room(mine)
        self._watch(h11.IDLE)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._watch(None)
        self._end_write_alarm()
        mine = self.held.get(self._address)
        if mine is not None:
            mine.pop(self, None)
            if not mine:
                del self.held[self._address]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, within the time that this part of the request has."""
        if self._lingering.lingering:
            self._lingering.drop(len(data))
            return
        cycle = self.cycle
        super().data_received(data)
        if self.cycle is not cycle:
            # A whole head came: this connection is worth more than one that only waits.
            self._waiting_for = None
        self._note_state()
        state = self.conn.their_state
        self._watch(state if state in (h11.IDLE, h11.SEND_BODY) else None)

    def on_response_complete(self) -> None:
        """Between two requests only uvicorn's own limit on idleness counts."""
        if self.conn.their_state is not h11.SEND_BODY:
            self._watch(None)
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The client does not read: it has a while to go on."""
        super().pause_writing()
        self._end_write_alarm()
        self._write_alarm = self.loop.call_later(self.write_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """It reads again."""
        super().resume_writing()
        self._end_write_alarm()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        """Refuse what is not sound HTTP, and end the connection."""
        self._refuse(400, "MALFORMED_REQUEST", "The request is not sound HTTP/1.1")

    def _refuse(self, status: int, code: str, message: str) -> None:
        self._watch(None)
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()
            return
        answer = ErrorAnswer(
            message=message, error=ErrorBody(code=code), timestamp=datetime.now(UTC)
        )
        body = msgspec.json.encode(answer)
        head = h11.Response(
            status_code=status,
            reason=_REASONS[status],
            headers=[
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
                (b"connection", b"close"),
            ],
        )
        for event in (head, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event))
        self._lingering.unread = True
        self.transport.close()

    def _watch(self, waiting_for: object) -> None:
        """Set the alarm for a part of the request; it runs on while the part is the same."""
        if waiting_for is self._waiting_for and waiting_for is not None:
            return
        self._waiting_for = waiting_for
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if waiting_for is not None:
            head = waiting_for is h11.IDLE
            seconds = self.head_seconds if head else self.body_seconds
            self._alarm = self.loop.call_later(seconds, self._too_slow)

    def _too_slow(self) -> None:
        if self.transport.is_closing():
            return
        self._refuse(408, "REQUEST_TIMEOUT", "The request did not arrive in time")

    def _note_state(self) -> None:
        # After the last byte of a request there is nothing that a reset could be answered to.
        self._lingering.unread = self.conn.their_state in (h11.SEND_BODY, h11.ERROR)

    def _make_room(self, mine: "OrderedDict[GuardedProtocol, None]") -> None:
        for other in mine:
            if other is not self and other.idle:
                del mine[other]
                other.transport.abort()
                return
        self.transport.abort()

    @property
    def idle(self) -> bool:
        """Whether no request of it is being answered."""
        # uvicorn's annotation hides that there is none before the first request.
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is None or cycle.response_complete

    def _end_write_alarm(self) -> None:
        if self._write_alarm is not None:
            self._write_alarm.cancel()
            self._write_alarm = None


def protocol_for(**limits: object) -> type[GuardedProtocol]:
    """The protocol of one server, with limits of its own and a count of its own."""
    return type("Protocol", (GuardedProtocol,), {"held": {}, **limits})

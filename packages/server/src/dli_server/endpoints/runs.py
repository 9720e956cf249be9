"""The run extension: submit, wait, cancel, fetch."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from anyio.to_thread import run_sync
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from dli_adapters.wire.frames import MEDIA_TYPE
from dli_adapters.wire.messages import CancelRequest, Request, RunAnswer, RunSubmission
from dli_server.http.endpoint import Answer, Call, Endpoint
from dli_server.http.scopes import Access
from dli_server.runs.live import LiveRun
from dli_server.runs.sessions import Sessions
from dli_server.runs.waiting import waited

MOST_WAIT_SECONDS = 25.0
# Sent in one piece: opening, reading and closing a file piece by piece would cost a thread each.
_SMALL_BYTES = 64 << 10
_ACCEPTED, _OK = 202, 200


class WaitQuery(Request, frozen=True, kw_only=True):
    """`wait`: seconds to wait for the end of the run, at most 25."""

    wait: float = 0.0


async def submit(call: Call) -> Answer:
    """Take a run; with `wait`, tell how it ended where it is short."""
    runs = call.services.runs
    found = await run_sync(
        runs.submit, call.principal, call.body, call.idempotency_key or "", call.trace_id
    )
    open_run = runs.live(call.principal, found.run_id) if call.query.wait > 0 else None
    if open_run is not None:
        found = await _waited(call, open_run)
    return Answer(body=found, status=_OK if found.ended else _ACCEPTED)


async def show(call: Call) -> RunAnswer:
    """What is known of a run, at once or when it has ended."""
    runs = call.services.runs
    run_id = call.path["run_id"]
    found: LiveRun | RunAnswer | None = runs.live(call.principal, run_id)
    if found is None:
        found = await run_sync(runs.found, call.principal, run_id)
    if not isinstance(found, LiveRun):
        return found
    return await _waited(call, found)


async def _waited(call: Call, run: LiveRun) -> RunAnswer:
    seconds = min(max(call.query.wait, 0.0), MOST_WAIT_SECONDS)
    left = await waited(call.request, run, seconds)
    run.heard(call.services.runs.clock.monotonic(), left=left)
    return run.answer


def show_by_key(call: Call) -> RunAnswer:
    """The run that was submitted under an idempotency key."""
    return call.services.runs.by_key(call.principal, call.path["key"])


def cancel(call: Call) -> RunAnswer:
    """Stop a run."""
    reason = call.body.reason if call.body is not None else None
    return call.services.runs.cancel(call.principal, call.path["run_id"], reason)


class _ResultResponse(FileResponse):
    """The file, whole or from an offset on; the session is not idle meanwhile."""

    def __init__(self, path: Path, sessions: Sessions, session_id: str | None) -> None:
        super().__init__(path, media_type=MEDIA_TYPE)
        self._sessions = sessions
        self._session_id = session_id

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        self._sessions.hold(self._session_id, 1)
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._sessions.hold(self._session_id, -1)


def result(call: Call) -> Any:
    """The rows as frames."""
    runs = call.services.runs
    found = runs.result(call.principal, call.path["run_id"])
    if "range" not in call.request.headers:
        with suppress(FileNotFoundError):
            if found.path.stat().st_size <= _SMALL_BYTES:
                return Response(found.path.read_bytes(), media_type=MEDIA_TYPE)
    return _ResultResponse(found.path, runs.sessions, found.session_id)


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/api/v1/runs",
        handler=submit,
        access=Access.CHECKED_INSIDE,
        summary="Submit a run, by name or as a statement of a session.",
        body=RunSubmission,
        query=WaitQuery,
        answer=RunAnswer,
        status=_ACCEPTED,
        needs_key=True,
    ),
    Endpoint(
        method="GET",
        path="/api/v1/runs/key/{key}",
        handler=show_by_key,
        access=Access.ANY_KEY,
        summary="Find a run by the idempotency key it was submitted under.",
        answer=RunAnswer,
    ),
    Endpoint(
        method="GET",
        path="/api/v1/runs/{run_id}",
        handler=show,
        access=Access.ANY_KEY,
        summary="Tell the state of a run, at once or at its end.",
        query=WaitQuery,
        answer=RunAnswer,
    ),
    Endpoint(
        method="POST",
        path="/api/v1/runs/{run_id}/cancel",
        handler=cancel,
        access=Access.ANY_KEY,
        summary="Stop a run and tell its state.",
        body=CancelRequest,
        answer=RunAnswer,
    ),
    Endpoint(
        method="GET",
        path="/api/v1/runs/{run_id}/result",
        handler=result,
        access=Access.ANY_KEY,
        summary="Fetch the rows of a run that is done, as frames.",
    ),
)

"""One text, one answer: what the older execution paths need, over runs and sessions."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from anyio import CancelScope
from anyio.to_thread import run_sync

from dli_adapters.supervision.reads import only_reads
from dli_adapters.wire.arrow_frames import rows_in
from dli_adapters.wire.execution import MOST_ROWS
from dli_adapters.wire.messages import (
    ResultFacts,
    RunAnswer,
    RunSubmission,
    SessionRequest,
    StatementRun,
)
from dli_domain.errors import ParameterError
from dli_domain.rendering.literals import UnplaceableError, literal
from dli_server.http.endpoint import Call
from dli_server.runs.ids import new_id
from dli_server.runs.live import LiveRun
from dli_server.runs.service import RunService
from dli_server.runs.sessions import Session
from dli_server.runs.waiting import waited

_NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """A run that has ended, and its first rows where it gives rows."""

    answer: RunAnswer
    rows: list[dict[str, Any]] | None = None


@asynccontextmanager
async def session_for(
    call: Call, resource: str, seconds: float, *texts: str
) -> AsyncIterator[Session]:
    """A session that may do what these texts need, closed at the end.

    Raises:
        HttpError: the key may not.
        DliError: the engine cannot be opened.
    """
    runs = call.services.runs
    request = SessionRequest(
        resource=resource,
        run_id=new_id(),
        timeout_seconds=seconds,
        writes=not all(map(only_reads, texts)),
    )
    session = await run_sync(runs.open_session, call.principal, request)
    try:
        yield session
    finally:
        with CancelScope(shield=True):
            await run_sync(runs.close_session, call.principal, session.session_id)


async def executed(call: Call, session: Session, sql: str, limit: int = MOST_ROWS) -> Executed:
    """Run one statement to its end; it is stopped when the caller goes away.

    Raises:
        HttpError: it is not taken.
        DliError: the policy does not let it pass.
    """
    statement = StatementRun(session_id=session.session_id, sql=sql)
    return await driven(call, RunSubmission(statement=statement), limit)


async def driven(call: Call, submission: RunSubmission, limit: int = MOST_ROWS) -> Executed:
    """Submit a run and wait for its end; it is stopped when the caller goes away.

    Raises:
        HttpError: it is not taken.
        DliError: the policy does not let it pass.
    """
    runs = call.services.runs
    answer = await run_sync(runs.submit, call.principal, submission, new_id(), call.trace_id)
    found = await run_sync(runs.found, call.principal, answer.run_id)
    if isinstance(found, LiveRun):
        while not found.ended.is_set():
            left = await waited(call.request, found, runs.limits.seconds)
            found.heard(runs.clock.monotonic(), left=left)
            if left:
                break
        found = found.answer
    rows = await run_sync(partial(first_rows, runs, call, found, limit))
    return Executed(answer=found, rows=rows)


def first_rows(
    runs: RunService, call: Call, answer: RunAnswer, limit: int
) -> list[dict[str, Any]] | None:
    """The first rows of a run that is done; None where it gives none."""
    facts = answer.result or ResultFacts()
    if answer.state != "DONE" or not facts.has_rows:
        return None
    file = runs.result(call.principal, answer.run_id)
    with file.path.open("rb") as source:
        return [dict(row) for row in rows_in(source, facts.columns, limit)]


def filled(sql: str, parameters: Mapping[str, Any], dialect: str) -> str:
    """The text with each `{name}` of the parameters as a literal; other braces stay.

    Raises:
        ParameterError: a value has no literal.
    """

    def spelled(value: object) -> str:
        if isinstance(value, list):
            return ", ".join(map(spelled, value))
        return literal(value, dialect)

    def placed(found: re.Match[str]) -> str:
        if found[1] not in parameters:
            return found[0]
        try:
            return spelled(parameters[found[1]])
        except UnplaceableError as error:
            raise ParameterError(f"The value of {found[1]!r} cannot be put into SQL") from error

    return _NAME.sub(placed, sql)

"""Runs that a server left open when it ended: each gets an end, or is driven anew."""

import logging
from datetime import datetime

import msgspec

from dli_adapters.wire.failures import packed
from dli_domain.errors import DliError, ExecutionConnectionError, ExecutionUnknownError
from dli_server.runs.journal import Recorded, ending
from dli_server.runs.service import RunService

# Job ids follow from the run's id and the number of the statement.
_KNOWS_JOBS = frozenset({"bigquery"})
_LOG = logging.getLogger("dli_server.runs")


def recover(runs: RunService) -> None:
    """Settle every run of another server on this journal.

    A run by name is driven anew where nothing was sent that may change data: it has done nothing
    yet; and always on an engine whose jobs have ids of ours, where a second arrival of a statement
    finds the job of the first. Else it is UNKNOWN. A statement's session is gone, so it is FAILED
    where it never began or only read, and UNKNOWN where it may have changed data.
    """
    settled: dict[str, dict[str, object]] = {}
    resumed: list[Recorded] = []
    for recorded in runs.journal.open_of_others():
        repeatable = not recorded.writes or recorded.engine in _KNOWS_JOBS
        if recorded.kind != "statement" and repeatable:
            resumed.append(recorded)
            settled[recorded.run_id] = {"worker": runs.journal.worker}
        else:
            settled[recorded.run_id] = _end(recorded, runs.clock.now())
    runs.journal.settle(settled)
    for recorded in resumed:
        runs.resume(recorded)
    if settled:
        ended = len(settled) - len(resumed)
        _LOG.warning("an earlier server left runs: %d ended, %d resumed", ended, len(resumed))


def _end(recorded: Recorded, now: datetime) -> dict[str, object]:
    error = _what_is_known(recorded)
    state = "UNKNOWN" if isinstance(error, ExecutionUnknownError) else "FAILED"
    answer = msgspec.structs.replace(
        recorded.answer, state=state, ended_at=now, failure=packed(error)
    )
    return ending(answer, None, 0)


def _what_is_known(recorded: Recorded) -> DliError:
    facts = {"Run": recorded.run_id}
    if recorded.job_id:
        facts["May still run"] = f"{recorded.engine} job {recorded.job_id}"
    if recorded.state == "ACCEPTED":
        return ExecutionConnectionError(
            "The server was restarted before the statement was sent: nothing ran",
            context=facts,
            hint="Run it again.",
        )
    if not recorded.writes:
        return ExecutionConnectionError(
            "The server was restarted while the query ran; it changed nothing",
            context=facts,
            hint="Run it again.",
        )
    return ExecutionUnknownError(
        "The server was restarted while the statement ran: whether it changed data is not known",
        context=facts,
        hint="Look at the engine before you run it again.",
    )

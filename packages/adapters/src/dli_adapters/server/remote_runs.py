"""Runs at the server: submitted once, followed to their end, and stopped."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from dli_adapters.server.transport import LostAnswerError, Transport, segment
from dli_adapters.wire.failures import unpacked
from dli_adapters.wire.messages import CancelRequest, RunAnswer, RunSubmission
from dli_domain.errors import (
    DliError,
    ExecutionUnknownError,
    ServerExecutionError,
    ServerUnreachableError,
)
from dli_domain.model.run import Deadline

RUNS = "/api/v1/runs"
WAIT_SECONDS = 20
# Most runs are short: their end comes with the answer, and nobody has to ask for it.
_SUBMIT = f"{RUNS}?wait=0.2"
# How long a server may be gone in the midst of a run: time to be started again.
GONE_SECONDS = 60.0
CANCEL_SECONDS = 1.2
_SUBMISSIONS = 4
_LOOKS, _BETWEEN_LOOKS = 3, 3.0
_PAUSE = 0.5


class FailedAtServerError(Exception):
    """Why a run's failure was raised here: the run at the server that ended with it."""


def no_news(_: RunAnswer) -> None:
    """Say nothing."""


def submission_key(run_id: str) -> str:
    """A key that no other submission has; it begins with the id that messages tell of a run here.

    By that id the server's history finds what was submitted for it.
    """
    own = uuid4().hex
    return f"{run_id}.{own[:12]}" if run_id.isascii() and run_id.isalnum() else own


@dataclass(frozen=True, kw_only=True)
class RemoteRuns:
    """The run extension of one server."""

    transport: Transport

    def submit(self, submission: RunSubmission, key: str) -> RunAnswer:
        """Have it run, once, whatever gets lost on the way.

        Where no answer comes the run is looked up by its key. It is sent again only when the
        server does not know the key, and under the same one.

        Raises:
            ExecutionUnknownError: the server cannot be asked whether it runs.
            DliError: it was refused, and nothing runs.
        """
        lost: DliError | None = None
        for _ in range(_SUBMISSIONS):
            try:
                return self.transport.post(_SUBMIT, submission, answer=RunAnswer, key=key)
            except LostAnswerError as error:
                lost = error
            except ServerUnreachableError as error:
                raise (lost or error) from error
            try:
                found = self._looked_up(key)
            except DliError as error:
                raise lost from error
            if found is not None:
                return found
        assert lost is not None  # noqa: S101 - every turn that does not return sets it
        raise lost

    def by_key(self, key: str) -> RunAnswer | None:
        """The run that was submitted under that key, if the server has one."""
        return self.transport.find(f"{RUNS}/key/{segment(key)}", answer=RunAnswer)

    def _looked_up(self, key: str) -> RunAnswer | None:
        """As `by_key`, of a server that may be on its way back."""
        monotonic = self.transport.line.clock.monotonic
        began = monotonic()
        while True:
            try:
                return self.by_key(key)
            except ServerUnreachableError:
                if monotonic() - began > GONE_SECONDS:
                    raise
                time.sleep(_PAUSE)

    def followed(self, run: RunAnswer, news: Callable[[RunAnswer], None] = no_news) -> RunAnswer:
        """The run at its end; waits for it.

        Args:
            run: As it was submitted or found.
            news: Told whenever something is known that was not.

        Raises:
            ExecutionUnknownError: the server forgot the run, or stays away.
            ExecutionTimeoutError: the deadline passed; the run goes on until it is cancelled.
        """
        clock = self.transport.line.clock
        heard = clock.monotonic()
        missing = 0
        while not run.ended:
            try:
                found = self._asked(run.run_id)
            except ServerUnreachableError as error:
                if clock.monotonic() - heard > GONE_SECONDS:
                    raise self._unknown(run, "the server cannot be asked any more") from error
                time.sleep(_PAUSE)
                continue
            heard = clock.monotonic()
            if found is None:
                missing += 1
                if missing == _LOOKS:
                    raise self._unknown(run, "the server knows nothing of it any more")
                time.sleep(_BETWEEN_LOOKS)
                continue
            missing = 0
            if found != run:
                news(found)
            run = found
        return run

    def done(self, run: RunAnswer) -> RunAnswer:
        """The run, if it ended well.

        Raises:
            DliError: what ended it, as the server raised it.
        """
        if run.state == "DONE":
            return run
        cause = FailedAtServerError(f"the run {run.run_id} at {self.transport.target.url}")
        if run.failure is not None:
            raise unpacked(run.failure) from cause
        if run.state == "FAILED":
            raise ServerExecutionError("The run failed at the server") from cause
        raise self._unknown(run, f"the server says {run.state}") from cause

    def cancelled(self, run_id: str, reason: str | None = None) -> RunAnswer:
        """The run after it was asked to stop; whether it has, its state tells.

        Raises:
            DliError: the server could not be asked.
        """
        clock = self.transport.line.clock
        until = Deadline(clock.monotonic() + CANCEL_SECONDS, CANCEL_SECONDS)
        quick = RemoteRuns(transport=self.transport.until(until))
        path = f"{RUNS}/{segment(run_id)}"
        body = CancelRequest(reason=reason)
        run = quick.transport.post(f"{path}/cancel", body, answer=RunAnswer, harmless=True)
        if run.ended:
            return run
        left = max(until.remaining(clock.monotonic()) - 0.3, 0.05)
        return quick.transport.find(path, {"wait": f"{left:.2f}"}, answer=RunAnswer) or run

    def _asked(self, run_id: str) -> RunAnswer | None:
        seconds = float(WAIT_SECONDS)
        deadline = self.transport.deadline
        if deadline is not None:
            now = self.transport.line.clock.monotonic()
            seconds = min(seconds, max(deadline.remaining(now), 0.0))
        return self.transport.find(
            f"{RUNS}/{segment(run_id)}",
            {"wait": f"{seconds:.2f}"},
            answer=RunAnswer,
            within=seconds + self.transport.target.timeout,
        )

    def _unknown(self, run: RunAnswer, why: str) -> ExecutionUnknownError:
        named = {} if run.name is None else {"Resource": run.name}
        return ExecutionUnknownError(
            f"How the run ended is not known: {why}",
            context={
                **named,
                "Server": self.transport.target.url,
                "Run at the server": run.run_id,
            },
            hint="Look at the engine whether it ran, before you run it again.",
        )

"""Follow a run or a backfill of a server to its end."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from dli_domain.errors import DliError
from dli_domain.model.run import Deadline
from dli_domain.model.workflow import Backfill, RunStatus, WorkflowRun
from dli_domain.ports.clock import Clock
from dli_domain.ports.workflows import Workflows

T = TypeVar("T")
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 5.0
Say = Callable[[str], None]


def silent(text: str) -> None:
    """Say nothing."""
    del text


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchWorkflow:
    """Asks again and again, by this machine's monotonic clock, until the end or the deadline.

    A server that cannot be reached for a while is asked again: what it runs goes on without us.
    """

    workflows: Workflows
    clock: Clock
    sleep: Callable[[float], object]

    def run(self, run: WorkflowRun, deadline: Deadline, say: Say = silent) -> WorkflowRun:
        """The run as it is at its end, or as it was seen last before the deadline."""
        return self._follow(
            run,
            lambda: self.workflows.status(run.run_id),
            lambda seen: seen.status.ended,
            lambda seen: say(f"{seen.run_id}: {seen.status.value}"),
            deadline,
        )

    def backfill(self, backfill: Backfill, deadline: Deadline, say: Say = silent) -> Backfill:
        """The backfill as it is at its end, or as it was seen last before the deadline."""
        return self._follow(
            backfill,
            lambda: self.workflows.backfill_status(backfill.backfill_id),
            lambda seen: seen.ended,
            lambda seen: say(progress_of(seen)),
            deadline,
        )

    def _follow(
        self,
        first: T,
        look: Callable[[], T],
        ended: Callable[[T], bool],
        tell: Callable[[T], None],
        deadline: Deadline,
    ) -> T:
        seen, pause = first, _FIRST_PAUSE
        tell(seen)
        # The first answer tells less than a look does, such as why a run failed.
        while True:
            try:
                seen = look()
                tell(seen)
                if ended(seen):
                    return seen
            except DliError as error:
                if not getattr(error, "retryable", False):
                    raise
            left = deadline.remaining(self.clock.monotonic())
            if left <= 0:
                return seen
            self.sleep(min(pause, left))
            pause = min(pause * 1.3, _LONGEST_PAUSE)


def progress_of(backfill: Backfill) -> str:
    """How many of its days are done, on one line."""
    done = sum(day.status is not None and day.status.ended for day in backfill.days)
    failed = sum(day.status is RunStatus.FAILED for day in backfill.days)
    active = sum(day.status is not None and day.status.active for day in backfill.days)
    told = f"{backfill.workflow}: {done} of {len(backfill.days)} done, {active} active"
    told += f", {failed} failed" if failed else ""
    return f"{told} ({backfill.trouble})" if backfill.trouble else told

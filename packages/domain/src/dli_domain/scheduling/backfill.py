"""What a backfill has to do: one run for each interval, without what is there already."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import islice

from dli_domain.errors import ErrorCode, ParameterError
from dli_domain.scheduling.cron import CronSchedule
from dli_domain.scheduling.intervals import Interval, days_without_existence, intervals

MOST_UNASKED = 366
# more than a year of quarter hours; nobody means it, and each is a run at the engine
MOST_RUNS = 40_000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


class BackfillAction(StrEnum):
    """What is done about one interval."""

    CREATE = "create"  # there is no run
    RERUN = "rerun"  # its run failed, or all are asked for once more
    KEEP = "keep"  # its run succeeded
    WAIT = "wait"  # its run is queued or running
    NOT_DUE = "not due"  # the interval has not ended


@dataclass(frozen=True, slots=True)
class ExistingRun:
    """A run that Airflow has; `state` is one of queued, running, success, failed."""

    run_id: str
    logical_date: datetime
    state: str


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One interval and what to do: `run_id` is that of the run there is, else of the one to make."""

    interval: Interval
    action: BackfillAction
    run_id: str
    state: str | None = None


@dataclass(frozen=True, slots=True)
class BackfillPlan:
    """All intervals in order, and the days of the range that the zone's calendar lacks."""

    name: str
    schedule: CronSchedule
    start: date
    end: date
    runs: tuple[PlannedRun, ...]
    skipped_days: tuple[date, ...] = ()

    @property
    def to_do(self) -> tuple[PlannedRun, ...]:
        """The runs to make or to make again."""
        wanted = (BackfillAction.CREATE, BackfillAction.RERUN)
        return tuple(run for run in self.runs if run.action in wanted)

    def count(self, action: BackfillAction) -> int:
        """How many intervals have this action."""
        return sum(run.action is action for run in self.runs)


def plan_backfill(
    name: str,
    schedule: CronSchedule,
    days: tuple[date, date],
    *,
    existing: Iterable[ExistingRun] = (),
    now: datetime | None = None,
    again: bool = False,
    confirmed: bool = False,
) -> BackfillPlan:
    """What is there, missing, and failed in the days from the first to the last, included.

    Args:
        name: The dataset.
        schedule: When it is due.
        days: The first and the last day, by the calendar of the schedule's zone.
        existing: The runs that Airflow has for it; others than of these intervals are ignored.
        now: Intervals that have not ended by then are NOT_DUE; None takes all.
        again: Also run again what succeeded.
        confirmed: Allow more than 366 runs.

    Raises:
        ParameterError: the range is reversed, holds no run, or too many unconfirmed (DLI-204).
    """
    start, end = days
    if start > end:
        raise _refused(
            f"The backfill starts on {start} and ends before it, on {end}",
            "Swap --start and --end.",
        )
    found = tuple(islice(intervals(schedule, start, end), MOST_RUNS + 1))
    _check_size(found, schedule, days, confirmed=confirmed)
    known = {run.logical_date.astimezone(UTC): run for run in existing}
    runs = tuple(_planned(name, one, known.get(one.start), now, again) for one in found)
    missing = days_without_existence(schedule, start, end)
    return BackfillPlan(name, schedule, start, end, runs, missing)


def backfill_run_id(name: str, interval: Interval) -> str:
    """The run's id: the same for the same interval, however often it is asked for."""
    instant = interval.start.astimezone(UTC).isoformat()
    short = hashlib.sha256(f"{name}\n{instant}".encode()).hexdigest()[:8]
    return f"dli__{name}__{interval.day}__{short}"


def backfill_days(start: str, end: str) -> tuple[date, date]:
    """Two days as the options write them.

    Raises:
        ParameterError: one is no day of the calendar written YYYY-MM-DD (DLI-204).
    """
    return _day("--start", start), _day("--end", end)


def _day(option: str, text: str) -> date:
    try:
        if _DAY.match(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise _refused(f"{option} is {text!r}, which is no day", "Write it as YYYY-MM-DD.")


def _check_size(
    found: Sequence[Interval], schedule: CronSchedule, days: tuple[date, date], *, confirmed: bool
) -> None:
    between = f"from {days[0]} to {days[1]}"
    if not found:
        raise _refused(
            f"The schedule {schedule.cron!r} ({schedule.timezone}) has no run {between}",
            "Choose days on which it fires.",
        )
    if len(found) > MOST_RUNS:
        raise _refused(f"There are more than {MOST_RUNS} runs {between}", "Choose fewer days.")
    if len(found) > MOST_UNASKED and not confirmed:
        raise _refused(
            f"There are {len(found)} runs {between}, more than {MOST_UNASKED}",
            "Say --yes if you mean it, or choose fewer days.",
        )


def _planned(
    name: str, interval: Interval, run: ExistingRun | None, now: datetime | None, again: bool
) -> PlannedRun:
    if run is None:
        due = now is None or interval.end <= now
        action = BackfillAction.CREATE if due else BackfillAction.NOT_DUE
        return PlannedRun(interval, action, backfill_run_id(name, interval))
    if run.state in {"queued", "running"}:
        action = BackfillAction.WAIT
    elif run.state == "success" and not again:
        action = BackfillAction.KEEP
    else:
        action = BackfillAction.RERUN
    return PlannedRun(interval, action, run.run_id, run.state)


def _refused(message: str, hint: str) -> ParameterError:
    return ParameterError(message, code=ErrorCode.PARAMETER_INVALID, hint=hint)

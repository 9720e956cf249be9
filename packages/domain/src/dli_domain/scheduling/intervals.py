"""The intervals of a schedule: each is one run."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from dli_domain.scheduling.cron import CronSchedule


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """From one firing of a schedule to the next: `start` is the run's logical date.

    Both are in UTC; `day` is the local day of `start`, what `ds` and `execution_date` mean.
    """

    start: datetime
    end: datetime
    day: date


def intervals(schedule: CronSchedule, start: date, end: date) -> Iterator[Interval]:
    """Every interval that begins on a local day in `start`..`end`, both included, in order."""
    for moment in schedule.moments(start, end):
        yield Interval(moment, schedule.next_after(moment), schedule.local_day(moment))


def days_without_existence(schedule: CronSchedule, start: date, end: date) -> tuple[date, ...]:
    """Days of `start`..`end` that the zone's calendar never had, such as 2011-12-30 in Samoa."""
    missing = []
    day = start
    while day <= end:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=schedule.zone)
        if noon.astimezone(UTC).astimezone(schedule.zone).date() != day:
            missing.append(day)
        day += timedelta(days=1)
    return tuple(missing)


def last_due(schedule: CronSchedule, moment: datetime) -> Interval:
    """The last interval that has ended at `moment`."""
    end = schedule.previous_before(moment + timedelta(microseconds=1))
    start = schedule.previous_before(end)
    return Interval(start, end, schedule.local_day(start))

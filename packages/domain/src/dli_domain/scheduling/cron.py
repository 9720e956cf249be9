"""Cron schedules in a time zone, computed as Airflow's data-interval timetable computes them.

Wall-clock times are what counts, so a daily run stays at its hour over a change of clocks. A
time that the clocks skip means the same instant as if they had not been put forward yet; of a
time that they show twice the second is meant. A schedule that fires in every hour goes by
elapsed time instead, so that no hour is left out or doubled.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from croniter import croniter
from croniter.croniter import CroniterError

from dli_domain.model.names import closest

PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}
_FIELDS = 5
_EXAMPLE = 'Write, for example, cron: "30 2 * * *": minute, hour, day of month, month, weekday.'
# croniter draws these by lot, or by a hash: such a schedule is another one in each process
_DRAWN = re.compile(r"(?<![A-Za-z])[RrHh](?![A-Za-z])")
_ANY_DAY = datetime(2024, 1, 1)  # noqa: DTZ001 - wall-clock time, of no zone
_SLACK = timedelta(days=2)


class InvalidScheduleError(ValueError):
    """The text is no schedule; `fix` says how to mend it."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


@dataclass(frozen=True, slots=True)
class CronSchedule:
    """A cron expression of five fields and the IANA zone whose clocks it means.

    Made by `parse`, which checks both.
    """

    cron: str
    timezone: str

    @classmethod
    def parse(cls, cron: str, timezone: str = "UTC") -> "CronSchedule":
        """The schedule; a preset such as `@daily` becomes its five fields.

        Raises:
            InvalidScheduleError: the expression or the zone is none, or it never fires.
        """
        return cls(check_cron(cron), check_timezone(timezone))

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.timezone)

    def next_after(self, moment: datetime) -> datetime:
        """The first time after `moment` at which the schedule fires, in UTC."""
        return self._step(moment, forward=True)

    def previous_before(self, moment: datetime) -> datetime:
        """The last time before `moment` at which the schedule fires, in UTC."""
        return self._step(moment, forward=False)

    def local_day(self, moment: datetime) -> date:
        """The day that the calendar of the zone shows at that moment."""
        return moment.astimezone(self.zone).date()

    def moments(self, start: date, end: date) -> Iterator[datetime]:
        """Every time whose local day lies in `start`..`end`, both included, in UTC, in order."""
        zone = self.zone
        midnight = _instant(datetime.combine(start, time()), zone, late=False)
        # from the firing before: elapsed time counts from there
        moment = self.previous_before(midnight)
        # Where clocks go back over midnight, the day before comes once more after this.
        limit = _instant(datetime.combine(end, time()), zone, late=True) + _SLACK
        while (moment := self.next_after(moment)) < limit:
            if start <= moment.astimezone(zone).date() <= end:
                yield moment

    def _step(self, moment: datetime, *, forward: bool) -> datetime:
        zone = self.zone
        local = moment.astimezone(zone)
        wall = local.replace(tzinfo=None, fold=0)
        walk = croniter(self.cron, wall)
        found: datetime = (walk.get_next if forward else walk.get_prev)(datetime)
        if walk.expanded[1] != ["*"]:
            return _instant(found, zone, late=True)
        return moment.astimezone(UTC) + (found - wall)


def check_cron(text: str) -> str:
    """The expression in five fields.

    Raises:
        InvalidScheduleError: it is none, or never fires.
    """
    cron = " ".join(PRESETS.get(text.strip().lower(), text).split())
    if cron.startswith("@"):
        known = ", ".join(PRESETS)
        raise InvalidScheduleError(f"{text!r} is no schedule that repeats", f"Known are {known}.")
    if len(cron.split()) != _FIELDS:
        count = len(cron.split())
        raise InvalidScheduleError(f"{text!r} has {count} fields, a cron has five", _EXAMPLE)
    if _DRAWN.search(cron):
        raise InvalidScheduleError(
            f"{text!r} leaves a time to chance ('H', 'R')", "Name the minute and the hour."
        )
    try:
        croniter(cron, _ANY_DAY).get_next(datetime)
    except (CroniterError, ValueError, OverflowError) as error:
        if croniter.is_valid(cron):
            raise InvalidScheduleError(
                f"{text!r} never fires: no month has that day", _EXAMPLE
            ) from error
        raise InvalidScheduleError(f"{text!r} is no cron expression", _EXAMPLE) from error
    return cron


def check_timezone(text: str) -> str:
    """The zone's name.

    Raises:
        InvalidScheduleError: the IANA database has no such zone.
    """
    name = text.strip()
    known = _zones()
    if name in known:
        return name
    alike = {zone.lower(): zone for zone in known}
    close = alike.get(name.lower()) or alike.get(closest(name.lower(), alike) or "")
    raise InvalidScheduleError(
        f"{text!r} is no time zone",
        f"Did you mean {close!r}?" if close else "Write an IANA name, such as Asia/Seoul or UTC.",
    )


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime", "posixrules"}) | {"UTC"}


def _instant(wall: datetime, zone: ZoneInfo, *, late: bool) -> datetime:
    """The instant at which clocks of the zone show `wall`.

    Where they show it twice: the second with `late`, else the first. Where they skip it: the
    instant at which they would have shown it.
    """
    first = wall.replace(tzinfo=zone, fold=0)
    second = wall.replace(tzinfo=zone, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    shown_twice = before is not None and after is not None and before > after
    return (second if late and shown_twice else first).astimezone(UTC)

"""Rows G5 and G6: backfills go by calendar dates, in every zone."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli_domain.scheduling.cron import CronSchedule
from dli_domain.scheduling.intervals import days_without_existence, intervals, last_due

ZONES = sorted(available_timezones() - {"localtime", "posixrules"})
DAYS = st.dates(date(2000, 1, 1), date(2037, 12, 1))
DAILY = ("0 0 * * *", "30 2 * * *", "59 23 * * *", "0 12 * * *")


def _dates(start: date, end: date) -> list[date]:
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


@given(st.sampled_from(ZONES), st.sampled_from(DAILY), DAYS, st.integers(0, 40))
def test_a_daily_schedule_has_one_run_for_each_date_of_the_calendar(
    zone: str, cron: str, start: date, length: int
) -> None:
    end = start + timedelta(days=length)
    schedule = CronSchedule.parse(cron, zone)
    found = list(intervals(schedule, start, end))
    lacking = set(days_without_existence(schedule, start, end))
    assert [one.day for one in found] == [d for d in _dates(start, end) if d not in lacking]


@given(
    st.sampled_from(ZONES),
    st.sampled_from(("0 * * * *", "*/30 * * * *", "0 */6 * * 1-5", "15 3 1,15 * *")),
    DAYS,
)
def test_each_interval_ends_where_the_next_begins(zone: str, cron: str, start: date) -> None:
    schedule = CronSchedule.parse(cron, zone)
    found = list(intervals(schedule, start, start + timedelta(days=3)))
    for one, after in pairwise(found):
        assert one.start < one.end
        # clocks that go back over midnight bring a date of before once more
        assert one.end == after.start or schedule.local_day(one.end) > after.day


@given(st.sampled_from(ZONES), DAYS)
def test_an_hourly_schedule_has_one_run_for_each_hour_that_passes(zone: str, day: date) -> None:
    schedule = CronSchedule.parse("0 * * * *", zone)
    found = [one.start for one in intervals(schedule, day, day)]
    assert len(set(found)) == len(found)
    assert found == sorted(found)
    assert len(found) in {0, 22, 23, 24, 25, 26, 27}


@given(st.sampled_from(ZONES), st.sampled_from(DAILY), DAYS, st.integers(0, 86_399))
def test_what_was_due_last_is_the_interval_that_ended_last(
    zone: str, cron: str, day: date, second: int
) -> None:
    schedule = CronSchedule.parse(cron, zone)
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=second)
    due = last_due(schedule, moment)
    assert due.start < due.end <= moment
    assert schedule.next_after(due.end) > moment


def test_an_interval_that_ends_right_now_is_due() -> None:
    schedule = CronSchedule.parse("0 2 * * *", "Asia/Seoul")
    due = last_due(schedule, datetime(2025, 1, 4, 17, tzinfo=UTC))
    assert (due.end, due.day) == (datetime(2025, 1, 4, 17, tzinfo=UTC), date(2025, 1, 4))


def test_the_date_that_samoa_never_had_is_told_and_not_run() -> None:
    schedule = CronSchedule.parse("@daily", "Pacific/Apia")
    days = date(2011, 12, 28), date(2012, 1, 1)
    assert days_without_existence(schedule, *days) == (date(2011, 12, 30),)
    assert [one.day.day for one in intervals(schedule, *days)] == [28, 29, 31, 1]


def test_days_of_23_and_of_25_hours_have_as_many_hourly_runs() -> None:
    schedule = CronSchedule.parse("@hourly", "Europe/Berlin")
    for day, hours in ((date(2025, 3, 30), 23), (date(2025, 10, 26), 25)):
        assert len(list(intervals(schedule, day, day))) == hours


@pytest.mark.deep
@pytest.mark.timeout(7200)
def test_no_zone_loses_or_doubles_a_date_from_2000_to_2037() -> None:
    start, end = date(2000, 1, 1), date(2037, 12, 31)
    every = _dates(start, end)
    for zone in ZONES:
        schedule = CronSchedule.parse("0 0 * * *", zone)
        lacking = set(days_without_existence(schedule, start, end))
        found = [schedule.local_day(moment) for moment in schedule.moments(start, end)]
        assert found == [day for day in every if day not in lacking], zone

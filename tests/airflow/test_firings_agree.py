"""Our firings against those of the timetable that runs in Airflow."""

import json
import os
import random
import subprocess
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from dli_domain.scheduling.cron import CronSchedule
from tests.engines.airflow import RunningAirflow

pytestmark = [pytest.mark.xdist_group("airflow"), pytest.mark.timeout(600)]

CRONS = (
    "0 0 * * *",
    "30 2 * * *",
    "15,45 1-3 * * *",
    "0 * * * *",
    "*/20 * * * *",
    "0 */6 * * 1-5",
    "30 * 1 * *",
    "0 3 1,15 * *",
    "0 1 L * *",
    "0 5 * * 1#2",
    "59 23 * * *",
)
ODD_ZONES = (
    "America/Havana",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Amman",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Pacific/Apia",
    "Pacific/Chatham",
)
_ASK = """
import json, sys
from datetime import datetime
import pendulum
from airflow.timetables.interval import CronDataIntervalTimetable
for line in sys.stdin:
    cron, zone, start, count = json.loads(line)
    table = CronDataIntervalTimetable(cron, zone)
    moment = pendulum.instance(datetime.fromisoformat(start))
    found = []
    for _ in range(count):
        moment = table._get_next(moment)
        found.append(moment.isoformat())
    print(json.dumps([found, table._get_prev(moment).isoformat()]))
"""


def _transitions(zone: str, first: int, last: int) -> list[datetime]:
    """A day before each change of the clocks."""
    info, found = ZoneInfo(zone), []
    day = datetime(first, 1, 1, tzinfo=UTC)
    while day.year <= last:
        later = day + timedelta(days=1)
        if day.astimezone(info).utcoffset() != later.astimezone(info).utcoffset():
            found.append(day - timedelta(hours=26))
        day = later
    return found


def _cases(zones: list[str], most: int) -> list[tuple[str, str, str, int]]:
    rng = random.Random(7)  # noqa: S311 - a sample, no secret
    places = [(zone, moment) for zone in zones for moment in _transitions(zone, 2005, 2025)]
    places += [(zone, datetime(2024, 2, 27, 11, 7, tzinfo=UTC)) for zone in zones]
    cases = [(c, zone, moment.isoformat(), 12) for zone, moment in places for c in CRONS]
    return rng.sample(cases, min(most, len(cases)))


def _compare(airflow: RunningAirflow, cases: list[tuple[str, str, str, int]]) -> None:
    environment = {**os.environ, "AIRFLOW_HOME": str(airflow.home), "HOME": str(airflow.home)}
    answer = subprocess.run(
        [airflow.python, "-c", _ASK],
        input="\n".join(json.dumps(case) for case in cases),
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    lines = [line for line in answer.stdout.splitlines() if line.startswith("[[")]
    assert len(lines) == len(cases)
    for (cron, zone, start, count), line in zip(cases, lines, strict=True):
        theirs, before = json.loads(line)
        schedule = CronSchedule.parse(cron, zone)
        moment, ours = datetime.fromisoformat(start), []
        for _ in range(count):
            moment = schedule.next_after(moment)
            ours.append(moment)
        assert ours == [datetime.fromisoformat(one) for one in theirs], (cron, zone, start)
        back = schedule.previous_before(moment)
        assert back == datetime.fromisoformat(before), (cron, zone, start)


def test_firings_are_those_of_airflow_around_changes_of_clocks(airflow: RunningAirflow) -> None:
    known = sorted(available_timezones() - {"localtime", "posixrules"})
    _compare(airflow, _cases([*ODD_ZONES, *known[::41]], 500))


@pytest.mark.deep
@pytest.mark.timeout(1200)
def test_firings_are_those_of_airflow_in_all_zones(airflow: RunningAirflow) -> None:
    zones = sorted(available_timezones() - {"localtime", "posixrules"})
    _compare(airflow, _cases(zones, 60_000))

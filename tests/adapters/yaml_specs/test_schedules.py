"""The `schedule` of a dataset: what it says, and what is wrong with it."""

import pytest

from dli_domain.model.problems import Severity
from dli_domain.model.spec import ResourceKind, ScheduleSpec
from tests.adapters.yaml_specs.conftest import Project, findings

BODY = "query_statement: SELECT 1\n"


def _schedule(project: Project, text: str) -> ScheduleSpec:
    schedule = project.dataset(f"{BODY}schedule: {text}\n").schedule
    assert schedule is not None
    return schedule


def test_a_dataset_has_no_schedule_unless_it_says_one(project: Project) -> None:
    assert project.dataset(BODY).schedule is None
    assert project.dataset(BODY + "schedule:\n").schedule is None


def test_a_cron_is_all_that_a_schedule_needs(project: Project) -> None:
    schedule = _schedule(project, '{cron: "30 2 * * *"}')
    assert (schedule.cron, schedule.timezone, schedule.enabled) == ("30 2 * * *", "UTC", True)
    assert (schedule.retries, schedule.retry_delay_seconds) == (1, 300)
    assert (schedule.quality, schedule.start, schedule.catchup) == (False, None, False)


def test_a_schedule_says_all_of_it(project: Project) -> None:
    schedule = _schedule(
        project,
        '{cron: "0  2 * * MON-FRI", timezone: Asia/Seoul, enabled: false, retries: 0, '
        "retry_delay_seconds: 5, quality: true, start: 2025-01-01, catchup: true}",
    )
    assert (schedule.cron, schedule.timezone) == ("0 2 * * MON-FRI", "Asia/Seoul")
    assert not schedule.enabled
    assert (schedule.retries, schedule.retry_delay_seconds) == (0, 5)
    assert (schedule.quality, schedule.start, schedule.catchup) == (True, "2025-01-01", True)


def test_retries_may_be_written_as_the_workflow_server_does(project: Project) -> None:
    schedule = _schedule(project, '{cron: "@daily", retry: {max_attempts: 3, delay_seconds: 60}}')
    assert schedule.cron == "0 0 * * *"
    assert (schedule.retries, schedule.retry_delay_seconds) == (3, 60)


WRONG = [
    ("{}", "'schedule.cron' is missing", "Write cron:"),
    ("{cron: ''}", "'schedule.cron' is empty", "Write cron:"),
    ('{cron: "0 25 * * *"}', "'0 25 * * *' is no cron expression", "minute, hour"),
    ('{cron: "0 0 * *"}', "has 4 fields, a cron has five", "minute, hour"),
    ('{cron: "0 0 * * * *"}', "has 6 fields, a cron has five", "minute, hour"),
    ('{cron: "0 0 30 2 *"}', "'0 0 30 2 *' never fires", "minute, hour"),
    ('{cron: "H 2 * * *"}', "leaves a time to chance", "Name the minute"),
    ('{cron: "R R * * *"}', "leaves a time to chance", "Name the minute"),
    ('{cron: "@once"}', "'@once' is no schedule that repeats", "Known are @hourly"),
    ('{cron: "@daily", timezone: Asia/Soul}', "'Asia/Soul' is no time", "Did you mean 'Asia/Seoul"),
    ('{cron: "@daily", timezone: asia/seoul}', "is no time zone", "Did you mean 'Asia/Seoul"),
    ('{cron: "@daily", timezone: ../../etc/passwd}', "is no time zone", "Write an IANA name"),
    ('{cron: "@daily", timezone: KST+9}', "is no time zone", "IANA"),
    ('{cron: "@daily", enabled: "yes"}', "'schedule.enabled' must be true or false", "Write"),
    ('{cron: "@daily", retries: -1}', "a whole number, 0 or more, not '-1'", "Write"),
    ('{cron: "@daily", start: soon}', "'schedule.start' must be a day", "2025-01-31"),
    ('{cron: "@daily", catchup: true}', "'schedule.catchup' needs a first day", "start: 2025"),
    ('{cron: "@daily", tz: UTC}', "unknown key 'schedule.tz'", "Did you mean 'timezone'?"),
    ('{cron: "@daily", retries: 1, retry: {max_attempts: 1}}', "says again", "Keep one"),
    ('{cron: "@daily", retry: {attempts: 1}}', "unknown key 'schedule.retry.attempts'", "max_"),
]


@pytest.mark.parametrize(("text", "message", "fix"), WRONG)
def test_a_broken_schedule_is_told_with_its_place_and_a_fix(
    project: Project, text: str, message: str, fix: str
) -> None:
    (problem,) = findings(lambda: project.dataset(f"{BODY}schedule: {text}\n"))
    assert problem.code == "DLI-203"
    assert message in problem.message
    assert fix in str(problem.fix)
    assert problem.location is not None
    assert problem.location.line == 5


def test_a_parameter_that_a_scheduled_run_cannot_fill_is_told(project: Project) -> None:
    names = "- {name: execution_date, type: date}\n- {name: day, type: date}\n"
    body = f'{BODY}schedule: {{cron: "@daily"}}\nparameters:\n{names}'
    assert project.dataset(body).schedule is not None
    (problem,) = project.source().list(ResourceKind.DATASET).problems
    assert problem.severity is Severity.WARNING
    assert "no value for the parameter 'day'" in problem.message
    assert problem.location is not None
    assert problem.location.line == 8


def test_a_metric_is_told_that_its_schedule_has_no_effect(project: Project) -> None:
    project.metric(BODY + 'schedule: {cron: "@daily"}\n')
    (problem,) = project.source().list(ResourceKind.METRIC).problems
    assert problem.severity is Severity.WARNING
    assert "workflows build datasets" in problem.message

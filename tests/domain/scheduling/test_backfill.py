"""What a backfill plans: rows G6 and G7."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli_domain.errors import ParameterError, SpecInvalidError
from dli_domain.scheduling.backfill import (
    BackfillAction,
    ExistingRun,
    backfill_days,
    plan_backfill,
)
from dli_domain.scheduling.cron import CronSchedule
from dli_domain.scheduling.dags import dag_id, dag_ids

SEOUL = CronSchedule.parse("30 2 * * *", "Asia/Seoul")
WEEK = date(2025, 1, 1), date(2025, 1, 7)


def test_a_week_is_seven_runs_and_both_ends_count() -> None:
    plan = plan_backfill("a.b.c", SEOUL, WEEK)
    assert [str(run.interval.day) for run in plan.runs] == [f"2025-01-0{n}" for n in range(1, 8)]
    assert plan.runs[0].interval.start == datetime(2024, 12, 31, 17, 30, tzinfo=UTC)
    assert plan.to_do == plan.runs
    assert plan.runs[0].run_id.startswith("dli__a.b.c__2025-01-01__")
    assert len({run.run_id for run in plan.runs}) == 7


@given(st.lists(st.sampled_from(["success", "failed", "running", "queued", None]), min_size=7))
def test_a_repeat_makes_only_what_is_missing_or_failed(states: list[str | None]) -> None:
    first = plan_backfill("a.b.c", SEOUL, WEEK)
    existing = [
        ExistingRun(run.run_id, run.interval.start, state)
        for run, state in zip(first.runs, states, strict=False)
        if state is not None
    ]
    again = plan_backfill("a.b.c", SEOUL, WEEK, existing=existing)
    wanted = [
        run.run_id
        for run, state in zip(first.runs, states, strict=False)
        if state in (None, "failed")
    ]
    assert [run.run_id for run in again.to_do] == wanted
    assert len(again.runs) == 7


def test_a_run_that_another_made_for_the_interval_counts() -> None:
    other = ExistingRun("scheduled__x", datetime(2024, 12, 31, 17, 30, tzinfo=UTC), "success")
    plan = plan_backfill("a.b.c", SEOUL, WEEK, existing=[other])
    assert plan.runs[0].run_id == "scheduled__x"
    assert plan.count(BackfillAction.KEEP) == 1
    assert plan_backfill("a.b.c", SEOUL, WEEK, existing=[other], again=True).count(
        BackfillAction.RERUN
    )


def test_an_interval_that_has_not_ended_is_not_due() -> None:
    now = datetime(2025, 1, 7, 0, tzinfo=UTC)
    plan = plan_backfill("a.b.c", SEOUL, WEEK, now=now)
    assert [run.action for run in plan.runs[-2:]] == [
        BackfillAction.CREATE,
        BackfillAction.NOT_DUE,
    ]


@pytest.mark.parametrize(
    ("days", "schedule", "message"),
    [
        ((WEEK[1], WEEK[0]), SEOUL, "starts on 2025-01-07 and ends before it"),
        ((date(1998, 1, 1), date(2025, 5, 18)), SEOUL, "There are 10000 runs"),
        (WEEK, CronSchedule.parse("0 0 29 2 *"), "has no run from 2025-01-01"),
        (WEEK, CronSchedule.parse("@hourly"), None),
        ((WEEK[0], date(2025, 1, 20)), CronSchedule.parse("@hourly"), "more than 366"),
    ],
)
def test_ranges_that_nobody_can_mean_are_refused(
    days: tuple[date, date], schedule: CronSchedule, message: str | None
) -> None:
    if message is None:
        assert len(plan_backfill("x", schedule, days).runs) == 168
        return
    with pytest.raises(ParameterError, match=message) as caught:
        plan_backfill("x", schedule, days)
    assert caught.value.code == "DLI-204"


def test_many_runs_need_a_yes() -> None:
    days = date(2024, 1, 1), date(2025, 1, 1)
    with pytest.raises(ParameterError, match="367 runs") as caught:
        plan_backfill("x", SEOUL, days)
    assert "--yes" in str(caught.value.hint)
    assert len(plan_backfill("x", SEOUL, days, confirmed=True).runs) == 367
    assert len(plan_backfill("x", SEOUL, (days[0], days[1] - timedelta(days=1))).runs) == 366


@pytest.mark.parametrize(
    "text", ["2025-02-30", "2023-02-29", "20250101", "2025-1-1", "yesterday", "2025-01-01T00", ""]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match=r"--end is .*, which is no day"):
        backfill_days("2025-01-01", text)


def test_the_29th_of_february_is_a_day_in_leap_years() -> None:
    assert backfill_days("2024-02-29", "2024-03-01")[0] == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("iceberg.analytics.daily-clicks", "iceberg_analytics_daily_clicks"),
        ("a.b$c", "a_b_c"),
        ("분석.일별", "분석_일별"),
    ],
)
def test_a_dag_id_is_the_name_with_underscores(name: str, made: str) -> None:
    assert dag_id(name) == made


def test_two_names_of_one_dag_id_are_an_error() -> None:
    assert dag_ids(["a.b", "a.c"]) == {"a.b": "a_b", "a.c": "a_c"}
    with pytest.raises(SpecInvalidError, match=r"'a\.b' and 'a-b' have one DAG id, 'a_b'"):
        dag_ids(["a.b", "a-b"])


def test_a_name_that_is_too_long_for_airflow_is_an_error() -> None:
    with pytest.raises(SpecInvalidError, match="too long for a DAG: 251 characters"):
        dag_id("a" * 251)

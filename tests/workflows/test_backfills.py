"""Backfills: each interval once, whatever stops them in the middle."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli_adapters.memory.spec_source import MemorySpecSource
from dli_cli.workflows.outcome import code_of_backfill
from dli_domain.errors import (
    ParameterError,
    WorkflowConflictError,
    WorkflowError,
    WorkflowStateError,
    WorkflowUnavailableError,
    WorkflowUnknownError,
)
from dli_domain.model.workflow import Backfill, RunStatus, Workflow
from dli_domain.ports.workflows import BackfillAsked
from dli_server.workflows.service import WorkflowService, wire
from tests.workflows.memory import MemoryJournal, MemoryOrchestrator, StillClock, dataset

NAME, DAG = "lake.mart.orders", "lake_mart_orders"
START, END = date(2025, 1, 1), date(2025, 1, 7)
# 06:00 in Seoul on 1 January
FIRST = datetime(2024, 12, 31, 21, tzinfo=UTC)


class KilledError(BaseException):
    """The process is gone."""


class Filling:
    """A server over an Airflow; `restart` is the same database and another process."""

    def __init__(self, timezone: str = "Asia/Seoul") -> None:
        self.airflow = MemoryOrchestrator(DAG)
        self.journal = MemoryJournal()
        self.specs = MemorySpecSource([dataset(NAME, timezone=timezone)])
        self.service: WorkflowService
        self.restart()

    def restart(self) -> None:
        self.service = wire(self.airflow, self.journal, self.specs, StillClock())

    @property
    def workflow(self) -> Workflow:
        return self.service.known.find(NAME, lambda _: True)

    def begin(
        self, key: str = "k", start: date = START, end: date = END, **rest: object
    ) -> Backfill:
        asked = BackfillAsked(workflow=NAME, key=key, start=start, end=end, **rest)  # type: ignore[arg-type]
        return self.service.backfills.begin(self.workflow, asked, "kim")

    def step(self, found: Backfill) -> Backfill:
        now = self.journal.backfill(found.backfill_id)
        assert now is not None
        after = self.service.backfills.advance(self.workflow, now)
        self.journal.save_backfill(after)
        return after

    def drive(self, found: Backfill, end_as: Callable[[], None] | None = None) -> Backfill:
        for _ in range(100):
            found = self.step(found)
            if found.ended:
                return found
            (end_as or self.airflow.finish)()
        raise AssertionError("it does not end")


@pytest.fixture
def filling() -> Filling:
    return Filling()


def test_seven_days_are_seven_runs_with_their_logical_dates(filling: Filling) -> None:
    found = filling.drive(filling.begin(parallel=2, parameters={"region": "kr"}))
    assert found.state == "SUCCESS"
    assert [day.day for day in found.days] == [START + timedelta(n) for n in range(7)]
    runs = [filling.airflow.made[DAG, day.run_id] for day in found.days]
    assert [run.logical_date for run in runs] == [FIRST + timedelta(n) for n in range(7)]
    assert all(run.conf == {"parameters": {"region": "kr"}} for run in runs)
    assert filling.airflow.most_active == 2
    assert code_of_backfill(found) == 0


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("killed_at", range(1, 8))
def test_killed_at_any_run_and_asked_for_again_each_day_runs_once(
    filling: Filling, moment: str, killed_at: int
) -> None:
    seen = 0

    def kill(_: str) -> None:
        nonlocal seen
        seen += 1
        if seen == killed_at:
            raise KilledError

    setattr(filling.airflow, moment, kill)
    with pytest.raises(KilledError):
        filling.drive(filling.begin("first"))
    setattr(filling.airflow, moment, lambda _: None)
    filling.restart()
    filling.airflow.finish()
    again = filling.begin("second")
    assert filling.drive(again).state == "SUCCESS"
    assert len(filling.airflow.created) == len(set(filling.airflow.created)) == 7
    assert filling.airflow.reruns == []


def test_only_what_is_missing_or_has_failed_is_done(filling: Filling) -> None:
    for number, state in enumerate(("success", "failed", "running")):
        filling.airflow.there(DAG, FIRST + timedelta(number), state)
    plan = filling.begin(dry_run=True)
    assert [day.action for day in plan.days] == ["keep", "rerun", "wait", *["create"] * 4]
    assert filling.journal.fills == {}
    found = filling.drive(filling.begin(parallel=3))
    assert found.state == "SUCCESS"
    assert len(filling.airflow.reruns) == 1
    assert len(filling.airflow.created) == 4
    again = filling.drive(filling.begin("again", again=True))
    assert again.state == "SUCCESS"
    assert len(filling.airflow.reruns) == 8


def test_a_rerun_that_fails_again_is_not_run_for_ever(filling: Filling) -> None:
    filling.airflow.there(DAG, FIRST, "failed")
    found = filling.drive(filling.begin(end=START), end_as=lambda: filling.airflow.finish("failed"))
    assert (found.state, len(filling.airflow.reruns)) == ("FAILED", 1)
    assert found.days[0].error is not None
    assert code_of_backfill(found) == 4


@pytest.mark.parametrize(
    "error", [WorkflowUnavailableError("500"), WorkflowUnknownError("no answer")]
)
@pytest.mark.parametrize("failing_at", [1, 4])
def test_airflow_fails_in_the_middle_and_the_rest_is_made_later(
    filling: Filling, error: WorkflowError, failing_at: int
) -> None:
    made = filling.begin(parallel=7)
    calls = 0

    def fail(_: str) -> None:
        nonlocal calls
        calls += 1
        if calls >= failing_at:
            raise error

    filling.airflow.before = fail
    found = filling.step(made)
    assert found.trouble == error.message
    started = [day.status for day in found.days]
    assert started == [RunStatus.PENDING] * (failing_at - 1) + [None] * (8 - failing_at)
    # As a client sees it whose time is up: not known, and never success.
    assert code_of_backfill(found) == 10
    filling.airflow.before = lambda _: None
    assert filling.drive(made).state == "SUCCESS"
    assert len(filling.airflow.created) == 7


def test_a_refused_day_is_told_and_the_others_go_on(filling: Filling) -> None:
    def refuse(run_id: str) -> None:
        if "2025-01-03" in run_id:
            raise WorkflowError("Airflow refused it with 400: Invalid input for param x")

    filling.airflow.before = refuse
    found = filling.drive(filling.begin())
    statuses = [day.status for day in found.days]
    assert statuses.count(RunStatus.SUCCESS) == 6
    assert statuses[2] is RunStatus.FAILED
    assert found.days[2].error == "Airflow refused it with 400: Invalid input for param x"
    assert code_of_backfill(found) == 4


def test_days_with_other_parameters_are_not_merged(filling: Filling) -> None:
    filling.drive(filling.begin("a", parameters={"region": "kr"}))
    with pytest.raises(WorkflowConflictError) as caught:
        filling.begin("b", parameters={"region": "us"})
    assert "asked for 'us', the run has 'kr'" in str(caught.value.context)


def test_two_backfills_of_the_same_days_are_one_and_of_others_are_refused(
    filling: Filling,
) -> None:
    first = filling.begin("a")
    assert filling.begin("b").backfill_id == first.backfill_id
    with pytest.raises(WorkflowConflictError, match="under way"):
        filling.begin("c", end=date(2025, 1, 9))
    assert filling.begin("d", start=date(2025, 2, 1), end=date(2025, 2, 2)).state == "RUNNING"


def test_a_stopped_backfill_starts_nothing_more(filling: Filling) -> None:
    made = filling.begin(parallel=2)
    found = filling.step(made)
    stopped = filling.service.backfills.stop(filling.workflow, found, "kim")
    statuses = [day.status for day in stopped.days]
    assert statuses == [RunStatus.STOPPED] * 2 + [None] * 5
    assert filling.step(made).state == "STOPPED"
    assert len(filling.airflow.created) == 2
    assert code_of_backfill(stopped) == 7
    with pytest.raises(WorkflowStateError):
        filling.service.backfills.stop(filling.workflow, stopped, "kim")


def test_a_paused_workflow_waits(filling: Filling) -> None:
    made = filling.begin()
    filling.airflow.pause(DAG, paused=True)
    assert filling.step(made).trouble == "The workflow is paused: runs would not start"
    filling.airflow.pause(DAG, paused=False)
    assert filling.drive(made).state == "SUCCESS"


def test_ranges_that_cannot_be_meant_are_refused(filling: Filling) -> None:
    with pytest.raises(ParameterError, match="before it"):
        filling.begin(start=END, end=START)
    with pytest.raises(ParameterError, match="more than 366"):
        filling.begin(start=date(2023, 1, 1), end=date(2024, 12, 31))
    spec = dataset(NAME)
    assert spec.schedule is not None
    late = replace(spec, schedule=replace(spec.schedule, start="2025-01-02"))
    filling.specs = MemorySpecSource([late])
    filling.restart()
    with pytest.raises(ParameterError, match="starts on 2025-01-02"):
        filling.begin()
    filling.specs = MemorySpecSource([spec])
    filling.restart()
    long = filling.begin(start=date(2023, 1, 1), end=date(2024, 12, 31), confirmed=True)
    assert len(long.days) == 731


@given(
    states=st.lists(
        st.sampled_from(["missing", "success", "failed", "running"]), min_size=7, max_size=7
    ),
    parallel=st.integers(1, 8),
    outcomes=st.lists(st.sampled_from(["success", "failed"]), min_size=20, max_size=20),
    kills=st.sets(st.integers(1, 12), max_size=3),
    zone=st.sampled_from(["Asia/Seoul", "America/New_York", "Pacific/Apia"]),
)
def test_whatever_is_there_and_whatever_happens_no_day_has_two_runs(
    states: list[str], parallel: int, outcomes: list[str], kills: set[int], zone: str
) -> None:
    filling = Filling(zone)
    days = [day.logical_date for day in filling.begin(dry_run=True).days]
    for moment, state in zip(days, states, strict=True):
        if state != "missing":
            filling.airflow.there(DAG, moment, state)
    left, calls = list(outcomes), 0

    def kill(_: str) -> None:
        nonlocal calls
        calls += 1
        if calls in kills:
            raise KilledError

    filling.airflow.before = filling.airflow.after = kill
    made = filling.begin(parallel=parallel)
    for _ in range(60):
        try:
            found = filling.step(made)
        except KilledError:
            filling.restart()
            continue
        if found.ended:
            break
        for (dag_id, run_id), run in list(filling.airflow.made.items()):
            if run.state in ("queued", "running"):
                filling.airflow.put(dag_id, run_id, left.pop() if left else "success")
    assert found.ended
    by_moment = [run.logical_date for run in filling.airflow.made.values()]
    assert len(by_moment) == len(set(by_moment)) == 7
    assert len(filling.airflow.created) == states.count("missing")
    assert len(filling.airflow.reruns) == len(set(filling.airflow.reruns)) == states.count("failed")
    ends = {run.state for run in filling.airflow.made.values()}
    assert (found.state == "SUCCESS") == (ends == {"success"})

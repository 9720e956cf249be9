"""Runs of workflows: once, however they are asked for, and never with other parameters."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest

from dli_adapters.memory.spec_source import MemorySpecSource
from dli_domain.errors import (
    ErrorCode,
    ParameterError,
    WorkflowConflictError,
    WorkflowError,
    WorkflowNotFoundError,
    WorkflowStateError,
    WorkflowUnavailableError,
    WorkflowUnknownError,
)
from dli_domain.model.workflow import RunStatus, WorkflowRun
from dli_domain.ports.workflows import HistoryFilter, RegistrationAsked, RunAsked, WorkflowFilter
from dli_server.workflows.service import WorkflowService, wire
from tests.workflows.memory import MemoryJournal, MemoryOrchestrator, StillClock, dataset

NAME, DAG = "lake.mart.orders", "lake_mart_orders"
DAY = date(2025, 5, 1)
# 06:00 in Seoul
MOMENT = datetime(2025, 4, 30, 21, tzinfo=UTC)


def everything(_: str) -> bool:
    return True


@pytest.fixture
def airflow() -> MemoryOrchestrator:
    return MemoryOrchestrator(DAG)


@pytest.fixture
def service(airflow: MemoryOrchestrator) -> WorkflowService:
    specs = MemorySpecSource([dataset(NAME), dataset("lake.mart.loose", cron=None)])
    return wire(airflow, MemoryJournal(), specs, StillClock())


def trigger(
    service: WorkflowService, key: str = "k", day: date | None = None, **rest: object
) -> WorkflowRun:
    workflow = service.known.runnable(service.known.find(NAME, everything))
    asked = RunAsked(workflow=NAME, key=key, day=day, **rest)  # type: ignore[arg-type]
    return service.trigger(workflow, asked, "kim")


def test_one_key_is_one_run_and_two_keys_are_two(
    service: WorkflowService, airflow: MemoryOrchestrator
) -> None:
    first, again, other = trigger(service), trigger(service), trigger(service, "other")
    assert first.run_id == again.run_id != other.run_id
    assert (first.existing, again.existing) == (False, True)
    assert len(airflow.created) == 2
    assert first.run_id.startswith(f"dli__{NAME}__manual__")
    assert airflow.made[DAG, first.run_id].conf == {
        "parameters": {},
        "execution_date": "2025-06-01",
    }


def test_one_key_with_other_parameters_shows_the_difference(service: WorkflowService) -> None:
    trigger(service, parameters={"region": "kr", "limit": 5})
    with pytest.raises(WorkflowConflictError) as caught:
        trigger(service, parameters={"region": "us", "limit": 5})
    assert caught.value.code is ErrorCode.WORKFLOW_ALREADY_EXISTS
    assert caught.value.context["region"] == "asked for 'us', the run has 'kr'"
    assert "limit" not in caught.value.context


def test_a_day_has_one_run_even_where_the_schedule_made_it(
    service: WorkflowService, airflow: MemoryOrchestrator
) -> None:
    airflow.there(DAG, MOMENT, "success")
    found = trigger(service, day=DAY)
    assert (found.existing, found.status, found.day) == (True, RunStatus.SUCCESS, DAY)
    assert found.run_id == f"{NAME}:scheduled__{MOMENT.isoformat()}"
    assert airflow.created == []
    with pytest.raises(WorkflowConflictError):
        trigger(service, day=DAY, parameters={"x": "1"})
    assert service.follow.status(found.run_id, everything).status is RunStatus.SUCCESS


def test_a_day_is_run_again_only_where_that_is_asked_for_and_it_has_ended(
    service: WorkflowService, airflow: MemoryOrchestrator
) -> None:
    run = trigger(service, day=DAY)
    assert airflow.made[DAG, run.run_id].logical_date == MOMENT
    trigger(service, day=DAY, again=True)
    assert airflow.reruns == []
    airflow.finish("failed")
    assert trigger(service, day=DAY).status is RunStatus.FAILED
    assert trigger(service, day=DAY, again=True).status is RunStatus.PENDING
    assert airflow.reruns == [run.run_id]


def test_threads_that_ask_for_one_day_make_one_run(
    service: WorkflowService, airflow: MemoryOrchestrator
) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: trigger(service, str(number), DAY), range(32)))
    assert len({run.run_id for run in found}) == len(airflow.created) == 1


def test_a_dry_run_starts_and_writes_nothing(
    service: WorkflowService, airflow: MemoryOrchestrator
) -> None:
    for day in (None, DAY):
        assert trigger(service, day=day, dry_run=True).dry_run
    assert airflow.created == []
    assert service.journal.runs([trigger(service, dry_run=True).run_id]) == {}


@pytest.mark.parametrize("day", [date(2025, 6, 1), date(2030, 1, 1)])
def test_a_day_that_is_not_over_is_refused(service: WorkflowService, day: date) -> None:
    with pytest.raises(WorkflowStateError, match="not due"):
        trigger(service, day=day)


def test_a_day_and_an_execution_date_contradict_each_other(service: WorkflowService) -> None:
    with pytest.raises(ParameterError):
        trigger(service, day=DAY, parameters={"execution_date": "2025-01-01"})


def test_an_execution_date_is_told_to_the_run(
    service: WorkflowService, airflow: MemoryOrchestrator
) -> None:
    run = trigger(service, parameters={"execution_date": "2025-01-01", "x": "1"})
    assert airflow.made[DAG, run.run_id].conf == {
        "parameters": {"x": "1"},
        "execution_date": "2025-01-01",
    }
    assert run.day == date(2025, 1, 1)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (WorkflowUnavailableError("down"), RunStatus.SKIPPED),
        (WorkflowUnknownError("lost"), RunStatus.UNKNOWN),
        (WorkflowError("refused"), RunStatus.SKIPPED),
    ],
)
def test_a_run_that_did_not_start_is_told_as_such_and_started_by_the_next_asking(
    service: WorkflowService,
    airflow: MemoryOrchestrator,
    error: WorkflowError,
    status: RunStatus,
) -> None:
    def fail(_: str) -> None:
        raise error

    airflow.before = fail
    with pytest.raises(type(error)):
        trigger(service)
    (entry,) = service.journal.kept.values()  # type: ignore[attr-defined]
    assert entry.run.status is status
    assert service.follow.status(entry.run.run_id, everything).status is RunStatus.SKIPPED
    airflow.before = lambda _: None
    assert trigger(service).run_id == entry.run.run_id
    assert service.follow.status(entry.run.run_id, everything).status is RunStatus.PENDING


def test_a_paused_or_unseen_dag_starts_nothing(
    service: WorkflowService, airflow: MemoryOrchestrator
) -> None:
    airflow.pause(DAG, paused=True)
    with pytest.raises(WorkflowStateError, match="paused"):
        trigger(service)
    airflow.known.clear()
    with pytest.raises(WorkflowStateError, match="shows no DAG"):
        trigger(service)


def test_names_that_are_no_workflow_or_not_for_this_key_are_not_there(
    service: WorkflowService,
) -> None:
    with pytest.raises(WorkflowNotFoundError) as caught:
        service.known.find("lake.mart.order", everything)
    assert caught.value.hint == f"Did you mean {NAME!r}?"
    with pytest.raises(WorkflowNotFoundError):
        service.known.find("lake.mart.loose", everything)
    with pytest.raises(WorkflowNotFoundError) as caught:
        service.known.find(NAME, lambda _: False)
    assert NAME not in str(caught.value.hint)
    with pytest.raises(WorkflowNotFoundError):
        service.follow.status(trigger(service).run_id, lambda _: False)


def test_a_run_is_stopped_once_and_a_finished_one_not_at_all(
    service: WorkflowService, airflow: MemoryOrchestrator
) -> None:
    run = trigger(service)
    for _ in range(2):
        assert service.follow.stop(run.run_id, everything, "kim").status is RunStatus.STOPPED
    done = trigger(service, "other")
    airflow.finish()
    with pytest.raises(WorkflowStateError, match="SUCCESS"):
        service.follow.stop(done.run_id, everything, "kim")
    wanted = HistoryFilter(dataset=NAME, status="KILLED")
    assert [one.run_id for one in service.follow.history(wanted, everything)] == [run.run_id]
    assert service.follow.history(HistoryFilter(status="FAILED"), everything) == []


def test_the_list_says_what_airflow_says(
    service: WorkflowService, airflow: MemoryOrchestrator
) -> None:
    airflow.there(DAG, MOMENT, "running")
    (one,) = service.known.listed(WorkflowFilter(running=True), everything)
    assert (one.name, one.last_run_status, one.visible) == (NAME, RunStatus.RUNNING, True)
    airflow.pause(DAG, paused=True)
    assert service.known.listed(WorkflowFilter(enabled_only=True), everything) == []
    assert service.known.listed(WorkflowFilter(source_type="MANUAL"), everything) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"cron": "61 * * * *"}, "DLI-805"),
        ({"timezone": "Asia/Soul"}, "DLI-805"),
        ({"workflow": "lake.mart.nowhere"}, "DLI-801"),
        ({"cron": "0 7 * * *"}, "DLI-801"),
        ({}, "DLI-801"),
    ],
)
def test_what_cannot_be_registered_is_refused(
    service: WorkflowService, changes: dict[str, str], code: str
) -> None:
    asked = {"workflow": "lake.mart.loose", "cron": "0 6 * * *", **changes}
    with pytest.raises(WorkflowError) as caught:
        service.register(RegistrationAsked(**asked), "kim", everything)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert service.journal.workflows() == []


def test_a_dag_that_airflow_shows_may_be_registered(
    service: WorkflowService, airflow: MemoryOrchestrator
) -> None:
    airflow.known["lake_mart_loose"] = airflow.known[DAG]
    asked = RegistrationAsked(workflow="lake.mart.loose", cron="0 6 * * *")
    assert service.register(asked, "kim", everything).visible
    with pytest.raises(WorkflowConflictError):
        service.register(asked, "kim", everything)
    service.register.remove("lake.mart.loose", everything, force=False)
    with pytest.raises(WorkflowNotFoundError):
        service.known.find("lake.mart.loose", everything)


def test_without_an_airflow_nothing_pretends(
    service: WorkflowService, airflow: MemoryOrchestrator
) -> None:
    airflow.reachable = False
    for work in (
        lambda: trigger(service),
        lambda: service.known.listed(WorkflowFilter(), everything),
        lambda: service.follow.history(HistoryFilter(), everything),
    ):
        with pytest.raises(WorkflowUnavailableError):
            work()

"""The deadline holds whatever the engine does; the answer says what is known."""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import pytest

from dli_adapters.clock.system import SystemClock
from dli_adapters.memory.executor import MockExecutor
from dli_adapters.registry import injected
from dli_adapters.supervision.executor import supervised
from dli_domain.errors import (
    ErrorCode,
    ExecutionError,
    ExecutionQueryError,
    ExecutionTimeoutError,
    ExecutionUnknownError,
)
from dli_domain.model.run import RunScope
from dli_domain.ports.query_executor import QueryExecutor
from tests.adapters.supervision.silent_engine import Cancelling, Place, SilentEngine
from tests.contracts.query_executor_contract import scope

LIMIT = 0.4
OVER = 2.0  # seconds a run may take beyond its limit, at worst
CLOCK = SystemClock()


@contextmanager
def running(inner: QueryExecutor, seconds: float = LIMIT) -> Iterator[QueryExecutor]:
    with injected(inner, CLOCK)(scope(seconds, now=CLOCK.monotonic())) as executor:
        yield executor


@contextmanager
def silent(at: Place, cancelling: Cancelling, batches: int = 1) -> Iterator[SilentEngine]:
    engine = SilentEngine(at, cancelling, batches)
    try:
        yield engine
    finally:
        engine.released.set()


@contextmanager
def ends_in_time(limit: float = LIMIT, over: float = OVER) -> Iterator[None]:
    began = time.monotonic()
    yield
    taken = time.monotonic() - began
    assert limit <= taken <= limit + over, f"it took {taken:.2f} s"


@pytest.mark.parametrize("sql", ["SELECT 1", "INSERT INTO t SELECT 1"])
def test_a_stopped_statement_is_a_timeout(sql: str) -> None:
    with (
        silent("execute", "confirms") as engine,
        ends_in_time(over=0.5),
        pytest.raises(ExecutionTimeoutError) as caught,
        running(engine) as executor,
    ):
        executor.execute(sql)
    assert caught.value.code is ErrorCode.EXECUTION_TIMEOUT
    assert "limit of 0.4 s and was stopped" in caught.value.message
    assert "May still run" not in caught.value.context
    assert engine.cancels == 1


@pytest.mark.parametrize("cancelling", ["does not know", "hangs"])
@pytest.mark.parametrize("place", ["execute", "batch"])
def test_a_query_that_may_still_run_is_a_timeout_that_names_its_job(
    place: Place, cancelling: Cancelling
) -> None:
    with (
        silent(place, cancelling) as engine,
        ends_in_time(),
        pytest.raises(ExecutionTimeoutError) as caught,
        running(engine) as executor,
    ):
        executor.execute("-- a look\nSELECT 1").rows  # noqa: B018 - reading is what fails
    assert caught.value.context["May still run"] == "silent job job-7"


@pytest.mark.parametrize("cancelling", ["does not know", "hangs"])
@pytest.mark.parametrize(
    "sql", ["INSERT INTO t SELECT 1", "WITH x AS (SELECT 1) DELETE FROM t", "SELECT nextval('s')"]
)
def test_a_change_that_may_still_run_has_an_unknown_outcome(
    sql: str, cancelling: Cancelling
) -> None:
    with (
        silent("execute", cancelling) as engine,
        ends_in_time(),
        pytest.raises(ExecutionUnknownError) as caught,
        running(engine) as executor,
    ):
        executor.execute(sql)
    assert caught.value.code is ErrorCode.EXECUTION_UNKNOWN
    assert caught.value.context["May still run"] == "silent job job-7"


def test_a_change_that_was_done_before_the_cancel_reached_it_is_told_as_done() -> None:
    with (
        silent("execute", "comes too late") as engine,
        ends_in_time(over=0.5),
        running(engine) as executor,
    ):
        assert executor.execute("INSERT INTO t SELECT 1").affected_rows == 3


def test_an_engine_that_never_opens_ends_at_the_limit() -> None:
    released = threading.Event()

    @contextmanager
    def never(_: RunScope) -> Iterator[QueryExecutor]:
        released.wait(30)
        yield MockExecutor()

    opening = supervised(never, CLOCK)
    with (
        ends_in_time(),
        pytest.raises(ExecutionTimeoutError),
        opening(scope(LIMIT, now=CLOCK.monotonic())),
    ):
        raise AssertionError("opened")
    released.set()


def test_an_engine_that_never_closes_ends_at_the_limit() -> None:
    released = threading.Event()

    @contextmanager
    def stuck(_: RunScope) -> Iterator[QueryExecutor]:
        yield MockExecutor()
        released.wait(30)

    with (
        ends_in_time(),
        supervised(stuck, CLOCK)(scope(LIMIT, now=CLOCK.monotonic())) as executor,
    ):
        executor.execute("SELECT 1")
    released.set()


def _read_slowly(executor: QueryExecutor) -> None:
    stream = executor.execute("SELECT 1").stream
    assert stream is not None
    for _ in stream.rows():
        time.sleep(0.05)


def test_the_limit_counts_for_a_reader_that_is_slow() -> None:
    with (
        silent("batch", "confirms", batches=100) as engine,
        ends_in_time(),
        pytest.raises(ExecutionTimeoutError),
        running(engine) as executor,
    ):
        _read_slowly(executor)
    assert engine.closed == 1


def test_nothing_is_sent_after_the_limit() -> None:
    mock = MockExecutor()
    with running(mock) as executor:
        time.sleep(LIMIT)
        with pytest.raises(ExecutionTimeoutError, match="before it was sent"):
            executor.execute("INSERT INTO t SELECT 1")
    assert mock.call_count == 0


def test_a_session_that_did_not_answer_is_not_used_again() -> None:
    with silent("execute", "hangs") as engine, running(engine) as executor:
        with pytest.raises(ExecutionTimeoutError):
            executor.execute("SELECT 1")
        with pytest.raises(ExecutionError, match="session is lost"):
            executor.execute("SELECT 1")


def test_a_check_has_the_same_limit() -> None:
    with (
        silent("check", "hangs") as engine,
        ends_in_time(),
        pytest.raises(ExecutionTimeoutError),
        running(engine) as executor,
    ):
        executor.check()


def test_closing_a_stream_early_ends_it_at_the_engine() -> None:
    with silent("batch", "confirms") as engine, running(engine, 30) as executor:
        began = time.monotonic()
        result = executor.execute("SELECT 1")
        assert result.stream is not None
        assert next(iter(result.stream.rows())) == {"n": 0}
        result.close()
        assert time.monotonic() - began < 1
    assert (engine.cancels, engine.closed) == (1, 1)


def test_failures_and_results_pass_through_untouched() -> None:
    refused = ExecutionQueryError("no", position=(1, 2))
    with running(MockExecutor(error=refused)) as executor:
        with pytest.raises(ExecutionQueryError) as caught:
            executor.execute("SELECT 1", {"a": 1})
        assert caught.value is refused


def test_an_injected_executor_is_not_closed() -> None:
    mock = MockExecutor()
    for _ in range(2):
        with running(mock) as executor:
            executor.execute("SELECT 1", {"a": "b"})
    assert [(call.sql, dict(call.params)) for call in mock.calls] == [("SELECT 1", {"a": "b"})] * 2


def test_no_thread_is_left_after_runs_that_ended() -> None:
    before = threading.active_count()
    for _ in range(5):
        with running(MockExecutor()) as executor:
            executor.execute("SELECT 1")
    assert threading.active_count() == before


def test_the_inner_executor_is_entered_used_and_left_in_one_thread() -> None:
    seen: list[int] = []

    class Noting(MockExecutor):  # type: ignore[misc] # final for users; here it only looks
        def check(self) -> None:
            seen.append(threading.get_ident())

    @contextmanager
    def opened(_: RunScope) -> Iterator[QueryExecutor]:
        seen.append(threading.get_ident())
        yield Noting()
        seen.append(threading.get_ident())

    manager: AbstractContextManager[QueryExecutor] = supervised(opened, CLOCK)(
        scope(5, now=CLOCK.monotonic())
    )
    with manager as executor, nullcontext():
        executor.check()
    assert len(seen) == 3
    assert len(set(seen)) == 1
    assert seen[0] != threading.get_ident()

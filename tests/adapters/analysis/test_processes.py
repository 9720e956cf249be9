"""Many items by several processes: the same answers in the same order, or a failure."""

import multiprocessing
import os

import pytest

from dli_adapters.analysis_pool.processes import ForkedWorkers
from dli_domain.errors import DliError, SqlError


def test_results_come_in_order_from_several_processes() -> None:
    both = multiprocessing.get_context("fork").Barrier(2, timeout=60)

    def work(number: int) -> tuple[int, int]:
        # The first items of two parts wait for each other: one process alone would never end.
        if number in (0, 50):
            both.wait()
        return number * number, os.getpid()

    done = list(ForkedWorkers(2).map(work, range(1000)))
    assert [square for square, _ in done] == [n * n for n in range(1000)]
    assert len({process for _, process in done} - {os.getpid()}) == 2


def test_little_work_starts_no_process() -> None:
    assert set(ForkedWorkers(2).map(lambda _: os.getpid(), range(200))) == {os.getpid()}


def test_a_failure_of_the_work_comes_as_it_was_raised() -> None:
    def work(number: int) -> int:
        if number == 700:
            raise SqlError("no", hint="do")
        return number

    with pytest.raises(SqlError, match="no") as raised:
        list(ForkedWorkers(2).map(work, range(1000)))
    assert raised.value.hint == "do"


def test_a_worker_that_dies_is_a_failure_and_no_missing_result() -> None:
    def work(number: int) -> int:
        if number == 700:
            os._exit(9)
        return number

    with pytest.raises(DliError, match="worker process died"):
        list(ForkedWorkers(2).map(work, range(1000)))

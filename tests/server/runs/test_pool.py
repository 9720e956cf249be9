"""The pool keeps its bounds, loses no work, and lets keys take turns."""

import threading
import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dli_server.runs.pool import FairPool, PoolFullError


@given(
    keys=st.lists(st.sampled_from("abc"), max_size=40),
    running=st.integers(1, 4),
    per_key=st.integers(1, 4),
)
@settings(max_examples=25, deadline=None)
def test_bounds_hold_and_all_work_is_done(keys: list[str], running: int, per_key: int) -> None:
    pool = FairPool(running, per_key, queued=1000)
    lock, now, most, done = threading.Lock(), Counter[str](), [0, 0], threading.Semaphore(0)

    def work(key: str) -> None:
        with lock:
            now[key] += 1
            most[0] = max(most[0], now.total())
            most[1] = max(most[1], now[key])
        time.sleep(0.001)
        with lock:
            now[key] -= 1
        done.release()

    for key in keys:
        ticket = pool.reserve(key)
        pool.start(ticket, lambda key=key: work(key))  # type: ignore[misc]  # a lambda has no types
    for _ in keys:
        assert done.acquire(timeout=10)
    assert most[0] <= running
    assert most[1] <= per_key


def test_one_key_that_floods_does_not_keep_another_waiting() -> None:
    pool = FairPool(running=1, per_key=1, queued=64)
    order: list[str] = []
    go, over = threading.Event(), threading.Semaphore(0)

    def work(key: str) -> None:
        go.wait(10)
        order.append(key)
        over.release()

    for key in ["flood"] * 20 + ["honest"] * 3:
        pool.start(pool.reserve(key), lambda key=key: work(key))  # type: ignore[misc]  # as above
    go.set()
    for _ in range(23):
        assert over.acquire(timeout=10)
    assert order[:7].count("honest") == 3


def test_work_that_waits_can_be_taken_back_once() -> None:
    pool = FairPool(running=1, per_key=1, queued=4)
    blocked, done = threading.Event(), []
    first = pool.reserve("a")

    def held() -> None:
        blocked.wait(10)

    pool.start(first, held)
    second = pool.reserve("a")
    pool.start(second, lambda: done.append(1))
    while pool.busy == 0:
        time.sleep(0.001)
    assert not pool.withdraw(first)
    assert pool.withdraw(second)
    assert not pool.withdraw(second)
    assert pool.waiting == 0
    blocked.set()
    assert done == []


def test_places_are_counted_and_given_back() -> None:
    pool = FairPool(running=1, per_key=1, queued=2)
    held = [pool.reserve("a"), pool.reserve("a")]
    with pytest.raises(PoolFullError):
        pool.reserve("a")
    pool.reserve("b")
    with pytest.raises(PoolFullError):
        pool.reserve("c")
    pool.release(held[0])
    pool.reserve("c")

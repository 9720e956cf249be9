"""A run through a server happens once, and its rows are all of them or an error."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from dli_adapters.arrow.from_rows import stream_of
from dli_adapters.clock.system import SystemClock
from dli_adapters.registry import open_server
from dli_adapters.server.opening import ServerEngine
from dli_domain.errors import (
    EngineError,
    ExecutionTimeoutError,
    ExecutionUnknownError,
    ResultInvalidError,
)
from dli_domain.model.run import Deadline, RunScope
from dli_domain.model.settings import ServerTarget
from dli_domain.ports.query_executor import QueryExecutor
from tests.faults.proxy import Cut, Fault, FaultProxy, Refuse, Reset, Swallow, fault_proxy
from tests.server_client.run_server import RunServer, frames_of, numbers, run_server

DEEP = bool(os.environ.get("DLI_DEEP"))
SQL = "SELECT n"


@contextmanager
def opened(url: str, *, seconds: float = 30, timeout: int = 5) -> Iterator[QueryExecutor]:
    clock = SystemClock()
    scope = RunScope(
        run_id="r", resource="a.b.c", deadline=Deadline(clock.monotonic() + seconds, seconds)
    )
    engine = ServerEngine(ServerTarget(url=url, timeout=timeout), "duckdb", clock)
    with open_server(engine, clock)(scope) as executor:
        yield executor


@contextmanager
def behind(server: RunServer) -> Iterator[FaultProxy]:
    with run_server(server) as listener, fault_proxy(listener.port) as proxy:
        yield proxy


def rows_through(url: str) -> int:
    with opened(url) as executor:
        batches = stream_of(executor.execute(SQL)).batches()
        return sum(int(batch.num_rows) for batch in batches)


def ended(url: str) -> str:
    try:
        return f"{rows_through(url)} rows"
    except EngineError as error:
        return error.code.value


class TestARunHappensOnce:
    @pytest.mark.parametrize("fault", [Swallow(reset=True), Refuse(), Cut(10), Reset(60)])
    @pytest.mark.parametrize(
        "path", ["/policy", "/sessions$", "/runs$", r"/runs/r\d+\?", "/result"]
    )
    def test_whatever_answer_is_lost(self, fault: Fault, path: str) -> None:
        server = RunServer()
        with behind(server) as proxy:
            proxy.on("*", path, fault, times=1)
            assert rows_through(proxy.url) == 3
        assert server.executions == 1

    def test_in_any_mixture_of_lost_answers(self) -> None:
        dice = random.Random(4)  # noqa: S311 - a seed to see it again
        for _ in range(1000 if DEEP else 25):
            server = RunServer()
            with behind(server) as proxy:
                for path in ("/sessions$", "/runs$", "/key/", r"/runs/r\d+\?", "/result"):
                    fault: Fault = dice.choice(
                        (Swallow(reset=True), Refuse(), Cut(dice.randrange(200)))
                    )
                    proxy.on("*", path, fault, times=1, skip=dice.randrange(2))
                assert ended(proxy.url) in ("3 rows", "DLI-407", "DLI-501", "DLI-409")
            assert server.executions <= 1

    def test_a_silent_server_is_left_at_the_deadline_as_unknown(self) -> None:
        server = RunServer()
        with behind(server) as proxy:
            proxy.on("POST", "/runs$", Swallow())
            proxy.on("GET", "/runs/", Swallow())
            began = time.monotonic()
            with (
                pytest.raises((ExecutionUnknownError, ExecutionTimeoutError)),
                opened(proxy.url, seconds=1) as executor,
            ):
                executor.execute("INSERT INTO t SELECT 1")
            assert time.monotonic() - began < 1 + 2.5
        assert server.executions == 1

    def test_a_run_that_the_server_forgets_is_unknown_and_not_sent_again(self) -> None:
        server = RunServer(forgets=True)
        with (
            run_server(server) as listener,
            opened(listener.url) as executor,
            pytest.raises(ExecutionUnknownError) as caught,
        ):
            executor.execute(SQL)
        assert (caught.value.code, server.looks, server.submissions) == ("DLI-407", 3, 1)

    def test_a_run_without_end_is_cancelled_at_the_deadline(self) -> None:
        server = RunServer(states=["RUNNING"])
        began = time.monotonic()
        with (
            run_server(server) as listener,
            pytest.raises(ExecutionTimeoutError) as caught,
            opened(listener.url, seconds=1) as executor,
        ):
            executor.execute(SQL)
        assert time.monotonic() - began < 1 + 2
        assert (caught.value.code, server.cancelled >= 1) == ("DLI-402", True)

    def test_a_server_that_is_away_for_a_moment_is_waited_for(self) -> None:
        server = RunServer(states=["RUNNING", "RUNNING", "DONE"])
        with behind(server) as proxy:
            proxy.on("GET", r"/runs/r\d+\?", Refuse(), times=6, skip=1)
            assert rows_through(proxy.url) == 3
        assert server.executions == 1


class TestAllRowsOrAnError:
    def test_every_cut_goes_on_where_it_broke_off(self) -> None:
        result = frames_of([numbers(3), numbers(2, 3)])
        server = RunServer(result=result, rows=5)
        step = 1 if DEEP else 37
        with behind(server) as proxy:
            for fault in (Cut, Reset):
                for end in range(0, len(result), step):
                    proxy.clear()
                    proxy.on("GET", "/result", fault(end), times=1)
                    assert rows_through(proxy.url) == 5

    def test_every_flipped_byte_is_noticed(self) -> None:
        result = frames_of([numbers(3), numbers(2, 3)])
        for at in range(0, len(result), 1 if DEEP else 41):
            altered = bytearray(result)
            altered[at] ^= 0xFF
            server = RunServer(result=bytes(altered), rows=5)
            with run_server(server) as listener, pytest.raises(ResultInvalidError) as caught:
                rows_through(listener.url)
            assert caught.value.code == "DLI-409"

    def test_a_result_without_its_end_is_none(self) -> None:
        result = frames_of([numbers(3)])
        server = RunServer(result=result[: result.rindex(b"E")])
        with run_server(server) as listener, pytest.raises(ResultInvalidError):
            rows_through(listener.url)

    @pytest.mark.parametrize(("told", "announced"), [(2, 3), (4, 3), (3, 2), (3, 4)])
    def test_another_count_than_was_told_is_an_error(self, told: int, announced: int) -> None:
        server = RunServer(result=frames_of([numbers(3)], rows=told), rows=announced)
        with (
            run_server(server) as listener,
            pytest.raises(ResultInvalidError, match="3 rows where"),
        ):
            rows_through(listener.url)

    def test_other_columns_than_were_told_are_an_error(self) -> None:
        server = RunServer(columns=("n", "m"))
        with run_server(server) as listener, pytest.raises(ResultInvalidError, match="1 columns"):
            rows_through(listener.url)

    def test_columns_that_change_on_the_way_are_an_error(self) -> None:
        first = frames_of([numbers(3)])
        other = frames_of([pa.record_batch({"n": ["a"]})])
        server = RunServer(result=first[: len(first) // 2] + other)
        with run_server(server) as listener, pytest.raises(ResultInvalidError):
            rows_through(listener.url)

    def test_memory_stays_flat_however_many_rows_come(self) -> None:
        batch = numbers(100_000)

        def peak(count: int) -> int:
            server = RunServer(result=frames_of([batch] * count), rows=count * 100_000)
            with run_server(server) as listener:
                said = subprocess.run(
                    [sys.executable, "-c", _READER, listener.url],
                    capture_output=True,
                    text=True,
                    check=True,
                    env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
                )
            rows, kilobytes = map(int, said.stdout.split())
            assert rows == count * 100_000
            return kilobytes

        few, many = peak(5), peak(400 if DEEP else 100)
        assert many - few < 20 * 1024
        assert many < 200 * 1024


# VmHWM is that of this process alone; ru_maxrss would begin with that of the one it came from.
_READER = """
import sys
from pathlib import Path
from tests.server_client.test_server_executor import rows_through
rows = rows_through(sys.argv[1])
lines = Path("/proc/self/status").read_text().splitlines()
print(rows, next(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""

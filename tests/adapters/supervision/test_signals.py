"""Signals stop the engine, and the process then dies by them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dli_adapters.supervision.interrupted import RunInterrupted
from dli_adapters.supervision.signals import Received, signals_cancel

ROOT = Path(__file__).parents[3]

_PROGRAM = """
import sys, time
from dli_adapters.clock.system import SystemClock
from dli_adapters.registry import injected, open_executor
from dli_adapters.supervision.signals import die_by, signals_cancel
from dli_domain.errors import DliError
from dli_domain.model.settings import Settings
from tests.adapters.supervision.silent_engine import SilentEngine
from tests.contracts.query_executor_contract import scope

clock = SystemClock()
kind, sql = sys.argv[1:3]
if kind == "duckdb":
    opening = open_executor(Settings(engine="duckdb"), clock)
else:
    engine = SilentEngine("batch" if kind.startswith("batch") else "execute", kind.split("-", 1)[1])
    opening = injected(engine, clock)
try:
    with signals_cancel() as received, opening(scope(60, now=clock.monotonic())) as executor:
        print("running", flush=True)
        for row in executor.execute(sql).rows:
            pass
except (DliError, KeyboardInterrupt) as error:
    print(type(error).__name__, getattr(error, "context", ""), flush=True)
    if received.signum is not None:
        die_by(received.signum)
"""

BUSY = "SELECT SUM(SIN(a.range * b.range)) FROM range(10000000) a, range(10000000) b"


def _started(*arguments: str, wrap: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [*wrap, sys.executable, "-W", "error", "-c", _PROGRAM, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    time.sleep(0.4)
    return process


def _ended(process: subprocess.Popen[str]) -> tuple[float, str, str]:
    began = time.monotonic()
    out, err = process.communicate(timeout=20)
    return time.monotonic() - began, out, err


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_a_busy_duckdb_within_half_a_second(signum: signal.Signals) -> None:
    process = _started("duckdb", BUSY)
    process.send_signal(signum)
    taken, out, err = _ended(process)
    assert out.startswith("ExecutionCancelledError")
    assert "May still run" not in out
    assert (process.returncode, err) == (-signum, "")
    assert taken <= 0.5 + 0.5  # the interpreter's own end comes on top


def test_a_signal_while_rows_come_stops_the_engine() -> None:
    process = _started("batch-confirms", "SELECT 1")
    process.send_signal(signal.SIGTERM)
    taken, out, _ = _ended(process)
    assert out.startswith("ExecutionCancelledError")
    assert process.returncode == -signal.SIGTERM
    assert taken <= 1


@pytest.mark.parametrize(
    ("sql", "error"),
    [("SELECT 1", "ExecutionCancelledError"), ("DELETE FROM t", "ExecutionUnknownError")],
)
def test_a_cancel_that_hangs_ends_in_time_and_names_the_job(sql: str, error: str) -> None:
    process = _started("execute-hangs", sql)
    process.send_signal(signal.SIGINT)
    taken, out, _ = _ended(process)
    assert out.startswith(error)
    assert "'May still run': 'silent job job-7'" in out
    assert process.returncode == -signal.SIGINT
    assert taken <= 5


@pytest.mark.parametrize("place", ["execute", "batch"])
def test_a_second_signal_leaves_at_once_and_names_the_job(place: str) -> None:
    process = _started(f"{place}-hangs", "DELETE FROM t")
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    taken, out, err = _ended(process)
    assert taken <= 0.5
    assert out == ""
    assert "may still run: silent job job-7" in err
    assert process.returncode == -signal.SIGINT


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    process = _started("batch-confirms", "SELECT 1", wrap=("nohup",))
    process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    _ended(process)
    assert process.returncode == -signal.SIGTERM


def _hit_by(signum: int, seen: list[Received]) -> None:
    with signals_cancel() as received:
        seen.append(received)
        os.kill(os.getpid(), signum)
        time.sleep(1)


def test_the_handlers_of_before_come_back() -> None:
    seen: list[Received] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with pytest.raises(RunInterrupted) as caught:
        _hit_by(signal.SIGTERM, seen)
    assert seen[0].signum == caught.value.signum == signal.SIGTERM
    assert {number: signal.getsignal(number) for number in before} == before

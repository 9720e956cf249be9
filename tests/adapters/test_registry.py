"""The way in to the engines."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from dli_adapters.clock.system import SystemClock
from dli_adapters.registry import ENGINES, open_executor
from dli_domain.errors import ConfigError, ExecutionCancelledError, ExecutionTimeoutError
from dli_domain.model.run import CancelOutcome
from dli_domain.model.settings import Settings
from tests.contracts.query_executor_contract import scope

CLOCK = SystemClock()
ROOT = Path(__file__).parents[2]
BUSY = "SELECT SUM(SIN(a.range * b.range)) FROM range(10000000) a, range(10000000) b"


def test_engines_stand_in_order() -> None:
    assert list(ENGINES) == sorted(ENGINES)


def test_an_engine_that_does_not_exist_is_told_with_the_closest() -> None:
    with pytest.raises(ConfigError, match="Unknown engine 'duckbd'; known are") as caught:
        open_executor(Settings(engine="duckbd"), CLOCK)
    assert caught.value.hint == "Did you mean 'duckdb'?"


def test_a_driver_that_is_not_installed_says_what_to_run() -> None:
    program = (
        "import sys\n"
        "sys.modules['duckdb'] = None\n"
        "from dli_adapters.clock.system import SystemClock\n"
        "from dli_adapters.registry import open_executor\n"
        "from dli_domain.errors import DliError\n"
        "from dli_domain.model.settings import Settings\n"
        "try:\n"
        "    open_executor(Settings(engine='duckdb'), SystemClock())\n"
        "except DliError as error:\n"
        "    print(error.code, error.hint)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("DLI-009 Run 'pip install \"dli-api[duckdb]\"'")


def test_the_registry_imports_no_driver_by_itself() -> None:
    program = (
        "import sys\n"
        "import dli_adapters.registry\n"
        "print(sorted({'duckdb', 'google', 'pyarrow', 'sqlglot'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("sql", [BUSY, "CREATE TABLE t AS " + BUSY])
def test_a_busy_duckdb_stops_within_half_a_second_of_its_limit(sql: str) -> None:
    began = time.monotonic()
    opening = open_executor(Settings(engine="duckdb"), CLOCK)
    with (
        opening(scope(1, now=CLOCK.monotonic())) as executor,
        pytest.raises(ExecutionTimeoutError) as caught,
    ):
        executor.execute(sql)
    assert time.monotonic() - began <= 1.5
    assert "and was stopped" in caught.value.message
    assert isinstance(caught.value.__cause__, ExecutionCancelledError)


def test_a_result_that_streams_stops_at_its_limit() -> None:
    began = time.monotonic()
    opening = open_executor(Settings(engine="duckdb"), CLOCK)
    with opening(scope(1, now=CLOCK.monotonic())) as executor:
        stream = executor.execute("SELECT a.range FROM range(1000000) a, range(1000000) b").stream
        assert stream is not None
        with pytest.raises(ExecutionTimeoutError):
            for _ in stream.rows():
                pass
        assert executor.cancel() is CancelOutcome.NOTHING_RUNNING
    assert 1 <= time.monotonic() - began <= 2

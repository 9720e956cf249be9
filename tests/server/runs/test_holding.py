"""A DuckDB file that stays open between runs, and refusals that take turns."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dli_adapters.memory.clock import FixedClock
from dli_domain.errors import DliError
from dli_domain.model.run import Deadline, RunScope
from dli_domain.model.settings import DuckDbTarget, Settings
from dli_server.configuration import Limits
from dli_server.http.limiting import Pace
from dli_server.runs.engines import Engines

OPEN = "import duckdb, sys; duckdb.connect(sys.argv[1])"
SCOPE = RunScope(run_id="r1", resource="a.b.c", deadline=Deadline(1e9, 1e9))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 1, 1, tzinfo=UTC))


def engines(file: Path, clock: FixedClock, seconds: float) -> Engines:
    """Engines on that file, after a first run."""
    settings = Settings(engine="duckdb", duckdb=DuckDbTarget(path=str(file)))
    made = Engines(settings=settings, limits=Limits(), clock=clock, idle_seconds=seconds)
    with made.open(SCOPE, None) as executor:
        executor.execute("CREATE OR REPLACE TABLE t AS SELECT 1 AS n").drain()
    return made


def free(file: Path) -> bool:
    """Whether another process can open the file."""
    done = subprocess.run([sys.executable, "-c", OPEN, str(file)], capture_output=True, check=False)
    return done.returncode == 0


def test_a_file_is_free_after_a_run_unless_told_otherwise(
    tmp_path: Path, clock: FixedClock
) -> None:
    file = tmp_path / "lake.duckdb"
    engines(file, clock, 0)
    assert free(file)


def test_a_held_file_is_free_again_when_its_time_is_over(tmp_path: Path, clock: FixedClock) -> None:
    file = tmp_path / "lake.duckdb"
    made = engines(file, clock, 30)
    clock.advance(20)
    made.held.look()
    assert not free(file)
    with made.open(SCOPE, made.access()) as executor:
        assert executor.execute("SELECT n FROM t").rows == ({"n": 1},)
    clock.advance(20)
    made.held.look()
    assert not free(file)
    clock.advance(11)
    made.held.look()
    assert free(file)


def test_a_held_file_is_free_after_the_end_of_the_server(tmp_path: Path, clock: FixedClock) -> None:
    file = tmp_path / "lake.duckdb"
    made = engines(file, clock, 3600)
    made.held.close()
    assert free(file)


def test_a_file_that_cannot_be_opened_is_told_by_the_run(tmp_path: Path, clock: FixedClock) -> None:
    file = tmp_path / "lake.duckdb"
    file.write_bytes(b"this is no database" * 100)
    with pytest.raises(DliError, match="cannot open"):
        engines(file, clock, 30)


def test_refusals_of_one_caller_take_turns_and_hold_nobody_else_up(clock: FixedClock) -> None:
    pace = Pace(100, clock)
    assert [round(pace.wait("greedy"), 3) for _ in range(3)] == [0, 0.01, 0.02]
    assert pace.wait("honest") == 0
    assert max(pace.wait("greedy") for _ in range(10_000)) <= 5
    clock.advance(10)
    assert pace.wait("greedy") == 0

"""kill -9 of the server and of its clients at any point: every run is accounted for (H4).

DLI_KILLS=100 makes five hundred runs of it.
"""

import os
import random
import signal
import sqlite3
import time
from collections import Counter
from contextlib import closing
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import duckdb
import pytest

from tests.faults.server.clients import begin
from tests.faults.server.conftest import LIMITS, free_port
from tests.faults.server.project import write_counting_project
from tests.server.fixtures import RunningServer, start_server

ROUNDS = int(os.environ.get("DLI_KILLS", "1"))
A_ROUND = 5
FINAL = {"DONE", "FAILED", "CANCELLED", "UNKNOWN"}
pytestmark = pytest.mark.timeout(7200)


def test_every_run_has_an_end_and_none_happens_twice(tmp_path: Path) -> None:
    dice = random.Random(4)  # noqa: S311 - instants, no secrets
    project, state = write_counting_project(tmp_path / "project"), tmp_path / "state"
    port = free_port()
    codes: dict[int, int] = {}
    begin(("version",), project, {}, tmp_path / "told").join(30)  # the first one imports for all
    server = start_server(project, state, port=port, limits=LIMITS)
    environ = {**server.environ(), "HOME": os.environ["HOME"]}
    kills = Counter[str]()
    try:
        for number in range(ROUNDS):
            numbers = range(number * A_ROUND, (number + 1) * A_ROUND)
            runs = {n: _add(n, dice, project, environ, tmp_path) for n in numbers}
            time.sleep(dice.uniform(0, 1.0))
            # The first round kills both sides: the gate has no other.
            for run in dice.sample(list(runs.values()), dice.randrange(3) if number else 1):
                run.kill()
                kills["client"] += 1
            if number == 0 or dice.random() < 0.8:
                server.stop(signal.SIGKILL)
                kills["server"] += 1
                server = start_server(project, state, port=port, limits=LIMITS)
            for n, run in runs.items():
                run.join(120)
                assert run.exitcode is not None, f"the client of {n} hangs"
                codes[n] = run.exitcode
        states = _settled(server)
    finally:
        server.stop()
    with duckdb.connect(str(project / "lake.duckdb"), read_only=True) as lake:
        counts = dict(lake.execute("SELECT n, count(*) FROM done GROUP BY n").fetchall())
    print(f"{len(codes)} runs; killed: {dict(kills)}; exit codes: {Counter(codes.values())}")
    print(f"states: {Counter(states.values())}; rows: {len(counts)}")
    assert set(counts.values()) <= {1}, "a run was executed twice"
    for n, code in codes.items():
        told = (tmp_path / f"told-{n}").read_text() if code >= 0 else ""
        assert code in (0, 6, 7, 10, -signal.SIGKILL), (n, told)
        assert code != 0 or n in counts, (n, told)
        assert code != 6 or n not in counts, (n, told)
    _check_states(states, counts)


def _add(
    n: int, dice: random.Random, project: Path, environ: dict[str, str], folder: Path
) -> ForkServerProcess:
    way = dice.choice(("server", "local"))
    run = ("dataset", "run", "lake.marts.add", "-p", f"n={n}", "--server", "--source", way)
    return begin((*run, "--timeout", "60"), project, environ, folder / f"told-{n}")


def _settled(server: RunningServer) -> dict[str, str]:
    """How each run in the journal ended, once all have."""
    until = time.monotonic() + 60
    while True:
        with closing(sqlite3.connect(server.state / "server.db", timeout=30)) as journal:
            states = dict(journal.execute("SELECT run_id, state FROM runs").fetchall())
        if set(states.values()) <= FINAL:
            return states
        assert time.monotonic() < until, Counter(states.values())
        time.sleep(0.1)


def _check_states(states: dict[str, str], counts: dict[int, int]) -> None:
    """What is told as done is there; what is there is told as done, or as not known."""
    tally = Counter(states.values())
    assert tally["DONE"] <= len(counts) <= tally["DONE"] + tally["UNKNOWN"], (tally, len(counts))

"""kill -9 at any point: every run has an end, and none is executed twice."""

import os
import random
import time
from collections import Counter
from pathlib import Path

import duckdb
import httpx
import pytest

from tests.server.fixtures import RunningServer, start_server
from tests.server.runs.client import RunsClient
from tests.server.runs.project import write_runs_project

# 500 runs by DLI_KILLS=50: each round submits ten.
ROUNDS = int(os.environ.get("DLI_KILLS", "1"))
A_ROUND = 10
_FINAL = {"DONE", "FAILED", "CANCELLED", "UNKNOWN"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = write_runs_project(tmp_path / "project")
    with duckdb.connect(str(root / "lake.duckdb")) as lake:
        lake.execute("CREATE TABLE done (n BIGINT)")
    return root


@pytest.mark.timeout(3600)
def test_runs_survive_the_death_of_the_server(project: Path, tmp_path: Path) -> None:
    dice = random.Random(20250102)  # noqa: S311 - instants, no secrets
    asked: dict[str, dict[str, object]] = {}
    server = start_server(project, tmp_path / "state")
    token = server.key()
    try:
        for _ in range(ROUNDS):
            _submit(server, token, asked)
            time.sleep(dice.uniform(0, 0.15))
            server.process.kill()
            server.process.wait(10)
            _closed(server)
            began = time.monotonic()
            server = start_server(project, tmp_path / "state")
            # The start of Python and all its imports is part of it.
            assert time.monotonic() - began < 20
        _check(server, token, asked)
    finally:
        server.stop()
        _closed(server)
    with duckdb.connect(str(project / "lake.duckdb"), read_only=True) as lake:
        counts = dict(lake.execute("SELECT n, count(*) FROM done GROUP BY n").fetchall())
    assert set(counts.values()) <= {1}, "a run was executed twice"
    print(Counter(str(found["state"]) for found in asked.values()), len(asked))
    for key, found in asked.items():
        state, number = found["state"], found["n"]
        assert state != "DONE" or counts.get(number) == 1, (key, found)
        assert state not in ("FAILED", "CANCELLED") or number not in counts, (key, found)


def _submit(server: RunningServer, token: str, asked: dict[str, dict[str, object]]) -> None:
    with RunsClient(server, token=token) as client:
        for _ in range(A_ROUND):
            number = len(asked)
            body = {
                "resource": {
                    "kind": "dataset",
                    "name": "lake.marts.add",
                    "parameters": {"n": number},
                },
                "attached": False,
            }
            try:
                answer = client.submit(body, f"key-{number}")
            except httpx.TransportError:
                continue
            assert answer.status_code in (200, 202), answer.text
            asked[f"key-{number}"] = {"n": number, "run_id": answer.json()["run_id"]}


def _check(server: RunningServer, token: str, asked: dict[str, dict[str, object]]) -> None:
    with RunsClient(server, token=token) as client:
        for found in asked.values():
            found["state"] = client.awaited(str(found["run_id"]))["state"]
            assert found["state"] in _FINAL


def _closed(server: RunningServer) -> None:
    assert server.process.stdout is not None
    server.process.stdout.close()

"""schemathesis against a real server: wrong requests are refused, and all is as documented.

`test_openapi` sends what the document allows; here is what it forbids: values at and beyond each
border, of other types, left out, too many, and methods that are not there. By hand, for longer:

    DLI_FUZZ_SECONDS=600 pytest -m deep tests/server/test_openapi_fuzz.py
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dli_server.keys.form import new_key
from tests.server.fixtures import RunningServer, running_server
from tests.server.runs.project import write_runs_project

UNHURRIED = {
    "queued": 10_000,
    "login_failures_per_minute": 10_000_000,
    "seconds": 3,
    "running": 8,
    "running_per_key": 8,
}
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "ignored_auth",
    "tells_nothing_of_its_inside",
    "lets_nobody_in_without_a_key",
)
SECONDS = int(os.environ.get("DLI_FUZZ_SECONDS", "60"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    project = write_runs_project(tmp_path_factory.mktemp("fuzz") / "project")
    with running_server(project, limits=UNHURRIED) as found:
        yield found


def fuzz(server: RunningServer, key: str | None, *words: str) -> None:
    """Fail with schemathesis' report where it finds something."""
    environ = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "tests.server.answer_checks",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "DLI_FUZZ_KEYED": "0" if key is None else "1",
    }
    sent = key or new_key().text
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run"),
            *(f"{server.url}/api/v1/openapi.json", "--header", f"Authorization: Bearer {sent}"),
            *("--checks", ",".join(CHECKS), "--workers", "1", "--request-timeout", "20"),
            *("--seed", "4", "--no-color", "--warnings", "off", "--generation-database", "none"),
            *words,
        ],
        capture_output=True,
        text=True,
        timeout=SECONDS + 120,
        check=False,
        env=environ,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    assert "No operations" not in done.stdout


def alive(server: RunningServer) -> None:
    """It still runs what it ran before, and its log holds no failure of its own."""
    assert httpx.get(f"{server.url}/api/v1/health", headers=server.headers()).status_code == 200
    assert "Traceback" not in (server.state / "server.log").read_text()


def test_who_has_every_scope_is_refused_what_the_document_forbids(server: RunningServer) -> None:
    fuzz(server, server.key(), "--phases", "coverage", "--mode", "negative")
    alive(server)


def test_who_has_a_wrong_key_gets_nothing_whatever_he_sends(server: RunningServer) -> None:
    fuzz(server, None, "--phases", "coverage", "--mode", "positive")
    alive(server)


@pytest.mark.deep
@pytest.mark.parametrize("keyed", [True, False])
def test_what_nobody_thought_of_for_minutes(server: RunningServer, keyed: bool) -> None:
    phases = ("--phases", "coverage,fuzzing,stateful", "--max-examples", "100000")
    fuzz(server, server.key() if keyed else None, *phases, "--max-time", str(SECONDS))
    alive(server)

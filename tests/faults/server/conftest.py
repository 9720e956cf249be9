"""A counting project behind a real server, a breaking proxy before it, the command before both."""

import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli.conftest import command, dli
from tests.faults.proxy import FaultProxy, fault_proxy
from tests.faults.server.project import write_counting_project
from tests.server.fixtures import RunningServer, running_server
from tests.server.runs.client import RunsClient

__all__ = ["dli"]
LIMITS = {"running": 16, "running_per_key": 16}
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_counting_project(tmp_path_factory.mktemp("served") / "project")


@pytest.fixture(scope="session")
def server(project: Path) -> Iterator[RunningServer]:
    with running_server(project, limits=LIMITS) as running:
        yield running


@pytest.fixture
def proxy(server: RunningServer) -> Iterator[FaultProxy]:
    with fault_proxy(urlsplit(server.url).port or 0) as found:
        yield found


@pytest.fixture
def there(
    project: Path, server: RunningServer, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> FaultProxy:
    """The command runs in the project and reaches the server through the proxy only."""
    monkeypatch.chdir(project)
    monkeypatch.setenv("DLI_SERVER_URL", proxy.url)
    monkeypatch.setenv("DLI_API_TOKEN", server.key())
    return proxy


@pytest.fixture
def impatient() -> None:
    """Each request may take two seconds."""
    settings = Path(os.environ["HOME"]) / ".dli" / "config.yaml"
    settings.parent.mkdir()
    settings.write_text("server: {timeout: 2}\n")
    settings.chmod(0o600)


@pytest.fixture
def start() -> Iterator[Start]:
    """Begin the command as a process of its own; none is left at the end."""
    started: list[subprocess.Popen[str]] = []

    def call(*tokens: str, **environ: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            command(*tokens),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environ},
        )
        started.append(process)
        return process

    yield call
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def counts(client: RunsClient) -> dict[int, int]:
    """How often each number was inserted, as the engine says."""
    session = client.session()
    found = client.statement(session, "SELECT n, count(*) AS c FROM lake.main.done GROUP BY n")
    counted = {row["n"]: row["c"] for row in client.rows(found["run_id"]).to_pylist()}
    client.http.delete(f"/sessions/{session}")
    return counted


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])

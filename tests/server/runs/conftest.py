"""A project with slow, writing, failing and tested resources, behind a real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.fixtures import RunningServer, running_server
from tests.server.runs.client import RunsClient
from tests.server.runs.project import write_runs_project


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder: Path = tmp_path_factory.mktemp("runs")
    with running_server(write_runs_project(folder / "project")) as found:
        yield found


@pytest.fixture
def client(server: RunningServer) -> Iterator[RunsClient]:
    with RunsClient(server) as found:
        yield found

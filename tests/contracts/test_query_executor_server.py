"""A server keeps what an executor promises, as the engine behind it does."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dli_adapters.clock.system import SystemClock
from dli_adapters.registry import open_server
from dli_adapters.server.opening import ServerEngine
from dli_domain.model.secret import Secret
from dli_domain.model.settings import ServerTarget
from dli_domain.ports.query_executor import QueryExecutor
from tests.contracts.query_executor_contract import scope
from tests.contracts.test_query_executor_duckdb import DuckDbFacts
from tests.projects import write_project
from tests.server.fixtures import running_server


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerTarget]:
    project = write_project(tmp_path_factory.mktemp("server") / "project")
    with running_server(project, limits={"rows": 2_000_000}) as server:
        yield ServerTarget(url=server.url, api_key=Secret(server.key()))


class _OverAServer(DuckDbFacts):
    @pytest.fixture(autouse=True)
    def _server(self, target: ServerTarget) -> None:
        self.target = target


class TestServerExecutor(_OverAServer):
    @contextmanager
    def opened(self) -> Iterator[QueryExecutor]:
        clock = SystemClock()
        engine = ServerEngine(self.target, "duckdb", clock)
        with engine.open(scope(now=clock.monotonic())) as executor:
            yield executor


class TestSupervisedServerExecutor(_OverAServer):
    @contextmanager
    def opened(self) -> Iterator[QueryExecutor]:
        clock = SystemClock()
        engine = ServerEngine(self.target, "duckdb", clock)
        with open_server(engine, clock)(scope(now=clock.monotonic())) as executor:
            yield executor

"""The specs of a real server, the project folder behind it filled anew for each source."""

import shutil
from collections.abc import Iterator, Sequence

import httpx
import pytest
from sqlalchemy import delete

from dli_adapters.clock.system import SystemClock
from dli_adapters.server.kept import KeptTransport
from dli_adapters.server.specs import ServerSpecSource
from dli_adapters.yaml_specs.bundles import resource_of
from dli_domain.model.secret import Secret
from dli_domain.model.settings import ServerTarget
from dli_domain.model.spec import ResourceKind
from dli_domain.ports.spec_source import SpecSource
from dli_server.http.scopes import Scope
from dli_server.storage.opening import connect
from dli_server.storage.tables import RESOURCES
from tests.contracts.spec_source_contract import SpecSourceContract
from tests.server.fixtures import RunningServer, running_server

_TEXT = "name: {name}\nowner: kim@example.com\nteam: '@data'\nquery_statement: SELECT '{name}'\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    root = tmp_path_factory.mktemp("specs") / "project"
    root.mkdir()
    (root / "dli.yaml").write_text('version: "1"\nlocal: {engine: duckdb}\n')
    with running_server(root) as found:
        yield found


def _source(server: RunningServer) -> SpecSource:
    target = ServerTarget(url=server.url, api_key=Secret(server.key(Scope.CATALOG)))
    return ServerSpecSource(KeptTransport(target, SystemClock()), resource_of)


class TestSpecsOfAServersProject(SpecSourceContract):
    @pytest.fixture(autouse=True)
    def _server(self, server: RunningServer) -> None:
        self.server = server

    def source(self, resources: Sequence[tuple[ResourceKind, str]]) -> SpecSource:
        folder = self.server.project / "datasets"
        shutil.rmtree(folder, ignore_errors=True)
        for number, (kind, name) in enumerate(resources):
            file = folder / str(number) / f"{kind}.yaml"
            file.parent.mkdir(parents=True)
            file.write_text(_TEXT.format(name=name), encoding="utf-8")
        return _source(self.server)


class TestRegisteredSpecs(SpecSourceContract):
    """What cannot be registered twice stands in the folder twice."""

    @pytest.fixture(autouse=True)
    def _server(self, server: RunningServer) -> None:
        self.server = server
        shutil.rmtree(server.project / "datasets", ignore_errors=True)
        database = connect(f"sqlite:///{server.state / 'server.db'}")
        with database.begin() as connection:
            connection.execute(delete(RESOURCES))
        database.dispose()

    def source(self, resources: Sequence[tuple[ResourceKind, str]]) -> SpecSource:
        if len(set(resources)) < len(resources):
            pytest.skip("a registry holds one of a name")
        for kind, name in resources:
            path = f"{kind}s/{kind}.{name}.yaml"
            spec = {"path": path, "files": {path: _TEXT.format(name=name)}, "dialect": "duckdb"}
            httpx.post(
                f"{self.server.url}/api/v1/{kind}s",
                headers=self.server.headers(Scope.REGISTER),
                json={"name": name, "spec": spec},
            ).raise_for_status()
        return _source(self.server)

"""The quality files of a real server, its project folder filled anew for each source."""

import shutil
from collections.abc import Iterator, Sequence

import pytest

from dli_adapters.clock.system import SystemClock
from dli_adapters.server.kept import KeptTransport
from dli_adapters.server.specs import ServerQualitySource
from dli_adapters.yaml_specs.bundles import qualities_of
from dli_domain.errors import SpecNotFoundError
from dli_domain.model.secret import Secret
from dli_domain.model.settings import ServerTarget
from dli_domain.ports.quality_source import QualitySource
from dli_server.http.scopes import Scope
from tests.contracts.quality_source_contract import QualitySourceContract
from tests.server.fixtures import RunningServer, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    root = tmp_path_factory.mktemp("qualities") / "project"
    root.mkdir()
    (root / "dli.yaml").write_text('version: "1"\nlocal: {engine: duckdb}\n')
    with running_server(root) as found:
        yield found


class TestQualitiesOfAServer(QualitySourceContract):
    @pytest.fixture(autouse=True)
    def _server(self, server: RunningServer) -> None:
        self.server = server

    def source(self, files: Sequence[tuple[str, str]]) -> QualitySource:
        root = self.server.project
        for old in root.iterdir():
            if old.is_dir():
                shutil.rmtree(old)
            elif old.name != "dli.yaml":
                old.unlink()
        for path, name in files:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(
                f"target: {{type: dataset, name: {name}}}\nmetadata: {{owner: kim@example.com}}\n"
                "tests: [{name: x, type: row_count, min: 1}]\n",
                encoding="utf-8",
            )
        target = ServerTarget(url=self.server.url, api_key=Secret(self.server.key(Scope.CATALOG)))
        return ServerQualitySource(KeptTransport(target, SystemClock()), qualities_of)

    def test_a_path_finds_the_one_file(self, shop: QualitySource) -> None:
        """A server knows no paths."""
        with pytest.raises(SpecNotFoundError, match="knows them by resource"):
            shop.find("quality.b.yaml")

from collections.abc import Sequence
from pathlib import Path

import pytest

from dli_adapters.yaml_specs.spec_source import YamlSpecSource
from dli_domain.model.settings import ProjectSettings
from dli_domain.model.spec import ResourceKind
from dli_domain.ports.spec_source import SpecSource
from tests.contracts.spec_source_contract import SpecSourceContract


class _OverFiles(SpecSourceContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.root = tmp_path / "project"
        self.root.mkdir()

    def path(self, number: int, kind: ResourceKind, name: str) -> str:
        raise NotImplementedError

    def source(self, resources: Sequence[tuple[ResourceKind, str]]) -> SpecSource:
        for number, (kind, name) in enumerate(resources):
            file = self.root / self.path(number, kind, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(
                f"name: {name}\nowner: kim@example.com\nteam: '@data'\n"
                f"query_statement: SELECT '{name}'\n",
                encoding="utf-8",
            )
        return YamlSpecSource(ProjectSettings(root=str(self.root)))


class TestYamlSpecsNamedByTheirFiles(_OverFiles):
    def path(self, number: int, kind: ResourceKind, name: str) -> str:
        return f"{kind}s/team{number}/{kind}.{name}.{'yml' if number % 2 else 'yaml'}"


class TestYamlSpecsNamedInside(_OverFiles):
    def path(self, number: int, kind: ResourceKind, name: str) -> str:
        return f"datasets/{number}/{kind}.yaml"

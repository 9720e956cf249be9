from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from dli_adapters.yaml_specs.spec_source import YamlSpecSource
from dli_domain.errors import SpecInvalidError
from dli_domain.model.problems import Problem
from dli_domain.model.settings import ProjectSettings
from dli_domain.model.spec import ResourceKind, ResourceSpec

HEAD = "name: a.b.c\nowner: kim@example.com\nteam: '@data'\n"


@dataclass(frozen=True)
class Project:
    """A project folder that tests write into."""

    root: Path
    settings: ProjectSettings

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def source(self, **settings: object) -> YamlSpecSource:
        return YamlSpecSource(replace(self.settings, **settings))  # type: ignore[arg-type]

    def dataset(self, body: str) -> ResourceSpec:
        """The dataset a.b.c with this text below its head."""
        self.write("datasets/dataset.a.b.c.yaml", HEAD + body)
        return self.source().get("a.b.c", ResourceKind.DATASET)

    def metric(self, body: str) -> ResourceSpec:
        self.write("metrics/metric.a.b.c.yaml", HEAD + body)
        return self.source().get("a.b.c", ResourceKind.METRIC)


def findings(read: Callable[[], object]) -> tuple[Problem, ...]:
    """What is wrong with the spec that `read` asks for."""
    with pytest.raises(SpecInvalidError) as caught:
        read()
    return caught.value.problems


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "project"
    root.mkdir()
    return Project(root, ProjectSettings(root=str(root)))

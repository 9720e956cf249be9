"""Quality files from YAML and from memory keep one contract."""

from collections.abc import Sequence
from pathlib import Path

from dli_adapters.memory.quality_source import MemoryQualitySource
from dli_adapters.yaml_specs.quality_source import YamlQualitySource
from dli_domain.model.names import ResourceName
from dli_domain.model.problems import Location
from dli_domain.model.quality import QualitySpec, QualityTarget, QualityTest, QualityTestType
from dli_domain.model.settings import ProjectSettings
from dli_domain.model.spec import ResourceKind
from dli_domain.ports.quality_source import QualitySource
from tests.contracts.quality_source_contract import QualitySourceContract


class TestMemoryQualitySource(QualitySourceContract):
    def source(self, files: Sequence[tuple[str, str]]) -> QualitySource:
        return MemoryQualitySource(
            QualitySpec(
                target=QualityTarget(kind=ResourceKind.DATASET, name=ResourceName.parse(name)),
                owner="kim@example.com",
                location=Location(path),
                tests=(
                    QualityTest(name="x", type=QualityTestType.ROW_COUNT, location=Location(path)),
                ),
            )
            for path, name in files
        )


class TestYamlQualitySource(QualitySourceContract):
    def source(self, files: Sequence[tuple[str, str]]) -> QualitySource:
        for path, name in files:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(
                f"target: {{type: dataset, name: {name}}}\nmetadata: {{owner: kim@example.com}}\n"
                "tests: [{name: x, type: row_count, min: 1}]\n",
                encoding="utf-8",
            )
        return YamlQualitySource(ProjectSettings(root=str(Path.cwd())))

    def test_a_broken_file_hides_nothing_and_is_told(self) -> None:
        source = self.source([("quality.good.yaml", "lake.good")])
        Path("quality.lake.bad.yaml").write_text("target: [")
        listing = source.list()
        assert [str(spec.target.name) for spec in listing.specs] == ["lake.good"]
        assert [problem.code for problem in listing.problems] == ["DLI-203"]
        assert len(source.find("lake.good").specs) == 1

"""Quality files of a project."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from dli_adapters.documents.findings import invalid_document
from dli_adapters.documents.nodes import MappingNode
from dli_adapters.documents.reader import parse_yaml
from dli_adapters.yaml_specs.discovery import SpecFolders, printable
from dli_adapters.yaml_specs.fields import Findings
from dli_adapters.yaml_specs.project_files import FileRefusedError, ProjectFiles
from dli_adapters.yaml_specs.quality_spec import QualitySpecReader
from dli_domain.errors import ErrorCode, SpecNotFoundError
from dli_domain.model.names import did_you_mean
from dli_domain.model.problems import Location, Problem, Severity
from dli_domain.model.quality import QualitySpec
from dli_domain.model.settings import ProjectSettings
from dli_domain.ports.quality_source import QualityListing, QualitySource
from dli_domain.ports.unknown_names import check_name, no_quality_file

PATTERNS = ("quality.*.yaml", "quality.*.yml", "quality.yaml", "quality.yml")


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What came of one file. `names` are what it may be about: its target, or its file name."""

    label: str
    spec: QualitySpec | None
    names: tuple[str | None, ...]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)


def _listing(found: Sequence[_Loaded]) -> QualityListing:
    return QualityListing(
        specs=tuple(one.spec for one in found if one.spec is not None),
        problems=tuple(problem for one in found for problem in one.problems),
    )


@final
class YamlQualitySource(QualitySource):
    """The files `quality.*.yaml` and `quality.*.yml` anywhere below the project's folder.

    Nothing is kept between calls: what is on disk counts.

    Raises:
        ConfigError: DLI-003, the settings name no project.
    """

    def __init__(self, project: ProjectSettings, files: ProjectFiles | None = None) -> None:
        self._folders = SpecFolders(
            replace(
                project,
                datasets_dir=".",
                metrics_dir=".",
                dataset_patterns=PATTERNS,
                metric_patterns=(),
            )
        )
        self._files = files or ProjectFiles(self._folders.root)
        self._project = project

    def find(self, reference: str) -> QualityListing:
        if reference.endswith((".yaml", ".yml")) or "/" in reference:
            return _listing([self._file(reference)])
        check_name(
            reference, "Give a name such as catalog.schema.name, or the path of a quality file."
        )
        found = [one for one in self._mentioning(reference) if reference in one.names]
        broken = [one for one in found if one.spec is None]
        if broken:
            problems = [problem for one in broken for problem in one.errors]
            raise invalid_document(broken[0].label, problems)
        if not found:
            raise self._no_file_tests(reference)
        return _listing(found)

    def list(self) -> QualityListing:
        findings = Findings()
        specs = []
        claims = {}
        for file in self._folders.files(findings):
            loaded = self._load(self._files, file.path, file.stem)
            findings.problems.extend(loaded.problems)
            if loaded.spec is not None:
                specs.append(loaded.spec)
            else:
                claims[loaded.label] = tuple(name for name in loaded.names if name is not None)
        return QualityListing(specs=tuple(specs), problems=tuple(findings.problems), claims=claims)

    def read(self, path: str) -> QualityListing:
        """The file at that path, relative to the project.

        Raises:
            SpecInvalidError: it is broken; `problems` holds every finding.
        """
        loaded = self._load(self._files, path, None)
        if loaded.spec is None:
            raise invalid_document(loaded.label, loaded.errors)
        return _listing([loaded])

    def _mentioning(self, name: str) -> Iterator[_Loaded]:
        needle = name.encode("utf-8", "replace")
        for file in self._folders.files():
            if file.stem != name:
                try:
                    data = self._files.read(file.path)
                except FileRefusedError:
                    continue  # `list` tells of it; here another resource was asked for
                # An escape may spell the name in other bytes.
                if needle not in data and b"\\" not in data:
                    continue
            yield self._load(self._files, file.path, file.stem)

    def _file(self, reference: str) -> _Loaded:
        files, path = self._place(reference)
        if not Path(files.root, path).exists():
            raise self._no_such_file(reference)
        loaded = self._load(files, path, None)
        if loaded.spec is None:
            raise invalid_document(loaded.label, loaded.errors)
        return loaded

    def _place(self, reference: str) -> tuple[ProjectFiles, str]:
        """Where a path leads that the user typed: from where they are, else from the project."""
        root = Path(self._folders.root)
        given = Path(os.path.abspath(reference))  # noqa: PTH100 - links on the way are judged later
        if not given.exists() and (root / reference).exists():
            given = root / reference
        for base in (root, root.resolve()):
            if given.is_relative_to(base):
                return self._files, given.relative_to(base).as_posix()
        return ProjectFiles(str(given.parent)), given.name

    def _load(self, files: ProjectFiles, path: str, stem: str | None) -> _Loaded:
        label = printable(path)
        try:
            data = files.read(path)
        except FileRefusedError as error:
            problem = Problem(
                code=error.code, message=error.message, location=Location(label), fix=error.fix
            )
            return _Loaded(label, None, (stem,), (problem,))
        reading = parse_yaml(data, label)
        findings = Findings(list(reading.problems))
        if not isinstance(reading.node, MappingNode):
            if not findings.problems:
                findings.add(
                    Location(label),
                    "the file is empty" if reading.node is None else "it must be a map of fields",
                    "Write target, metadata and tests; 'dli quality suggest TABLE' proposes one.",
                )
            return _Loaded(label, None, (stem,), tuple(findings.problems))
        spec = QualitySpecReader(files, self._project).read(reading.node, path, label, findings)
        names = (stem,) if spec is None else (str(spec.target.name),)
        loaded = _Loaded(label, spec, names, tuple(findings.problems))
        return replace(loaded, spec=None, names=(*names, stem)) if loaded.errors else loaded

    def _no_file_tests(self, name: str) -> SpecNotFoundError:
        known = {str(spec.target.name) for spec in self.list().specs}
        searched = ", ".join(PATTERNS[:2])
        return no_quality_file(name, known, {"Project": self._folders.root, "Searched": searched})

    def _no_such_file(self, reference: str) -> SpecNotFoundError:
        known = [file.path for file in self._folders.files()]
        return SpecNotFoundError(
            f"There is no quality file {reference!r}",
            code=ErrorCode.QUALITY_SPEC_NOT_FOUND,
            context={"Project": self._folders.root},
            hint=did_you_mean(reference, known) or "Run 'dli quality list' to see what there is.",
        )

"""Specs from the YAML files of a project."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import final

from dli_adapters.documents.findings import invalid_document
from dli_adapters.documents.nodes import MappingNode, ScalarNode
from dli_adapters.documents.reader import parse_yaml
from dli_adapters.yaml_specs.discovery import SpecFile, SpecFolders, printable
from dli_adapters.yaml_specs.fields import Findings
from dli_adapters.yaml_specs.project_files import FileRefusedError, ProjectFiles
from dli_adapters.yaml_specs.resource import SpecReader
from dli_domain.errors import DliError, ErrorCode, SpecInvalidError
from dli_domain.model.problems import Location, Problem, Severity
from dli_domain.model.settings import ProjectSettings
from dli_domain.model.spec import ResourceKind, ResourceSpec
from dli_domain.ports.spec_source import SpecListing, SpecSource
from dli_domain.ports.unknown_names import check_name, listed_by, no_resource

_PLAIN_NAME = re.compile(
    rb"""^name:[ \t]+["']?([A-Za-z0-9_.$-]+)["']?[ \t]*(?:\#.*)?\r?$""", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of one file; `spec` is None where an error is among the problems."""

    file: SpecFile
    kind: ResourceKind
    name: str | None
    spec: ResourceSpec | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)

    @property
    def label(self) -> str:
        return printable(self.file.path)

    @property
    def location(self) -> Location:
        return self.spec.location if self.spec else Location(self.label)


@final
class YamlSpecSource(SpecSource):
    """The datasets and metrics of one project folder.

    Files are found by the patterns of the settings, in both folders and to any depth. Nothing
    is kept between calls: what is on disk counts.

    Raises:
        ConfigError: the settings name no project (DLI-003), or a folder outside of it.
    """

    def __init__(self, project: ProjectSettings, files: ProjectFiles | None = None) -> None:
        self._folders = SpecFolders(project)
        self._files = files or ProjectFiles(self._folders.root)
        self._reader = SpecReader(self._files, project)

    def get(self, name: str, kind: ResourceKind | None = None) -> ResourceSpec:
        check_name(name)
        findings = Findings()
        loaded = [self.load(file) for file in self._folders.named(name, findings)]
        # A file that claims the name and names another in it is told as broken, not as missing.
        found = [one for one in loaded if one.name == name or one.file.claims_name]
        if not any(kind in (None, one.kind) for one in found):
            seen = {one.file.path for one in loaded}
            others = [f for f in self._folders.files(findings) if f.path not in seen]
            found += self._mentioning(name, others, findings)
        return self._single(name, kind, found, findings)

    def names(self, kind: ResourceKind | None = None) -> Sequence[str]:
        named: set[str] = set()
        for file in self._folders.files():
            if file.claims_name and file.stem is not None:
                if kind in (None, file.kind):
                    named.add(file.stem)
            elif (name := self._name_of(file, kind)) is not None:
                named.add(name)
        return sorted(named)

    def list(self, kind: ResourceKind | None = None) -> SpecListing:
        findings = Findings()
        by_name: defaultdict[tuple[ResourceKind, str], list[Loaded]] = defaultdict(list)
        for file in self._folders.files(findings, tell_misnamed=True):
            if kind not in (None, file.kind) and not self._may_say(kind, file):
                continue
            loaded = self.load(file)
            if kind not in (None, loaded.kind):
                continue
            findings.problems.extend(loaded.problems)
            if loaded.name is not None:
                by_name[loaded.kind, loaded.name].append(loaded)
        specs = []
        for key in sorted(by_name):
            same = by_name[key]
            if len(same) > 1:
                findings.problems.extend(_doubles(key[1], same))
            elif same[0].spec is not None:
                specs.append(same[0].spec)
        return SpecListing(specs=tuple(specs), problems=tuple(findings.problems))

    def _single(
        self, name: str, kind: ResourceKind | None, found: Sequence[Loaded], findings: Findings
    ) -> ResourceSpec:
        wanted = [one for one in found if kind in (None, one.kind)]
        if not wanted:
            raise self._not_found(name, kind, found, findings)
        if len(wanted) > 1:
            problems = [*_doubles(name, wanted), *(p for one in wanted for p in one.errors)]
            raise SpecInvalidError(
                f"{name!r} stands in {len(wanted)} files: "
                + ", ".join(str(one.label) for one in wanted),
                location=wanted[0].location,
                hint="Keep one of them, or give them different names.",
                problems=tuple(problems),
            )
        only = wanted[0]
        if only.spec is None:
            raise invalid_document(only.label, only.errors)
        return only.spec

    def load(self, file: SpecFile) -> Loaded:
        """What one file holds; whatever is wrong with it becomes problems."""
        label = printable(file.path)
        try:
            data = self._files.read(file.path)
        except FileRefusedError as error:
            problem = Problem(
                code=error.code, message=error.message, location=Location(label), fix=error.fix
            )
            return Loaded(file, file.kind, file.stem, None, (problem,))
        return self._parse(file, label, data)

    def _may_say(self, kind: ResourceKind | None, file: SpecFile) -> bool:
        """Whether a file of the other kind's pattern can name this kind: a look at its bytes."""
        try:
            data = self._files.read(file.path)
        except FileRefusedError:
            return True
        # An escape may spell the word in other bytes.
        return kind is None or kind.value.encode() in data.lower() or b"\\" in data

    def _parse(self, file: SpecFile, label: str, data: bytes) -> Loaded:
        reading = parse_yaml(data, label)
        findings = Findings(list(reading.problems))
        kind = self._reader.kind_of(reading.node, file.kind)
        if not isinstance(reading.node, MappingNode):
            if not findings.problems:
                _note_no_map(findings, reading.node is None, label)
            return Loaded(file, kind, file.stem, None, tuple(findings.problems))
        spec = self._reader.read(reading.node, label, kind, findings)
        name = str(spec.name) if spec else file.stem
        if spec and file.claims_name and name != file.stem:
            findings.add(
                _place_of_name(reading.node),
                f"the name is {name!r}, but the file name says {file.stem!r}",
                "Make them agree: rename the file, or correct the name.",
            )
        loaded = Loaded(file, kind, name, spec, tuple(findings.problems))
        return Loaded(file, kind, name, None, loaded.problems) if loaded.errors else loaded

    def _mentioning(
        self, name: str, files: Iterable[SpecFile], findings: Findings
    ) -> Sequence[Loaded]:
        """The resources of that name whose file name does not tell it."""
        found = []
        needle = name.encode("utf-8", "replace")
        for file in files:
            try:
                data = self._files.read(file.path)
            except FileRefusedError:
                # It is listed with its reason by `list`; here another resource was asked for.
                continue
            # An escape may spell the name in other bytes.
            if needle not in data and b"\\" not in data:
                continue
            loaded = self._parse(file, printable(file.path), data)
            if loaded.name == name:
                found.append(loaded)
            elif loaded.name is None or loaded.name == file.stem:
                findings.problems.extend(loaded.errors)
        return found

    def _name_of(self, file: SpecFile, kind: ResourceKind | None) -> str | None:
        """The name inside a file whose own name does not tell it; the stem of a broken one."""
        try:
            data = self._files.read(file.path)
        except FileRefusedError:
            return file.stem if kind in (None, file.kind) else None
        plain = _PLAIN_NAME.search(data)
        if plain and kind is None:
            return plain[1].decode()
        node = parse_yaml(data, printable(file.path)).node
        if kind not in (None, self._reader.kind_of(node, file.kind)):
            return None
        name = node.get("name") if isinstance(node, MappingNode) else None
        return name.text.strip() if isinstance(name, ScalarNode) else file.stem

    def _not_found(
        self,
        name: str,
        kind: ResourceKind | None,
        found: Sequence[Loaded],
        findings: Findings,
    ) -> DliError:
        searched = ", ".join(f"{folder or '.'}/" for folder in self._folders.folders)
        return no_resource(
            name,
            kind,
            other=found[0].kind if found else None,
            known=lambda: self.names(kind),
            otherwise=listed_by(kind),
            context={"Project": self._folders.root, "Searched": searched},
            problems=tuple(findings.problems),
        )


def _doubles(name: str, same: Sequence[Loaded]) -> list[Problem]:
    return [
        Problem(
            code=ErrorCode.SPEC_INVALID,
            message=f"the name {name!r} stands also in "
            + ", ".join(other.label for other in same if other is not one),
            location=one.location,
            fix="Keep one of them, or give them different names.",
        )
        for one in same
    ]


def _note_no_map(findings: Findings, empty: bool, label: str) -> None:
    findings.add(
        Location(label),
        "the file is empty" if empty else "a spec must be a map of fields",
        "Write name, owner, team and the SQL; see 'dli init' for an example.",
    )


def _place_of_name(node: MappingNode) -> Location:
    name = node.get("name")
    return name.location if isinstance(name, ScalarNode) else node.location

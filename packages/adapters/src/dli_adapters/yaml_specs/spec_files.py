"""The spec files of a project one by one, each with what it was made of."""

import hashlib
import os
from dataclasses import dataclass, field
from typing import final

from dli_adapters.yaml_specs.discovery import SpecFile, SpecFolders, printable
from dli_adapters.yaml_specs.fields import Findings
from dli_adapters.yaml_specs.project_files import FileRefusedError, ProjectFiles
from dli_adapters.yaml_specs.spec_source import YamlSpecSource
from dli_domain.model.settings import ProjectSettings
from dli_domain.ports.spec_files import ReadFile, SpecFiles, SpecPaths, SpecRead, Stamp

_NO_DIGEST = b""


@dataclass(frozen=True, slots=True)
class _RecordingFiles(ProjectFiles):
    """Notes each file that is read, also one that cannot be: it may be there tomorrow."""

    log: dict[str, ReadFile] = field(default_factory=dict)

    def read(self, path: str) -> bytes:
        # Before reading: a change in between then leaves an old stamp on new content, which
        # only means that the file is read once more.
        stamp = _stamp(self.root, path)
        try:
            data = ProjectFiles.read(self, path)
        except FileRefusedError:
            self.log[path] = ReadFile(path, stamp, _NO_DIGEST)
            raise
        self.log[path] = ReadFile(path, stamp, _digest(data))
        return data


@final
class YamlSpecFiles(SpecFiles):
    """The YAML specs of one project folder and the SQL files beside them.

    Raises:
        ConfigError: the settings name no project, or a folder outside of it.
    """

    def __init__(self, project: ProjectSettings) -> None:
        self._folders = SpecFolders(project)
        self._files = _RecordingFiles(self._folders.root)
        self._source = YamlSpecSource(project, self._files)
        self._found: dict[str, SpecFile] = {}

    def paths(self) -> SpecPaths:
        findings = Findings()
        self._found = {
            file.path: file for file in self._folders.files(findings, tell_misnamed=True)
        }
        return SpecPaths(paths=tuple(self._found), problems=tuple(findings.problems))

    def stamp(self, path: str) -> Stamp | None:
        return _stamp(self._folders.root, path)

    def digest(self, path: str) -> bytes | None:
        try:
            return _digest(ProjectFiles.read(self._files, path))
        except FileRefusedError:
            return None

    def read(self, path: str) -> SpecRead:
        self._files.log.clear()
        loaded = self._source.load(self._found[path])
        return SpecRead(
            path=printable(path),
            kind=loaded.kind,
            name=loaded.name,
            spec=loaded.spec,
            problems=loaded.problems,
            files=tuple(self._files.log.values()),
        )


def _stamp(root: str, path: str) -> Stamp | None:
    try:
        facts = os.lstat(f"{root}/{path}")
    except (OSError, ValueError):
        return None
    return Stamp(facts.st_mtime_ns, facts.st_ctime_ns, facts.st_size, facts.st_ino)


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()

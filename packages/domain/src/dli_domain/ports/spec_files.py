"""The port that reads the spec files of a project one by one."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from dli_domain.model.problems import Problem
from dli_domain.model.spec import ResourceKind, ResourceSpec


class Stamp(NamedTuple):
    """What the file system tells of a file; another stamp means that it may hold something else.

    `changed_ns` and `replaced_ns` are the times of content and of inode in nanoseconds.
    """

    changed_ns: int
    replaced_ns: int
    size: int
    inode: int


class ReadFile(NamedTuple):
    """A file that was read, as it was then; one that could not be has an empty digest."""

    path: str
    stamp: Stamp | None
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecRead:
    """What came of one spec file; `spec` is None where an error is among the problems.

    `files` holds the spec file and the SQL files it names.
    """

    path: str
    kind: ResourceKind
    name: str | None
    spec: ResourceSpec | None
    problems: tuple[Problem, ...]
    files: tuple[ReadFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecPaths:
    """The spec files of a project, sorted, and what kept a folder from being looked into."""

    paths: tuple[str, ...]
    problems: tuple[Problem, ...] = ()


class SpecFiles(Protocol):
    """The files behind a project's specs."""

    def paths(self) -> SpecPaths:
        """Where they are; no file is opened."""
        ...

    def stamp(self, path: str) -> Stamp | None:
        """What the file system tells now; None where there is no such regular file."""
        ...

    def digest(self, path: str) -> bytes | None:
        """The digest of what the file holds now; None where it cannot be read."""
        ...

    def read(self, path: str) -> SpecRead:
        """The spec in a file; whatever is wrong with it becomes problems."""
        ...

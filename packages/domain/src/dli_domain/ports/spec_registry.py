"""The port that keeps specs where others run them, and what travels there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Protocol


class BundleKind(StrEnum):
    """What a bundle describes."""

    DATASET = "dataset"
    METRIC = "metric"
    QUALITY = "quality"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecBundle:
    """A spec as its author wrote it, with all that is needed to read it elsewhere.

    Args:
        kind: What it describes; a quality bundle holds every quality file of one resource.
        name: The resource that is described, or tested.
        path: The spec's file, relative to its project.
        files: The text of each file by its path: the spec's, and the SQL files that it names.
        dialect: What its project says of specs that name none.
        timeout_seconds: The same of the timeout.
        owner, team, description, tags: What catalogs show without reading the files.
        sql: The main statement's template, for readers that know no bundles.
    """

    kind: BundleKind
    name: str
    path: str
    files: Mapping[str, str]
    dialect: str
    timeout_seconds: int | None = None
    owner: str = ""
    team: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    sql: str = ""
    depends_on: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """SHA-256 over everything that decides what the spec means, in hexadecimal digits."""
        told = [
            self.kind.value,
            self.name,
            self.path,
            sorted(self.files.items()),
            self.dialect,
            self.timeout_seconds,
        ]
        return sha256(json.dumps(told, ensure_ascii=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What became of a registration; `unchanged` where this version was the current one already."""

    kind: BundleKind
    name: str
    version: str
    unchanged: bool = False
    warnings: tuple[str, ...] = field(default=())


class SpecBundles(Protocol):
    """Gives the specs of a project as bundles."""

    def bundle(self, name: str, kind: BundleKind) -> SpecBundle:
        """The spec of that name with the files it is made of.

        Raises:
            SpecNotFoundError: nothing has that name.
            SpecInvalidError: it is broken.
        """
        ...


class SpecRegistry(Protocol):
    """Keeps specs; each change is a new version, and old ones stay."""

    def register(self, bundle: SpecBundle, *, force: bool) -> Registered:
        """Keep the bundle as the current version of its name.

        Raises:
            SpecInvalidError: it is there already in another version and `force` is false, or
                the registry finds the spec broken; `problems` holds every finding.
            EngineError: the registry failed, or may not be written with these credentials.
        """
        ...

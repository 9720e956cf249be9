"""Specs of a project as bundles, and bundles as specs: what is read is what the author wrote."""

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import final

from dli_adapters.documents.findings import invalid_document
from dli_adapters.yaml_specs.discovery import SpecFile
from dli_adapters.yaml_specs.project_files import FileRefusedError, ProjectFiles
from dli_adapters.yaml_specs.quality_source import YamlQualitySource
from dli_adapters.yaml_specs.spec_source import YamlSpecSource
from dli_domain.errors import ErrorCode, SpecInvalidError
from dli_domain.model.names import did_you_mean
from dli_domain.model.problems import Problem
from dli_domain.model.quality import QualitySpec
from dli_domain.model.settings import ProjectSettings
from dli_domain.model.spec import ResourceKind, ResourceSpec
from dli_domain.ports.quality_source import QualityListing
from dli_domain.ports.spec_registry import BundleKind, SpecBundle, SpecBundles

_ANY_ROOT = "/"
_MAX_FILES = 200
_MAX_PATH = 1024
_YAML = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class _NotedFiles(ProjectFiles):
    """Keeps the bytes of each file that is read."""

    read_bytes: dict[str, bytes] = field(default_factory=dict)

    def read(self, path: str) -> bytes:
        data = ProjectFiles.read(self, path)
        self.read_bytes[path] = data
        return data


@dataclass(frozen=True, slots=True)
class _BundledFiles(ProjectFiles):
    """The files of a bundle in place of a folder; nothing is opened."""

    texts: Mapping[str, str] = field(default_factory=dict)

    def read(self, path: str) -> bytes:
        text = self.texts.get(path)
        if text is None:
            known = [one for one in self.texts if one.endswith(".sql")]
            raise FileRefusedError(
                ErrorCode.SPEC_INVALID,
                f"the file {path} does not exist",
                did_you_mean(path, known) or "Create it, or correct the path.",
            )
        return text.encode()


@final
class YamlSpecBundles(SpecBundles):
    """The specs and quality files of one project folder.

    Raises:
        ConfigError: the settings name no project, or a folder outside of it.
    """

    def __init__(self, project: ProjectSettings) -> None:
        self._project = project

    def bundle(self, name: str, kind: BundleKind) -> SpecBundle:
        files = _NotedFiles(self._project.root or "")
        if kind is BundleKind.QUALITY:
            return self._qualities(name, files)
        spec = YamlSpecSource(self._project, files).get(name, ResourceKind(kind.value))
        sources = (
            spec.sql,
            *(one.sql for one in (*spec.pre_statements, *spec.post_statements)),
        )
        paths = {spec.location.path, *(one.origin.path for one in sources)}
        return replace(
            self._bundle(kind, str(spec.name), spec.location.path, paths, files),
            owner=spec.owner,
            team=spec.team,
            description=spec.description,
            tags=spec.tags,
            sql=spec.sql.text,
            depends_on=spec.depends_on,
        )

    def _qualities(self, reference: str, files: _NotedFiles) -> SpecBundle:
        source = YamlQualitySource(self._project, files)
        name = str(source.find(reference).specs[0].target.name)
        specs = source.find(name).specs
        paths = {path for spec in specs for path in _quality_paths(spec)}
        path = specs[0].location.path
        return bundle_of_quality(self._bundle(BundleKind.QUALITY, name, path, paths, files), specs)

    def _bundle(
        self, kind: BundleKind, name: str, path: str, paths: set[str], files: _NotedFiles
    ) -> SpecBundle:
        outside = paths - files.read_bytes.keys()
        if outside:
            raise SpecInvalidError(
                f"{min(outside)} cannot be sent: its name, or where it is, is none of a project",
                hint="Put it into the project's folder, under a plain name.",
            )
        return SpecBundle(
            kind=kind,
            name=name,
            path=path,
            files={one: files.read_bytes[one].decode() for one in sorted(paths)},
            dialect=self._project.default_dialect,
            timeout_seconds=self._project.default_timeout_seconds,
        )


def resource_of(bundle: SpecBundle) -> ResourceSpec:
    """The dataset or metric in a bundle, as its author's project reads it.

    Raises:
        SpecInvalidError: it is broken, or another resource; `problems` holds every finding.
    """
    _check_paths(bundle)
    kind = ResourceKind(bundle.kind.value)
    project = _project(bundle)
    loaded = YamlSpecSource(project, _BundledFiles(_ANY_ROOT, bundle.files)).load(
        SpecFile(bundle.path, kind)
    )
    if loaded.spec is None:
        raise invalid_document(loaded.label, loaded.errors)
    if (loaded.kind, loaded.name) != (kind, bundle.name):
        raise _another(bundle, f"{loaded.kind.value} {loaded.name!r}")
    return loaded.spec


def qualities_of(bundle: SpecBundle) -> QualityListing:
    """The quality files in a bundle; raises as `resource_of` does."""
    _check_paths(bundle)
    source = YamlQualitySource(_project(bundle), _BundledFiles(_ANY_ROOT, bundle.files))
    specs: list[QualitySpec] = []
    problems: list[Problem] = []
    for path in sorted(one for one in bundle.files if one.endswith(_YAML)):
        listing = source.read(path)
        specs += listing.specs
        problems += listing.problems
    other = [spec for spec in specs if str(spec.target.name) != bundle.name]
    if other or not specs:
        raise _another(bundle, other[0].target.urn if other else "nothing")
    return QualityListing(specs=tuple(specs), problems=tuple(problems))


def bundle_of_quality(bundle: SpecBundle, specs: Sequence[QualitySpec]) -> SpecBundle:
    """The bundle with what its quality files say of owner, team and tags."""
    first = specs[0]
    return replace(
        bundle,
        owner=first.owner,
        team=first.team,
        description=first.description,
        tags=tuple(dict.fromkeys(tag for spec in specs for tag in spec.tags)),
    )


def _quality_paths(spec: QualitySpec) -> Sequence[str]:
    sources = (
        source
        for test in spec.tests
        for source in (test.where, test.values_query, test.expression, test.sql)
        if source is not None
    )
    return (spec.location.path, *(source.origin.path for source in sources))


def _project(bundle: SpecBundle) -> ProjectSettings:
    return ProjectSettings(
        root=_ANY_ROOT,
        default_dialect=bundle.dialect,
        default_timeout_seconds=bundle.timeout_seconds,
    )


def _check_paths(bundle: SpecBundle) -> None:
    wrong = [path for path in bundle.files if not _is_plain(path)]
    if wrong:
        reason = f"{wrong[0][:80]!r} is no path inside a project"
    elif bundle.path not in bundle.files:
        reason = f"the file {bundle.path[:80]!r} is not among its files"
    elif len(bundle.files) > _MAX_FILES:
        reason = f"it has {len(bundle.files)} files, more than {_MAX_FILES}"
    else:
        return
    raise SpecInvalidError(
        f"The bundle of {bundle.kind.value} {bundle.name!r} cannot be read: {reason}",
        hint="Register it with 'dli', which makes such bundles.",
    )


def _is_plain(path: str) -> bool:
    return (
        0 < len(path) <= _MAX_PATH
        and path.isprintable()
        and "\\" not in path
        and not path.startswith(("/", "../"))
        and path not in (".", "..")
        and posixpath.normpath(path) == path
    )


def _another(bundle: SpecBundle, found: str) -> SpecInvalidError:
    return SpecInvalidError(
        f"The bundle of {bundle.kind.value} {bundle.name!r} describes {found}",
        code=ErrorCode.SPEC_INVALID,
        hint="Send each spec under its own name.",
    )

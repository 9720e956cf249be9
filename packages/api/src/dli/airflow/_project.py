"""The scheduled datasets of a project, read without rendering or analysing anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from dli_adapters.settings.inputs import SettingsInputs
from dli_adapters.settings.loader import LoadedSettings, load_settings
from dli_adapters.yaml_specs.spec_files import YamlSpecFiles
from dli_adapters.yaml_specs.spec_source import YamlSpecSource
from dli_domain.errors import DliError, SpecInvalidError, SpecNotFoundError
from dli_domain.model.problems import Problem, Severity
from dli_domain.model.spec import ResourceKind, ResourceSpec, ScheduleSpec
from dli_domain.scheduling.dags import dag_id

_DATASET = ResourceKind.DATASET


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A dataset that workflows build; `upstream` names what it is made of, scheduled or not."""

    spec: ResourceSpec
    schedule: ScheduleSpec
    upstream: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BrokenSpec:
    """A dataset whose spec cannot be read, and why."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ProjectDatasets:
    """The datasets of one project folder.

    Raises:
        ConfigError: the folder holds no project.
    """

    root: str
    loaded: LoadedSettings
    source: YamlSpecSource

    @classmethod
    def at(cls, path: str) -> Self:
        """Those of the project at `path`."""
        loaded = load_settings(SettingsInputs.of_process(project=Path(path)))
        root = loaded.require_project()
        return cls(str(root), loaded, YamlSpecSource(loaded.settings.project))

    def scheduled(
        self, *, lineage: bool = False
    ) -> tuple[tuple[Scheduled, ...], tuple[BrokenSpec, ...]]:
        """All with an enabled schedule, by name, and all that are broken."""
        listing = self.source.list(_DATASET)
        read: dict[str, tuple[str, ...]] = {}
        if lineage:
            # sqlglot and the cache of facts: for those who ask
            from dli.airflow._lineage import upstream_by_lineage  # noqa: PLC0415

            read = upstream_by_lineage(self.loaded)
        found = (_scheduled(spec, read.get(str(spec.name), ())) for spec in listing.specs)
        whole = tuple(one for one in found if one is not None)
        if any(problem.severity is Severity.ERROR for problem in listing.problems):
            known = {str(spec.name) for spec in listing.specs}
            return whole, self._broken(known)
        return whole, ()

    def with_dag_id(self, wanted: str) -> Scheduled | BrokenSpec | None:
        """The dataset whose DAG has that id; no other spec is parsed if file names tell names."""
        for name in self.source.names(_DATASET):
            if dag_id(name) == wanted:
                try:
                    return _scheduled(self.source.get(name, _DATASET))
                except SpecInvalidError as error:
                    return BrokenSpec(name, _text(error, error.problems))
        return None

    def scheduled_among(self, one: Scheduled) -> tuple[Scheduled, ...]:
        """What is scheduled of all that it is made of."""
        found = []
        for name in one.upstream:
            try:
                up = _scheduled(self.source.get(name, _DATASET))
            except (SpecNotFoundError, SpecInvalidError):
                continue  # a table that no spec builds, or one that is told as broken
            if up is not None and up.spec.name != one.spec.name:
                found.append(up)
        return tuple(found)

    def _broken(self, whole: set[str]) -> tuple[BrokenSpec, ...]:
        files = YamlSpecFiles(self.loaded.settings.project)
        texts: dict[str, list[str]] = {}
        for path in files.paths().paths:
            read = files.read(path)
            if read.kind is not _DATASET or not read.name or read.name in whole:
                continue
            errors = [str(one) for one in read.problems if one.severity is Severity.ERROR]
            told = errors or [f"{read.path}: the name {read.name!r} stands in several files"]
            texts.setdefault(read.name, []).extend(told)
        return tuple(BrokenSpec(name, "\n".join(told)) for name, told in sorted(texts.items()))


def _scheduled(spec: ResourceSpec, read: Sequence[str] = ()) -> Scheduled | None:
    schedule = spec.schedule
    if schedule is None or not schedule.enabled:
        return None
    upstream = dict.fromkeys((*spec.depends_on, *read))
    upstream.pop(str(spec.name), None)
    return Scheduled(spec, schedule, tuple(upstream))


def _text(error: DliError, problems: Sequence[Problem]) -> str:
    return "\n".join(str(problem) for problem in problems) or str(error)

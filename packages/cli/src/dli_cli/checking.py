"""The work of `dli validate`: wires the project check and tells its findings."""

import os
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from dli_adapters.analysis_cache.store import FileFactsStore, NoFactsStore
from dli_adapters.analysis_pool.processes import ForkedWorkers
from dli_adapters.folders import cache_folder
from dli_adapters.memory.remembered import RememberedSpecSource
from dli_adapters.yaml_specs.schema_snapshot import SCHEMA_FILE, read_schema_snapshot
from dli_adapters.yaml_specs.spec_files import YamlSpecFiles
from dli_cli.compose import Dli, compose
from dli_cli.findings import Request, Verdicts, tell
from dli_cli.output import Screen
from dli_cli.values import parse_parameters
from dli_domain.analysis.facts import SpecFacts
from dli_domain.analysis.keeping import Entry, FactsStore
from dli_domain.errors import SpecNotFoundError
from dli_domain.model.names import did_you_mean
from dli_domain.ports.spec_files import ReadFile
from dli_domain.usecases.check_project import CheckProject, ProjectFindings

if TYPE_CHECKING:
    from dli_cli.quality.faults import QualityFile, Selection
    from dli_domain.usecases.prove_safe import Proof
    from dli_domain.usecases.render_resource import RenderResource

# Files that decide the verdict on every spec.
_DECIDING = frozenset({SCHEMA_FILE, "dli.yaml"})


def validate(request: Request, project: str | None, screen: Screen) -> int:
    """Check what is asked for; 1 where anything is wrong.

    Raises:
        SpecNotFoundError: a name is unknown, or there is nothing to check.
        ConfigError: the project or git is not as needed.
    """
    parameters = parse_parameters(request.parameters)
    dli = compose(screen, project=project)
    wiring = Wiring(dli)
    known, snapshot_problems = read_schema_snapshot(screen.root)
    if request.engine_tables:
        # DuckDB and Arrow, for those who ask; closed again before processes are forked.
        from dli_cli.engine_tables import engine_tables  # noqa: PLC0415

        described = {table.name for table in known.tables}
        found = engine_tables(dli).tables
        more = tuple(table for table in found if table.name not in described)
        known = known._replace(tables=(*known.tables, *more))
    workers = ForkedWorkers()
    check = CheckProject(
        files=wiring.files,
        examine=wiring.examine,
        store=wiring.store(screen) if request.cached else NoFactsStore(),
        workers=workers,
        clock=dli.clock,
        known=known,
    )
    findings = check()
    changed = _changed_files(request, screen.root)
    entries = _chosen(request, findings, screen.root, changed)
    quality = wiring.quality(_selection(request, entries, changed), parameters)
    if not (request.names or request.since or findings.entries or findings.others or quality):
        raise _nothing(screen.root)
    if parameters:
        entries = [
            entry._replace(findings=findings.judge.about(wiring.with_values(entry, parameters)))
            for entry in entries
        ]
    paths = [entry.path for entry in entries] if request.prove_safe else []
    verdicts = Verdicts(
        tuple(entries),
        (*findings.others, *snapshot_problems),
        examined=findings.examined,
        proofs=tuple(proof for proof in workers.map(wiring.prove, paths) if proof is not None),
        quality=quality,
    )
    return tell(request, verdicts, screen)


class Wiring:
    """The parts that read and examine the specs of one project."""

    def __init__(self, dli: Dli) -> None:
        settings = dli.settings
        self._dli = dli
        self._settings = settings
        self.files = YamlSpecFiles(settings.project)
        self._specs = RememberedSpecSource(dli.specs)
        self._clock = dli.clock

    @cached_property
    def _render(self) -> "RenderResource":
        """Renders each spec in the dialect it is written in."""
        # jinja2 takes 80 ms to import; where nothing changed it is not needed.
        from dli_domain.usecases.render_resource import RenderResource  # noqa: PLC0415

        settings = self._settings
        return RenderResource(
            specs=self._specs,
            clock=self._clock,
            engine=None,
            default_dialect=settings.project.default_dialect,
            variables=settings.project.variables,
            env=settings.env,
        )

    def store(self, screen: Screen) -> FactsStore:
        """Where facts are kept, under a key of all settings that decide them."""
        settings = self._settings
        deciding = repr((settings.project, sorted(settings.env.items()), settings.parameters))
        root = settings.project.root or ""
        return FileFactsStore(cache_folder(os.environ), root, deciding, notice=screen.note)

    def examine(self, path: str) -> tuple[SpecFacts, tuple[ReadFile, ...]]:
        """The facts of one spec file."""
        return self._examined(path, {})

    def with_values(self, entry: Entry, parameters: dict[str, object]) -> SpecFacts:
        """The facts of a spec whose templates get these values."""
        return self._examined(entry.path, parameters)[0]

    def prove(self, path: str) -> "Proof | None":
        """Whether values are harmless in one spec; None where the spec cannot be read."""
        from dli_domain.usecases.prove_safe import ProveSafe  # noqa: PLC0415 - as below

        spec = self.files.read(path).spec
        return None if spec is None else ProveSafe(render=self._render)(spec)

    def quality(
        self, selection: "Selection | None", parameters: dict[str, object]
    ) -> "tuple[QualityFile, ...]":
        """The quality files that count, with their findings."""
        listing = self._dli.qualities().list()
        if not listing.specs and not listing.problems:
            return ()
        from dli_cli.quality.faults import quality_files  # noqa: PLC0415 - it renders

        return quality_files(listing, self._dli, self._specs, selection, parameters)

    def _examined(
        self, path: str, parameters: dict[str, object]
    ) -> tuple[SpecFacts, tuple[ReadFile, ...]]:
        # sqlglot takes 180 ms to import; where nothing changed it is not needed.
        from dli_domain.usecases.examine_spec import ExamineSpec  # noqa: PLC0415

        examine = ExamineSpec(render=self._render, common=self._settings.parameters)
        read = self.files.read(path)
        return examine(read, parameters=parameters), read.files


def _chosen(
    request: Request, findings: ProjectFindings, root: str, changed: frozenset[str]
) -> list[Entry]:
    if request.since is not None:
        return _changed(changed, findings)
    if not request.names:
        return list(findings.entries)
    names = findings.names()
    for name in request.names:
        if name not in names:
            raise SpecNotFoundError(
                f"There is no dataset or metric {name!r}",
                context={"Project": root},
                hint=did_you_mean(name, names) or "Run 'dli dataset list' to see what there is.",
            )
    return [entry for entry in findings.entries if entry.name in request.names]


def _nothing(root: str) -> SpecNotFoundError:
    return SpecNotFoundError(
        "There is no spec to validate",
        context={"Project": root},
        hint="Check discovery.datasets_dir and discovery.metrics_dir in dli.yaml.",
    )


def _changed_files(request: Request, root: str) -> frozenset[str]:
    if request.since is None:
        return frozenset()
    from dli_adapters.git.changes import changed_files  # noqa: PLC0415 - only here is git needed

    return changed_files(root, request.since)


def _selection(
    request: Request, entries: Sequence[Entry], changed: frozenset[str]
) -> "Selection | None":
    """The quality files of what is asked for; None for all."""
    if request.since is None and not request.names:
        return None
    if not changed.isdisjoint(_DECIDING):
        return None
    from dli_cli.quality.faults import Selection  # noqa: PLC0415 - as in Wiring.quality

    return Selection(targets={*request.names, *(one.name for one in entries)}, files=changed)


def _changed(changed: frozenset[str], findings: ProjectFindings) -> list[Entry]:
    if not changed.isdisjoint(_DECIDING):
        return list(findings.entries)
    touched = {
        entry.path
        for entry in findings.entries
        if not changed.isdisjoint(f.path for f in entry.files)
    }
    names = {entry.name for entry in findings.entries if entry.path in touched}
    behind = findings.behind(names - {""})
    return [one for one in findings.entries if one.path in touched or one.name in behind]

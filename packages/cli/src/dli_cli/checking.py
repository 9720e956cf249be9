"""The work of `dli validate`: wires the project check and tells its findings."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from dli_adapters.analysis_cache.store import FileFactsStore, NoFactsStore, cache_folder
from dli_adapters.analysis_pool.processes import ForkedWorkers
from dli_adapters.memory.remembered import RememberedSpecSource
from dli_adapters.yaml_specs.schema_snapshot import SCHEMA_FILE, read_schema_snapshot
from dli_adapters.yaml_specs.spec_files import YamlSpecFiles
from dli_cli.compose import Dli, compose
from dli_cli.errors import problem_fields, problem_lines
from dli_cli.exit_codes import ExitCode
from dli_cli.output import Screen
from dli_cli.text import safe_line
from dli_cli.values import parse_parameters
from dli_domain.analysis.facts import SpecFacts
from dli_domain.analysis.keeping import Entry, FactsStore
from dli_domain.errors import SpecNotFoundError
from dli_domain.model.names import did_you_mean
from dli_domain.model.problems import Location, Problem, Severity
from dli_domain.ports.spec_files import ReadFile
from dli_domain.usecases.check_project import CheckProject, ProjectFindings

if TYPE_CHECKING:
    from dli_cli.quality.faults import QualityFile, Selection
    from dli_domain.usecases.prove_safe import Proof
    from dli_domain.usecases.render_resource import RenderResource

SUITE = "dli validate"
# Files that decide the verdict on every spec.
_DECIDING = frozenset({SCHEMA_FILE, "dli.yaml"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks for.

    `names` empty means everything, or what changed `since` a revision.
    """

    names: tuple[str, ...]
    since: str | None
    parameters: Sequence[str] | None
    format: str
    strict: bool
    prove_safe: bool
    cached: bool


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The specs that were asked for with their findings, and findings about no spec."""

    entries: tuple[Entry, ...]
    others: tuple[Problem, ...]
    examined: int
    proofs: tuple["Proof", ...] = ()
    quality: tuple["QualityFile", ...] = ()

    @property
    def found(self) -> list[tuple[str, Problem]]:
        """Every finding with the name it is about, once each, ordered by place."""
        pairs = [(entry.name, problem) for entry in self.entries for problem in entry.findings]
        pairs += [(proof.name, problem) for proof in self.proofs for problem in proof.problems]
        pairs += [(file.name, problem) for file in self.quality for problem in file.findings]
        pairs += [("", problem) for problem in self.others]
        # Several specs meet what is wrong in a metric they use; the metric itself tells it.
        homes = {(entry.name, entry.path) for entry in self.entries}
        pairs.sort(key=lambda pair: (pair[0], _place(pair[1]).path) not in homes)
        once: dict[object, tuple[str, Problem]] = {}
        for name, problem in pairs:
            once.setdefault(_identity(name, problem), (name, problem))
        return sorted(once.values(), key=lambda pair: (_place(pair[1]), pair[1].code))

    def count(self, severity: Severity) -> int:
        """How many findings weigh that much."""
        return sum(problem.severity is severity for _, problem in self.found)


def _place(problem: Problem) -> Location:
    return problem.location or Location("")


def _identity(name: str, problem: Problem) -> tuple[object, ...]:
    """What makes two findings the same; without a place, whose they are counts as well."""
    return problem.code, problem.location or name, problem.message


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
    return _told(request, verdicts, screen)


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


def _told(request: Request, verdicts: Verdicts, screen: Screen) -> int:
    errors = verdicts.count(Severity.ERROR)
    warnings = verdicts.count(Severity.WARNING)
    bad = bool(errors or (request.strict and warnings))
    code = ExitCode.NEGATIVE if bad else ExitCode.OK
    if request.format == "json":
        screen.envelope(
            status="failure" if bad else "success",
            valid=not bad,
            exit_code=int(code),
            specs=len(verdicts.entries),
            quality_files=len(verdicts.quality),
            examined=verdicts.examined,
            errors=errors,
            warnings=warnings,
            **(
                {"proofs": [_proof_fields(proof) for proof in verdicts.proofs]}
                if request.prove_safe
                else {}
            ),
            findings=[{"name": name, **problem_fields(one)} for name, one in verdicts.found],
        )
    elif request.format == "text":
        for line in _lines(request, verdicts, screen):
            screen.print(line)
    else:
        screen.print(_report(request, verdicts, screen.root))
    return code


def _report(request: Request, verdicts: Verdicts, root: str) -> str:
    # The formats of other tools, each in a module of its own.
    from dli_cli.reports.items import Outcome, ReportItem, of_problem, renderer  # noqa: PLC0415

    items = [
        of_problem(problem, name, root, strict=request.strict) for name, problem in verdicts.found
    ]
    items += [
        ReportItem(rule="validate", name=entry.name, message="", outcome=Outcome.PASSED)
        for entry in verdicts.entries
        if not entry.findings
    ]
    items += [
        ReportItem(rule="validate", name=file.path, message="", outcome=Outcome.PASSED)
        for file in verdicts.quality
        if not file.findings
    ]
    return renderer(request.format)(items, suite=SUITE)


def _lines(request: Request, verdicts: Verdicts, screen: Screen) -> Iterator[str]:
    style = screen.out.style
    if request.names:
        for entry in verdicts.entries:
            bad = any(one.severity is Severity.ERROR for one in entry.findings)
            mark = style("✗", "red") if bad else style("✓", "green")
            yield f"{mark} {safe_line(entry.name)}"
        for file in verdicts.quality:
            bad = any(one.severity is Severity.ERROR for one in file.findings)
            mark = style("✗", "red") if bad else style("✓", "green")
            yield f"{mark} {safe_line(file.path)}"
    for _, problem in verdicts.found:
        yield from _finding(problem, screen)
    yield from _proof_lines(verdicts.proofs, named=bool(request.names))
    if request.since is not None and not verdicts.entries and not verdicts.quality:
        yield f"No spec differs from {safe_line(request.since)}."
    yield (
        f"{_number(len(verdicts.entries), 'spec')}, "
        f"{_number(len(verdicts.quality), 'quality file') + ', ' if verdicts.quality else ''}"
        f"{_number(verdicts.count(Severity.ERROR), 'error')}, "
        f"{_number(verdicts.count(Severity.WARNING), 'warning')}"
    )


def _proof_lines(proofs: Sequence["Proof"], *, named: bool) -> Iterator[str]:
    safe = [proof for proof in proofs if proof.proved]
    empty = [proof for proof in proofs if proof.nothing_to_prove]
    for proof in safe if named else ():
        yield (
            f"  {safe_line(proof.name)} proved safe: {_number(proof.payloads, 'payload')}, "
            f"{proof.refused:,} more refused, {proof.dialect}"
        )
    for proof in empty if named else ():
        yield (
            f"  {safe_line(proof.name)} has nothing to prove: no hostile value can be placed, "
            f"{proof.refused:,} refused"
        )
    if len(proofs) > len(empty):
        dialects = ", ".join(
            sorted({proof.dialect for proof in proofs if not proof.nothing_to_prove})
        )
        payloads = sum(proof.payloads for proof in safe)
        yield (
            f"proved safe: {len(safe):,} of {_number(len(proofs) - len(empty), 'spec')}, "
            f"{_number(payloads, 'payload')}, {dialects}"
        )
    if empty:
        yield f"nothing to prove: {_number(len(empty), 'spec')}, 0 payloads"


def _proof_fields(proof: "Proof") -> dict[str, object]:
    return {
        "name": proof.name,
        "dialect": proof.dialect,
        "proved": proof.proved,
        "nothing_to_prove": proof.nothing_to_prove,
        "statements": proof.statements,
        "payloads": proof.payloads,
        "refused": proof.refused,
    }


def _finding(problem: Problem, screen: Screen) -> Iterable[str]:
    first, *rest = problem_lines(problem, screen.root)
    colour = "red" if problem.severity is Severity.ERROR else "yellow"
    yield f"{screen.out.style(problem.severity.value, colour)}{first.removeprefix(' ')}"
    yield from rest


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"

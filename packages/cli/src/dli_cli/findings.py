"""What `dli validate` says of what it found: text, JSON, or the formats of other tools."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dli_cli.errors import problem_fields, problem_lines
from dli_cli.exit_codes import ExitCode
from dli_cli.output import Screen
from dli_cli.text import safe_line
from dli_domain.analysis.keeping import Entry
from dli_domain.model.problems import Location, Problem, Severity

if TYPE_CHECKING:
    from dli_cli.quality.faults import QualityFile
    from dli_domain.usecases.prove_safe import Proof

SUITE = "dli validate"


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
    engine_tables: bool = False


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


def tell(request: Request, verdicts: Verdicts, screen: Screen) -> int:
    """Print the findings in the form that is asked for; give the exit code they earn."""
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

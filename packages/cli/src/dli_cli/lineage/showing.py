"""`dli lineage`: reads the graph, shows the part that was asked for, and says what is broken."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePath
from types import MappingProxyType

from dli_adapters.writers.places import write_text
from dli_adapters.yaml_specs.schema_snapshot import read_schema_snapshot
from dli_cli.compose import Dli, compose
from dli_cli.errors import error_fields, error_lines, problem_fields, problem_lines
from dli_cli.exit_codes import ExitCode
from dli_cli.lineage.document import fields
from dli_cli.lineage.words import cycle_text
from dli_cli.output import SCHEMA, Screen, plain
from dli_cli.usage import UsageError
from dli_cli.values import parse_parameters
from dli_domain.errors import DliError, ErrorCode, SpecInvalidError, SqlError
from dli_domain.lineage.project import ProjectLineage
from dli_domain.lineage.views import whole_view
from dli_domain.model.lineage import LineageView
from dli_domain.model.problems import Problem, Severity
from dli_domain.usecases.trace_lineage import TraceLineage, schemas_of

ENDINGS: Mapping[str, str] = MappingProxyType(
    {
        ".json": "json",
        ".mmd": "mermaid",
        ".mermaid": "mermaid",
        ".dot": "dot",
        ".gv": "dot",
        ".html": "html",
        ".htm": "html",
        ".txt": "tree",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which part of the graph, in which form, and where to. `output` None is the screen."""

    format: str
    upstream: bool = True
    downstream: bool = True
    depth: int = -1
    column: str | None = None
    parameters: tuple[str, ...] = ()
    output: str | None = None
    project: str | None = None


def show(name: str | None, asked: Asked, screen: Screen) -> int:
    """Show the lineage of a resource, a table or the project.

    Raises:
        DliError: the project cannot be read, or there is no such name.
    """
    parameters = parse_parameters(asked.parameters)
    dli = compose(screen, project=asked.project)
    known, snapshot_problems = read_schema_snapshot(screen.root)
    trace = TraceLineage(
        render=dli.renderer(), common=dli.settings.parameters, schemas=schemas_of(known)
    )
    project = trace.project(parameters)
    view = trace.part(
        project,
        name,
        column=asked.column,
        upstream=asked.upstream,
        downstream=asked.downstream,
        depth=asked.depth,
    )
    problems = dict.fromkeys((*project.problems, *snapshot_problems))
    elsewhere = tuple(problem for problem in problems if problem not in view.problems)
    failure = _failure(view)
    if asked.format == "json" and asked.output is None:
        _envelope(view, elsewhere, failure, screen)
    else:
        text = _text(asked.format, view, project, dli, screen)
        _put(text, asked, view, failure, screen)
    _warn(view, elsewhere, failure, screen)
    return int(ExitCode.OK if failure is None else ExitCode.INVALID)


def _failure(view: LineageView) -> DliError | None:
    """What keeps the view from being all there is to show: a cycle, or SQL that is not read."""
    if view.cycles:
        paths = [cycle_text(cycle) for cycle in view.cycles]
        return SqlError(
            f"{len(paths)} {'cycle' if len(paths) == 1 else 'cycles'} in the lineage: {paths[0]}",
            code=ErrorCode.LINEAGE_CYCLE_DETECTED,
            context={f"Cycle {number}": path for number, path in enumerate(paths[1:], start=2)},
            hint="Nothing can be built before itself: take one of the reads out.",
            location=next(
                (n.location for n in view.nodes if n.name == view.cycles[0][0]),
                None,
            ),
        )
    broken = tuple(p for p in view.problems if p.severity is Severity.ERROR)
    if broken:
        return SpecInvalidError(
            f"{len(broken)} {'part' if len(broken) == 1 else 'parts'} of this lineage cannot be read",
            hint="What stands there is unknown; the rest is shown.",
            problems=broken,
        )
    return None


def _envelope(
    view: LineageView, elsewhere: tuple[Problem, ...], failure: DliError | None, screen: Screen
) -> None:
    screen.envelope(
        **_verdict(failure),
        **fields(view),
        problems_elsewhere=[problem_fields(problem) for problem in elsewhere],
    )


def _verdict(failure: DliError | None) -> Mapping[str, object]:
    if failure is None:
        return {}
    return {
        "status": "failure",
        "exit_code": int(ExitCode.INVALID),
        "error": error_fields(failure),
    }


def _text(form: str, view: LineageView, project: ProjectLineage, dli: Dli, screen: Screen) -> str:
    if form == "json":
        document = {"schema": SCHEMA, "command": screen.command, **fields(view)}
        return json.dumps(document, ensure_ascii=False, indent=2, default=plain) + "\n"
    if form == "html":
        from dli_cli.lineage import page  # noqa: PLC0415 - each form only for those who ask for it

        return page.render(view)
    if form == "openlineage":
        from dli_cli.lineage import openlineage  # noqa: PLC0415 - as above

        names = openlineage.Names(jobs=dli.settings.project.name, tables=dli.settings.engine)
        wanted = {node.name for node in view.nodes}
        lines = openlineage.events(whole_view(project), wanted, names, dli.clock.now())
    elif form == "tree":
        from dli_cli.lineage import tree  # noqa: PLC0415 - as above

        lines = tree.lines(view, screen.width)
    else:
        lines = import_module(f"dli_cli.lineage.{form}").lines(view)
    return "".join(f"{line}\n" for line in lines)


def _put(
    text: str, asked: Asked, view: LineageView, failure: DliError | None, screen: Screen
) -> None:
    if asked.output is None:
        screen.out.write(text)
        return
    for warning in write_text(asked.output, text, screen.out.binary):
        screen.warn(f"Warning: {warning}")
    if screen.json:
        screen.envelope(
            **_verdict(failure),
            root=view.root,
            format=asked.format,
            output=asked.output,
            nodes=len(view.nodes),
        )
    elif asked.output != "-":
        screen.note(f"Written: {asked.output}")


def _warn(
    view: LineageView, elsewhere: tuple[Problem, ...], failure: DliError | None, screen: Screen
) -> None:
    if failure is not None:
        screen.warn("\n".join(error_lines(failure, screen)))
    for problem in view.problems:
        if problem.severity is not Severity.ERROR or view.cycles:
            screen.warn("\n".join(problem_lines(problem, screen.root)))
    if elsewhere:
        count = len(elsewhere)
        screen.warn(
            f"Warning: {count:,} problem{'' if count == 1 else 's'} in other files; what they "
            "tell may be missing here. Run 'dli validate'."
        )


def form_of(format: str | None, output: str | None) -> str | None:  # noqa: A002 - the option's name
    """The form that is said, or that the file's ending says.

    Raises:
        UsageError: the ending says none.
    """
    if format is not None or output in (None, "-"):
        return format
    ending = PurePath(output or "").suffix.lower()
    if ending not in ENDINGS:
        raise UsageError(
            f"The ending of {output!r} says no form of lineage; known are {', '.join(ENDINGS)}. "
            "Use one of them, or --format."
        )
    return ENDINGS[ending]

"""`dli validate`: the whole project, or a part of it."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from cyclopts import Parameter

from dli_cli import checking
from dli_cli.findings import Request
from dli_cli.options import Common, OnScreen
from dli_cli.usage import UsageError

ReportFormat: TypeAlias = Literal["text", "json", "sarif", "github", "junit"]
_NO_NEGATIVE = Parameter(negative="", show_default=False)
Flag: TypeAlias = Annotated[bool, _NO_NEGATIVE]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Validating(Common):
    """What is validated, how, and in which form it is told."""

    all: Annotated[
        bool, Parameter(negative="", show_default=False, help="Everything; the default.")
    ] = False
    changed: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Only specs whose files differ from a revision (the argument; HEAD by default), "
            "untracked ones too, and all that rest on them.",
        ),
    ] = False
    param: Annotated[
        list[str] | None,
        Parameter(
            name=("--param", "-p"),
            negative="",
            help="A parameter of the one named spec: key=value.",
        ),
    ] = None
    format: Annotated[
        ReportFormat | None, Parameter(help="The form of the report; text by default.")
    ] = None
    strict: Annotated[
        bool, Parameter(negative="", show_default=False, help="Let warnings count as errors.")
    ] = False
    prove_safe: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Render with hostile values, and show that no value can change the statement.",
        ),
    ] = False
    engine_tables: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Know the tables of the configured DuckDB too; it is opened as for a run.",
        ),
    ] = False
    no_cache: Annotated[
        bool,
        Parameter(
            negative="", show_default=False, help="Neither use nor write what earlier runs found."
        ),
    ] = False
    server: Annotated[bool, Parameter(negative="", show=False)] = False


_VALIDATING = Validating()


def validate(*names: str, options: Validating = _VALIDATING, screen: OnScreen) -> int:
    """Check specs by themselves and against each other; nothing runs, no socket opens.

    Examples: dli validate · dli validate --changed main --format github ·
    dli validate lake.mart.orders --prove-safe

    Args:
        names: Whole names, such as catalog.schema.name; behind --changed a revision.
        options: What is validated, how, and in which form it is told.
        screen: Where it goes.
    """
    _check(names, options)
    screen.json = screen.json or options.format == "json"
    request = Request(
        names=() if options.changed else names,
        since=(names[0] if names else "HEAD") if options.changed else None,
        parameters=options.param,
        format="json" if options.json else options.format or "text",
        strict=options.strict,
        prove_safe=options.prove_safe,
        cached=not options.no_cache,
        engine_tables=options.engine_tables,
    )
    return checking.validate(request, options.project, screen)


def _check(names: tuple[str, ...], options: Validating) -> None:
    if options.server:
        raise UsageError("dli validate checks the local files; there is no --server for it.")
    if options.json and options.format not in (None, "json"):
        raise UsageError("--json and --format say different things; give one of them.")
    if options.all and (names or options.changed):
        raise UsageError("--all goes with neither names nor --changed.")
    if options.changed and len(names) > 1:
        raise UsageError("--changed takes one revision at most.")
    if options.param and (options.changed or len(names) != 1):
        raise UsageError("--param needs the name of one resource.")

"""`dli lineage`: where data comes from and where it goes, read off the specs."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from cyclopts import App, Parameter

from dli_cli.options import Common, OnScreen
from dli_cli.usage import UsageError

LineageFormat: TypeAlias = Literal["tree", "json", "mermaid", "dot", "html", "openlineage"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Tracing(Common):
    """Which part of the graph, and in which form."""

    upstream: Annotated[
        bool, Parameter(negative="", show_default=False, help="Only what it is made of.")
    ] = False
    downstream: Annotated[
        bool, Parameter(negative="", show_default=False, help="Only what is made of it.")
    ] = False
    depth: Annotated[
        int | None,
        Parameter(help="The most steps away; all by default, and so is -1."),
    ] = None
    column: Annotated[
        str | None, Parameter(help="Only the paths of this column, from origin to last use.")
    ] = None
    param: Annotated[
        list[str] | None,
        Parameter(
            name=("--param", "-p"),
            negative="",
            help="A parameter as key=value; one that nobody gives has a sample value.",
        ),
    ] = None
    format: Annotated[
        LineageFormat | None,
        Parameter(
            help="By default the ending of --output decides (.json, .mmd, .dot, .gv, .html), "
            "else tree. html is one page that needs no network; openlineage is one JobEvent "
            "a line."
        ),
    ] = None
    output: Annotated[
        str | None,
        Parameter(
            name=("--output", "-o"),
            allow_leading_hyphen=True,
            help="Write it to this file; - is stdout.",
        ),
    ] = None
    server: Annotated[bool, Parameter(negative="", show=False)] = False


_TRACING = Tracing()

app = App(
    name="lineage",
    help="Show what a table or column is made of, and what is made of it; nothing runs.",
    help_epilogue="Examples:\n\n"
    "dli lineage lake.mart.orders\n\n"
    "dli lineage lake.mart.orders --column revenue --upstream\n\n"
    "dli lineage -o project.html",
    version_flags=[],
)


@app.default
def lineage(name: str | None = None, /, *, options: Tracing = _TRACING, screen: OnScreen) -> int:
    """Show tables and columns that a resource is made of, and what is made of it; nothing runs.

    Args:
        name: A resource, or a table that some SQL uses. Without it: the whole project.
        options: Which part, and in which form.
        screen: Where it goes.
    """
    if options.server:
        raise UsageError("dli lineage reads the local files; there is no --server for it.")
    if options.depth is not None and options.depth < -1:
        raise UsageError("--depth takes 0, 1, 2, …, or -1 for all.")
    if name is None:
        _refuse_parts(options)
    from dli_cli.lineage import showing  # noqa: PLC0415 - sqlglot is for those who ask

    said = showing.form_of(options.format, options.output)
    both = not options.upstream and not options.downstream
    asked = showing.Asked(
        format=said or ("json" if options.json and options.output is None else "tree"),
        upstream=both or options.upstream,
        downstream=both or options.downstream,
        depth=-1 if options.depth is None else options.depth,
        column=options.column,
        parameters=tuple(options.param or ()),
        output=options.output,
        project=options.project,
    )
    _refuse_forms(name, asked.format, options)
    screen.json = screen.json or (asked.format == "json" and options.output is None)
    return showing.show(name, asked, screen)


def _refuse_forms(name: str | None, form: str, options: Tracing) -> None:
    if options.json and options.output in (None, "-") and form != "json":
        raise UsageError(f"--json prints an object; write the {form} to a file with --output.")
    if name is None and form == "tree":
        raise UsageError(
            "A tree needs the name of a resource or a table; the whole project has --format "
            "html, mermaid, dot, json or openlineage."
        )
    if options.column is not None and form == "openlineage":
        raise UsageError("openlineage tells all columns of a job; leave --column out.")


def _refuse_parts(options: Tracing) -> None:
    for said, option in (
        (options.upstream, "--upstream"),
        (options.downstream, "--downstream"),
        (options.depth is not None, "--depth"),
        (options.column is not None, "--column"),
    ):
        if said:
            raise UsageError(f"{option} needs the name of a resource or a table.")

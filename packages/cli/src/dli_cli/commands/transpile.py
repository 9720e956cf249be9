"""`dli transpile`: a dataset, a metric or a text in another dialect."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from cyclopts import Parameter

from dli_cli.options import RESULT, WHAT, Common, OnScreen, Parameters, flag
from dli_cli.usage import UsageError

Dialect: TypeAlias = Literal["bigquery", "duckdb", "trino"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Transpiling(Common):
    """From what, to what, and how strictly."""

    to: Annotated[Dialect, Parameter(group=WHAT, help="The dialect to end in.")]
    from_: Annotated[
        Dialect | None,
        Parameter(
            name="--from",
            group=WHAT,
            help="The dialect a file is written in; by default the project's. A spec says its own.",
        ),
    ] = None
    param: Parameters = None
    ds: Annotated[
        str | None,
        Parameter(group=WHAT, help="The day that ds means, as YYYY-MM-DD; today by default."),
    ] = None
    strict: Annotated[
        bool, flag("Refuse also what may lose meaning, not only what surely does.", WHAT)
    ] = False
    server: Annotated[bool, Parameter(negative="", show=False)] = False
    show_rules: Annotated[
        bool, flag("Say which rules of transpile.rules changed a table's name, and where.", RESULT)
    ] = False
    format: Annotated[
        Literal["sql", "json"], Parameter(group=RESULT, help="What is printed on stdout.")
    ] = "sql"


def transpile(
    what: Annotated[str, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    options: Transpiling,
    screen: OnScreen,
) -> None:
    """Print SQL in another dialect; what would lose its meaning there is refused with its line.

    Nothing runs. Warnings go to stderr.

    Examples: dli transpile lake.mart.orders --to bigquery -p run_date=2025-01-01 ·
    dli transpile report.sql --from trino --to duckdb · dli transpile - --to trino

    Args:
        what: A dataset's or metric's whole name, a file ending in .sql, or - for standard input.
            Example: dli transpile lake.mart.orders --to bigquery -p run_date=2025-01-01
        options: From what, to what, and how strictly.
        screen: Where it goes.
    """
    if options.server:
        raise UsageError("dli transpile works on local files; there is no --server for it.")
    screen.json = screen.json or options.format == "json"
    from dli_cli import translating  # noqa: PLC0415 - a page of help needs no SQL parser

    translating.transpile(what, options, screen)

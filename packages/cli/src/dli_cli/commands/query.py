"""`dli query`: what was run at the server, and how to stop what still runs."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import App, Parameter

from dli_cli.catalog.options import Asking, Offset, refuse_local
from dli_cli.options import OnScreen, flag, whole
from dli_cli.usage import UsageError
from dli_domain.model.history import QueryScope, QueryState


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Listing(Asking):
    """What `dli query list` takes."""

    scope: Annotated[
        QueryScope,
        Parameter(
            help="Whose: your own (my), those of programs (system), of people (user), or all. "
            "Others' are for keys with the scope admin."
        ),
    ] = QueryScope.MY
    sql: Annotated[str | None, Parameter(help="Only queries with this in their text.")] = None
    status: Annotated[
        QueryState | None, Parameter(name=("--status", "-S"), help="Only queries in this state.")
    ] = None
    tag: Annotated[
        tuple[str, ...],
        Parameter(
            name=("--tag", "-t"),
            negative="",
            show_default=False,
            help="Only runs of resources with this tag; repeat it to ask for several.",
        ),
    ] = ()
    limit: Annotated[
        int,
        Parameter(
            name=("--limit", "-n"),
            converter=whole(1, 10_000),
            help="The most to show.",
        ),
    ] = 10
    offset: Offset = 0
    since: Annotated[
        str, Parameter(help="Only later ones: 24h, 7d, 2025-01-31 or 2025-01-31T09:00 (UTC).")
    ] = "24h"
    until: Annotated[str | None, Parameter(help="Only earlier ones, as for --since.")] = None
    engine: Annotated[str | None, Parameter(help="Only queries of this engine.")] = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Showing(Asking):
    """What `dli query show` takes."""

    full_query: Annotated[bool, flag("Show the whole text.")] = False


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Cancelling(Asking):
    """What `dli query cancel` takes."""

    user: Annotated[
        str | None,
        Parameter(help="Stop everything that this account has running, instead of one query."),
    ] = None
    reason: Annotated[
        str | None, Parameter(help="Why; the query's page and its failure tell it.")
    ] = None
    dry_run: Annotated[bool, flag("Show what would be stopped; stop nothing.")] = False
    force: Annotated[
        bool, flag("Stop it also where it changes data, which is then perhaps half done.")
    ] = False


_LISTING, _SHOWING, _CANCELLING = Listing(), Showing(), Cancelling()

app = App(
    name="query",
    help="List what was run at the server, show one query, stop one.",
    help_epilogue="Examples:\n\n"
    "dli query list --status failed --since 7d\n\n"
    "dli query show 4b1f... --full-query\n\n"
    "dli query cancel 4b1f... --dry-run",
    version_flags=[],
)


@app.command(name="list", version_flags=[])
def list_(account: str | None = None, /, *, options: Listing = _LISTING, screen: OnScreen) -> None:
    """List queries, newest first.

    Args:
        account: Only those of accounts with this in their name.
        options: Which, and in which form.
        screen: Where it goes.
    """
    refuse_local(options, "query")
    from dli_cli.catalog import querying  # noqa: PLC0415 - the settings are for those who ask

    querying.show_list(account, options, screen)


@app.command(version_flags=[])
def show(query_id: str, /, *, options: Showing = _SHOWING, screen: OnScreen) -> None:
    """Show one query: whose it is, how it went, what it read.

    Args:
        query_id: As the list has it.
        options: How much of the text, and in which form.
        screen: Where it goes.
    """
    refuse_local(options, "query")
    from dli_cli.catalog import querying  # noqa: PLC0415 - as above

    querying.show_one(query_id, options, screen)


@app.command(version_flags=[])
def cancel(
    query_id: str | None = None, /, *, options: Cancelling = _CANCELLING, screen: OnScreen
) -> int:
    """Stop a query at its engine.

    Args:
        query_id: As the list has it.
        options: What is stopped, and in which form that is told.
        screen: Where it goes.
    """
    refuse_local(options, "query")
    if (query_id is None) == (options.user is None):
        both = "" if query_id is None else ", not both"
        raise UsageError(f"Give the id of a query, or --user ACCOUNT{both}.")
    from dli_cli.catalog import querying  # noqa: PLC0415 - as above

    return querying.cancel(query_id, options, screen)

"""`dli catalog`: the tables that the server knows, found, listed and described."""

from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from cyclopts import App, Parameter

from dli_cli.catalog.options import Asking, Limit, Offset, refuse_local
from dli_cli.options import OnScreen, flag, whole
from dli_cli.usage import UsageError
from dli_domain.model.catalog import Section

Project: TypeAlias = Annotated[
    str | None,
    Parameter(
        name=("--project", "-p"), help="Only tables of this project, the first part of their names."
    ),
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Browsing(Asking):
    """What `dli catalog` takes."""

    limit: Limit = None
    offset: Offset = 0
    section: Annotated[
        list[Section] | None,
        Parameter(
            name=("--section", "-s"),
            negative="",
            help="Of a table only this section; repeat it for more. All by default.",
        ),
    ] = None
    sample: Annotated[
        bool, flag("Show a table's first rows too, without columns of personal data.")
    ] = False


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Listing(Asking):
    """What `dli catalog list` takes."""

    project: Project = None
    dataset: Annotated[
        str | None,
        Parameter(name=("--dataset", "-d"), help="Only tables of this dataset, the second part."),
    ] = None
    owner: Annotated[
        str | None,
        Parameter(name=("--owner", "-o"), help="Only tables whose owner's name has this in it."),
    ] = None
    team: Annotated[
        str | None, Parameter(name=("--team", "-t"), help="Only tables of this team.")
    ] = None
    tag: Annotated[
        tuple[str, ...],
        Parameter(
            negative="",
            show_default=False,
            help="Only tables with this tag; repeat it to ask for several.",
        ),
    ] = ()
    limit: Limit = None
    offset: Offset = 0


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Searching(Asking):
    """What `dli catalog search` takes."""

    project: Project = None
    limit: Annotated[
        int,
        Parameter(name=("--limit", "-n"), converter=whole(1, 500), help="The most to show."),
    ] = 20


_BROWSING, _LISTING, _SEARCHING = Browsing(), Listing(), Searching()

app = App(
    name="catalog",
    help="Show the tables that the server knows: where they are, who owns them, how they are.",
    help_epilogue="Examples:\n\n"
    "dli catalog nyc.marts\n\n"
    "dli catalog nyc.marts.daily_delays --section columns --sample\n\n"
    "dli catalog list --tag daily --owner kim\n\n"
    "dli catalog search delay",
    version_flags=[],
)


@app.default
def catalog(*words: str, options: Browsing = _BROWSING, screen: OnScreen) -> None:
    """List the tables of a project or a dataset, or show all that is known of a table.

    Args:
        words: project, project.dataset, project.dataset.table, or a table behind the name of
            its engine. Without it: all tables.
        options: How much, and in which form.
        screen: Where it goes.
    """
    if words[:1] == ("list",):
        _refuse_page_options(options)
        shared = Listing(**_shared(options), limit=options.limit, offset=options.offset)
        return list_(*words[1:], options=shared, screen=screen)
    if words[:1] == ("search",):
        _refuse_page_options(options)
        if options.offset:
            raise UsageError("dli catalog search has no --offset.")
        if len(words) != 2:
            raise UsageError("dli catalog search takes one word.")
        found = Searching(**_shared(options), limit=options.limit or _SEARCHING.limit)
        return search(words[1], options=found, screen=screen)
    if len(words) > 1:
        raise UsageError(f"dli catalog takes one name, and {len(words)} are given.")
    refuse_local(options, "catalog")
    from dli_cli.catalog import browsing  # noqa: PLC0415 - the settings are for those who ask

    return browsing.browse(words[0] if words else None, options, screen)


@app.command(name="list", version_flags=[])
def list_(*words: str, options: Listing = _LISTING, screen: OnScreen) -> None:
    """List tables in the order of their names.

    Args:
        words: Nothing; names are for `dli catalog`.
        options: Which tables, and in which form.
        screen: Where it goes.
    """
    if words:
        raise UsageError(f"dli catalog list takes no name; run 'dli catalog {words[0]}'.")
    refuse_local(options, "catalog")
    from dli_cli.catalog import browsing  # noqa: PLC0415 - as above

    browsing.show_list(options, screen)


@app.command(version_flags=[])
def search(keyword: str, /, *, options: Searching = _SEARCHING, screen: OnScreen) -> None:
    """Find tables by a word in their name, description or a column's name.

    Args:
        keyword: At least two letters.
        options: Where to look, and in which form.
        screen: Where it goes.
    """
    refuse_local(options, "catalog")
    from dli_cli.catalog import browsing  # noqa: PLC0415 - as above

    browsing.search(keyword, options, screen)


def _shared(options: Asking) -> dict[str, Any]:
    return {name: getattr(options, name) for name in ("path", "json", "format", "local", "server")}


def _refuse_page_options(options: Browsing) -> None:
    if options.section or options.sample:
        raise UsageError("--section and --sample are for one table: dli catalog TABLE.")

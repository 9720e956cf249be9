"""Tables and queries in lists that people read."""

import shlex
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from dli_cli.listing import table_lines
from dli_cli.text import safe_line
from dli_domain.model.catalog import CatalogFilter, CatalogPage, TableInfo
from dli_domain.model.history import QueryInfo, QueryPage, QueryState
from dli_domain.model.result import Cell

_UNBUILT = "(not built)"


def list_lines(
    wanted: CatalogFilter, page: CatalogPage, offset: int, width: int | None
) -> Iterator[str]:
    """A page of tables."""
    if not page.tables:
        yield from _nothing(wanted, offset)
        return
    rows: list[Sequence[Cell]] = [
        (
            one.name,
            one.kind or _UNBUILT,
            one.owner,
            one.team,
            ", ".join(one.tags),
            row_count(one),
            when(one.last_updated),
        )
        for one in page.tables
    ]
    names = ("name", "kind", "owner", "team", "tags", "rows", "last updated")
    yield from table_lines(names, rows, width)
    yield counted(len(page.tables), "table")
    yield from _more(page.has_more, offset + len(page.tables))


def found_lines(keyword: str, page: CatalogPage, width: int | None) -> Iterator[str]:
    """What a search found, and where the word stands."""
    if not page.tables:
        yield f"Nothing in the catalog has {safe_line(keyword)!r} in its name, description or columns."
        return
    rows: list[Sequence[Cell]] = [
        (one.name, one.match_context, one.owner, one.description.strip()) for one in page.tables
    ]
    yield from table_lines(("name", "found in", "owner", "description"), rows, width)
    yield counted(len(page.tables), "table")
    if page.has_more:
        yield "There are more: raise --limit, or search for a longer word."


def query_lines(page: QueryPage, offset: int, width: int | None) -> Iterator[str]:
    """A page of queries, newest first."""
    if not page.queries:
        yield "No queries fit."
        return
    rows: list[Sequence[Cell]] = [
        (
            one.query_id,
            one.state.value,
            when(one.submitted_at),
            duration(one.duration_seconds),
            one.account,
            one.engine,
            one.kind,
            _what(one),
        )
        for one in page.queries
    ]
    names = ("name", "state", "submitted", "time", "account", "engine", "kind", "what")
    lines = list(table_lines(names, rows, width))
    yield lines[0].replace("name", "id  ", 1)
    yield from lines[1:]
    yield counted(len(page.queries), "query")
    yield from _more(page.has_more, offset + len(page.queries))


def _what(info: QueryInfo) -> str:
    """A statement is known by its text, a run by the name of what ran."""
    if info.kind == "statement":
        return info.first_line or info.title
    return info.title or info.first_line


def row_count(info: TableInfo) -> str:
    """The rows; `~` stands before an estimate."""
    if info.row_count is None:
        return ""
    return f"{'' if info.rows_exact else '~'}{info.row_count:,}"


def when(time: datetime | None) -> str:
    """A time as people read it, in UTC; empty where it is not known."""
    if time is None:
        return ""
    told = time.astimezone(UTC) if time.tzinfo else time
    return f"{told:%Y-%m-%d %H:%M}"


def duration(seconds: float | None) -> str:
    """A duration as people read it."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.2f}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02d}m" if hours else f"{minutes}m {rest:02d}s"


def counted(count: int, word: str) -> str:
    """`1 table`, `2 tables`, `3 queries`."""
    many = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return f"{count:,} {word if count == 1 else many}"


def state_style(state: QueryState) -> str:
    """The colour of a state."""
    if state is QueryState.SUCCESS:
        return "green"
    return "yellow" if not state.ended or state is QueryState.UNKNOWN else "red"


def _more(has_more: bool, next_offset: int) -> Iterator[str]:
    if has_more:
        yield f"There are more: --offset {next_offset} shows the next."


def _nothing(wanted: CatalogFilter, offset: int) -> Iterator[str]:
    if offset:
        yield f"No tables from offset {offset} on."
        return
    yield "No tables fit."
    if wanted.project is not None and wanted.dataset is None:
        word = shlex.quote(safe_line(wanted.project))
        yield f"  To find a table by its name: dli catalog search {word}"

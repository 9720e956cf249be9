"""Lists of tables, and one table's page, asked of the server."""

from collections.abc import Sequence

from dli_adapters.registry import open_catalog
from dli_cli.catalog.fields import detail_fields, table_fields
from dli_cli.catalog.opening import composed
from dli_cli.catalog.options import Asking, wants_json
from dli_cli.catalog.page import page_lines
from dli_cli.catalog.tables import found_lines, list_lines
from dli_cli.commands.catalog import Browsing, Listing, Searching
from dli_cli.output import Screen
from dli_cli.usage import UsageError
from dli_domain.errors import CatalogError, ErrorCode
from dli_domain.model.catalog import CatalogFilter, Section, TableDetail
from dli_domain.model.paging import total_of
from dli_domain.ports.catalog import Catalog

_LIMIT = 50
_MOST_PARTS = 4


def browse(name: str | None, options: Browsing, screen: Screen) -> None:
    """The tables below a name of one or two parts, or the page of a table.

    A name of two parts below which there is nothing may be that of a table itself.

    Raises:
        CatalogError: the name has other parts, or there is no such table.
        ServerError: there is no server, or it refuses.
    """
    parts = tuple(name.split(".")) if name is not None else ()
    if not all(parts) or len(parts) > _MOST_PARTS:
        raise CatalogError(
            f"{name!r} is no name of the catalog",
            code=ErrorCode.CATALOG_INVALID_IDENTIFIER,
            hint="Write project, project.dataset or project.dataset.table.",
        )
    of_one_table = bool(options.section or options.sample)
    if len(parts) < 2 and of_one_table:
        raise UsageError("--section and --sample are for one table: dli catalog TABLE.")
    if len(parts) > 2 or of_one_table:
        _show(parts, options, screen)
        return
    project, dataset = (*parts, None, None)[:2]
    wanted = CatalogFilter(project=project, dataset=dataset)
    table = name if dataset is not None else None
    _list(wanted, options, options.limit, options.offset, screen, table)


def show_list(options: Listing, screen: Screen) -> None:
    """Tables in the order of their names; raises as `browse`."""
    wanted = CatalogFilter(
        project=options.project,
        dataset=options.dataset,
        owner=options.owner,
        team=options.team,
        tags=options.tag,
    )
    _list(wanted, options, options.limit, options.offset, screen)


def search(keyword: str, options: Searching, screen: Screen) -> None:
    """Tables with the keyword; raises as `browse`."""
    as_json = wants_json(options, screen)
    dli = composed(options, screen)
    with open_catalog(dli.settings, dli.clock) as catalog:
        page = catalog.search(keyword, project=options.project, limit=options.limit)
    if as_json:
        screen.envelope(
            keyword=keyword,
            tables=[table_fields(one) for one in page.tables],
            total_matches=None if page.has_more else len(page.tables),
            has_more=page.has_more,
        )
        return
    for line in found_lines(keyword, page, screen.width):
        screen.print(line)


def _list(
    wanted: CatalogFilter,
    options: Asking,
    limit: int | None,
    offset: int,
    screen: Screen,
    table: str | None = None,
) -> None:
    as_json = wants_json(options, screen)
    dli = composed(options, screen)
    with open_catalog(dli.settings, dli.clock) as catalog:
        page = catalog.tables(wanted, limit=limit or _LIMIT, offset=offset)
        empty = not page.tables and not offset
        detail = _named(catalog, table) if table is not None and empty else None
    if detail is not None:
        _print(detail, frozenset(Section), screen, as_json=as_json)
    elif as_json:
        screen.envelope(
            tables=[table_fields(one) for one in page.tables],
            total_count=total_of(len(page.tables), offset, has_more=page.has_more),
            has_more=page.has_more,
            offset=offset,
        )
    else:
        for line in list_lines(wanted, page, offset, screen.width):
            screen.print(line)


def _show(parts: Sequence[str], options: Browsing, screen: Screen) -> None:
    as_json = wants_json(options, screen)
    sections = frozenset(options.section or Section)
    dli = composed(options, screen)
    with open_catalog(dli.settings, dli.clock) as catalog:
        detail = catalog.table(".".join(parts[-3:]), sections, sample=options.sample)
    if len(parts) == _MOST_PARTS:
        _check_engine(parts[0], detail)
    _print(detail, sections, screen, as_json=as_json)


def _named(catalog: Catalog, name: str) -> TableDetail | None:
    """The table of the name in the engine's own catalog; None where there is none."""
    try:
        return catalog.table(name, frozenset(Section), sample=False)
    except CatalogError:
        return None


def _print(
    detail: TableDetail, sections: frozenset[Section], screen: Screen, *, as_json: bool
) -> None:
    if as_json:
        screen.envelope(table=detail_fields(detail, sections))
        return
    for line in page_lines(detail, sections, screen.width):
        screen.print(line)


def _check_engine(engine: str, detail: TableDetail) -> None:
    if engine.lower() != detail.engine:
        raise CatalogError(
            f"The server has the table {detail.name!r} on {detail.engine}, not on {engine}",
            code=ErrorCode.CATALOG_ENGINE_NOT_SUPPORTED,
            hint=f"Run 'dli catalog {detail.name}'.",
        )

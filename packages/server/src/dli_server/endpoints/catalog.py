"""The catalog: tables, search, a table's page, and the queries that touched it."""

from dli_adapters.wire.catalog import (
    SEARCH_PATH,
    TABLES_PATH,
    SearchQuery,
    TableQuery,
    TablesQuery,
    UsesQuery,
    WireTable,
    WireTableDetail,
    WireUse,
    wire_detail,
    wire_table,
    wire_use,
)
from dli_domain.errors import CatalogError, ErrorCode, ExecutionPermissionError
from dli_domain.model.catalog import CatalogFilter, Section
from dli_domain.model.names import did_you_mean
from dli_server.http.endpoint import Call, Endpoint
from dli_server.http.scopes import Scope


def tables(call: Call) -> tuple[WireTable, ...]:
    """A page of tables."""
    query: TablesQuery = call.query
    wanted = CatalogFilter(
        project=query.project,
        dataset=query.dataset,
        owner=query.owner,
        team=query.team,
        tags=_words(query.tags),
    )
    page = call.services.catalog.of(call.principal).tables(
        wanted, limit=query.limit, offset=query.offset
    )
    return tuple(map(wire_table, page.tables))


def search(call: Call) -> tuple[WireTable, ...]:
    """Tables with a word in them."""
    query: SearchQuery = call.query
    page = call.services.catalog.of(call.principal).search(
        query.keyword, project=query.project, limit=query.limit
    )
    return tuple(map(wire_table, page.tables))


def table(call: Call) -> WireTableDetail:
    """All that is known of a table, or the sections that are asked for."""
    query: TableQuery = call.query
    if query.include_sample and Scope.RUN_ADHOC not in call.principal.scopes:
        raise ExecutionPermissionError(
            "A sample shows data, and this key may not read any",
            hint="Leave --sample out, or use a key with the scope 'run:adhoc'.",
        )
    sections = _sections(query.sections)
    detail = call.services.catalog.of(call.principal).table(
        call.path["name"], sections, sample=query.include_sample
    )
    return wire_detail(detail, tuple(sections))


def uses(call: Call) -> tuple[WireUse, ...]:
    """Queries that touched a table."""
    catalog = call.services.catalog.of(call.principal)
    detail = catalog.table(call.path["name"], {Section.QUERIES}, sample=False)
    return tuple(map(wire_use, detail.sample_queries[: call.query.limit]))


def _sections(said: str | None) -> tuple[Section, ...]:
    if said is None:
        # Queries have a path of their own.
        return tuple(one for one in Section if one is not Section.QUERIES)
    known = {one.value: one for one in Section}
    for word in _words(said):
        if word not in known:
            raise CatalogError(
                f"There is no section {word!r}; there are {', '.join(known)}",
                code=ErrorCode.CATALOG_INVALID_IDENTIFIER,
                hint=did_you_mean(word, known),
            )
    return tuple(known[word] for word in dict.fromkeys(_words(said)))


def _words(said: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (said or "").split(",") if word.strip())


ENDPOINTS = (
    Endpoint(
        method="GET",
        path=TABLES_PATH,
        handler=tables,
        access=Scope.CATALOG,
        summary="Tables of the engine and datasets that are registered, in the order of names.",
        query=TablesQuery,
        answer=tuple[WireTable, ...],
    ),
    Endpoint(
        method="GET",
        path=SEARCH_PATH,
        handler=search,
        access=Scope.CATALOG,
        summary="Tables with a word in their name, description or a column's name.",
        query=SearchQuery,
        answer=tuple[WireTable, ...],
    ),
    Endpoint(
        method="GET",
        path=f"{TABLES_PATH}/{{name}}",
        handler=table,
        access=Scope.CATALOG,
        summary="All that is known of a table.",
        query=TableQuery,
        answer=WireTableDetail,
    ),
    Endpoint(
        method="GET",
        path=f"{TABLES_PATH}/{{name}}/queries",
        handler=uses,
        access=Scope.CATALOG,
        summary="Queries that touched a table.",
        query=UsesQuery,
        answer=tuple[WireUse, ...],
    ),
)

"""`Catalog` of a server over HTTP."""

from collections.abc import Collection
from dataclasses import replace
from typing import final

from dli_adapters.server.policy import policy_of
from dli_adapters.server.transport import Query, Transport, segment
from dli_adapters.wire.catalog import (
    SEARCH_PATH,
    TABLES_PATH,
    WireTable,
    WireTableDetail,
    WireUse,
    detail_of,
    table_of,
    use_of,
)
from dli_adapters.wire.messages import EXTENSION
from dli_adapters.wire.specs import LineageAnswer
from dli_domain.errors import CatalogError, ErrorCode, ServerError, SpecNotFoundError
from dli_domain.model.catalog import (
    MOST_TABLES,
    CatalogFilter,
    CatalogPage,
    Impact,
    Neighbour,
    Section,
    TableDetail,
    TableInfo,
    TableUse,
)
from dli_domain.ports.catalog import Catalog
from dli_domain.usecases.catalog_names import search_word, table_parts

_LINEAGE = "/api/v1/lineage"
_MOST_FOUND = 100


@final
class ServerCatalog(Catalog):
    """The catalog of the server behind a transport.

    A server of the older API knows less; what it cannot tell is refused or left empty, and
    never made up.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def tables(self, wanted: CatalogFilter, *, limit: int, offset: int = 0) -> CatalogPage:
        if any("," in tag for tag in wanted.tags):
            raise CatalogError(
                "A tag with a comma cannot be asked for",
                code=ErrorCode.CATALOG_INVALID_IDENTIFIER,
                hint="Leave it out; the list shows the tags of each table.",
            )
        query: dict[str, str | int | bool | None] = {
            "project": wanted.project,
            "dataset": wanted.dataset,
            "owner": wanted.owner,
            "team": wanted.team,
            "tags": ",".join(wanted.tags) or None,
        }
        found: list[TableInfo] = []
        while len(found) <= limit:
            size = min(limit + 1 - len(found), MOST_TABLES)
            page = self._list(TABLES_PATH, {**query, "limit": size, "offset": offset + len(found)})
            found += page
            if len(page) < size:
                break
        return CatalogPage(tables=tuple(found[:limit]), has_more=len(found) > limit)

    def search(self, keyword: str, *, project: str | None = None, limit: int) -> CatalogPage:
        word = search_word(keyword)
        most = min(limit + 1, self._most_found())
        query: Query = {"keyword": word, "project": project, "limit": most}
        found = self._list(SEARCH_PATH, query)
        return CatalogPage(tables=tuple(found[:limit]), has_more=len(found) > limit)

    def table(self, name: str, sections: Collection[Section], *, sample: bool) -> TableDetail:
        path = f"{TABLES_PATH}/{segment('.'.join(table_parts(name)))}"
        # Queries have a path of their own.
        asked = [one.value for one in Section if one in sections and one is not Section.QUERIES]
        query: Query = {
            "include_sample": sample or None,
            "sections": ",".join(asked) or Section.BASIC.value,
        }
        try:
            told = self._transport.get(path, query, answer=WireTableDetail)
            detail = detail_of(told)
            if Section.QUERIES in sections:
                detail = replace(detail, sample_queries=self._uses(path))
        except SpecNotFoundError as error:
            raise CatalogError(
                f"The catalog has no table {name!r}",
                context=error.context,
                hint="Run 'dli catalog search WORD' to find it.",
            ) from error
        if told.sections is None:
            return self._of_older(detail, frozenset(sections), sample=sample)
        return detail

    def _of_older(
        self, detail: TableDetail, sections: frozenset[Section], *, sample: bool
    ) -> TableDetail:
        """What a server of the older API tells beside, and without what nobody asked for."""
        if sample and detail.sample_data is None:
            raise ServerError(
                "This server gives no samples",
                code=ErrorCode.SERVER_PROTOCOL,
                context={"Server": self._transport.target.url},
                hint="Leave --sample out.",
            )
        return replace(
            detail,
            columns=detail.columns if Section.COLUMNS in sections else (),
            ownership=detail.ownership if Section.OWNERSHIP in sections else None,
            freshness=detail.freshness if Section.FRESHNESS in sections else None,
            quality=detail.quality if Section.QUALITY in sections else None,
            impact=self._impact(detail.name) if Section.IMPACT in sections else None,
        )

    def _impact(self, name: str) -> Impact | None:
        found = self._transport.find(f"{_LINEAGE}/{segment(name)}", answer=LineageAnswer)
        if found is None:
            return None
        data = found.data
        sources = _reached(name, {(edge.target, edge.source) for edge in data.edges})
        targets = _reached(name, {(edge.source, edge.target) for edge in data.edges})
        known = {node.name: node for node in data.nodes}

        def neighbours(steps: dict[str, int]) -> tuple[Neighbour, ...]:
            return tuple(
                Neighbour(
                    name=one,
                    type=known[one].type.capitalize() if one in known else "",
                    owner=(known[one].owner or "") if one in known else "",
                    steps=count,
                )
                for one, count in steps.items()
            )

        return Impact(upstream=neighbours(sources), downstream=neighbours(targets))

    def _uses(self, path: str) -> tuple[TableUse, ...]:
        return tuple(
            map(use_of, self._transport.get(f"{path}/queries", answer=tuple[WireUse, ...]))
        )

    def _list(self, path: str, query: Query) -> list[TableInfo]:
        return [table_of(one) for one in self._transport.get(path, query, answer=list[WireTable])]

    def _most_found(self) -> int:
        if EXTENSION in policy_of(self._transport).extensions:
            return MOST_TABLES
        return _MOST_FOUND


def _reached(start: str, edges: set[tuple[str, str]]) -> dict[str, int]:
    """What the edges lead to, and in how many steps; the start itself is not in it."""
    found: dict[str, int] = {}
    edge, steps = {start}, 0
    while edge:
        steps += 1
        edge = {to for came, to in edges if came in edge and to != start} - found.keys()
        found |= dict.fromkeys(sorted(edge), steps)
    return found

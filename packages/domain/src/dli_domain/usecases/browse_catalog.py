"""The catalog: the engine's tables, joined with what is registered and what was run."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, final

from dli_domain.errors import CatalogError
from dli_domain.model.catalog import (
    CatalogColumn,
    CatalogFilter,
    CatalogPage,
    Impact,
    Ownership,
    Parts,
    Section,
    TableDetail,
    TableFilter,
    TableInfo,
)
from dli_domain.model.names import closest
from dli_domain.model.quality import QualitySpec
from dli_domain.model.result import Row
from dli_domain.model.spec import ResourceKind, ResourceSpec
from dli_domain.ports.catalog import Catalog
from dli_domain.ports.clock import Clock
from dli_domain.ports.engine_metadata import EngineMetadata
from dli_domain.ports.quality_source import QualitySource
from dli_domain.ports.spec_source import SpecSource
from dli_domain.ports.table_records import TableRecords
from dli_domain.usecases.catalog_book import Book, Entry
from dli_domain.usecases.catalog_names import search_word, table_parts
from dli_domain.usecases.catalog_sections import (
    NO_IMPACT,
    freshness_of,
    impact_of,
    ownership_of,
    quality_of,
)

if TYPE_CHECKING:
    # sqlglot comes with it, and a list needs none of it.
    from dli_domain.lineage.project import ProjectLineage

OpenMetadata = Callable[[], AbstractContextManager[EngineMetadata]]
Touches = Callable[[Parts], Callable[[str, str], bool]]

SAMPLE_ROWS = 10
"""How many rows a sample has."""

_USES = 5
_VERDICTS = 200
_CLOSE_ONES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the catalog's facts come from.

    Args:
        specs: The registered resources.
        qualities: Their quality files.
        open_metadata: A session in which the engine is asked for its tables.
        records: What runs have left.
        lineage: The graph of all specs; called only where it is needed.
        touches: For a table, whether a text of an engine names it.
        sample: Runs a reading statement, without any right to change data.
        clock: Tells what is stale.
    """

    specs: SpecSource
    qualities: QualitySource
    open_metadata: OpenMetadata
    records: TableRecords
    lineage: "Callable[[], ProjectLineage]"
    touches: Touches
    sample: Callable[[str], Sequence[Row]]
    clock: Clock


def everything(name: str) -> bool:
    """Whether somebody may see the name who may see all."""
    del name
    return True


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BrowseCatalog(Catalog):
    """Lists, finds and describes tables.

    A dataset is registered under the name of the table it builds. A table is seen by who may
    see its name, or the name of its dataset.

    Args:
        sources: The facts.
        sees: Whether the caller may see a name.
        page: How many tables the engine is asked for at first; each time twice as many.
    """

    sources: Sources
    sees: Callable[[str], bool] = everything
    page: int = 200

    def tables(self, wanted: CatalogFilter, *, limit: int, offset: int = 0) -> CatalogPage:
        with self.sources.open_metadata() as metadata:
            book = Book(metadata, self._datasets(), self.page)
            found = (table for table in self._found(book, wanted) if self._visible(table))
            return self._page(islice(found, offset, offset + limit + 1), limit)

    def search(self, keyword: str, *, project: str | None = None, limit: int) -> CatalogPage:
        word = search_word(keyword)
        with self.sources.open_metadata() as metadata:
            book = Book(metadata, self._datasets(), self.page)
            named = [key for key, spec in book.specs.items() if _context(spec, word.casefold())]
            wanted = TableFilter(catalog=project, text=word)
            found = (
                replace(table, info=replace(table.info, match_context=_where(table, word)))
                for table in book.merged(wanted, named)
                if self._visible(table) and _is(table.parts[:1], project)
            )
            return self._page(islice(found, limit + 1), limit)

    def table(self, name: str, sections: Collection[Section], *, sample: bool) -> TableDetail:
        parts = table_parts(name)
        with self.sources.open_metadata() as metadata:
            book = Book(metadata, self._datasets(), self.page)
            found = book.one(parts)
            if found is None or not self._visible(found):
                raise self._unknown(book, name)
            return self._detail(book, found, frozenset(sections), sample=sample)

    def _found(self, book: Book, wanted: CatalogFilter) -> Iterable[Entry]:
        scope = TableFilter(catalog=wanted.project, schema=wanted.dataset)
        if wanted.owner is None and wanted.team is None and not wanted.tags:
            found = book.merged(scope, book.specs)
        else:
            # Only what is registered has owner, team and tags.
            found = book.registered(
                key for key, spec in book.specs.items() if _answers(spec, wanted)
            )
        return (
            table
            for table in found
            if _is(table.parts[:1], wanted.project) and _is(table.parts[1:2], wanted.dataset)
        )

    def _page(self, found: Iterable[Entry], limit: int) -> CatalogPage:
        entries = list(found)
        shown = entries[:limit]
        names = [str(entry.spec.name) for entry in shown if entry.spec is not None]
        built = self.sources.records.built_at(names) if names else {}
        return CatalogPage(
            tables=tuple(self._dated(entry, built) for entry in shown),
            has_more=len(entries) > limit,
        )

    def _dated(self, entry: Entry, built: Mapping[str, datetime]) -> TableInfo:
        if entry.table is None:
            # Its runs were queries: nothing there has been changed by them.
            return entry.info
        times = [entry.info.last_updated, built.get(entry.resource)]
        return replace(
            entry.info, last_updated=max((one for one in times if one is not None), default=None)
        )

    def _detail(
        self, book: Book, found: Entry, sections: frozenset[Section], *, sample: bool
    ) -> TableDetail:
        sources = self.sources
        spec, name = found.spec, found.resource
        built = sources.records.built_at([name]) if spec is not None else {}
        info = self._dated(found, built)
        columns = book.columns(found)
        tests = self._tests(spec) if sections & {Section.QUALITY, Section.FRESHNESS} else ()
        verdicts = (
            sources.records.verdicts(name, _VERDICTS)
            if sections & {Section.QUALITY, Section.FRESHNESS}
            else ()
        )
        impact = NO_IMPACT
        if sections & {Section.IMPACT, Section.OWNERSHIP}:
            impact = impact_of(sources.lineage(), found.key, book.key_of, self.sees)
        return TableDetail(
            table=info,
            columns=columns if Section.COLUMNS in sections else (),
            ownership=self._ownership(spec, impact) if Section.OWNERSHIP in sections else None,
            freshness=freshness_of(spec, info.last_updated, tests, verdicts, sources.clock.now())
            if Section.FRESHNESS in sections
            else None,
            quality=quality_of(tests, verdicts) if Section.QUALITY in sections else None,
            impact=impact if Section.IMPACT in sections else None,
            sample_queries=tuple(
                sources.records.uses(
                    name if spec else "", found.parts[-1], sources.touches(found.parts), _USES
                )
            )
            if Section.QUERIES in sections
            else (),
            sample_data=self._sample(book, found, columns) if sample else None,
        )

    def _ownership(self, spec: ResourceSpec | None, impact: Impact) -> Ownership | None:
        return ownership_of(spec, self._tests(spec), impact) if spec is not None else None

    def _tests(self, spec: ResourceSpec | None) -> Sequence[QualitySpec]:
        if spec is None:
            return ()
        name = spec.name
        return [one for one in self.sources.qualities.list().specs if one.target.name == name]

    def _sample(
        self, book: Book, found: Entry, columns: Sequence[CatalogColumn]
    ) -> tuple[Row, ...]:
        names = [column.name for column in columns if column.exists and not column.is_pii]
        if found.table is None or not names:
            return ()
        sql = book.metadata.first_rows(found.table.parts, names, SAMPLE_ROWS)
        return tuple(self.sources.sample(sql))

    def _datasets(self) -> Sequence[ResourceSpec]:
        return self.sources.specs.list(ResourceKind.DATASET).specs

    def _visible(self, entry: Entry) -> bool:
        return self.sees(entry.info.name) or (entry.spec is not None and self.sees(entry.resource))

    def _unknown(self, book: Book, name: str) -> CatalogError:
        known = [
            entry.info.name
            for entry in islice(book.merged(TableFilter(), book.specs), _CLOSE_ONES)
            if self._visible(entry)
        ]
        match = closest(name, known) or closest(
            name.rpartition(".")[2], [one.rpartition(".")[2] for one in known], 0.8
        )
        whole = next((one for one in known if match and one.endswith(match)), None)
        return CatalogError(
            f"The catalog has no table {name!r}",
            context={"Engine": book.metadata.engine},
            hint=f"Did you mean {whole!r}?"
            if whole
            else "Run 'dli catalog search WORD' to find it.",
        )


def _answers(spec: ResourceSpec, wanted: CatalogFilter) -> bool:
    if wanted.owner is not None and wanted.owner.casefold() not in spec.owner.casefold():
        return False
    if wanted.team is not None and wanted.team != spec.team:
        return False
    return set(wanted.tags) <= set(spec.tags)


def _is(part: Parts, wanted: str | None) -> bool:
    return wanted is None or (bool(part) and part[0].casefold() == wanted.casefold())


def _context(spec: ResourceSpec, word: str) -> str:
    """Where the spec holds the word: `name`, `description`, `column x`; empty for nowhere."""
    if word in str(spec.name).casefold():
        return "name"
    if word in spec.description.casefold():
        return "description"
    column = next((one.name for one in spec.columns if word in one.name.casefold()), None)
    return f"column {column}" if column is not None else ""


def _where(entry: Entry, keyword: str) -> str:
    word = keyword.casefold()
    if word in entry.info.name.casefold():
        return "name"
    if word in entry.info.description.casefold():
        return "description"
    if entry.table is not None and entry.table.matched_column is not None:
        return f"column {entry.table.matched_column}"
    return _context(entry.spec, word) if entry.spec is not None else "description"

"""The engine's tables and the specs about them, under the same keys."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import merge

from dli_domain.model.catalog import (
    CatalogColumn,
    EngineColumn,
    EngineTable,
    Parts,
    TableFilter,
    TableInfo,
)
from dli_domain.model.spec import ResourceSpec
from dli_domain.ports.engine_metadata import EngineMetadata

_LARGEST_PAGE = 2_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A table of the engine, a dataset of that name, or both."""

    key: Parts
    info: TableInfo
    table: EngineTable | None = None
    spec: ResourceSpec | None = None

    @property
    def parts(self) -> Parts:
        return self.table.parts if self.table is not None else self.key

    @property
    def resource(self) -> str:
        return str(self.spec.name) if self.spec is not None else self.info.name


class Book:
    """The engine's tables and the specs, under the same keys."""

    def __init__(self, metadata: EngineMetadata, specs: Iterable[ResourceSpec], page: int) -> None:
        self.metadata = metadata
        self._page = page
        self.specs = {metadata.key(spec.name.parts): spec for spec in specs}

    @cached_property
    def built(self) -> Mapping[Parts, EngineTable]:
        """The tables that datasets are registered for."""
        return {table.key: table for table in self.metadata.named(list(self.specs))}

    def key_of(self, name: str) -> Parts:
        """The key of a name as SQL or a spec writes it."""
        return self.metadata.key(tuple(name.split(".")))

    def one(self, parts: Parts) -> Entry | None:
        """The table of that name, or the dataset."""
        key = self.metadata.key(parts)
        tables = self.metadata.named([key])
        spec = self.specs.get(key)
        if not tables and spec is None:
            return None
        return self._entry(key, tables[0] if tables else None, spec)

    def registered(self, keys: Iterable[Parts]) -> Iterator[Entry]:
        """The datasets of these keys in their order, with their tables where they are built."""
        for key in sorted(keys):
            yield self._entry(key, self.built.get(key), self.specs[key])

    def merged(self, wanted: TableFilter, keys: Iterable[Parts]) -> Iterator[Entry]:
        """The engine's tables and the datasets of these keys, in the order of keys, each once."""
        own = (self._entry(one.key, one, self.specs.get(one.key)) for one in self._paged(wanted))
        seen: set[Parts] = set()
        for entry in merge(own, self.registered(keys), key=lambda one: one.key):
            if entry.key not in seen:
                seen.add(entry.key)
                yield entry

    def columns(self, found: Entry) -> tuple[CatalogColumn, ...]:
        """The engine's columns with what the spec says of them, then those only it names."""
        declared = {one.name.casefold(): one for one in found.spec.columns} if found.spec else {}
        held: Sequence[EngineColumn] = self.metadata.columns(found.key) if found.table else ()
        columns = []
        for one in held:
            said = declared.pop(one.name.casefold(), None)
            columns.append(
                CatalogColumn(
                    name=one.name,
                    data_type=one.type,
                    nullable=one.nullable,
                    description=(said.description if said else "") or one.description,
                    is_pii=said is not None and said.pii,
                )
            )
        columns += [
            CatalogColumn(
                name=one.name,
                data_type=one.type,
                description=one.description,
                is_pii=one.pii,
                exists=False,
            )
            for one in declared.values()
        ]
        return tuple(columns)

    def _paged(self, wanted: TableFilter) -> Iterator[EngineTable]:
        after: Parts | None = None
        size = self._page
        while True:
            page = self.metadata.tables(wanted, after=after, limit=size)
            yield from page
            if len(page) < size:
                return
            # Whoever looks far behind should not ask a hundred times.
            after, size = page[-1].key, min(size * 2, _LARGEST_PAGE)

    def _entry(self, key: Parts, table: EngineTable | None, spec: ResourceSpec | None) -> Entry:
        said = (spec.description.strip() if spec else "") or (table.description if table else "")
        info = TableInfo(
            name=table.name if table else ".".join(spec.name.parts if spec else key),
            engine=self.metadata.engine,
            kind=table.kind if table else "",
            owner=spec.owner if spec else "",
            team=spec.team if spec else "",
            description=said,
            tags=spec.tags if spec else (),
            row_count=table.rows if table else None,
            rows_exact=table.rows_exact if table else True,
            size_bytes=table.bytes if table else None,
            last_updated=table.modified_at if table else None,
            registered=spec is not None,
        )
        return Entry(key, info, table, spec)

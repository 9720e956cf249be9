"""Laws of the catalog over an engine in memory: every table once, in order, in pages of any size."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli_adapters.memory.clock import FixedClock
from dli_adapters.memory.quality_source import MemoryQualitySource
from dli_adapters.memory.spec_source import MemorySpecSource
from dli_domain.lineage.mentions import names_table, tables_used
from dli_domain.lineage.project import ProjectLineage
from dli_domain.model.catalog import (
    CatalogFilter,
    EngineColumn,
    EngineTable,
    Parts,
    TableFilter,
    TableUse,
    TestVerdict,
)
from dli_domain.model.history import moment
from dli_domain.model.names import ResourceName
from dli_domain.model.problems import Location
from dli_domain.model.spec import QueryType, ResourceKind, ResourceSpec, SqlSource
from dli_domain.ports.engine_metadata import EngineMetadata
from dli_domain.ports.table_records import TableRecords
from dli_domain.usecases.browse_catalog import BrowseCatalog, Sources

NOW = datetime(2025, 2, 1, tzinfo=UTC)


@final
class HeldMetadata(EngineMetadata):
    """An engine that holds these tables; it compares names without their case."""

    def __init__(self, names: Sequence[str]) -> None:
        self._tables = {
            tuple(name.lower().split(".")): EngineTable(
                parts=tuple(name.split(".")), key=tuple(name.lower().split("."))
            )
            for name in names
        }

    @property
    def engine(self) -> str:
        return "held"

    def key(self, parts: Parts) -> Parts:
        return tuple(part.lower() for part in ("c", "s", "t")[: 3 - len(parts)] + tuple(parts))

    def tables(
        self, wanted: TableFilter, *, after: Parts | None = None, limit: int
    ) -> Sequence[EngineTable]:
        found = [
            self._tables[key]
            for key in sorted(self._tables)
            if (after is None or key > after)
            and wanted.catalog in (None, key[0])
            and wanted.schema in (None, key[1])
        ]
        return found[:limit]

    def named(self, keys: Sequence[Parts]) -> Sequence[EngineTable]:
        return [self._tables[key] for key in sorted(set(keys)) if key in self._tables]

    def columns(self, key: Parts) -> Sequence[EngineColumn]:
        return ()

    def first_rows(self, parts: Parts, columns: Sequence[str], limit: int) -> str:
        return f"SELECT {', '.join(columns)} FROM {'.'.join(parts)} LIMIT {limit}"


@final
class Records(TableRecords):
    """Every dataset ran now, or none ever did."""

    def __init__(self, *, ran: bool) -> None:
        self._ran = ran

    def built_at(self, resources: Sequence[str]) -> Mapping[str, datetime]:
        return dict.fromkeys(resources, NOW) if self._ran else {}

    def verdicts(self, resource: str, limit: int) -> Sequence[TestVerdict]:
        return ()

    def uses(
        self, resource: str, table: str, touches: Callable[[str, str], bool], limit: int
    ) -> Sequence[TableUse]:
        return ()


def spec(name: str) -> ResourceSpec:
    return ResourceSpec(
        kind=ResourceKind.DATASET,
        name=ResourceName.parse(name),
        owner="kim@example.com",
        team="",
        query_type=QueryType.DML,
        sql=SqlSource(text="SELECT 1", origin=Location("x.sql")),
        location=Location("x.yaml"),
    )


def catalog(
    tables: Sequence[str],
    specs: Sequence[str],
    sees: Callable[[str], bool],
    page: int,
    *,
    ran: bool = False,
) -> BrowseCatalog:
    metadata = HeldMetadata(tables)

    @contextmanager
    def opened() -> Iterator[EngineMetadata]:
        yield metadata

    return BrowseCatalog(
        sources=Sources(
            specs=MemorySpecSource(spec(name) for name in specs),
            qualities=MemoryQualitySource(),
            open_metadata=opened,
            records=Records(ran=ran),
            lineage=lambda: ProjectLineage([]),
            touches=lambda _: lambda *_: False,
            sample=lambda _: (),
            clock=FixedClock(NOW),
        ),
        sees=sees,
        page=page,
    )


names = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("st주"), st.sampled_from("xyzXY_")).map(
        ".".join
    ),
    unique_by=str.lower,
    max_size=12,
)


@given(tables=names, specs=names, size=st.integers(1, 5), page=st.integers(1, 3), hidden=names)
def test_pages_hold_every_visible_table_once_and_in_order(
    tables: list[str], specs: list[str], size: int, page: int, hidden: list[str]
) -> None:
    browsed = catalog(tables, specs, lambda name: name not in hidden, page)
    found: list[str] = []
    more = True
    while more:
        got = browsed.tables(CatalogFilter(), limit=size, offset=len(found))
        found += [table.name for table in got.tables]
        more = got.has_more
    built = {name.lower(): name for name in tables}
    declared = {name.lower(): name for name in specs}
    wanted = []
    for key in sorted({*built, *declared}, key=lambda one: one.split(".")):
        shown = built.get(key) or declared[key]
        if shown not in hidden or declared.get(key, shown) not in hidden:
            wanted.append(shown)
    assert found == wanted


@given(tables=names, specs=names)
def test_a_filter_of_owners_keeps_registered_ones_only(tables: list[str], specs: list[str]) -> None:
    browsed = catalog(tables, specs, lambda _: True, 2)
    page = browsed.tables(CatalogFilter(owner="KIM@"), limit=100)
    assert [table.name.lower() for table in page.tables] == sorted(
        (name.lower() for name in specs), key=lambda one: one.split(".")
    )
    assert browsed.tables(CatalogFilter(owner="nobody"), limit=100).tables == ()


def test_a_run_that_built_no_table_is_no_update_of_one() -> None:
    page = catalog(["a.s.x"], ["a.s.x", "a.s.y"], lambda _: True, 2, ran=True).tables(
        CatalogFilter(), limit=10
    )
    assert [(table.name, table.last_updated) for table in page.tables] == [
        ("a.s.x", NOW),
        ("a.s.y", None),
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("24h", NOW - timedelta(hours=24)),
        ("90 S", NOW - timedelta(seconds=90)),
        ("2w", NOW - timedelta(weeks=2)),
        ("2025-01-31", datetime(2025, 1, 31, tzinfo=UTC)),
        ("2025-01-31T09:00+09:00", datetime(2025, 1, 31, tzinfo=UTC)),
    ],
)
def test_a_time_is_a_span_before_now_or_a_moment(text: str, wanted: datetime) -> None:
    assert moment(text, NOW) == wanted


@pytest.mark.parametrize("text", ["", "h", "24", "24y", "999999w", "2025-02-30", "soon", "-1h"])
def test_what_is_no_time_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        moment(text, NOW)


@given(st.text(max_size=200))
def test_any_text_has_tables_or_none(text: str) -> None:
    tables_used(text, "duckdb")


@given(st.text(max_size=20))
def test_any_text_is_a_time_in_utc_or_none(text: str) -> None:
    with suppress(ValueError):
        assert moment(text, NOW).utcoffset() == timedelta(0)


def test_the_tables_of_a_text() -> None:
    sql = (
        "INSERT INTO a.b.c SELECT * FROM (WITH own AS (SELECT 1) SELECT * FROM own) x "
        "JOIN d.e ON true JOIN read_csv('f.csv') ON true"
    )
    used = {(one.name, one.operation) for one in tables_used(sql, "duckdb")}
    assert used == {("a.b.c", "insert"), ("d.e", "read")}
    assert names_table(sql, "duckdb", ("x", "D", "E"))
    assert not names_table(sql, "duckdb", ("x", "y", "own"))
    assert tables_used("this is no SQL (", "duckdb") == ()

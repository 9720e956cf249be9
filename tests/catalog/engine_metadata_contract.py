"""What every engine's metadata promises; each adapter runs it on a real engine."""

from contextlib import AbstractContextManager

import pytest

from dli_domain.model.catalog import Parts, TableFilter
from dli_domain.ports.engine_metadata import EngineMetadata
from dli_domain.ports.query_executor import QueryExecutor

EVERYTHING = TableFilter()


class EngineMetadataContract:
    """The engine holds, below `catalog`, exactly these tables and a view:

    `lake.orders` (id, buyer), `nyc.flights` (flight_id, carrier) with two rows, the description
    "All flights" and "the carrier's code" on its column, `nyc.late` a view on it, `nyc.주문` (a).
    """

    catalog: str
    engine: str

    def opened(self) -> AbstractContextManager[tuple[EngineMetadata, QueryExecutor]]:
        raise NotImplementedError

    def all_names(self) -> list[str]:
        return [f"{self.catalog}.{name}" for name in ("lake.orders", "nyc.flights", "nyc.late")] + [
            f"{self.catalog}.nyc.주문"
        ]

    def test_all_tables_and_views_are_told_in_the_order_of_their_keys(self) -> None:
        with self.opened() as (metadata, _):
            found = metadata.tables(EVERYTHING, limit=100)
        assert metadata.engine == self.engine
        assert [table.name for table in found] == self.all_names()
        assert [table.key for table in found] == sorted(table.key for table in found)
        assert [table.kind for table in found] == ["table", "table", "view", "table"]

    def test_facts_of_a_table(self) -> None:
        with self.opened() as (metadata, _):
            (flights,) = metadata.named([metadata.key(("nyc", "flights"))])
        assert flights.rows == 2
        assert flights.description == "All flights"

    @pytest.mark.parametrize("size", [1, 2, 3])
    def test_pages_of_any_size_join_to_the_whole(self, size: int) -> None:
        with self.opened() as (metadata, _):
            seen: list[str] = []
            after: Parts | None = None
            while page := metadata.tables(EVERYTHING, after=after, limit=size):
                assert len(page) <= size
                seen += [table.name for table in page]
                after = page[-1].key
        assert seen == self.all_names()

    @pytest.mark.parametrize(
        ("wanted", "names"),
        [
            (TableFilter(schema="nyc"), ["nyc.flights", "nyc.late", "nyc.주문"]),
            (TableFilter(schema="nowhere"), []),
            (TableFilter(catalog="nowhere"), []),
            (TableFilter(text="FLIGHT"), ["nyc.flights", "nyc.late"]),
            (TableFilter(text="carrier"), ["nyc.flights", "nyc.late"]),
            (TableFilter(text="all fl"), ["nyc.flights"]),
            (TableFilter(text="문"), ["nyc.주문"]),
            (TableFilter(text="buyer", schema="nyc"), []),
            (TableFilter(text="%"), []),
            (TableFilter(text="' OR ''='"), []),
        ],
    )
    def test_filters(self, wanted: TableFilter, names: list[str]) -> None:
        with self.opened() as (metadata, _):
            found = metadata.tables(wanted, limit=100)
        assert [table.name for table in found] == [f"{self.catalog}.{name}" for name in names]

    def test_the_column_that_holds_the_text_is_told(self) -> None:
        with self.opened() as (metadata, _):
            (orders,) = metadata.tables(TableFilter(text="BUY"), limit=100)
        assert orders.matched_column == "buyer"

    def test_named_gives_those_that_there_are_and_no_others(self) -> None:
        with self.opened() as (metadata, _):
            keys = [
                metadata.key(parts)
                for parts in (("nyc", "주문"), ("nyc", "nothing"), (self.catalog, "lake", "orders"))
            ]
            found = metadata.named(keys)
            none = metadata.named([])
        assert [table.name for table in found] == [
            f"{self.catalog}.lake.orders",
            f"{self.catalog}.nyc.주문",
        ]
        assert list(none) == []

    def test_columns_in_their_order_with_types_nullability_and_descriptions(self) -> None:
        with self.opened() as (metadata, _):
            columns = metadata.columns(metadata.key(("nyc", "flights")))
            none = metadata.columns(metadata.key(("nyc", "nothing")))
        assert [column.name for column in columns] == ["flight_id", "carrier"]
        assert [column.nullable for column in columns] == [False, True]
        assert [column.description for column in columns] == ["", "the carrier's code"]
        assert all(column.type for column in columns)
        assert list(none) == []

    def test_the_sql_of_the_first_rows_reads_the_named_columns_only(self) -> None:
        with self.opened() as (metadata, executor):
            (table,) = metadata.named([metadata.key(("nyc", "flights"))])
            rows = executor.execute(metadata.first_rows(table.parts, ["carrier"], 1)).rows
        assert [dict(row) for row in rows] == [{"carrier": "AA"}]

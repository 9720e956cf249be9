"""DuckDB and BigQuery keep what the port of an engine's metadata promises."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import duckdb
import pytest

from dli_adapters import registry
from dli_adapters.clock.system import SystemClock
from dli_domain.model.catalog import TableFilter
from dli_domain.model.run import Deadline, RunScope
from dli_domain.model.settings import AttachedDatabase, DuckDbTarget, Settings, SourceFile
from dli_domain.ports.engine_metadata import EngineMetadata
from dli_domain.ports.query_executor import QueryExecutor
from tests.catalog.engine_metadata_contract import EVERYTHING, EngineMetadataContract
from tests.engines.local_bigquery import BigQueryServer, bigquery_server, running_server

__all__ = ["bigquery_server"]

Opened = tuple[EngineMetadata, QueryExecutor]


@contextmanager
def opened(settings: Settings) -> Iterator[Opened]:
    clock = SystemClock()
    scope = RunScope(
        run_id=uuid4().hex,
        resource="catalog",
        deadline=Deadline(clock.monotonic() + 60, 60),
    )
    with registry.open_executor(settings, clock)(scope) as executor:
        yield registry.metadata(settings, executor), executor


class TestDuckDb(EngineMetadataContract):
    engine = "duckdb"
    catalog = "Shop"

    @pytest.fixture(autouse=True)
    def _database(self, tmp_path: Path) -> None:
        self.path = str(tmp_path / "Shop.duckdb")
        with duckdb.connect(self.path) as connection:
            connection.execute(
                "CREATE SCHEMA nyc; CREATE SCHEMA lake;"
                "CREATE TABLE lake.orders (id INTEGER, buyer VARCHAR);"
                "CREATE TABLE nyc.flights (flight_id INTEGER NOT NULL, carrier VARCHAR);"
                "INSERT INTO nyc.flights VALUES (1, 'AA'), (2, 'B6');"
                "CREATE VIEW nyc.late AS SELECT * FROM nyc.flights;"
                "CREATE TABLE nyc.주문 (a INTEGER);"
                "COMMENT ON TABLE nyc.flights IS 'All flights';"
                "COMMENT ON COLUMN nyc.flights.carrier IS 'the carrier''s code'"
            )

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        settings = Settings(engine="duckdb", duckdb=DuckDbTarget(path=self.path))
        with opened(settings) as found:
            yield found


@pytest.fixture(scope="module")
def filled_bigquery(request: pytest.FixtureRequest) -> Iterator[BigQueryServer]:
    """An emulator of its own: the shared one, which says whether there is any, holds more."""
    request.getfixturevalue("bigquery_server")
    with running_server() as server, server.client() as client:
        for sql in (
            "CREATE SCHEMA IF NOT EXISTS nyc",
            "CREATE SCHEMA IF NOT EXISTS lake",
            "CREATE OR REPLACE TABLE lake.orders (id INT64, buyer STRING)",
            (
                "CREATE OR REPLACE TABLE nyc.flights (flight_id INT64 NOT NULL, carrier STRING "
                """OPTIONS(description="the carrier's code")) """
                "OPTIONS(description='All flights')"
            ),
            "INSERT INTO nyc.flights VALUES (1, 'AA'), (2, 'B6')",
            "CREATE OR REPLACE VIEW nyc.late AS SELECT * FROM nyc.flights",
            "CREATE OR REPLACE TABLE nyc.`주문` (a INT64)",
        ):
            client.query_and_wait(sql)
        yield server


@pytest.mark.xdist_group("bigquery")
class TestBigQuery(EngineMetadataContract):
    engine = "bigquery"
    catalog = "local"

    @pytest.fixture(autouse=True)
    def _server(self, filled_bigquery: BigQueryServer) -> None:
        self.server = filled_bigquery

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        with opened(Settings(engine="bigquery", bigquery=self.server.target())) as found:
            yield found


def test_attached_files_and_sources_are_tables_and_sources_tell_their_age(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute("CREATE TABLE t (x INTEGER)")
    csv = tmp_path / "flights.csv"
    csv.write_text("id,carrier\n1,AA\n")
    os.utime(csv, (1_700_000_000, 1_700_000_000))
    target = DuckDbTarget(
        attach=(AttachedDatabase(alias="lake", path=str(tmp_path / "a.duckdb")),),
        sources=(SourceFile(name="nyc.raw.flights", path=str(tmp_path / "*.csv")),),
    )
    with opened(Settings(engine="duckdb", duckdb=target)) as (metadata, executor):
        lake, flights = metadata.tables(EVERYTHING, limit=10)
        columns = metadata.columns(flights.key)
        rows = executor.execute(metadata.first_rows(flights.parts, ["id"], 5)).rows
    assert (lake.name, flights.name) == ("lake.main.t", "nyc.raw.flights")
    assert flights.kind == "view"
    assert flights.bytes == csv.stat().st_size
    assert flights.modified_at is not None
    assert flights.modified_at.timestamp() == 1_700_000_000
    assert [column.name for column in columns] == ["id", "carrier"]
    assert [dict(row) for row in rows] == [{"id": 1}]


def test_one_run_does_not_see_the_private_tables_of_another(tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "a.duckdb")).close()
    target = DuckDbTarget(attach=(AttachedDatabase(alias="lake", path=str(tmp_path / "a.duckdb")),))
    settings = Settings(engine="duckdb", duckdb=target)
    clock = SystemClock()
    other = RunScope(run_id="other", resource="x", deadline=Deadline(clock.monotonic() + 60, 60))
    with registry.open_executor(settings, clock)(other) as busy:
        busy.execute("CREATE TABLE secret (x INTEGER)")
        with opened(settings) as (metadata, executor):
            executor.execute("CREATE TABLE mine (x INTEGER)")
            found = metadata.tables(EVERYTHING, limit=10)
            columns = metadata.columns(found[0].key)
            again = metadata.named([metadata.key(("mine",))])
    assert [table.name for table in found] == ["memory.main.mine"]
    assert [column.name for column in columns] == ["x"]
    assert [table.name for table in again] == ["memory.main.mine"]


def test_a_page_of_many_tables_reads_only_its_own(tmp_path: Path) -> None:
    path = str(tmp_path / "many.duckdb")
    with duckdb.connect(path) as connection:
        connection.execute("".join(f"CREATE TABLE t{n:04d} (x INTEGER);" for n in range(300)))
    with opened(Settings(engine="duckdb", duckdb=DuckDbTarget(path=path))) as (metadata, _):
        page = metadata.tables(TableFilter(), after=("many", "main", "t0199"), limit=3)
    assert [table.parts[-1] for table in page] == ["t0200", "t0201", "t0202"]

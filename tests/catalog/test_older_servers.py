"""The catalog and the query history of a server of the older API, with its quirks."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from dli_adapters.clock.system import SystemClock
from dli_adapters.registry import open_catalog, open_queries
from dli_domain.errors import CatalogError, QueryHistoryError, ServerError
from dli_domain.model.catalog import CatalogFilter, Section
from dli_domain.model.history import QueryFilter, QueryState
from dli_domain.model.settings import ServerTarget, Settings
from dli_domain.ports.catalog import Catalog
from dli_domain.ports.query_history import QueryHistory
from tests.catalog.older_server import OlderServer, older_server

EVERY = frozenset(Section)


@contextmanager
def catalog_of(server: OlderServer) -> Iterator[Catalog]:
    with open_catalog(Settings(server=ServerTarget(url=server.url)), SystemClock()) as found:
        yield found


@contextmanager
def history_of(server: OlderServer) -> Iterator[QueryHistory]:
    with open_queries(Settings(server=ServerTarget(url=server.url)), SystemClock()) as found:
        yield found


def query(number: int, **more: Any) -> dict[str, Any]:
    return {
        "query_id": f"q{number:05d}",
        "sql": f"SELECT {number}",
        "status": "COMPLETED",
        "submitted_by": "analyst@example.com",
        "submitted_at": f"2025-01-01T00:{number % 60:02d}:00Z",
        "engine": "BIGQUERY",
        "bytes_scanned": "1024",
        **more,
    }


def test_bare_rows_become_tables() -> None:
    bare = {"name": "a.b.c", "engine": "BIGQUERY", "owner": "kim@example.com", "tags": ["x"]}
    with older_server(tables=[bare, {"name": "a.b.d"}]) as server, catalog_of(server) as catalog:
        page = catalog.tables(CatalogFilter(project="a", tags=("x", "y")), limit=10)
    assert [table.name for table in page.tables] == ["a.b.c", "a.b.d"]
    assert page.tables[0].engine == "bigquery"
    assert page.tables[0].kind == "table"
    assert page.tables[1].owner == ""
    assert not page.has_more
    assert server.asked[0][1] == {"project": "a", "tags": "x,y", "limit": "11", "offset": "0"}


@pytest.mark.parametrize(("count", "limit", "more"), [(1201, 1200, True), (1200, 1200, False)])
def test_a_list_longer_than_a_page_of_the_server_is_asked_for_in_pages(
    count: int, limit: int, more: bool
) -> None:
    tables = [{"name": f"a.b.t{number:04d}"} for number in range(count)]
    with older_server(tables=tables) as server, catalog_of(server) as catalog:
        page = catalog.tables(CatalogFilter(), limit=limit)
    assert [table.name for table in page.tables] == [table["name"] for table in tables[:limit]]
    assert page.has_more is more
    assert all(int(query["limit"]) <= 500 for _, query in server.asked)


def test_a_page_takes_lineage_and_queries_from_their_own_paths() -> None:
    detail = {
        "name": "a.b.c",
        "engine": "trino",
        "owner": "kim@example.com",
        "tags": [],
        "basecamp_url": "https://basecamp.example.com/a.b.c",
        "columns": [{"name": "id", "data_type": "bigint", "is_pii": True, "fill_rate": 0.5}],
        "ownership": {"owner": "kim@example.com", "stewards": [], "consumers": ["lee"]},
        "freshness": {
            "last_updated": "2025-01-01T00:00:00Z",
            "is_stale": True,
            "stale_threshold_hours": 24,
        },
        "quality": {
            "score": 50,
            "total_tests": 2,
            "passed_tests": 1,
            "failed_tests": 1,
            "warnings": 0,
            "recent_tests": [
                {"test_name": "t", "test_type": "UNIQUE", "status": "FAILED", "failed_rows": 3}
            ],
        },
    }
    lineage = {
        "success": True,
        "message": "",
        "timestamp": "2025-01-01T00:00:00Z",
        "data": {
            "root": {"name": "a.b.c", "type": "UNKNOWN", "owner": "system", "tags": [], "depth": 0},
            "nodes": [],
            "edges": [
                {"source": "raw.x", "target": "a.b.c", "edge_type": "DIRECT"},
                {"source": "raw.w", "target": "raw.x", "edge_type": "DIRECT"},
                {"source": "a.b.c", "target": "a.b.e", "edge_type": "INDIRECT"},
            ],
            "total_upstream": 2,
            "total_downstream": 1,
            "total_related": 3,
            "total_nodes": 4,
            "total_edges": 3,
        },
    }
    uses = [{"title": "Daily", "sql": "SELECT 1", "author": "lee", "run_count": 7}]
    with (
        older_server(details={"a.b.c": detail}, lineage={"a.b.c": lineage}, uses=uses) as server,
        catalog_of(server) as catalog,
    ):
        found = catalog.table("a.b.c", EVERY, sample=False)
        basic = catalog.table("a.b.c", {Section.BASIC}, sample=False)
        with pytest.raises(ServerError, match="gives no samples"):
            catalog.table("a.b.c", {Section.BASIC}, sample=True)
    assert found.basecamp_url == "https://basecamp.example.com/a.b.c"
    assert found.columns[0].is_pii
    assert found.freshness is not None
    assert found.freshness.stale_threshold_hours == 24
    assert found.quality is not None
    assert found.quality.recent_tests[0].failed_rows == 3
    assert found.impact is not None
    assert [(one.name, one.steps) for one in found.impact.upstream] == [("raw.x", 1), ("raw.w", 2)]
    assert [one.name for one in found.impact.downstream] == ["a.b.e"]
    assert found.sample_queries[0].run_count == 7
    assert (basic.columns, basic.quality, basic.impact) == ((), None, None)


def test_an_unknown_table_and_what_is_no_table_are_told() -> None:
    with older_server() as server, catalog_of(server) as catalog:
        with pytest.raises(CatalogError, match="DLI-702"):
            catalog.table("a.b.c", EVERY, sample=False)
        asked = len(server.asked)
        for wrong in ("a", "a..c", "a.b.c.d"):
            with pytest.raises(CatalogError, match="DLI-703"):
                catalog.table(wrong, EVERY, sample=False)
        with pytest.raises(CatalogError, match="DLI-703"):
            catalog.search("x", limit=5)
        assert len(server.asked) == asked


def test_a_search_asks_for_no_more_than_the_server_takes() -> None:
    tables = [{"name": f"a.b.t{number:04d}"} for number in range(150)]
    with older_server(tables=tables) as server, catalog_of(server) as catalog:
        page = catalog.search("T0", limit=400)
    assert len(page.tables) == 100
    assert server.asked[-1][1]["limit"] == "100"


def test_what_the_server_cannot_filter_is_filtered_here() -> None:
    queries = [query(number) for number in range(1300)]
    queries[7] |= {"sql": "select X from t", "submitted_by": "bot", "engine": "TRINO"}
    queries[1250] |= {"sql": "SELECT x"}
    with older_server(queries=queries) as server, history_of(server) as history:
        by_text = history.queries(QueryFilter(sql="t x"), limit=5)
        by_account = history.queries(QueryFilter(account="BOT", engine="trino"), limit=5)
        second = history.queries(QueryFilter(sql="select 12"), limit=3, offset=2)
        with pytest.raises(ServerError, match="knows no tags"):
            history.queries(QueryFilter(tags=("x",)), limit=5)
    assert [one.query_id for one in by_text.queries] == ["q00007", "q01250"]
    assert [one.query_id for one in by_account.queries] == ["q00007"]
    assert [one.query_id for one in second.queries] == ["q00121", "q00122", "q00123"]
    assert second.has_more
    assert all("sql" not in asked and "since" not in asked for _, asked in server.asked)


def test_states_times_and_sizes_are_read_as_the_server_writes_them() -> None:
    rows = [
        query(1, status="SUCCESS", submitted_at="2025-01-01T09:00:00"),
        query(2, status="KILLED"),
        query(3, status="STRANGE", bytes_scanned="n/a"),
    ]
    since = datetime(2025, 1, 1, 0, 2, 30, tzinfo=UTC)
    with older_server(queries=rows) as server, history_of(server) as history:
        page = history.queries(QueryFilter(), limit=10)
        later = history.queries(QueryFilter(since=since), limit=10)
    assert [one.state for one in page.queries] == [
        QueryState.SUCCESS,
        QueryState.CANCELLED,
        QueryState.UNKNOWN,
    ]
    assert page.queries[0].submitted_at == datetime(2025, 1, 1, 9, tzinfo=UTC)
    assert [one.bytes_processed for one in page.queries] == [1024, 1024, None]
    assert [one.query_id for one in later.queries] == ["q00001", "q00003"]
    assert server.asked[-1][1]["start_date"] == "2025-01-01"


def test_one_query_is_shown_and_stopped() -> None:
    running = query(
        1,
        status="RUNNING",
        execution_details={"job_id": "j1", "tables_accessed": ["a.b.c"]},
        error={"code": "X", "message": "slow", "details": {}},
    )
    with older_server(queries=[running, query(2)]) as server, history_of(server) as history:
        found = history.query("q00001")
        done = history.cancel("q00001", "too slow")
        with pytest.raises(QueryHistoryError, match="DLI-782"):
            history.cancel("q00002")
        for wrong in ("nothing", "../x", "a/b"):
            with pytest.raises(QueryHistoryError, match="DLI-780"):
                history.query(wrong)
    assert found.job_id == "j1"
    assert [one.name for one in found.tables_used] == ["a.b.c"]
    assert found.info.error_message == "slow"
    assert (done.state, done.cancelled_by) == (QueryState.CANCELLED, "analyst@example.com")
    assert sum(path.startswith("POST") for path, _ in server.asked) == 1

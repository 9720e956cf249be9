"""The catalog and the query history over HTTP, as the older API's clients read them."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from dli_server.http.scopes import Scope
from tests.server.catalog.conftest import KIM
from tests.server.fixtures import RunningServer
from tests.server.runs.client import RunsClient

NAMES = [
    "shop.mart.daily",
    "shop.mart.orders",
    "shop.mart.주문",
    "shop.raw.purchases",
    "shop.secret.plan",
]


@pytest.fixture
def reader(shop: RunningServer) -> Iterator[httpx.Client]:
    """A key that may see the catalog below shop.mart, and nothing else."""
    headers = shop.headers(Scope.CATALOG, specs=("shop.mart.*",))
    with httpx.Client(base_url=f"{shop.url}/api/v1", headers=headers, trust_env=False) as client:
        yield client


def got(client: httpx.Client, path: str, **query: Any) -> Any:
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def names(client: httpx.Client, path: str = "/catalog/tables", **query: Any) -> list[str]:
    return [table["name"] for table in got(client, path, **query)]


def refused(client: httpx.Client, path: str, **query: Any) -> tuple[int, str, str]:
    answer = client.get(path, params=query)
    error = answer.json()["error"]
    return answer.status_code, error["code"], error.get("dli", {}).get("code", "")


def test_the_list_joins_the_engines_tables_with_the_registered_datasets(kim: httpx.Client) -> None:
    tables = {table["name"]: table for table in got(kim, "/catalog/tables")}
    assert list(tables) == NAMES
    orders = tables["shop.mart.orders"]
    assert orders["owner"] == KIM
    assert orders["team"] == "@mart"
    assert orders["tags"] == ["daily", "core"]
    assert orders["row_count"] == 2
    assert orders["kind"] == "table"
    assert orders["last_updated"]
    purchases = tables["shop.raw.purchases"]
    assert (purchases["owner"], purchases["tags"]) == ("", [])
    assert purchases["description"] == "As the till writes them"
    assert tables["shop.mart.daily"]["kind"] == ""  # registered, and nothing has built it


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"project": "shop", "dataset": "raw"}, ["shop.raw.purchases"]),
        ({"project": "nothing"}, []),
        ({"owner": "KIM"}, ["shop.mart.orders"]),
        ({"team": "@finance"}, ["shop.mart.daily"]),
        ({"team": "@fin"}, []),
        ({"tags": "daily"}, ["shop.mart.daily", "shop.mart.orders"]),
        ({"tags": "daily,core"}, ["shop.mart.orders"]),
        ({"tags": "daily", "dataset": "raw"}, []),
    ],
)
def test_filters_of_the_list(kim: httpx.Client, query: dict[str, str], wanted: list[str]) -> None:
    assert names(kim, **query) == wanted


@pytest.mark.parametrize("size", [1, 2, 5])
def test_pages_of_any_size_join_to_the_whole_list(kim: httpx.Client, size: int) -> None:
    pages = [names(kim, limit=size, offset=start) for start in range(0, 6, size)]
    assert [name for page in pages for name in page] == NAMES


@pytest.mark.parametrize(
    ("word", "wanted", "context"),
    [
        ("ORDERS", "shop.mart.orders", "name"),
        ("till", "shop.raw.purchases", "description"),
        ("income", "shop.mart.daily", "description"),
        ("buyer_mail", "shop.mart.orders", "column buyer_mail"),
        ("planned", "shop.mart.orders", "column planned"),
        ("주문", "shop.mart.주문", "name"),
    ],
)
def test_search_looks_in_names_descriptions_and_columns(
    kim: httpx.Client, word: str, wanted: str, context: str
) -> None:
    found = {one["name"]: one for one in got(kim, "/catalog/search", keyword=word)}
    assert wanted in found
    assert found[wanted]["match_context"] == context


def test_a_search_word_of_one_letter_is_refused(kim: httpx.Client) -> None:
    assert refused(kim, "/catalog/search", keyword="x")[0] == 400
    assert refused(kim, "/catalog/search")[1] == "MISSING_PARAMETER"


def test_a_tables_page_has_every_section(kim: httpx.Client) -> None:
    found = got(kim, "/catalog/tables/shop.mart.orders")
    columns = {column["name"]: column for column in found["columns"]}
    assert list(columns) == ["order_id", "buyer_mail", "amount", "day", "planned"]
    assert columns["buyer_mail"]["is_pii"] is True
    assert columns["order_id"]["description"] == "the order's number"
    assert columns["planned"]["exists"] is False
    assert found["ownership"] == {
        "owner": KIM,
        "team": "@mart",
        "stewards": ["tester@example.com"],
        "consumers": ["lee@example.com"],
    }
    assert found["freshness"]["is_stale"] is True
    assert found["freshness"]["stale_threshold_hours"] == 36
    assert found["freshness"]["update_frequency"] == "0 6 * * *"
    quality = found["quality"]
    assert (quality["total_tests"], quality["passed_tests"], quality["failed_tests"]) == (3, 1, 2)
    assert {one["test_name"]: one["status"] for one in quality["recent_tests"]} == {
        "ids": "pass",
        "small": "fail",
        "recent": "fail",
    }
    assert [one["name"] for one in found["impact"]["upstream"]] == ["shop.raw.purchases"]
    assert [one["name"] for one in found["impact"]["downstream"]] == ["shop.mart.daily"]
    assert "sample_data" not in found


def test_a_table_that_no_spec_describes_has_columns_and_what_rests_on_it(
    kim: httpx.Client,
) -> None:
    found = got(kim, "/catalog/tables/shop.raw.purchases")
    assert [column["name"] for column in found["columns"]] == ["id", "mail", "amount", "day"]
    assert "ownership" not in found
    below = [(one["name"], one["steps"]) for one in found["impact"]["downstream"]]
    assert below == [("shop.mart.orders", 1), ("shop.mart.daily", 2)]


def test_a_sample_shows_no_personal_data(kim: httpx.Client) -> None:
    found = got(kim, "/catalog/tables/shop.mart.orders", include_sample="true", sections="basic")
    assert found["sample_data"] == [
        {"order_id": 1, "amount": "12.50", "day": "2025-01-01"},
        {"order_id": 2, "amount": "99.00", "day": "2025-01-02"},
    ]
    assert found["columns"] == []


def test_a_key_that_may_not_read_data_gets_no_sample(reader: httpx.Client) -> None:
    path = "/catalog/tables/shop.mart.orders"
    assert refused(reader, path, include_sample="true") == (403, "ACCESS_DENIED", "DLI-404")
    assert reader.get(path).status_code == 200


def test_a_key_sees_only_what_its_patterns_name(reader: httpx.Client) -> None:
    assert names(reader) == ["shop.mart.daily", "shop.mart.orders", "shop.mart.주문"]
    assert names(reader, "/catalog/search", keyword="shop") == names(reader)
    hidden = refused(reader, "/catalog/tables/shop.secret.plan")
    assert hidden == refused(reader, "/catalog/tables/shop.secret.none")
    assert hidden == (404, "TABLE_NOT_FOUND", "DLI-702")
    impact = got(reader, "/catalog/tables/shop.mart.orders")["impact"]
    assert impact["upstream"] == []


def test_an_unknown_table_is_told_with_the_closest_one(kim: httpx.Client) -> None:
    answer = kim.get("/catalog/tables/shop.mart.order")
    assert answer.status_code == 404
    assert answer.json()["error"]["dli"]["hint"] == "Did you mean 'shop.mart.orders'?"
    assert refused(kim, "/catalog/tables/orders")[:2] == (400, "INVALID_TABLE_REFERENCE")


def test_queries_that_touched_a_table(shop: RunningServer, kim: httpx.Client) -> None:
    found = got(kim, "/catalog/tables/shop.mart.orders/queries")
    counted = next(one for one in found if one["sql"].startswith("SELECT count"))
    assert (counted["author"], counted["run_count"]) == (KIM, 2)
    headers = shop.headers(Scope.CATALOG)
    with httpx.Client(base_url=f"{shop.url}/api/v1", headers=headers) as other:
        assert got(other, "/catalog/tables/shop.mart.orders/queries") == []


def test_a_key_without_the_scope_is_refused(shop: RunningServer) -> None:
    headers = shop.headers(Scope.RUN_SPEC)
    with httpx.Client(base_url=f"{shop.url}/api/v1", headers=headers) as client:
        for path in ("/catalog/tables", "/queries"):
            assert client.get(path).status_code == 403


def test_the_history_has_the_keys_own_queries_newest_first(kim: httpx.Client) -> None:
    found = got(kim, "/queries")
    assert [one["kind"] for one in found] == [
        "quality",
        "dataset",
        "statement",
        "statement",
        "statement",
    ]
    assert {one["submitted_by"] for one in found} == {KIM}
    assert [one["status"] for one in found[1:]] == ["COMPLETED", "FAILED", "COMPLETED", "COMPLETED"]
    assert found[1]["name"] == "shop.mart.orders"
    assert found[1]["tags"] == ["daily", "core"]
    assert found[2]["error_message"]
    assert found[3]["rows_returned"] == 1
    times = [one["submitted_at"] for one in found]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"status": "FAILED"}, 1),
        ({"status": "completed"}, 4),
        ({"sql": "COUNT("}, 2),
        ({"sql": "%"}, 0),
        ({"tags": "core"}, 2),
        ({"tags": "core,none"}, 0),
        ({"engine": "DUCKDB"}, 5),
        ({"engine": "trino"}, 0),
        ({"start_date": "2000-01-01"}, 5),
        ({"end_date": "2000-01-01"}, 0),
        ({"since": "2000-01-01T00:00:00Z", "until": "2001-01-01T00:00:00Z"}, 0),
        ({"limit": 2}, 2),
        ({"limit": 4, "offset": 3}, 2),
    ],
)
def test_filters_of_the_history(kim: httpx.Client, query: dict[str, Any], count: int) -> None:
    assert len(got(kim, "/queries", **query)) == count


@pytest.mark.parametrize(
    "query",
    [
        {"start_date": "2025-13-01"},
        {"scope": "yours"},
        {"status": "DONE"},
        {"since": "2025-01-02T00:00:00Z", "until": "2025-01-01T00:00:00Z"},
    ],
)
def test_a_filter_that_means_nothing_is_refused(kim: httpx.Client, query: dict[str, str]) -> None:
    query = {"scope": "my", **query}
    assert refused(kim, "/queries", **query) == (400, "INVALID_DATE_RANGE", "DLI-783")


def test_others_queries_are_for_an_admin_only(shop: RunningServer, reader: httpx.Client) -> None:
    for scope in ("system", "user", "all"):
        assert refused(reader, "/queries", scope=scope) == (403, "ACCESS_DENIED", "DLI-781")
    assert got(reader, "/queries") == []
    headers = shop.headers(Scope.CATALOG, Scope.ADMIN)
    with httpx.Client(base_url=f"{shop.url}/api/v1", headers=headers) as admin:
        assert {
            one["submitted_by"] for one in got(admin, "/queries", scope="user", account="kim@")
        } == {KIM}
        system = got(admin, "/queries", scope="system", account="NIGHT")
        assert [one["sql"] for one in system] == ["SELECT 1"]
        everybody = got(admin, "/queries", scope="all")
        assert {KIM, "nightly"} <= {one["submitted_by"] for one in everybody}
        shown = got(admin, f"/queries/{everybody[0]['query_id']}")
        assert shown["query_id"] == everybody[0]["query_id"]


def test_a_foreign_query_is_one_that_does_not_exist(
    kim: httpx.Client, reader: httpx.Client
) -> None:
    query_id = got(kim, "/queries")[0]["query_id"]
    foreign, unknown = f"/queries/{query_id}", f"/queries/{'0' * 32}"
    assert (
        refused(reader, foreign) == refused(reader, unknown) == (404, "QUERY_NOT_FOUND", "DLI-780")
    )
    assert reader.post(f"{foreign}/cancel", json={}).status_code == 404


def test_one_query_whole(kim: httpx.Client) -> None:
    failed = got(kim, "/queries", status="FAILED")[0]["query_id"]
    found = got(kim, f"/queries/{failed}")
    assert found["sql"] == "SELECT nothing FROM shop.mart.orders"
    assert found["error"]["code"] == "DLI-405"
    assert found["execution_details"]["tables_accessed"] == ["shop.mart.orders"]
    assert found["writes"] is False


def test_an_ended_query_cannot_be_stopped(kim: httpx.Client) -> None:
    query_id = got(kim, "/queries")[0]["query_id"]
    answer = kim.post(f"/queries/{query_id}/cancel", json={"reason": "late"})
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "QUERY_NOT_CANCELLABLE"


def test_a_running_query_is_stopped_at_the_engine(shop: RunningServer) -> None:
    slow = "SELECT sum(sin(a.range * b.range)) FROM range(10000000) a, range(10000000) b"
    with RunsClient(shop, owner="slow@example.com") as client:
        session = client.session()
        run_id = client.send(session, slow).json()["run_id"]
        answer = client.http.post(f"/queries/{run_id}/cancel", json={"reason": "too slow"})
        assert answer.status_code == 200, answer.text
        assert client.awaited(run_id)["state"] == "CANCELLED"
        found = client.http.get(f"/queries/{run_id}").json()
    assert found["status"] == "CANCELLED"
    assert found["cancelled_by"] == "slow@example.com"
    assert found["cancel_reason"] == "too slow"

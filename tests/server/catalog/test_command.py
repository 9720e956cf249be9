"""`dli catalog`, `dli query` and their library, through a real server."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from dli import (
    CatalogAPI,
    CatalogError,
    ConfigError,
    ExecutionContext,
    QueryAPI,
    QueryHistoryError,
    QueryState,
    ServerUnreachableError,
)
from dli_server.http.scopes import Scope
from tests.cli.conftest import Dli, dli
from tests.server.catalog.conftest import KIM, NO_ADMIN
from tests.server.fixtures import RunningServer
from tests.server.runs.client import RunsClient

__all__ = ["dli"]

PAT = "pat@example.com"
SLOW = "SELECT sum(sin(a.range * b.range)) FROM range(10000000) a, range(10000000) b"


@pytest.fixture
def known(shop: RunningServer, monkeypatch: pytest.MonkeyPatch) -> RunningServer:
    """The server is configured, with kim's key; there is no project here."""
    for name, value in shop.environ(*NO_ADMIN, owner=KIM).items():
        monkeypatch.setenv(name, value)
    return shop


@pytest.fixture
def pat(shop: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunsClient]:
    """The server is configured with another key, which the test may run slow queries with."""
    for name, value in shop.environ(*NO_ADMIN, owner=PAT).items():
        monkeypatch.setenv(name, value)
    with RunsClient(shop, *NO_ADMIN, owner=PAT) as client:
        yield client


def said(outcome: Any) -> Any:
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)


def listed(outcome: Any) -> list[str]:
    return [table["name"] for table in said(outcome)["tables"]]


def test_a_list_reads_as_a_table(known: RunningServer, dli: Dli) -> None:
    shown = dli("catalog", "shop.mart")
    assert shown.code == 0, shown.err
    lines = shown.out.splitlines()
    assert lines[0].split() == [
        "name",
        "kind",
        "owner",
        "team",
        "tags",
        "rows",
        "last",
        "updated",
    ]
    assert lines[2].split()[:3] == ["shop.mart.daily", "(not", "built)"]
    assert lines[3].startswith("shop.mart.orders  table        kim@example.com")
    assert lines[-1] == "3 tables"


@pytest.mark.parametrize(
    ("tokens", "names"),
    [
        (["list", "--tag", "daily", "--tag", "core"], ["shop.mart.orders"]),
        (["list", "-p", "shop", "-d", "raw"], ["shop.raw.purchases"]),
        (["list", "-o", "LEE", "-t", "@finance"], ["shop.mart.daily"]),
        (["list", "--limit", "1", "--offset", "1"], ["shop.mart.orders"]),
        (["--limit", "1", "--offset", "1", "list"], ["shop.mart.orders"]),
        (["--limit", "1", "shop.raw"], ["shop.raw.purchases"]),
        (["shop.raw", "--limit", "1"], ["shop.raw.purchases"]),
        (["search", "till"], ["shop.raw.purchases"]),
        (["search", "till", "-n", "1"], ["shop.raw.purchases"]),
        (["search", "-n", "1", "till"], ["shop.raw.purchases"]),
        (["--limit", "1", "search", "till"], ["shop.raw.purchases"]),
        (["search", "till", "--project", "other"], []),
    ],
)
def test_options_stand_before_and_after_the_words(
    known: RunningServer, dli: Dli, tokens: list[str], names: list[str]
) -> None:
    assert listed(dli("catalog", *tokens, "--json")) == names


def test_a_page_tells_that_there_are_more(known: RunningServer, dli: Dli) -> None:
    assert "There are more: --offset 2 shows the next." in dli("catalog", "-n", "2").out
    page = said(dli("catalog", "-n", "2", "-f", "json"))
    assert (page["has_more"], page["total_count"]) == (True, None)
    page = said(dli("catalog", "-n", "2", "--offset", "4", "-f", "json"))
    assert (page["has_more"], page["total_count"]) == (False, 5)


def test_a_tables_page_shows_every_section(known: RunningServer, dli: Dli) -> None:
    shown = dli("catalog", "shop.mart.orders", "--sample").out
    for text in (
        "Table: shop.mart.orders\n",
        "Columns:\n",
        "personal data",
        "Ownership:\n",
        "Freshness:\n",
        "Quality: 1 of 3 tests passed (33.3 %), 2 failed; 3 declared\n",
        "Made of:\n",
        "Used by:\n",
        "Queries:\n",
        "Not shown, as personal data: buyer_mail",
    ):
        assert text in shown, text
    assert "a@x.org" not in shown


def test_a_table_of_the_engines_own_catalog_has_two_parts(known: RunningServer, dli: Dli) -> None:
    assert dli("catalog", "mart.orders").out == dli("catalog", "shop.mart.orders").out
    assert said(dli("catalog", "mart.orders", "--json"))["table"]["name"] == "shop.mart.orders"
    shown = dli("catalog", "mart.orders", "-s", "columns")
    assert "order_id" in shown.out
    assert dli("catalog", "mart.nothing").out == "No tables fit.\n"


def test_one_section_is_shown_alone(known: RunningServer, dli: Dli) -> None:
    page = said(dli("catalog", "shop.mart.orders", "-s", "impact", "--json"))["table"]
    assert [one["name"] for one in page["impact"]["downstream"]] == ["shop.mart.daily"]
    assert not {"columns", "quality", "freshness", "ownership", "sample_queries"} & set(page)


def test_a_name_may_begin_with_its_engine(known: RunningServer, dli: Dli) -> None:
    assert dli("catalog", "duckdb.shop.mart.orders", "-s", "basic").code == 0
    wrong = dli("catalog", "trino.shop.mart.orders", "-s", "basic")
    assert (wrong.code, wrong.err[:9]) == (3, "[DLI-705]")


@pytest.mark.parametrize(
    ("tokens", "code", "text"),
    [
        (["shop.mart.ordrs"], 3, "Did you mean 'shop.mart.orders'?"),
        (["shop..orders"], 3, "[DLI-703]"),
        (["a.b.c.d.e"], 3, "[DLI-703]"),
        (["search", "x"], 3, "fewer than 2 letters"),
        (["list", "--local"], 2, "there is no --local for it"),
        (["shop", "--sample"], 2, "are for one table"),
        (["shop", "mart"], 2, "takes one name"),
        (["list", "shop"], 2, "run 'dli catalog shop'"),
        (["shop", "--section", "colums"], 2, "columns"),
        (["list", "--limit", "0"], 2, "--limit"),
    ],
)
def test_what_cannot_be_meant_is_told(
    known: RunningServer, dli: Dli, tokens: list[str], code: int, text: str
) -> None:
    shown = dli("catalog", *tokens)
    assert shown.code == code, shown.err
    assert text in shown.err
    assert shown.out == ""


@pytest.mark.parametrize("tokens", [["catalog"], ["catalog", "search", "abc"], ["query", "list"]])
def test_without_a_server_the_failure_says_how_to_name_one(dli: Dli, tokens: list[str]) -> None:
    shown = dli(*tokens)
    assert shown.code == 6
    assert shown.err.startswith("[DLI-501]")
    assert "dli config set server.url URL" in shown.err


def test_the_query_list_shows_what_the_key_ran(known: RunningServer, dli: Dli) -> None:
    shown = said(dli("query", "list", "--json"))
    assert [one["kind"] for one in shown["queries"]][:2] == ["quality", "dataset"]
    assert (shown["total"], shown["has_more"]) == (5, False)
    assert said(dli("query", "list", "-n", "2", "--json"))["has_more"] is True
    text = dli("query", "list").out
    assert text.splitlines()[0].split()[:4] == ["id", "state", "submitted", "time"]
    assert "SELECT nothing FROM shop.mart.orders" in text
    assert text.endswith("5 queries\n")


@pytest.mark.parametrize(
    ("tokens", "count"),
    [
        (["--status", "failed"], 1),
        (["kim", "-S", "success"], 4),
        (["nobody"], 0),
        (["--sql", "count("], 2),
        (["--tag", "core"], 2),
        (["--engine", "duckdb", "--since", "7d"], 5),
        (["--until", "2001-01-01", "--since", "2000-01-01"], 0),
    ],
)
def test_filters_of_the_query_list(
    known: RunningServer, dli: Dli, tokens: list[str], count: int
) -> None:
    assert len(said(dli("query", "list", *tokens, "--json"))["queries"]) == count


@pytest.mark.parametrize(
    ("tokens", "code", "text"),
    [
        (["list", "--since", "soon"], 2, "'soon' is no time"),
        (["list", "--until", "2000-01-01"], 2, "is not later than"),
        (["list", "--scope", "all"], 5, "[DLI-781]"),
        (["list", "--local"], 2, "there is no --local for it"),
        (["show", "nothing"], 3, "[DLI-780]"),
        (["show", "nothing/.."], 3, "[DLI-780]"),
        (["show", ".."], 3, "[DLI-780]"),
        (["cancel", "../nothing"], 3, "[DLI-780]"),
        (["cancel"], 2, "Give the id of a query, or --user ACCOUNT."),
        (["cancel", "nothing", "--user", "kim"], 2, "or --user ACCOUNT, not both."),
        (["cancel", "--user", "kim"], 5, "a key with the scope 'admin'"),
        (["cancel", "nothing"], 3, "[DLI-780]"),
    ],
)
def test_a_wrong_question_about_queries_is_told(
    known: RunningServer, dli: Dli, tokens: list[str], code: int, text: str
) -> None:
    shown = dli("query", *tokens)
    assert shown.code == code, shown.err
    assert text in shown.err


def test_one_query_is_shown_with_its_text_and_failure(known: RunningServer, dli: Dli) -> None:
    failed = said(dli("query", "list", "-S", "failed", "--json"))["queries"][0]["query_id"]
    shown = dli("query", "show", failed).out
    assert "State: failed\n" in shown
    assert "Failure: [DLI-405] DuckDB: " in shown
    assert "Tables: shop.mart.orders (read)\n" in shown
    assert "  SELECT nothing FROM shop.mart.orders\n" in shown
    page = said(dli("query", "show", failed, "--full-query", "--json"))["query"]
    assert page["query_text"] == "SELECT nothing FROM shop.mart.orders"
    ended = dli("query", "cancel", failed)
    assert ended.code == 1
    assert "it is failed already" in ended.err


def test_a_running_query_is_stopped_after_a_dry_run(pat: RunsClient, dli: Dli) -> None:
    run_id = pat.send(pat.session(), SLOW).json()["run_id"]
    assert f"Would stop {run_id} of {PAT}" in dli("query", "cancel", run_id, "--dry-run").out
    assert pat.look(run_id)["state"] in ("ACCEPTED", "RUNNING")
    assert dli("query", "cancel", run_id).out == f"Stopped {run_id}.\n"
    assert pat.look(run_id)["state"] == "CANCELLED"


def test_a_query_that_changes_data_is_stopped_by_force_only(pat: RunsClient, dli: Dli) -> None:
    sent = pat.send(pat.session(writes=True), f"CREATE TEMP TABLE t AS {SLOW}")
    run_id = sent.json()["run_id"]
    refused = dli("query", "cancel", run_id)
    assert refused.code == 1
    assert "Add --force" in refused.err
    assert dli("query", "cancel", run_id, "--force").code == 0
    assert pat.awaited(run_id)["state"] == "CANCELLED"


def test_an_admin_stops_all_that_an_account_has_running(
    pat: RunsClient, shop: RunningServer, dli: Dli, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = pat.session()
    run_id = pat.send(session, SLOW).json()["run_id"]
    assert dli("query", "cancel", "--user", PAT).code == 5
    monkeypatch.setenv("DLI_API_TOKEN", shop.key(Scope.CATALOG, Scope.ADMIN))
    assert dli("query", "cancel", "--user", PAT.upper(), "--reason", "night").code == 0
    assert pat.awaited(run_id)["state"] == "CANCELLED"
    assert "Reason: night\n" in dli("query", "show", run_id).out
    assert dli("query", "cancel", "--user", PAT).out == "Nothing runs that could be stopped.\n"


def test_the_library_gives_the_same(shop: RunningServer) -> None:
    context = ExecutionContext(
        server_url=shop.url, api_token=shop.key(*NO_ADMIN, owner=KIM), execution_mode="local"
    )
    catalog = CatalogAPI(context)
    page = catalog.list_tables("shop.mart", limit=2)
    assert [table.name for table in page] == ["shop.mart.daily", "shop.mart.orders"]
    assert page.has_more
    assert catalog.search("till").tables[0].match_context == "description"
    detail = catalog.get("shop.mart.orders", sections=["columns"], sample=True)
    assert detail.tags == ("daily", "core")
    assert [column.is_pii for column in detail.columns] == [False, True, False, False, False]
    assert detail.sample_data is not None
    assert set(detail.sample_data[0]) == {"order_id", "amount", "day"}
    with pytest.raises(CatalogError, match="DLI-702"):
        catalog.get("shop.mart.none")
    with pytest.raises(ConfigError, match="no section"):
        catalog.get("shop.mart.orders", sections=["colums"])

    queries = QueryAPI(context)
    failed = queries.list_queries(status="failed", since="24h").queries[0]
    assert failed.state is QueryState.FAILED
    assert queries.get(failed.query_id).query_text == "SELECT nothing FROM shop.mart.orders"
    with pytest.raises(QueryHistoryError, match="already"):
        queries.cancel(failed.query_id, dry_run=True)
    with pytest.raises(QueryHistoryError, match="DLI-782"):
        queries.cancel(failed.query_id)


def test_the_library_without_a_server_says_so() -> None:
    with pytest.raises(ServerUnreachableError, match="no server is configured"):
        CatalogAPI().list_tables()
    with pytest.raises(ServerUnreachableError, match="no server is configured"):
        QueryAPI().list_queries()


def test_the_library_stops_what_changes_data_by_force_only(pat: RunsClient) -> None:
    sent = pat.send(pat.session(writes=True), f"CREATE TEMP TABLE t AS {SLOW}")
    run_id = sent.json()["run_id"]
    with pytest.raises(QueryHistoryError, match="may change data"):
        QueryAPI().cancel(run_id)
    assert QueryAPI().cancel(run_id, force=True).cancelled_count == 1
    assert pat.awaited(run_id)["state"] == "CANCELLED"

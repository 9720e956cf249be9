"""What BigQuery receives: ids, labels, limits, cancels. The engine is the emulator."""

import threading
import time

import pytest
from google.cloud import bigquery

from dli_adapters.bigquery.executor import BigQueryExecutor
from dli_domain.errors import (
    ExecutionCancelledError,
    ExecutionConnectionError,
    ExecutionLimitError,
    ExecutionQueryError,
    ExecutionUnknownError,
)
from dli_domain.model.run import CancelOutcome
from tests.adapters.bigquery.conftest import Open, new_scope
from tests.engines.local_bigquery import BigQueryServer
from tests.faults.proxy import Answer, FaultProxy, Rewrite

pytestmark = pytest.mark.xdist_group("bigquery")

SLOW = (
    "SELECT COUNT(*) AS n FROM UNNEST(GENERATE_ARRAY(1, 200000)) a, "
    "UNNEST(GENERATE_ARRAY(1, 200000)) b WHERE MOD(a * b, 7) = 3"
)


def test_a_job_carries_its_run_and_resource_and_an_id_of_ours(
    open_bigquery: Open, bigquery_server: BigQueryServer
) -> None:
    scope = new_scope()
    with open_bigquery(scope) as executor:
        first = executor.execute("SELECT 1 AS a")
        second = executor.execute("SELECT 2 AS a")
    assert first.stats.job_id == f"dli_{scope.run_id}_1"
    assert second.stats.job_id == f"dli_{scope.run_id}_2"
    jobs = bigquery_server.jobs(scope.run_id)
    assert [job.query for job in jobs] == ["SELECT 1 AS a", "SELECT 2 AS a"]
    assert jobs[0].labels == {
        "dli_run": scope.run_id,
        "dli_resource": "iceberg_analytics_daily_clicks",
    }


def test_only_a_statement_that_leaves_state_opens_a_session_and_it_is_ended(
    open_bigquery: Open, bigquery_server: BigQueryServer
) -> None:
    plain, stateful = new_scope(), new_scope()
    with open_bigquery(plain) as executor:
        executor.execute("SELECT 1 AS a")
    with open_bigquery(stateful) as executor:
        executor.execute("CREATE TEMP TABLE t AS SELECT 1 AS a")
        executor.execute("SELECT * FROM t")
    assert [job.session_info for job in bigquery_server.jobs(plain.run_id)] == [None]
    made, read, ended = bigquery_server.jobs(stateful.run_id)
    session = made.session_info.session_id
    assert read.session_info.session_id == ended.session_info.session_id == session
    assert ended.query == "CALL BQ.ABORT_SESSION()"


def test_the_same_run_again_finds_its_job_and_does_not_run_it_twice(
    open_bigquery: Open, bigquery_server: BigQueryServer
) -> None:
    scope = new_scope()
    with bigquery_server.client() as client:
        client.query_and_wait(f"CREATE TABLE local.`twice_{scope.run_id}` (a INT64)")
    insert = f"INSERT INTO local.`twice_{scope.run_id}` VALUES (1)"
    for _ in range(2):
        with open_bigquery(scope) as executor:
            assert executor.execute(insert).affected_rows == 1
    with open_bigquery() as executor:
        rows = executor.execute(f"SELECT COUNT(*) AS n FROM local.`twice_{scope.run_id}`").rows
    assert rows == ({"n": 1},)


def test_an_id_that_runs_another_statement_is_an_unknown_outcome(open_bigquery: Open) -> None:
    scope = new_scope()
    with open_bigquery(scope) as executor:
        executor.execute("SELECT 1 AS a")
    with (
        open_bigquery(scope) as executor,
        pytest.raises(ExecutionUnknownError, match="runs another statement"),
    ):
        executor.execute("SELECT 2 AS a")


def test_a_cancel_from_another_thread_stops_the_job_at_the_engine(
    open_bigquery: Open, bigquery_server: BigQueryServer
) -> None:
    scope = new_scope()
    outcomes: list[CancelOutcome] = []
    with open_bigquery(scope) as executor:

        def cancel() -> None:
            time.sleep(0.8)
            outcomes.append(executor.cancel())

        canceller = threading.Thread(target=cancel)
        canceller.start()
        began = time.monotonic()
        with pytest.raises(ExecutionCancelledError):
            executor.execute(SLOW)
        canceller.join()
    assert outcomes == [CancelOutcome.CONFIRMED]
    assert time.monotonic() - began < 10
    (job,) = bigquery_server.jobs(scope.run_id)
    assert job.state == "DONE"
    assert job.error_result["reason"] == "stopped"


def test_cancel_with_nothing_running_says_so(open_bigquery: Open) -> None:
    with open_bigquery() as executor:
        assert executor.cancel() is CancelOutcome.NOTHING_RUNNING
        executor.execute("SELECT 1 AS a")
        assert executor.cancel() is CancelOutcome.NOTHING_RUNNING
        assert executor.execute("SELECT 2 AS a").rows == ({"a": 2},)


def test_a_wrong_statement_is_told_with_bigquerys_words_and_place(open_bigquery: Open) -> None:
    with open_bigquery() as executor:
        with pytest.raises(ExecutionQueryError, match="Unrecognized name: nope") as caught:
            executor.execute("SELECT nope")
        assert caught.value.context["Project"] == "local"
        with pytest.raises(ExecutionQueryError) as caught:
            executor.execute("SELEC 1")
        assert caught.value.position == (1, 1)
        with pytest.raises(ExecutionQueryError, match="missing_table"):
            executor.execute("SELECT * FROM local.missing_table")
        # the run goes on after a failure
        assert executor.execute("SELECT 1 AS a").rows == ({"a": 1},)


def test_check_passes_on_a_bigquery_that_answers(open_bigquery: Open) -> None:
    with open_bigquery() as executor:
        executor.check()


def test_check_of_a_project_that_is_not_there_is_laid_out_as_documented(
    open_bigquery: Open, proxy: FaultProxy
) -> None:
    body = b'{"error": {"code": 404, "message": "Not found: Project x", "errors": [{"reason": "notFound", "message": "Not found: Project x"}]}}'
    proxy.on("POST", "/jobs", Answer(404, body))
    with (
        open_bigquery(endpoint=proxy.url) as executor,
        pytest.raises(ExecutionConnectionError) as caught,
    ):
        executor.check()
    error = caught.value
    assert str(error) == "[DLI-403] Failed to connect to BigQuery"
    assert error.context == {
        "Project": "local",
        "Location": "US",
        "Endpoint": proxy.url,
        "Reason": "Not found: Project x",
    }
    assert error.hint == "Run 'dli config check' to verify your configuration."
    assert proxy.count("POST", "/jobs") == 1


def test_estimate_stand_in_tells_the_bytes_of_a_dry_run_and_runs_nothing(
    open_bigquery: Open, proxy: FaultProxy, bigquery_server: BigQueryServer
) -> None:
    """The emulator always says 0 bytes: the proxy writes BigQuery's figure into its answer."""

    def priced(answer: dict[str, dict[str, dict[str, str]]]) -> object:
        answer["statistics"]["query"]["totalBytesProcessed"] = "1234567890"
        return answer

    proxy.on("POST", "/jobs", Rewrite(priced))
    scope = new_scope()
    with open_bigquery(scope, proxy.url) as executor:
        estimate = executor.estimate("SELECT table_id FROM local.__TABLES__")
    assert estimate.bytes_processed == 1234567890
    assert estimate.details["Statement"] == "SELECT"
    sent = proxy.requests[0].json["configuration"]
    assert sent["dryRun"] is True
    assert bigquery_server.jobs(scope.run_id) == []


def test_bytes_limit_stand_in_is_sent_and_its_refusal_is_dli_408(
    open_bigquery: Open, proxy: FaultProxy
) -> None:
    """The emulator enforces no limit: the proxy turns the job's end into BigQuery's refusal."""

    def refused(answer: dict[str, dict[str, object]]) -> object:
        answer["status"] = {
            "state": "DONE",
            "errorResult": {
                "reason": "bytesBilledLimitExceeded",
                "message": "Query exceeded limit for bytes billed: 1000. 10485760 or higher "
                "required.",
            },
        }
        return answer

    proxy.on("*", "/jobs", Rewrite(refused))
    with (
        open_bigquery(new_scope(max_bytes=1000), proxy.url) as executor,
        pytest.raises(ExecutionLimitError, match="exceeded limit for bytes billed: 1000"),
    ):
        executor.execute("SELECT 1 AS a")
    config = proxy.requests[0].json["configuration"]
    assert config["query"]["maximumBytesBilled"] == "1000"
    assert 60_000 < int(config["jobTimeoutMs"]) <= 120_000


def test_stats_stand_in_tell_bytes_and_cache(open_bigquery: Open, proxy: FaultProxy) -> None:
    """The emulator reads nothing and has no cache: the proxy writes both into its answer."""

    def counted(answer: dict[str, dict[str, dict[str, object]]]) -> object:
        answer["statistics"].setdefault("query", {}).update(
            totalBytesProcessed="2048", totalBytesBilled="10485760", cacheHit=True
        )
        return answer

    proxy.on("*", "/jobs", Rewrite(counted))
    with open_bigquery(endpoint=proxy.url) as executor:
        stats = executor.execute("SELECT 1 AS a").stats
    assert (stats.bytes_processed, stats.bytes_billed, stats.cache_hit) == (2048, 10485760, True)


def test_a_ready_client_can_be_given(bigquery_server: BigQueryServer) -> None:
    with bigquery_server.client() as client:
        executor = BigQueryExecutor(client, bigquery_server.target(), new_scope())
        assert isinstance(client, bigquery.Client)
        assert executor.execute("SELECT 1 AS a").rows == ({"a": 1},)


def test_large_results_of_a_given_client_say_why_they_are_paged(
    bigquery_server: BigQueryServer,
) -> None:
    with bigquery_server.client() as client:
        executor = BigQueryExecutor(client, bigquery_server.target(), new_scope())
        result = executor.execute("SELECT n FROM UNNEST(GENERATE_ARRAY(1, 10001)) n")
        assert result.stats.notes == ("read over REST: no Storage Read client was given",)
        assert len(result.rows) == 10001

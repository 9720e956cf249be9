"""BigQuery behind a broken network: rows A1 to A15 and D4, D5 of the reliability table.

The client is the real one, the engine is the emulator; what is decisive is what it ran.
"""

import gzip
import random
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from dli_domain.errors import (
    DliError,
    ExecutionConnectionError,
    ExecutionError,
    ExecutionPermissionError,
    ExecutionTimeoutError,
    ExecutionUnknownError,
    ResultInvalidError,
)
from dli_domain.model.run import CancelOutcome
from tests.adapters.bigquery.conftest import Open, new_scope
from tests.engines.local_bigquery import BigQueryServer
from tests.engines.peers import free_port
from tests.faults.proxy import (
    Answer,
    Cut,
    Fault,
    FaultProxy,
    HalfClose,
    Refuse,
    Reset,
    Reshape,
    Rewrite,
    Silence,
    Swallow,
)

pytestmark = pytest.mark.xdist_group("bigquery")

INSERT, LOOK, RESULTS, CANCEL = "/jobs\\?", "/jobs/dli_", "/queries/", "/cancel"
ROWS = "SELECT n, CONCAT('row ', n) AS t FROM UNNEST(GENERATE_ARRAY(1, 200)) n ORDER BY n"
WANTED = tuple({"n": n, "t": f"row {n}"} for n in range(1, 201))
SLOW = (
    "SELECT COUNT(*) AS n FROM UNNEST(GENERATE_ARRAY(1, 200000)) a, "
    "UNNEST(GENERATE_ARRAY(1, 200000)) b WHERE MOD(a * b, 7) = 3"
)


@pytest.fixture
def table(bigquery_server: BigQueryServer) -> Iterator[str]:
    """A table that counts the executions of an INSERT."""
    name = f"counted_{time.time_ns():x}"
    with bigquery_server.client() as client:
        client.query_and_wait(f"CREATE TABLE local.{name} (a INT64)")
        yield f"local.{name}"
        client.query_and_wait(f"DROP TABLE local.{name}")


def executions(server: BigQueryServer, table: str) -> int:
    with server.client() as client:
        (row,) = client.query_and_wait(f"SELECT COUNT(*) FROM {table}")
        return int(row[0])


def test_a1_refused_says_that_nothing_ran_within_two_seconds(open_bigquery: Open) -> None:
    began = time.monotonic()
    with open_bigquery(endpoint=f"http://127.0.0.1:{free_port()}") as executor:
        with pytest.raises(ExecutionConnectionError) as caught:
            executor.execute("SELECT 1")
        assert executor.cancel() is CancelOutcome.NOTHING_RUNNING
    assert time.monotonic() - began < 2.5
    assert caught.value.message == "Failed to connect to BigQuery"
    assert "Connection refused" in caught.value.context["Reason"]


@pytest.mark.parametrize("reset", [False, True], ids=["silent", "reset"])
@pytest.mark.parametrize("place", [("POST", INSERT), ("GET", LOOK), ("GET", RESULTS)])
def test_a4_a_lost_answer_is_asked_for_again_and_the_statement_runs_once(
    open_bigquery: Open,
    proxy: FaultProxy,
    bigquery_server: BigQueryServer,
    table: str,
    place: tuple[str, str],
    *,
    reset: bool,
) -> None:
    proxy.on(*place, Swallow(reset=reset), times=1)
    with open_bigquery(new_scope(6), proxy.url) as executor:
        assert executor.execute(f"INSERT INTO {table} VALUES (1)").affected_rows == 1
        assert executor.execute("SELECT 1 AS a").rows == ({"a": 1},)
    assert executions(bigquery_server, table) == 1


def test_a4_seeded_losses_on_every_request_never_run_a_statement_twice(
    open_bigquery: Open, proxy: FaultProxy, bigquery_server: BigQueryServer, table: str
) -> None:
    chance = random.Random(20261123)  # noqa: S311 - a seed, to see the same run again
    runs, wrong = 60, []
    for run in range(runs):
        proxy.clear()
        for method, path in (("POST", INSERT), ("GET", LOOK)):
            faults: list[Fault] = [Swallow(reset=True), Refuse(), Reset(chance.randrange(1, 900))]
            fault = chance.choice(faults)
            proxy.on(method, path, fault, times=chance.randrange(3), skip=chance.randrange(2))
        with open_bigquery(new_scope(20), proxy.url) as executor:
            told = executor.execute(f"INSERT INTO {table} VALUES ({run})").affected_rows
            wrong += [run] if told != 1 else []
    assert wrong == []
    assert executions(bigquery_server, table) == runs


def test_a4_a_silent_engine_on_submit_is_an_unknown_outcome_never_a_second_job(
    open_bigquery: Open, proxy: FaultProxy, bigquery_server: BigQueryServer, table: str
) -> None:
    proxy.on("*", "/jobs", Swallow())
    began = time.monotonic()
    with open_bigquery(new_scope(3), proxy.url) as executor:
        with pytest.raises(ExecutionUnknownError) as caught:
            executor.execute(f"INSERT INTO {table} VALUES (1)")
        assert time.monotonic() - began < 3 + 2
        assert executor.cancel() is CancelOutcome.UNCONFIRMED
        job = executor.job_id
    assert f"bq show -j {job}" in str(caught.value.hint)
    assert executions(bigquery_server, table) == 1


@pytest.mark.parametrize(("kind", "count"), [("cut", 50), ("reset", 25), ("half-close", 10)])
def test_a5_a6_a11_results_broken_at_any_offset_are_resumed_whole(
    open_bigquery: Open, proxy: FaultProxy, kind: str, count: int
) -> None:
    kinds: dict[str, type[Cut | Reset | HalfClose]] = {
        "cut": Cut,
        "reset": Reset,
        "half-close": HalfClose,
    }
    with open_bigquery(new_scope(120), proxy.url) as executor:
        executor.execute(ROWS).close()
        offsets = range(0, 7000, 7000 // count)
        for offset in offsets:
            proxy.clear()
            proxy.on("GET", RESULTS, kinds[kind](offset), times=1)
            assert executor.execute(ROWS).rows == WANTED, f"at offset {offset}"
            assert proxy.count("GET", RESULTS) == 2, f"at offset {offset}"


def test_a5_results_that_stay_broken_are_dli_409_never_fewer_rows(
    open_bigquery: Open, proxy: FaultProxy
) -> None:
    proxy.on("GET", RESULTS, Reset(500))
    with (
        open_bigquery(endpoint=proxy.url) as executor,
        pytest.raises(ResultInvalidError, match="did not arrive whole"),
    ):
        executor.execute(ROWS)
    assert proxy.count("GET", RESULTS) == 4


def test_a5_the_second_page_is_resumed_at_its_token(open_bigquery: Open, proxy: FaultProxy) -> None:
    proxy.on("GET", RESULTS + ".*pageToken", Reset(900), times=2)
    with open_bigquery(endpoint=proxy.url, storage=False) as executor:
        result = executor.execute("SELECT n FROM UNNEST(GENERATE_ARRAY(1, 25000)) n ORDER BY n")
        assert [row["n"] for row in result.rows] == list(range(1, 25001))


@pytest.mark.parametrize("cut", [1, 8, 9, 50, 200, 400])
def test_a7_a_cut_gzip_answer_is_never_taken_as_whole(
    open_bigquery: Open, proxy: FaultProxy, cut: int
) -> None:
    def squeezed(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
        return headers | {"Content-Encoding": "gzip"}, gzip.compress(body)[:-cut]

    proxy.on("GET", RESULTS, Reshape(squeezed))
    with open_bigquery(endpoint=proxy.url) as executor:
        try:
            rows = executor.execute(ROWS).rows
        except ResultInvalidError:
            return
    # the last bytes are only the checksum: then every row did arrive
    assert rows == WANTED


@pytest.mark.parametrize("change", [-1, 1])
def test_b5_another_number_of_rows_than_announced_is_dli_409(
    open_bigquery: Open, proxy: FaultProxy, change: int
) -> None:
    def miscounted(answer: dict[str, str]) -> object:
        return answer | {"totalRows": str(int(answer["totalRows"]) + change)}

    proxy.on("GET", RESULTS, Rewrite(miscounted))
    with open_bigquery(endpoint=proxy.url) as executor:
        result = executor.execute(ROWS)
        with pytest.raises(ResultInvalidError, match=f"200 rows arrived of the {200 + change}"):
            _ = result.rows


def retry_after_forms() -> list[str | None]:
    now = datetime.now(UTC)
    return [
        "0", "1", "2", "1.5", "-1", "abc", "99999", "", " 1 ", "1e400", "nan", "inf", "0x10",
        "1, 2", "１",
        format_datetime(now + timedelta(seconds=1), usegmt=True),
        format_datetime(now - timedelta(days=1), usegmt=True),
        "Wed, 99 Foo 2026 00:00:00 GMT",
        "2026-11-23T00:00:00Z",
        None,
    ]  # fmt: skip


@pytest.mark.parametrize("form", retry_after_forms(), ids=[f"form{n}" for n in range(20)])
@pytest.mark.parametrize("status", [429, 503])
def test_a13_every_form_of_retry_after_ends_in_rows_or_in_a_plain_error(
    open_bigquery: Open, proxy: FaultProxy, form: str | None, status: int
) -> None:
    headers = {} if form is None else {"Retry-After": form.encode("ascii", "replace").decode()}
    proxy.on("POST", INSERT, Answer(status, b"{}", headers), times=1)
    began = time.monotonic()
    with open_bigquery(new_scope(4), proxy.url) as executor:
        if form == "99999":
            with pytest.raises(ExecutionConnectionError, match="Failed to connect"):
                executor.execute("SELECT 1 AS a")
        else:
            result = executor.execute("SELECT 1 AS a")
            assert result.rows == ({"a": 1},)
            assert result.stats.retries == 1
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a14_a_failing_service_is_asked_four_times_and_its_html_is_not_shown(
    open_bigquery: Open, proxy: FaultProxy, status: int
) -> None:
    page = b"<html><body>Gateway is sad</body></html>"
    proxy.on("POST", INSERT, Answer(status, page, {"Content-Type": "text/html"}))
    with (
        open_bigquery(endpoint=proxy.url) as executor,
        pytest.raises(ExecutionConnectionError) as caught,
    ):
        executor.execute("SELECT 1")
    assert proxy.count("POST", INSERT) == 4
    assert caught.value.context["Reason"].startswith(f"HTTP {status}")
    assert "html" not in str(caught.value.context)


def test_a14_a_short_outage_while_it_is_watched_is_waited_out(
    open_bigquery: Open, proxy: FaultProxy, bigquery_server: BigQueryServer, table: str
) -> None:
    def still_running(answer: dict[str, object]) -> object:
        return answer | {"status": {"state": "RUNNING"}}

    proxy.on("POST", INSERT, Rewrite(still_running))
    proxy.on("GET", LOOK, Answer(503), times=6)
    with open_bigquery(new_scope(60), proxy.url) as executor:
        result = executor.execute(f"INSERT INTO {table} VALUES (1)")
    assert result.affected_rows == 1
    assert result.stats.retries == 6
    assert executions(bigquery_server, table) == 1


@pytest.mark.parametrize("status", [503, 404])
def test_a14_a24_a_job_out_of_sight_is_cancelled_and_never_sent_again(
    open_bigquery: Open, proxy: FaultProxy, bigquery_server: BigQueryServer, status: int
) -> None:
    proxy.on("GET", LOOK, Answer(status))
    scope = new_scope(5)
    with (
        open_bigquery(scope, proxy.url) as executor,
        pytest.raises(ExecutionError, match=r"stopped answering .* confirmed"),
    ):
        executor.execute(SLOW)
    assert proxy.count("POST", INSERT) == 1
    (job,) = bigquery_server.jobs(scope.run_id)
    assert job.error_result["reason"] == "stopped"


def test_a24_a_job_out_of_sight_that_cannot_be_cancelled_is_an_unknown_outcome(
    open_bigquery: Open, proxy: FaultProxy
) -> None:
    proxy.on("*", "/jobs/dli_", Answer(404))
    with (
        open_bigquery(new_scope(14), proxy.url) as executor,
        pytest.raises(ExecutionUnknownError, match="its end is not known: HTTP 404"),
    ):
        executor.execute(SLOW)
    assert proxy.count("POST", INSERT) == 1


@pytest.mark.parametrize(
    ("status", "reason"), [(401, "authError"), (403, "accessDenied"), (403, "billingNotEnabled")]
)
def test_a15_a_refusal_is_not_asked_again(
    open_bigquery: Open, proxy: FaultProxy, status: int, reason: str
) -> None:
    body = f'{{"error": {{"code": {status}, "message": "m", "errors": [{{"reason": "{reason}", "message": "Access Denied: Project local"}}]}}}}'
    proxy.on("*", "/", Answer(status, body.encode()))
    with (
        open_bigquery(endpoint=proxy.url) as executor,
        pytest.raises(ExecutionPermissionError, match="Access Denied: Project local") as caught,
    ):
        executor.execute("SELECT 1")
    assert caught.value.code == "DLI-404"
    assert len(proxy.requests) == 1


def test_a16_a_redirect_is_not_followed(open_bigquery: Open, proxy: FaultProxy) -> None:
    elsewhere = Answer(307, b"", {"Location": f"http://localhost:{proxy.port}/elsewhere"})
    proxy.on("*", "/jobs", elsewhere)
    with open_bigquery(endpoint=proxy.url) as executor, pytest.raises(ExecutionConnectionError):
        executor.execute("SELECT 1")
    assert proxy.count("*", "/elsewhere") == 0


def test_a25_a_job_that_never_ends_is_cancelled_at_the_deadline(
    open_bigquery: Open, bigquery_server: BigQueryServer
) -> None:
    scope = new_scope(1.5)
    began = time.monotonic()
    with (
        open_bigquery(scope) as executor,
        pytest.raises(ExecutionTimeoutError, match="longer than"),
    ):
        executor.execute(SLOW)
    assert time.monotonic() - began < 1.5 + 2
    (job,) = bigquery_server.jobs(scope.run_id)
    assert job.error_result["reason"] == "stopped"


@pytest.mark.parametrize("fault", [Silence(), Answer(500)], ids=["silent", "500"])
def test_d4_a_cancel_that_fails_is_given_up_and_said(
    open_bigquery: Open, proxy: FaultProxy, fault: Fault
) -> None:
    proxy.on("POST", CANCEL, fault)
    with open_bigquery(new_scope(1), proxy.url) as executor:
        with pytest.raises(ExecutionTimeoutError) as caught:
            executor.execute(SLOW)
        assert caught.value.context["May still run"] == executor.job_id
        began = time.monotonic()
        assert executor.cancel() is CancelOutcome.UNCONFIRMED
        assert time.monotonic() - began <= 5


def test_d5_a_cancel_before_the_job_has_arrived_finds_it_by_its_id(
    open_bigquery: Open, bigquery_server: BigQueryServer, proxy: FaultProxy
) -> None:
    scope = new_scope(6)
    proxy.on("POST", INSERT, Swallow(), times=1)

    with open_bigquery(scope, proxy.url) as executor:
        outcomes: list[CancelOutcome] = []
        later = threading.Timer(0.3, lambda: outcomes.append(executor.cancel()))
        later.start()
        with pytest.raises(ExecutionError):
            executor.execute(SLOW)
        later.join()
    assert outcomes == [CancelOutcome.CONFIRMED]
    (job,) = bigquery_server.jobs(scope.run_id)
    assert job.error_result["reason"] == "stopped"


def test_no_descriptor_is_left_open_by_broken_dialogues(
    open_bigquery: Open, proxy: FaultProxy
) -> None:
    def one() -> None:
        proxy.clear()
        proxy.on("GET", RESULTS, HalfClose(300), times=1)
        with open_bigquery(endpoint=proxy.url) as executor:
            assert executor.execute("SELECT 1 AS a").rows == ({"a": 1},)

    one()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        one()
    time.sleep(0.5)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 2


def test_every_failure_here_is_an_error_of_ours(open_bigquery: Open, proxy: FaultProxy) -> None:
    garbage = [b"", b"null", b"[]", b'{"error": 1}', b"\xff\xfe", b'{"jobReference": []}']
    for body in garbage:
        for status in (200, 400):
            proxy.clear()
            proxy.on("*", "/", Answer(status, body))
            with open_bigquery(new_scope(1), proxy.url) as executor, pytest.raises(DliError):
                executor.execute("SELECT 1")

"""The same data, the same tests, the same verdicts and counts, on every engine."""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import final

import pytest

from dli_adapters.registry import open_executor
from dli_domain.errors import ExecutionConnectionError, SpecNotFoundError
from dli_domain.model.quality import QualityReport, Verdict
from dli_domain.model.requests import QualityRequest
from dli_domain.model.result import Estimate, QueryResult
from dli_domain.model.run import CancelOutcome, RunScope
from dli_domain.model.settings import Settings
from dli_domain.ports.query_executor import QueryExecutor
from tests.engines.local_bigquery import BigQueryServer, running_server
from tests.quality.conftest import Judge, Open, PlantedClock, runner
from tests.quality.planted import EXPECTED, create_statements, quality_yaml

SINGULAR = 2
FOUND = [(name, tested, failed, verdict) for name, _, tested, failed, verdict in EXPECTED]
BAD_SQL = "  - {name: broken, type: expression, expression: no_such_column > 0}\n"


def found(report: QualityReport) -> list[tuple[str, int | None, int | None, str]]:
    return [(o.test.name, o.rows_tested, o.rows_failed, o.verdict.value) for o in report.outcomes]


def counting_statements(report: QualityReport) -> int:
    return sum(one.purpose == "count" for one in report.statements)


def test_duckdb_finds_every_planted_defect_with_its_exact_count(judge: Judge) -> None:
    report = judge()
    assert found(report) == FOUND
    assert counting_statements(report) == 1 + SINGULAR
    assert not report.ok


@pytest.mark.xdist_group("bigquery")
def test_bigquery_gives_the_same_verdicts_and_counts(bigquery_server: BigQueryServer) -> None:
    prepare(bigquery_server)
    Path("quality.shop.orders.yaml").write_text(quality_yaml())
    report = runner("bigquery", opened(bigquery_server), Path.cwd())(
        QualityRequest(reference="shop.orders")
    )
    assert found(report) == FOUND
    assert counting_statements(report) == 1 + SINGULAR
    assert all(one.job_id for one in report.outcomes)
    failing = next(one for one in report.outcomes if one.test.name == "countries")
    assert {row["country"] for row in failing.samples} == {"XX", "kr"}


@pytest.mark.xdist_group("bigquery")
@pytest.mark.parametrize("table", ["shop.empty", "shop.missing"])
def test_bigquery_says_of_empty_and_missing_tables_what_duckdb_says(
    bigquery_server: BigQueryServer, table: str, judge: Judge
) -> None:
    prepare(bigquery_server)
    text = quality_yaml(table)
    Path("quality.shop.orders.yaml").write_text(text)
    report = runner("bigquery", opened(bigquery_server), Path.cwd())(
        QualityRequest(reference=table)
    )
    assert found(report) == found(judge(text, table))


def test_an_empty_table_is_no_pass(judge: Judge) -> None:
    report = judge(quality_yaml("shop.empty"), "shop.empty")
    verdicts = {one.test.name: one.verdict for one in report.outcomes}
    assert verdicts.pop("rows") is Verdict.FAIL
    assert verdicts.pop("rows_here") is Verdict.FAIL
    assert set(verdicts.values()) == {Verdict.VACUOUS}
    assert not report.ok


def test_an_empty_table_is_allowed_only_where_it_is_said(judge: Judge) -> None:
    text = quality_yaml("shop.empty", ("key_once", "countries"))
    assert not judge(text, "shop.empty").ok
    assert judge(text, "shop.empty", allow_empty=True).ok


def test_a_missing_table_makes_an_error_of_every_test_in_two_statements(judge: Judge) -> None:
    names = ("key_once", "countries", "user_known")
    report = judge(quality_yaml("shop.missing", names), "shop.missing")
    assert [one.verdict for one in report.outcomes] == [Verdict.ERROR] * len(names)
    assert {one.problem.code for one in report.outcomes if one.problem} == {"DLI-405"}
    assert len(report.statements) == 2


def test_one_test_with_bad_sql_is_the_only_error(judge: Judge) -> None:
    report = judge(quality_yaml() + BAD_SQL)
    assert found(report)[:-1] == FOUND
    broken = report.outcomes[-1]
    assert broken.verdict is Verdict.ERROR
    assert broken.problem is not None
    assert "no_such_column" in broken.problem.message
    assert broken.problem.location == broken.test.location


def test_an_error_in_a_singular_test_points_into_its_sql(judge: Judge) -> None:
    tests = quality_yaml(tests=("rows",))
    text = f"{tests}  - name: wrong\n    type: singular\n    sql: |\n      SELECT order_id\n      FROM {{{{ target }}}} WHERE nothing > 1\n"
    problem = judge(text).outcomes[-1].problem
    assert problem is not None
    assert problem.location is not None
    assert (problem.location.line, problem.location.column) == (10, 31)


def test_samples_are_failing_rows_and_no_more_than_asked_for(judge: Judge) -> None:
    report = judge(quality_yaml(tests=("user_known", "key_once", "countries_warn")), samples=1)
    by_name = {one.test.name: one.samples for one in report.outcomes}
    assert [len(rows) for rows in by_name.values()] == [1, 1, 1]
    assert by_name["user_known"][0]["user-id"] in (98, 99)
    assert by_name["key_once"][0] == {"order_id": 7, "_dli_count": 3}


def test_no_samples_are_fetched_where_none_are_wanted(judge: Judge) -> None:
    report = judge(samples=0)
    assert not any(one.samples for one in report.outcomes)
    assert {one.purpose for one in report.statements} == {"count"}


def test_fail_fast_skips_what_stands_behind_the_first_failure(judge: Judge) -> None:
    names = ("rows", "has_key_mostly", "countries", "user_known", "none_before")
    report = judge(quality_yaml(tests=names), fail_fast=True)
    verdicts = [one.verdict.value for one in report.outcomes]
    # in the order of the file
    assert verdicts == ["pass", "fail", "skipped", "skipped", "skipped"]
    assert counting_statements(report) == 1


def test_a_test_that_matches_nothing_is_an_error_with_the_closest_name(judge: Judge) -> None:
    with pytest.raises(SpecNotFoundError, match="countrys") as error:
        judge(tests=("countrys",))
    assert error.value.hint == "Did you mean 'countries'?"


def test_tests_that_are_switched_off_are_skipped_and_alone_an_error(judge: Judge) -> None:
    text = quality_yaml(tests=("rows",)) + (
        "  - {name: off, type: not_null, column: day, enabled: false}\n"
    )
    report = judge(text)
    assert [one.verdict.value for one in report.outcomes] == ["pass", "skipped"]
    assert report.ok
    with pytest.raises(SpecNotFoundError, match="no enabled test"):
        judge(text, tests=("off",))


@final
class Stopping(QueryExecutor):
    """An engine that is gone before its n-th statement."""

    def __init__(self, inner: QueryExecutor, last: int) -> None:
        self._inner = inner
        self._left = last

    @property
    def engine(self) -> str:
        return self._inner.engine

    def execute(self, sql: str, params: Mapping[str, object] | None = None) -> QueryResult:
        self._left -= 1
        if self._left < 0:
            raise ExecutionConnectionError("The engine is gone")
        return self._inner.execute(sql, params)

    def estimate(self, sql: str) -> Estimate:
        return self._inner.estimate(sql)

    def check(self) -> None:
        self._inner.check()

    def cancel(self) -> CancelOutcome:
        return self._inner.cancel()


@pytest.mark.parametrize("last", range(5))
def test_whenever_the_engine_goes_no_verdict_is_wrong_and_none_is_missing(
    open_shop: Open, last: int
) -> None:
    @contextmanager
    def stopping(scope: RunScope) -> Iterator[QueryExecutor]:
        with open_shop(scope) as executor:
            yield Stopping(executor, last)

    names = ("rows", "countries", "none_before", "none_below", "key_once")
    Path("quality.shop.orders.yaml").write_text(quality_yaml(tests=names))
    report = runner("duckdb", stopping, Path.cwd())(QualityRequest(reference="shop.orders"))
    expected = {name: verdict for name, *_, verdict in FOUND}
    judged = [one for one in report.outcomes if one.verdict is not Verdict.ERROR]
    assert len(report.outcomes) == len(names)
    assert all(one.verdict.value == expected[one.test.name] for one in judged)
    errors = {one.problem.code for one in report.outcomes if one.problem}
    assert errors == (set() if last >= 4 + 1 else {"DLI-403"}) or (last == 4 and not errors)
    assert not report.ok


@pytest.mark.xdist_group("bigquery")
def test_a_bigquery_that_dies_in_the_middle_is_an_error_and_no_pass() -> None:
    with running_server() as server:
        prepare(server)

        names = ("rows", "none_below")
        Path("quality.shop.orders.yaml").write_text(quality_yaml(tests=names))
        run = runner("bigquery", opened(server), Path.cwd())
        said: list[str] = []

        def kill_before_the_second(step: str) -> None:
            said.append(step)
            if len(said) == 2:
                os.kill(server.pid, signal.SIGKILL)

        report = run(QualityRequest(reference="shop.orders", timeout=20), kill_before_the_second)
    assert [one.verdict.value for one in report.outcomes] == ["pass", "error"]
    assert {one.problem.code for one in report.outcomes if one.problem} <= {"DLI-403", "DLI-407"}


def opened(server: BigQueryServer) -> Open:
    settings = Settings(engine="bigquery", bigquery=server.target())
    return open_executor(settings, PlantedClock())


def prepare(server: BigQueryServer) -> None:
    """The planted tables, fresh."""
    with server.client() as client:
        client.delete_dataset("shop", delete_contents=True, not_found_ok=True)
        client.create_dataset("shop")
        for statement in create_statements("bigquery"):
            client.query(statement).result()

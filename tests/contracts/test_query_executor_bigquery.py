"""BigQuery keeps what an executor promises, alone and supervised. The engine is the emulator."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime
from datetime import time as clock_time
from decimal import Decimal
from typing import ClassVar

import pytest

from dli_adapters.bigquery.executor import BigQueryExecutor
from dli_adapters.clock.system import SystemClock
from dli_adapters.supervision.executor import supervised
from dli_domain.model.run import RunScope
from dli_domain.ports.query_executor import QueryExecutor
from tests.contracts.query_executor_contract import QueryExecutorContract, scope
from tests.engines.local_bigquery import BigQueryServer, bigquery_server

__all__ = ["bigquery_server"]


class BigQueryFacts(QueryExecutorContract):
    engine = "bigquery"
    parameter = "@"
    integer = "INT64"
    # The emulator tells a place for few faults; that ours is read is tested by its messages.
    tells_positions = False
    corpus: ClassVar = [
        ("CAST(NULL AS INT64)", "INT64", None),
        ("TRUE", "BOOL", True),
        ("9223372036854775807", "INT64", 9223372036854775807),
        ("-9223372036854775808", "INT64", -9223372036854775808),
        ("5e-324", "FLOAT64", 5e-324),
        ("CAST('-inf' AS FLOAT64)", "FLOAT64", float("-inf")),
        ("CAST('nan' AS FLOAT64)", "FLOAT64", float("nan")),
        (
            "NUMERIC '-12345678901234567890123456789.012345678'",
            "NUMERIC",
            Decimal("-12345678901234567890123456789.012345678"),
        ),
        ("'가\U0001f600\u202e\u2028'", "STRING", "가\U0001f600\u202e\u2028"),
        ("''", "STRING", ""),
        ("b'\\x00\\xff'", "BYTES", b"\x00\xff"),
        ("DATE '0001-01-01'", "DATE", date(1, 1, 1)),
        ("TIME '23:59:59.999999'", "TIME", clock_time(23, 59, 59, 999999)),
        (
            "DATETIME '9999-12-31 23:59:59.999999'",
            "DATETIME",
            datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC).replace(tzinfo=None),
        ),
        (
            "TIMESTAMP '2025-01-01 00:00:00.000001+09'",
            "TIMESTAMP",
            datetime(2024, 12, 31, 15, 0, 0, 1, tzinfo=UTC),
        ),
        ("JSON '{\"a\":[1,null]}'", "JSON", '{"a":[1,null]}'),
        ("ST_GEOGPOINT(1, 2)", "GEOGRAPHY", "POINT(1 2)"),
        ("INTERVAL '1-2 3 4:5:6.7' YEAR TO SECOND", "INTERVAL", "1-2 3 4:5:6.7"),
        ("[1, 2]", "ARRAY<INT64>", [1, 2]),
        ("CAST([] AS ARRAY<STRING>)", "ARRAY<STRING>", []),
        ("STRUCT(1 AS a, 'x' AS b)", "STRUCT<a INT64, b STRING>", {"a": 1, "b": "x"}),
    ]

    @pytest.fixture(autouse=True)
    def _server(self, bigquery_server: BigQueryServer) -> None:
        self.server = bigquery_server

    def run_scope(self) -> RunScope:
        return scope(60, now=time.monotonic(), run_id=f"contract-{time.time_ns():x}")

    def series(self, count: int) -> str:
        return f"SELECT n FROM UNNEST(GENERATE_ARRAY(1, {count})) AS n ORDER BY n"

    def slow(self) -> str:
        return (
            "SELECT COUNT(*) AS n FROM UNNEST(GENERATE_ARRAY(1, 200000)) a, "
            "UNNEST(GENERATE_ARRAY(1, 200000)) b WHERE MOD(a * b, 7) = 3"
        )


@pytest.mark.xdist_group("bigquery")
class TestBigQuery(BigQueryFacts):
    def opened(self) -> AbstractContextManager[QueryExecutor]:
        return BigQueryExecutor.connect(self.server.target(), self.run_scope())


@pytest.mark.xdist_group("bigquery")
class TestSupervisedBigQuery(BigQueryFacts):
    @contextmanager
    def opened(self) -> Iterator[QueryExecutor]:
        target = self.server.target()
        opened = supervised(lambda s: BigQueryExecutor.connect(target, s), SystemClock())
        with opened(self.run_scope()) as executor:
            yield executor

"""DuckDB keeps what an executor promises, alone and supervised."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import ClassVar

from dli_adapters.clock.system import SystemClock
from dli_adapters.duckdb.executor import DuckDbExecutor
from dli_adapters.supervision.executor import supervised
from dli_domain.model.settings import DuckDbTarget
from dli_domain.ports.query_executor import QueryExecutor
from tests.contracts.query_executor_contract import QueryExecutorContract, scope

_UUID = "7200b94f-2484-4860-97dc-bd5dd27c6807"


class DuckDbFacts(QueryExecutorContract):
    engine = "duckdb"
    parameter = "$"
    integer = "BIGINT"
    corpus: ClassVar = [
        ("NULL", "NULL", None),
        ("TRUE", "BOOLEAN", True),
        ("127::TINYINT", "TINYINT", 127),
        ("255::UTINYINT", "UTINYINT", 255),
        ("(-32768)::SMALLINT", "SMALLINT", -32768),
        ("65535::USMALLINT", "USMALLINT", 65535),
        ("2147483647", "INTEGER", 2147483647),
        ("4294967295::UINTEGER", "UINTEGER", 4294967295),
        ("9007199254740993", "BIGINT", 9007199254740993),
        ("18446744073709551615::UBIGINT", "UBIGINT", 2**64 - 1),
        ("170141183460469231731687303715884105727::HUGEINT", "HUGEINT", 2**127 - 1),
        ("'-170141183460469231731687303715884105728'::HUGEINT", "HUGEINT", -(2**127)),
        (f"{2**128 - 1}::UHUGEINT", "UHUGEINT", str(2**128 - 1)),
        (f"'{10**60}'::BIGNUM", "BIGNUM", str(10**60)),
        ("0.1::FLOAT", "FLOAT", 0.10000000149011612),
        ("5e-324::DOUBLE", "DOUBLE", 5e-324),
        ("'-0'::DOUBLE", "DOUBLE", -0.0),
        ("'infinity'::DOUBLE", "DOUBLE", float("inf")),
        (
            "12345678901234567890123456789.012345678::DECIMAL(38,9)",
            "DECIMAL(38,9)",
            Decimal("12345678901234567890123456789.012345678"),
        ),
        ("'가\U0001f600\u202e\u2028'", "VARCHAR", "가\U0001f600\u202e\u2028"),
        ("''", "VARCHAR", ""),
        ("'\\x00\\xFF'::BLOB", "BLOB", b"\x00\xff"),
        ("'101'::BIT", "BIT", "101"),
        (f"'{_UUID}'::UUID", "UUID", _UUID),
        ("DATE '2025-02-28'", "DATE", date(2025, 2, 28)),
        ("DATE '0044-03-15 (BC)'", "DATE", "-0043-03-15"),
        ("DATE 'infinity'", "DATE", "infinity"),
        ("TIME '23:59:59.999999'", "TIME", time(23, 59, 59, 999999)),
        ("TIME '24:00:00'", "TIME", "24:00:00.000000"),
        ("'12:00:00.5+09:30'::TIMETZ", "TIME WITH TIME ZONE", "12:00:00.5+09:30"),
        (
            "TIMESTAMP '2025-01-01 01:02:03.000001'",
            "TIMESTAMP",
            datetime(2025, 1, 1, 1, 2, 3, 1, tzinfo=UTC).replace(tzinfo=None),
        ),
        ("TIMESTAMP 'infinity'", "TIMESTAMP", "infinity"),
        ("TIMESTAMP '-infinity'", "TIMESTAMP", "-infinity"),
        ("TIMESTAMP '0044-03-15 (BC) 01:00:00'", "TIMESTAMP", "-0043-03-15T01:00:00.000000"),
        (
            "'2025-01-01 00:00:00'::TIMESTAMP_S",
            "TIMESTAMP_S",
            datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None),
        ),
        (
            "'2025-01-01 00:00:00.123456789'::TIMESTAMP_NS",
            "TIMESTAMP_NS",
            "2025-01-01T00:00:00.123456789",
        ),
        (
            "TIMESTAMPTZ '2025-01-01 00:00:00+09'",
            "TIMESTAMP WITH TIME ZONE",
            datetime(2024, 12, 31, 15, tzinfo=UTC),
        ),
        ("INTERVAL '1 month 2 days 3.5 seconds'", "INTERVAL", "1 month 2 days 00:00:03.5"),
        ("'b'::ENUM('a', 'b')", "ENUM('a', 'b')", "b"),
        ("union_value(n := 1)", "UNION(n INTEGER)", '{"n":1}'),
        ("'{\"a\": [1]}'::JSON", "JSON", '{"a": [1]}'),
        ("[1, NULL]", "INTEGER[]", [1, None]),
        ("[1, 2]::INTEGER[2]", "INTEGER[2]", [1, 2]),
        ("[INTERVAL 1 MONTH]", "INTERVAL[]", ["1 month"]),
        (
            "{'a b': INTERVAL 1 DAY, 'c': 1}",
            'STRUCT("a b" INTERVAL, c INTEGER)',
            {"a b": "1 day", "c": 1},
        ),
        ("MAP {'k': 1}", "MAP(VARCHAR, INTEGER)", {"k": 1}),
        (
            "MAP {'k': '12:00:00+09'::TIMETZ}",
            "MAP(VARCHAR, TIME WITH TIME ZONE)",
            {"k": "12:00:00+09"},
        ),
    ]

    def series(self, count: int) -> str:
        return f"SELECT range AS n FROM range(1, {count + 1})"

    def slow(self) -> str:
        return "SELECT SUM(SIN(a.range * b.range)) FROM range(10000000) a, range(10000000) b"


class TestDuckDbExecutor(DuckDbFacts):
    def opened(self) -> AbstractContextManager[QueryExecutor]:
        return DuckDbExecutor.connect(DuckDbTarget(), scope())


class TestSupervisedDuckDbExecutor(DuckDbFacts):
    @contextmanager
    def opened(self) -> Iterator[QueryExecutor]:
        clock = SystemClock()
        opening = supervised(lambda s: DuckDbExecutor.connect(DuckDbTarget(), s), clock)
        with opening(scope(now=clock.monotonic())) as executor:
            yield executor

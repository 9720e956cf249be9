"""Statements and CPU of quality tests on one table, beside one query for each test.

    uv run python benchmarks/quality_scans.py                 # 5 M rows
    uv run python benchmarks/quality_scans.py --rows 500000

Both ways run in this process on the same DuckDB, in turns; CPU is of all threads, the least of
some rounds.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

import duckdb

from dli_adapters.clock.system import SystemClock
from dli_adapters.duckdb.executor import DuckDbExecutor
from dli_adapters.memory.quality_source import MemoryQualitySource
from dli_adapters.memory.spec_source import MemorySpecSource
from dli_domain.model.names import ResourceName
from dli_domain.model.problems import Location
from dli_domain.model.quality import (
    QualityReport,
    QualitySpec,
    QualityTarget,
    QualityTest,
    QualityTestType,
)
from dli_domain.model.requests import QualityRequest
from dli_domain.model.run import ExecutionMode
from dli_domain.model.spec import ResourceKind, SqlSource
from dli_domain.usecases.render_resource import RenderResource
from dli_domain.usecases.run_quality import RunQuality

# A large table: the groups of the unique test cost what they cost, in one statement or in two.
LARGE_LIMIT = 1.0
SMALL_LIMIT = 0.5
SMALL_ROWS = 10_000
STATEMENT_LIMIT = 1
HERE = Location("quality.t.yaml")
T = QualityTestType
ROWS = """
SELECT
    i AS id, i % 1000 AS user_id, ['KR', 'US', 'JP'][1 + i % 3] AS country,
    (hash(i) % 100000) / 7.0 AS price, (i % 500)::DECIMAL(18, 2) AS amount,
    DATE '2020-01-01' + (i % 2000)::INT AS day, i % 2 = 0 AS paid,
    'SKU-' || (i % 5000) AS sku
FROM range({rows}) r(i)
"""


def _test(name: str, kind: QualityTestType, **fields: object) -> QualityTest:
    return QualityTest(name=name, type=kind, location=HERE, **fields)  # type: ignore[arg-type]  # a test's keywords


def _sql(text: str) -> SqlSource:
    return SqlSource(text=text, origin=HERE)


def tests() -> tuple[QualityTest, ...]:
    """Twenty tests as a team writes them."""
    columns = ("id", "user_id", "country", "price", "amount", "day", "paid", "sku")
    return (
        *(_test(f"{one}_there", T.NOT_NULL, columns=(one,)) for one in columns),
        _test("id_once", T.UNIQUE, columns=("id",)),
        _test("known", T.ACCEPTED_VALUES, columns=("country",), values=("KR", "US", "JP")),
        _test("users", T.RELATIONSHIPS, columns=("user_id",), to="users", to_column="id"),
        _test("prices", T.RANGE_CHECK, columns=("price",), min=0, max=20_000),
        _test("amounts", T.RANGE_CHECK, columns=("amount",), min=0),
        _test("days", T.RANGE_CHECK, columns=("day",), min="2020-01-01", max="2030-01-01"),
        _test("rows", T.ROW_COUNT, min=1),
        _test("skus", T.PATTERN, columns=("sku",), pattern="^SKU-[0-9]+$"),
        _test("sane", T.EXPRESSION, expression=_sql("price >= 0 AND amount < 1000")),
        _test("paid_kr", T.EXPRESSION, expression=_sql("amount >= 0"), where=_sql("paid")),
        _test("kr_days", T.NOT_NULL, columns=("day",), where=_sql("country = 'KR'")),
        _test("low", T.RANGE_CHECK, columns=("user_id",), min=0, max=999),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print(f"{'rows':>10} {'way':18} {'statements':>10} {'CPU s':>7} {'ratio':>6} {'limit':>6}")
    kept = _table(arguments.rows, arguments.rounds, LARGE_LIMIT)
    kept &= _table(SMALL_ROWS, arguments.rounds, SMALL_LIMIT)
    print("within the limits" if kept else "OUTSIDE THE LIMITS")
    return 0 if kept else 1


def _table(rows: int, rounds: int, limit: float) -> bool:
    every = tests()
    together, apart = [], []
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        file = Path(folder, "t.parquet")
        connection.execute(f"COPY ({ROWS.format(rows=rows)}) TO '{file}'")
        connection.execute(f"CREATE VIEW t AS FROM '{file}'")
        connection.execute("CREATE TABLE users AS SELECT i AS id FROM range(1000) r(i)")
        for _ in range(rounds):
            together.append(_measured(lambda: [_run(connection, every)]))
            apart.append(_measured(lambda: [_run(connection, [one]) for one in every]))
    ours, theirs = min(together), min(apart)
    ratio = ours[0] / theirs[0]
    print(f"{rows:10,} {'one query a test':18} {theirs[1]:10} {theirs[0]:7.3f} {1:6.2f}")
    print(
        f"{rows:10,} {'dli quality run':18} {ours[1]:10} {ours[0]:7.3f} {ratio:6.2f} {limit:6.2f}"
    )
    return ratio <= limit and ours[1] <= STATEMENT_LIMIT


def _measured(work: Callable[[], Sequence[QualityReport]]) -> tuple[float, int]:
    began = time.process_time()
    reports = work()
    cpu = time.process_time() - began
    assert all(report.ok for report in reports)
    return cpu, sum(len(report.statements) for report in reports)


def _run(connection: duckdb.DuckDBPyConnection, chosen: Sequence[QualityTest]) -> QualityReport:
    clock = SystemClock()
    target = QualityTarget(kind=ResourceKind.DATASET, name=ResourceName(("t",)))
    spec = QualitySpec(
        target=target, owner="o", location=HERE, tests=tuple(chosen), dialect="duckdb"
    )
    return RunQuality(
        render=RenderResource(
            specs=MemorySpecSource(), clock=clock, engine="duckdb", default_dialect="duckdb"
        ),
        source=MemoryQualitySource([spec]),
        open_executor=lambda _: nullcontext(DuckDbExecutor(connection)),
        clock=clock,
        mode=ExecutionMode.LOCAL,
        new_run_id=lambda: "benchmark",
    )(QualityRequest(reference="t"))


if __name__ == "__main__":
    raise SystemExit(main())

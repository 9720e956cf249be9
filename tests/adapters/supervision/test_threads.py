"""Many runs in one process do not see each other, and leave nothing behind."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dli_adapters.clock.system import SystemClock
from dli_adapters.registry import OpenExecutor, open_executor
from dli_domain.model.settings import AttachedDatabase, DuckDbTarget, Settings, SourceFile
from tests.contracts.query_executor_contract import scope

CLOCK = SystemClock()


def _opening(target: DuckDbTarget) -> OpenExecutor:
    return open_executor(Settings(engine="duckdb", duckdb=target), CLOCK)


def _run(opening: OpenExecutor, number: int) -> list[int]:
    with opening(scope(60, now=CLOCK.monotonic(), run_id=f"run-{number}")) as executor:
        executor.execute("CREATE TABLE mine (n BIGINT)")
        executor.execute("INSERT INTO mine VALUES ($n)", {"n": number})
        rows = executor.execute("SELECT mine.n, range FROM mine, range(300)").rows
        return [value for row in rows if isinstance(value := row["n"], int)]


def test_eight_threads_get_their_own_rows_and_change_no_handler() -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    opening = _opening(DuckDbTarget(threads=1))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: _run(opening, number), range(64)))
    assert found == [[number] * 300 for number in range(64)]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_eight_threads_share_an_attached_file_and_keep_their_own_tables(tmp_path: Path) -> None:
    path = tmp_path / "lake.duckdb"
    data = tmp_path / "flights.csv"
    data.write_text("a\n1\n2\n")
    target = DuckDbTarget(
        threads=1,
        attach=(AttachedDatabase(alias="iceberg", path=str(path)),),
        sources=(SourceFile(name="raw.flights", path=str(data)),),
    )
    opening = _opening(target)
    with opening(scope(60, now=CLOCK.monotonic())) as executor:
        executor.execute("CREATE SCHEMA iceberg.analytics")
        executor.execute("CREATE TABLE iceberg.analytics.daily (n BIGINT)")

    def run(number: int) -> list[int]:
        found = _run(opening, number)
        with opening(scope(60, now=CLOCK.monotonic(), run_id=f"again-{number}")) as executor:
            executor.execute("INSERT INTO iceberg.analytics.daily SELECT a FROM raw.flights")
        return found

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(run, range(24)))
    assert found == [[number] * 300 for number in range(24)]
    with opening(scope(60, now=CLOCK.monotonic())) as executor:
        rows = executor.execute("SELECT count(*) AS n FROM iceberg.analytics.daily").rows
    assert list(rows) == [{"n": 48}]


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_runs_leave_no_file_and_no_thread_open(tmp_path: Path) -> None:
    opening = _opening(DuckDbTarget(path=str(tmp_path / "x.duckdb"), threads=1))

    def once() -> None:
        with opening(scope(60, now=CLOCK.monotonic())) as executor:
            executor.execute("SELECT range FROM range(1000000)").close()
            assert executor.execute("SELECT 1 AS a").rows == ({"a": 1},)

    once()
    files, threads = _open_files(), threading.active_count()
    for _ in range(20):
        once()
    assert (_open_files(), threading.active_count()) == (files, threads)

"""Files, catalogs and sources: what opens, and what is said when it does not."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from dli_adapters.duckdb.executor import DuckDbExecutor
from dli_domain.errors import (
    ConfigError,
    DliError,
    ErrorCode,
    ExecutionConnectionError,
    ExecutionQueryError,
)
from dli_domain.model.result import Cell
from dli_domain.model.settings import AttachedDatabase, DuckDbTarget, SourceFile
from tests.contracts.query_executor_contract import scope


def rows(target: DuckDbTarget, *sql: str) -> list[dict[str, Cell]]:
    with DuckDbExecutor.connect(target, scope()) as executor:
        for statement in sql:
            found = [dict(row) for row in executor.execute(statement).rows]
    return found


def refused(target: DuckDbTarget) -> DliError:
    with pytest.raises(DliError) as caught:
        rows(target, "SELECT 1")
    return caught.value


@pytest.mark.parametrize(("said", "given"), [(None, 0.5), ("10%", 0.1)])
def test_a_confined_instance_leaves_memory_to_others(said: str | None, given: float) -> None:
    limit = "SELECT current_setting('memory_limit') AS amount"
    whole = duckdb.connect(config={"memory_limit": "100%"}).execute(limit).fetchone()
    assert whole is not None
    found = rows(DuckDbTarget(confined=True, memory_limit=said), limit)[0]["amount"]
    assert float(str(found).split()[0]) == pytest.approx(
        float(whole[0].split()[0]) * given, rel=0.05
    )


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    path = tmp_path / "lake.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA analytics")
        connection.execute("CREATE TABLE analytics.daily_clicks AS SELECT 7 AS n")
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "데이터 's"
    folder.mkdir()
    (folder / "flights.csv").write_text("carrier,dep_delay\nUA,2\nAA,\n")
    (folder / "events.ndjson").write_text('{"id": 1}\n{"id": 2}\n')
    duckdb.connect().execute(
        f"COPY (SELECT 5 AS five) TO '{str(folder / 'p1.parquet').replace(chr(39), chr(39) * 2)}'"
    )
    return folder


def test_a_file_keeps_what_was_written(tmp_path: Path) -> None:
    target = DuckDbTarget(path=str(tmp_path / "new.duckdb"))
    rows(target, "CREATE TABLE t AS SELECT 1 AS a")
    assert rows(target, "SELECT a FROM t") == [{"a": 1}]


def test_three_part_names_reach_attached_files(lake: Path) -> None:
    attached = AttachedDatabase(alias="iceberg", path=str(lake))
    target = DuckDbTarget(attach=(attached,))
    assert rows(target, "SELECT n FROM iceberg.analytics.daily_clicks") == [{"n": 7}]
    rows(target, "INSERT INTO iceberg.analytics.daily_clicks VALUES (8)")
    assert rows(target, "SELECT max(n) AS n FROM iceberg.analytics.daily_clicks") == [{"n": 8}]


def test_an_attached_file_can_be_read_only(lake: Path) -> None:
    attached = AttachedDatabase(alias="iceberg", path=str(lake), read_only=True)
    with pytest.raises(ExecutionQueryError, match="read-only"):
        rows(DuckDbTarget(attach=(attached,)), "DELETE FROM iceberg.analytics.daily_clicks")


@pytest.mark.parametrize("main", ["memory", "file", "read-only file"])
def test_sources_of_all_formats_and_names_are_views(data: Path, lake: Path, main: str) -> None:
    target = DuckDbTarget(
        path=":memory:" if main == "memory" else str(lake),
        read_only=main == "read-only file",
        sources=(
            SourceFile(name="flights.flights", path=str(data / "flights.csv")),
            SourceFile(name="raw.db.events", path=str(data / "events.ndjson")),
            SourceFile(name="parts", path=str(data / "p*.parquet")),
            SourceFile(name="raw.db.again", path=str(data / "flights.csv"), format="csv"),
        ),
    )
    assert rows(target, "SELECT * FROM flights.flights ORDER BY carrier DESC") == [
        {"carrier": "UA", "dep_delay": 2},
        {"carrier": "AA", "dep_delay": None},
    ]
    assert rows(target, "SELECT sum(id)::INT AS n FROM raw.db.events") == [{"n": 3}]
    assert rows(target, "SELECT five FROM parts") == [{"five": 5}]
    assert rows(target, "SELECT count(*) AS n FROM raw.db.again") == [{"n": 2}]


def test_sources_write_nothing_into_the_users_database(data: Path, lake: Path) -> None:
    source = SourceFile(name="flights.flights", path=str(data / "flights.csv"))
    rows(DuckDbTarget(path=str(lake), sources=(source,)), "SELECT 1")
    with duckdb.connect(str(lake)) as connection:
        found = connection.execute("SELECT schema_name FROM duckdb_schemas() WHERE NOT internal")
        assert [name for (name,) in found.fetchall()] == ["analytics"]


def test_a_source_inside_a_database_file_is_refused(data: Path, lake: Path) -> None:
    target = DuckDbTarget(
        attach=(AttachedDatabase(alias="iceberg", path=str(lake)),),
        sources=(SourceFile(name="iceberg.raw.flights", path=str(data / "flights.csv")),),
    )
    error = refused(target)
    assert isinstance(error, ConfigError)
    assert str(lake) in error.message


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (SourceFile(name="a", path="/x/data.xlsx"), "cannot be told"),
        (SourceFile(name="a", path="/x/data.csv", format="cvs"), "unknown format 'cvs'"),
        (SourceFile(name="a.b.c.d", path="/x/data.csv"), "catalog.schema.table"),
    ],
)
def test_a_source_that_makes_no_sense_is_a_config_error(source: SourceFile, text: str) -> None:
    error = refused(DuckDbTarget(sources=(source,)))
    assert (error.code, isinstance(error, ConfigError)) == (ErrorCode.CONFIG_INVALID, True)
    assert text in error.message


def test_a_missing_source_names_its_path() -> None:
    error = refused(DuckDbTarget(sources=(SourceFile(name="a.b", path="/no/such/file.csv"),)))
    assert error.code is ErrorCode.EXECUTION_CONNECTION
    assert error.context == {"Database": "/no/such/file.csv"}


@pytest.mark.parametrize("kind", ["missing", "no folder", "a folder", "not a database"])
def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.duckdb"
    if kind == "no folder":
        path = tmp_path / "none" / "x.duckdb"
    elif kind == "a folder":
        path.mkdir()
    elif kind == "not a database":
        path.write_text("hello " * 1000)
    target = DuckDbTarget(path=str(path), read_only=kind == "missing")
    error = refused(target)
    assert isinstance(error, ExecutionConnectionError)
    assert error.code is ErrorCode.EXECUTION_CONNECTION
    assert str(path) in error.message
    assert error.hint
    assert isinstance(error.__cause__, duckdb.Error)


@pytest.mark.parametrize(
    "target",
    [
        DuckDbTarget(read_only=True),
        DuckDbTarget(memory_limit="lots"),
        DuckDbTarget(threads=0),
    ],
)
def test_a_setting_that_is_wrong_is_a_config_error(target: DuckDbTarget) -> None:
    assert isinstance(refused(target), ConfigError)


_HOLDER = """
import sys, time, duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("CREATE TABLE IF NOT EXISTS t (a INT)")
connection.execute("INSERT INTO t VALUES (1)")
print("held", flush=True)
connection.execute("SELECT SUM(SIN(a.range * b.range)) FROM range(10000000) a, range(10000000) b")
"""


def _holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_file_held_by_another_process_names_it_and_is_free_after_its_death(
    tmp_path: Path,
) -> None:
    path = tmp_path / "held.duckdb"
    holder = _holder(path)
    try:
        for read_only in (False, True):
            began = time.monotonic()
            error = refused(DuckDbTarget(path=str(path), read_only=read_only))
            assert time.monotonic() - began < 1
            assert error.code is ErrorCode.EXECUTION_CONNECTION
            assert re.search(rf"PID {holder.pid}\b", error.message)
            assert "other process" in str(error.hint)
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate(timeout=10)
    assert rows(DuckDbTarget(path=str(path)), "SELECT a FROM t") == [{"a": 1}]


_FORBIDDEN = """
import os, sys
from dli_adapters.duckdb.executor import DuckDbExecutor
from dli_domain.errors import DliError
from dli_domain.model.result import Cell
from dli_domain.model.settings import DuckDbTarget
from tests.contracts.query_executor_contract import scope
if os.geteuid() == 0:
    os.setuid(65534)
try:
    with DuckDbExecutor.connect(DuckDbTarget(path=sys.argv[1]), scope()):
        pass
except DliError as error:
    print(type(error).__name__, error.code)
"""


def test_a_file_without_rights_is_a_permission_error(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o000)
    done = subprocess.run(
        [sys.executable, "-c", _FORBIDDEN, str(folder / "x.duckdb")],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "TMPDIR": "/tmp"},  # noqa: S108 - a folder every user may write
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "ExecutionPermissionError DLI-404\n", done.stderr


def test_no_folder_for_spilling_is_left(tmp_path: Path) -> None:
    program = (
        "from dli_adapters.duckdb.executor import DuckDbExecutor\n"
        "from dli_domain.model.settings import DuckDbTarget\n"
        "from tests.contracts.query_executor_contract import scope\n"
        "with DuckDbExecutor.connect(DuckDbTarget(memory_limit='25MB', threads=1), scope()) as e:\n"
        "    rows = e.execute('SELECT count(*) AS n FROM (SELECT range FROM range(3000000)'\n"
        "                     ' ORDER BY hash(range) LIMIT 2900000)').rows\n"
        "    print(rows[0]['n'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "2900000\n", done.stderr
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith("dli")] == []


def test_what_a_killed_process_left_behind_is_removed_later(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    old, fresh, alive = (
        tmp_path / f"dli-duckdb-{pid}-x{number}"
        for number, pid in enumerate((gone.pid, gone.pid, os.getpid()))
    )
    for folder in (old, fresh, alive):
        folder.mkdir()
        (folder / "spill.tmp").write_text("rows")
    for folder in (old, alive):
        os.utime(folder, (time.time() - 7200, time.time() - 7200))
    program = (
        "from dli_adapters.duckdb.executor import DuckDbExecutor\n"
        "from dli_domain.model.settings import DuckDbTarget\n"
        "from tests.contracts.query_executor_contract import scope\n"
        "with DuckDbExecutor.connect(DuckDbTarget(), scope()) as e: e.check()\n"
    )
    subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        check=True,
    )
    left = {entry.name for entry in tmp_path.iterdir() if entry.name.startswith("dli")}
    assert left == {fresh.name, alive.name}

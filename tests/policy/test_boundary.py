"""With the policy off, the boundary alone: nothing changes, and no foreign file is read."""

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from dli_adapters.duckdb.executor import DuckDbExecutor
from dli_domain.errors import (
    EngineError,
    ExecutionCancelledError,
    ExecutionPermissionError,
    PolicyError,
)
from dli_domain.model.run import CancelOutcome
from dli_domain.model.settings import AttachedDatabase, DuckDbTarget, SourceFile
from tests.contracts.query_executor_contract import scope
from tests.policy.escapes import escapes
from tests.policy.test_escapes import DEEP

SECRET = "a secret that no query may show"


class Place:
    """A database with an attached one, two sources, and a file that is nobody's business."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.secret = root / "secret.csv"
        self.secret.write_text(f"word\n{SECRET}\n")
        self.source = root / "source.csv"
        self.source.write_text("id,name\n1,a\n2,b\n")
        (root / "parts").mkdir()
        (root / "parts" / "one.csv").write_text("id\n1\n")
        self.database = root / "main.duckdb"
        other = root / "other.duckdb"
        for path in (self.database, other):
            with duckdb.connect(str(path)) as connection:
                connection.execute("CREATE TABLE trips AS SELECT range AS id FROM range(100)")
                connection.execute("CREATE SEQUENCE ids")
        self.target = DuckDbTarget(
            path=str(self.database),
            confined=True,
            memory_limit="256MB",
            threads=1,
            attach=(AttachedDatabase(alias="other", path=str(other), read_only=True),),
            sources=(
                SourceFile(name="src.main.source", path=str(self.source)),
                SourceFile(name="parts", path=str(root / "parts" / "*.csv")),
            ),
        )
        self.names = {
            "secret": str(self.secret),
            "source": str(self.source),
            "target": str(root / "made"),
            "database": str(self.database),
        }

    def digests(self) -> dict[str, str]:
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def place(tmp_path: Path) -> Place:
    root = tmp_path / "place"
    root.mkdir()
    return Place(root)


def _cells(executor: DuckDbExecutor, sql: str) -> Iterator[str]:
    result = executor.execute(sql)
    try:
        yield from (repr(row) for row in result.rows)
    finally:
        result.close()


def test_no_escape_changes_a_byte_or_reads_a_foreign_file(place: Place) -> None:
    before = place.digests()
    corpus = escapes("duckdb", place.names)
    corpus = [sql for n, sql in enumerate(corpus) if DEEP or n % 3 == 0 or "COPY" in sql]
    for start in range(0, len(corpus), 100):
        with DuckDbExecutor.connect(place.target, scope(), read_only=True) as executor:
            for sql in corpus[start : start + 100]:
                with suppress(EngineError):
                    assert SECRET not in "".join(_cells(executor, sql)), sql
                if DEEP or "COPY" in sql or "COMMIT" in sql:
                    with suppress(EngineError):
                        executor.estimate(sql)
    assert place.digests() == before


@pytest.mark.parametrize("read_only", [True, False])
def test_what_the_settings_name_is_read(place: Place, *, read_only: bool) -> None:
    with DuckDbExecutor.connect(place.target, scope(), read_only=read_only) as executor:
        for sql, count in (
            ("SELECT * FROM trips", 100),
            ("SELECT * FROM other.trips", 100),
            ("SELECT * FROM src.main.source", 2),
            ("SELECT * FROM parts", 1),
        ):
            assert len(executor.execute(sql).rows) == count


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{secret}')",
        "COPY trips TO '{target}'",
        "ATTACH '{target}' AS z",
        "SET memory_limit = '20GB'",
        "SET lock_configuration = false",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ],
)
def test_a_writing_session_is_confined_as_well(place: Place, sql: str) -> None:
    for name, value in place.names.items():
        sql = sql.replace("{" + name + "}", value)
    with (
        DuckDbExecutor.connect(place.target, scope()) as executor,
        pytest.raises(EngineError, match=r"disabled|locked"),
    ):
        executor.execute(sql)


def test_a_change_hidden_in_with_is_seen(place: Place) -> None:
    before = place.digests()
    copy = f"WITH x AS (COPY (SELECT 1) TO '{place.source}' (use_tmp_file false)) SELECT 1"
    with (
        DuckDbExecutor.connect(place.target, scope(), read_only=True) as executor,
        pytest.raises(PolicyError, match="DuckDB sees COPY_QUERY_NODE"),
    ):
        executor.execute(copy)
    assert place.digests() == before


def test_the_secret_is_there_for_who_is_not_confined(place: Place) -> None:
    with DuckDbExecutor.connect(DuckDbTarget(), scope()) as executor:
        assert SECRET in "".join(_cells(executor, f"SELECT * FROM '{place.secret}'"))


def test_a_foreign_file_is_not_allowed(place: Place) -> None:
    with (
        DuckDbExecutor.connect(place.target, scope(), read_only=True) as executor,
        pytest.raises(ExecutionPermissionError),
    ):
        executor.execute(f"SELECT * FROM read_text('{place.secret}')")


def test_readers_and_a_writer_share_a_file(place: Place) -> None:
    with (
        DuckDbExecutor.connect(place.target, scope(run_id="r"), read_only=True) as reader,
        DuckDbExecutor.connect(place.target, scope(run_id="w")) as writer,
    ):
        count = "SELECT count(*) AS n FROM trips"
        assert reader.execute(count).rows == ({"n": 100},)
        stream = reader.execute("SELECT id FROM trips ORDER BY id")
        assert writer.execute("INSERT INTO trips VALUES (100)").affected_rows == 1
        assert len(stream.rows) == 100
        assert reader.execute(count).rows == ({"n": 101},)
        with pytest.raises(PolicyError, match="DuckDB sees INSERT"):
            reader.execute("INSERT INTO trips VALUES (1)")
        with pytest.raises(PolicyError):
            reader.execute("CREATE TEMP TABLE z AS SELECT 1")
        with pytest.raises(EngineError):
            reader.execute("SELECT nextval('ids')")
        assert reader.execute(count).rows == ({"n": 101},)


def test_a_reading_session_goes_on_after_a_failure(place: Place) -> None:
    with DuckDbExecutor.connect(place.target, scope(), read_only=True) as executor:
        for _ in range(3):
            with pytest.raises(EngineError):
                executor.execute("SELECT nothing_of_the_kind FROM trips").close()
            with pytest.raises(EngineError):
                list(executor.execute("SELECT error('x' || id) FROM trips").rows)
            assert executor.execute("SELECT 1 AS one").rows == ({"one": 1},)


def test_a_database_in_memory_can_be_confined(tmp_path: Path) -> None:
    data = tmp_path / "d.csv"
    data.write_text("id\n7\n")
    target = DuckDbTarget(confined=True, sources=(SourceFile(name="d", path=str(data)),))
    with DuckDbExecutor.connect(target, scope(), read_only=True) as executor:
        assert executor.execute("SELECT id FROM d").rows == ({"id": 7},)


def test_a_reading_session_can_be_cancelled_and_goes_on(place: Place) -> None:
    endless = "SELECT sum(sin(a.id * b.i)) FROM trips AS a, range(100000000000) AS b(i)"
    with DuckDbExecutor.connect(place.target, scope(), read_only=True) as executor:
        for _ in range(3):
            outcomes: list[CancelOutcome] = []
            timer = threading.Timer(0.2, lambda told: told.append(executor.cancel()), (outcomes,))
            timer.start()
            with pytest.raises(ExecutionCancelledError):
                executor.execute(endless).rows  # noqa: B018 - reading them is the test
            timer.join()
            assert outcomes == [CancelOutcome.CONFIRMED]
            assert executor.execute("SELECT 1 AS one").rows == ({"one": 1},)


def test_many_readers_and_writers_of_one_process_share_a_file(place: Place) -> None:
    def read(number: int) -> int:
        run = scope(run_id=f"r{number}")
        with DuckDbExecutor.connect(place.target, run, read_only=True) as executor:
            return int(executor.execute("SELECT count(*) AS n FROM trips, parts").rows[0]["n"])  # type: ignore[arg-type]  # a count is an int

    def write(number: int) -> None:
        with DuckDbExecutor.connect(place.target, scope(run_id=f"w{number}")) as executor:
            executor.execute(f"CREATE OR REPLACE TABLE made_{number} AS SELECT * FROM trips")

    with ThreadPoolExecutor(8) as pool:
        reads = [pool.submit(read, number) for number in range(40)]
        writes = [pool.submit(write, number) for number in range(20)]
        assert {done.result() for done in reads} == {100}
        assert [done.result() for done in writes] == [None] * 20

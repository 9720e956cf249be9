"""The tables of a database that went through every step are those that the code knows."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, insert, select, text

from dli_adapters.clock.system import SystemClock
from dli_domain.errors import ConfigError
from dli_server.http.scopes import Scope
from dli_server.keys.ring import KeyRing
from dli_server.storage.migrating import HEAD, SCRIPTS, current, migrate
from dli_server.storage.opening import connect, open_database
from dli_server.storage.tables import KEYS, METADATA
from tests.cli.conftest import Dli, dli
from tests.engines.postgresql import postgresql_binaries, running_postgresql

__all__ = ["dli"]


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    binaries = postgresql_binaries()
    if binaries is None:
        if os.environ.get("DLI_TEST_REQUIRE_PEERS"):
            pytest.fail("PostgreSQL is not installed")
        pytest.skip("PostgreSQL is not installed")
    with running_postgresql(binaries) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = None if request.param == "sqlite" else request.getfixturevalue("postgresql")
    engine = open_database(tmp_path / "state", url)
    yield engine
    with engine.begin() as connection:
        METADATA.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
    engine.dispose()


def test_a_migrated_database_has_the_tables_of_the_code(database: Engine) -> None:
    with database.connect() as connection:
        found: list[Any] = compare_metadata(MigrationContext.configure(connection), METADATA)
        assert found == []
        assert current(connection) == HEAD


def test_migrating_again_changes_nothing(database: Engine) -> None:
    migrate(database)
    with database.connect() as connection:
        assert current(connection) == HEAD


def test_the_newest_step_is_the_one_that_the_code_knows() -> None:
    assert ScriptDirectory(str(SCRIPTS)).get_current_head() == HEAD


def test_a_database_of_a_newer_version_is_left_alone(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match="newer version"):
        migrate(database)


def test_servers_that_start_together_migrate_once(tmp_path: Path, postgresql: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        for url in (None, postgresql):
            engines = list(pool.map(lambda _, url=url: open_database(tmp_path, url), range(8)))
            with engines[0].connect() as connection:
                assert current(connection) == HEAD
            for engine in engines:
                engine.dispose()


def test_a_step_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'server.db'}")
    with engine.begin() as connection:
        # The last table that the step makes is there already.
        last = METADATA.sorted_tables[-1].name
        connection.execute(text(f"CREATE TABLE {last} (a INTEGER)"))
    with pytest.raises(Exception, match=last):
        migrate(engine)
    with engine.connect() as connection:
        tables = connection.execute(text("SELECT name FROM sqlite_master")).scalars().all()
    engine.dispose()
    assert [name for name in tables if not name.startswith("sqlite")] == [last]


def _of_another_program(state: Path) -> None:
    with sqlite3.connect(state / "server.db") as connection:
        connection.execute("CREATE TABLE runs (a INTEGER)")


def _of_unknown_step(state: Path) -> None:
    with sqlite3.connect(state / "server.db") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('0000')")


def _file_instead(state: Path) -> None:
    state.rmdir()
    state.touch()


SPOILED: dict[str, Callable[[Path], object]] = {
    "not a database": lambda state: (state / "server.db").write_text("hello" * 1000),
    "already exists": _of_another_program,
    "brought to this version": _of_unknown_step,
    "unable to open": lambda state: (state / "server.db").mkdir(),
    "File exists": _file_instead,
}


@pytest.mark.parametrize("told", SPOILED)
def test_a_folder_that_holds_no_database_of_ours_is_refused_by_a_code(
    told: str, tmp_path: Path, dli: Dli
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    SPOILED[told](state)
    for command in (["key", "list"], ["start", "--demo", "--port", "0"]):
        refused = dli("server", *command, "--state", str(state))
        assert (refused.code, refused.err[:9]) == (3, "[DLI-001]"), refused.err
        assert told in refused.err


def test_a_wrong_address_of_a_database_is_refused_without_its_password(tmp_path: Path) -> None:
    for url in ("nonsense:hunter2", "postgresql://kim:hunter2@127.0.0.1:1/x"):
        with pytest.raises(ConfigError) as refused:
            open_database(tmp_path / "state", url)
        assert "hunter2" not in f"{refused.value} {refused.value.context}"


def test_times_come_back_as_they_went_in(database: Engine) -> None:
    seoul = datetime(2026, 1, 1, 8, 30, 0, 123456, tzinfo=timezone(timedelta(hours=9)))
    ring = KeyRing(database, SystemClock())
    _, facts = ring.create("kim", [Scope.CATALOG])
    row = {
        "key_id": "other",
        "hash": b"",
        "owner": "o",
        "scopes": [],
        "created_at": seoul,
        "expires_at": seoul,
    }
    with database.begin() as connection:
        connection.execute(insert(KEYS).values(row))
        found = connection.execute(
            select(KEYS.c.created_at).where(KEYS.c.key_id == "other")
        ).scalar_one()
    assert found == seoul
    assert found.tzinfo is UTC
    assert next(key for key in ring.list() if key.owner == "kim") == facts


def test_sqlite_is_durable_and_private(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "state")
    with engine.connect() as connection:
        asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked]
    engine.dispose()
    assert found == ["wal", 2, 1, 10_000]
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0
    assert (tmp_path / "state" / "server.db").stat().st_mode & 0o077 == 0


def test_other_databases_are_refused_with_what_to_write() -> None:
    with pytest.raises(ConfigError, match="not in 'mysql'"):
        connect("mysql://u@h/d")

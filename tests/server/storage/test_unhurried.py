"""A commit that does not wait for the disk leaves the connection as it was."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from dli_server.storage.opening import open_database, unhurried


def insert_two(engine: Engine, *tables: str) -> None:
    with unhurried(engine) as connection:
        for table in tables:
            connection.execute(text(f"INSERT INTO {table} VALUES (1)"))


def test_what_is_committed_so_is_there_and_the_next_commit_waits_again(tmp_path: Path) -> None:
    engine = open_database(tmp_path)
    with unhurried(engine) as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1
        connection.execute(text("CREATE TABLE seen (n INTEGER)"))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.execute(text("SELECT count(*) FROM seen")).scalar() == 0
    engine.dispose()


def test_a_failure_changes_nothing_and_the_next_commit_waits_again(tmp_path: Path) -> None:
    engine = open_database(tmp_path)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE seen (n INTEGER)"))
    with pytest.raises(OperationalError):
        insert_two(engine, "seen", "nothing")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.execute(text("SELECT count(*) FROM seen")).scalar() == 0
    engine.dispose()

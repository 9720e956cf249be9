"""The server's database: an embedded SQLite file, or PostgreSQL by its URL."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from dli_domain.errors import ConfigError, EngineNotInstalledError
from dli_server.storage.folder import make_state
from dli_server.storage.migrating import migrate

FILE = "server.db"
_BUSY_SECONDS = 10
_KNOWN = ("sqlite", "postgresql")


def open_database(state: Path, url: str | None = None) -> Engine:
    """The database of a server, with all tables of this version.

    Args:
        state: The server's folder; holds the SQLite file where no URL is given.
        url: Such as `postgresql+psycopg://user@host/name`.

    Raises:
        ConfigError: no such database can be opened.
    """
    make_state(state)
    if url is None:
        file = state / FILE
        _touch(file)
        url = f"sqlite:///{file}"
    engine = connect(url)
    try:
        migrate(engine)
    except SQLAlchemyError as error:
        engine.dispose()
        raise _refused(engine.url, error) from error
    return engine


def connect(url: str) -> Engine:
    """An engine for the URL; nothing is opened yet.

    On SQLite a transaction starts with its first write, and whoever waits for another's write
    waits ten seconds at most. A commit is on the disk before it returns.

    Raises:
        ConfigError: the database is not one of those that are supported.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() not in _KNOWN:
        raise ConfigError(
            f"The server keeps its state in SQLite or PostgreSQL, not in {parsed.drivername!r}",
            hint="Set 'database_url' to postgresql+psycopg://..., or leave it out.",
        )
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    try:
        engine = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() == "postgresql")
    except ImportError as error:
        raise EngineNotInstalledError(
            "The driver of PostgreSQL is not installed",
            hint="Run 'pip install \"dli-server[postgresql]\"'.",
        ) from error
    if parsed.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepared)
    return engine


@contextmanager
def unhurried(engine: Engine) -> Iterator[Connection]:
    """A transaction whose commit does not wait for the disk; the next one's takes it along.

    It outlives the process, and is lost at worst with the power.
    """
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            connection.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")
            yield connection
            connection.commit()
            return
        connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
        try:
            yield connection
            connection.commit()
        finally:
            connection.rollback()
            connection.exec_driver_sql("PRAGMA synchronous=FULL")


def _touch(file: Path) -> None:
    try:
        file.touch(mode=0o600)
    except OSError as error:
        raise ConfigError(
            f"The server cannot write its database: {error.strerror}",
            context={"Database": str(file)},
            hint="Name a folder that you may write to with --state.",
        ) from error


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError as error:
        # Not quoted: it may hold a password.
        raise ConfigError(
            "The server's 'database_url' is no address of a database",
            hint="Write it as postgresql+psycopg://user@host/name, or leave it out.",
        ) from error


def _refused(url: URL, error: SQLAlchemyError) -> ConfigError:
    """What is wrong with a database that does not open, or is none of ours."""
    told = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    shown = url.database if url.get_backend_name() == "sqlite" else url.render_as_string()
    return ConfigError(
        "The server's database cannot be opened, or is not one of a dli server",
        context={"Database": shown or "", "Reason": told.partition("\n")[0]},
        hint="Give the folder or the database that the server made, or a new one.",
    )


def _prepared(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={_BUSY_SECONDS * 1000}",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")

"""The server's database: an embedded SQLite file, or PostgreSQL by its URL."""

import sqlite3
from pathlib import Path

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from dli_domain.errors import ConfigError
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
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    if url is None:
        file = state / FILE
        file.touch(mode=0o600)
        url = f"sqlite:///{file}"
    engine = connect(url)
    migrate(engine)
    return engine


def connect(url: str) -> Engine:
    """An engine for the URL; nothing is opened yet.

    On SQLite a transaction starts with its first write, and whoever waits for another's write
    waits ten seconds at most. A commit is on the disk before it returns.

    Raises:
        ConfigError: the database is not one of those that are supported.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() not in _KNOWN:
        raise ConfigError(
            f"The server keeps its state in SQLite or PostgreSQL, not in {parsed.drivername!r}",
            hint="Set 'database_url' to postgresql+psycopg://..., or leave it out.",
        )
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() == "postgresql")
    if parsed.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepared)
    return engine


def _prepared(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={_BUSY_SECONDS * 1000}",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")

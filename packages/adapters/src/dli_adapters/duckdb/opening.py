"""A DuckDB connection as the settings want it."""

import atexit
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from threading import Lock

import duckdb

from dli_adapters.duckdb.catalogs import MEMORY, add_sources, attach
from dli_adapters.duckdb.columns import quoted
from dli_adapters.duckdb.errors import Sent, plain_message, translated
from dli_adapters.duckdb.readonly import MEMORY_LIMIT, SPILL_LIMIT, confine
from dli_domain.errors import (
    ConfigError,
    DliError,
    ExecutionConnectionError,
    ExecutionPermissionError,
)
from dli_domain.model.run import RunScope
from dli_domain.model.settings import DuckDbTarget

# Connections of one process to one file share an instance: two that attach at once would
# see each other's half-made catalogs.
_OPENING = Lock()
_SETTINGS = (duckdb.ParserException, duckdb.SyntaxException, duckdb.InvalidInputException)


@contextmanager
def session(target: DuckDbTarget, scope: RunScope) -> Iterator[duckdb.DuckDBPyConnection]:
    """An open connection with its catalogs and sources; closed at the end.

    Raises:
        ConfigError: a setting is wrong.
        ExecutionConnectionError: a file is missing, held by another process, or no database.
        ExecutionPermissionError: a file may not be opened.
    """
    if target.path == MEMORY and target.read_only:
        raise ConfigError(
            "A database in memory cannot be read-only",
            hint="Set local.duckdb.path to a file, or drop read_only.",
        )
    with _OPENING:
        connection = _connection(target)
    private = f"run_{re.sub(r'[^0-9A-Za-z_]', '_', scope.run_id)}" if _shared(target) else None
    try:
        with _OPENING:
            _prepare(connection, target, private)
        yield connection
    finally:
        _close(connection, private)


def _connection(target: DuckDbTarget) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        # Without the network a missing extension would cost seconds; with it, run foreign code.
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        # A table name in SQL must never reach a Python variable of this program.
        "python_enable_replacements": "false",
        "temp_directory": _spill_folder(os.getpid()),
    }
    memory = target.memory_limit or (MEMORY_LIMIT if target.confined else None)
    if memory is not None:
        config["memory_limit"] = memory
    if target.threads is not None:
        config["threads"] = str(target.threads)
    spill = target.max_temp_directory_size or (SPILL_LIMIT if target.confined else None)
    if spill is not None:
        config["max_temp_directory_size"] = spill
    name = f"{MEMORY}dli_{_digest(target)}" if _shared(target) else target.path
    with _opening(target.path):
        return duckdb.connect(name, read_only=target.read_only, config=config)


def _prepare(
    connection: duckdb.DuckDBPyConnection, target: DuckDbTarget, private: str | None
) -> None:
    with _opening(target.path):
        if target.confined:
            confine(connection, target)
        # In the connection's config this would ask for an extension that is not there yet.
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET errors_as_json = true")
        # Its bar goes to stdout, where the data may go.
        connection.execute("SET enable_progress_bar = false")
        if private is not None:
            connection.execute(f"ATTACH '{MEMORY}' AS {quoted(private)}")
            connection.execute(f"USE {quoted(private)}")
    for database in target.attach:
        with _opening(database.path):
            attach(connection, database)
    for source in target.sources:
        with _opening(source.path):
            add_sources(connection, (source,))


def _close(connection: duckdb.DuckDBPyConnection, private: str | None) -> None:
    with suppress(duckdb.Error):  # what a broken connection still holds is gone with it
        if private is not None:
            connection.execute(f"USE memory; DETACH {quoted(private)}")
    connection.close()


def _shared(target: DuckDbTarget) -> bool:
    """Whether runs of one process must share an instance: a file is attached writable only once."""
    return target.path == MEMORY and any(
        not database.read_only and database.path != MEMORY for database in target.attach
    )


def _digest(target: DuckDbTarget) -> str:
    return sha256(repr(target).encode()).hexdigest()[:16]


_SPILL = "dli-duckdb-"
_REST_SECONDS = 3600


@cache
def _spill_folder(pid: int) -> str:
    """Where this process may spill: not the working directory, and closed to other users."""
    _remove_left_behind()
    folder = tempfile.mkdtemp(prefix=f"{_SPILL}{pid}-")

    def remove() -> None:
        if os.getpid() == pid:  # a forked child must leave its parent's folder alone
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


def _remove_left_behind() -> None:
    """Remove the folders of processes that a signal ended.

    An hour's rest tells them from those of another container that shares the place and counts
    its processes by itself.
    """
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            number = entry.name.removeprefix(_SPILL).partition("-")[0]
            if not entry.name.startswith(_SPILL) or not number.isdigit():
                continue
            with suppress(OSError):
                found = entry.stat(follow_symlinks=False)
                rested = time.time() - found.st_mtime > _REST_SECONDS
                if rested and found.st_uid == os.getuid() and not _alive(int(number)):
                    shutil.rmtree(entry.path, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@contextmanager
def _opening(path: str) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise _refused(error, path) from error


def _refused(error: duckdb.Error, path: str) -> DliError:
    message = plain_message(error)
    if isinstance(error, _SETTINGS):
        return ConfigError(
            f"DuckDB refuses a setting: {message}", hint="Look at local.duckdb in the config."
        )
    if not isinstance(
        error, duckdb.IOException | duckdb.ResourceInUseException | duckdb.ConnectionException
    ):
        return translated(error, Sent("")).located(None)
    context = {"Database": path}
    if "permission denied" in message.lower():
        return ExecutionPermissionError(
            f"DuckDB may not open {path}: {message}",
            context=context,
            hint="Check the rights on the file and its folder.",
        )
    return ExecutionConnectionError(
        f"DuckDB cannot open {path}: {message}", context=context, hint=_hint(message)
    )


def _hint(message: str) -> str:
    if "lock" in message:
        return "Wait until the other process has ended, or end it; DuckDB has one writer at a time."
    if "not a valid DuckDB" in message:
        return "Point at a DuckDB file; CSV, Parquet and JSON files belong under 'sources'."
    if "already attached" in message or "different configuration" in message:
        return "Use the same settings for this file everywhere in one process."
    return "Check the path in local.duckdb; run 'dli config check'."

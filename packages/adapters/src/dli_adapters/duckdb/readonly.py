"""The boundary around a DuckDB that serves others: what no SQL gets past, however it is spelled.

Two walls. The instance is confined: files, network, extensions and settings are shut for every
session, but for the files that the settings name. And a reading session runs each statement in a
transaction that the engine itself keeps from writing to any database, and takes only what the
engine's own parser reads as a query: a COPY to a file that the settings name, which DuckDB takes
even inside WITH, would pass such a transaction.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePath

import duckdb

from dli_adapters.duckdb.catalogs import MEMORY
from dli_domain.errors import PolicyError
from dli_domain.model.policy import Opinion
from dli_domain.model.settings import DuckDbTarget

SPILL_LIMIT = "10GB"
# DuckDB would take 80 % of the machine, on which the server and others run as well.
MEMORY_LIMIT = "50%"
# The log, and what stands beside it during a checkpoint and after a crash.
_FILES_OF_ONE = ("", ".wal", ".wal.checkpoint", ".wal.recovery")
_WILD = frozenset("*?[{")
# What each new session sets for itself, and what a script may set for its own session.
_SESSION_SETTINGS = ("TimeZone", "errors_as_json", "enable_progress_bar", "schema", "search_path")


def confine(connection: duckdb.DuckDBPyConnection, target: DuckDbTarget) -> None:
    """Shut the instance behind the connection; once shut, it stays so until it is closed.

    Raises:
        duckdb.Error: a setting is wrong.
    """
    if _locked(connection):
        return
    files, folders = _reachable(target)
    connection.execute(f"SET allowed_paths = {_list(files)}")
    connection.execute(f"SET allowed_directories = {_list(folders)}")
    connection.execute(f"SET allowed_configs = {_list(_SESSION_SETTINGS)}")
    connection.execute("SET allow_community_extensions = false")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def begin_reading(connection: duckdb.DuckDBPyConnection) -> None:
    """Start a transaction in which DuckDB writes to no database, whatever was open before."""
    end_reading(connection)
    connection.execute("BEGIN TRANSACTION READ ONLY")


def end_reading(connection: duckdb.DuckDBPyConnection) -> None:
    """End the transaction, if one is open: a failed one takes nothing more."""
    with suppress(duckdb.Error):  # none was open, or the connection is gone with it
        connection.execute("ROLLBACK")


def refuse_other_than_query(opinion: Opinion) -> None:
    """Raise unless DuckDB's own parser sees one query and nothing else in it.

    Raises:
        PolicyError: it sees something else.
    """
    seen = opinion.statement if opinion.statement != "SELECT" else ", ".join(opinion.foreign)
    if seen or opinion.count != 1:
        raise PolicyError(
            f"This session only reads, and DuckDB sees {seen or f'{opinion.count} statements'}",
            hint="Run what changes data as a registered dataset.",
        )


def _locked(connection: duckdb.DuckDBPyConnection) -> bool:
    row = connection.execute("SELECT current_setting('lock_configuration')").fetchone()
    return bool(row and row[0])


def _reachable(target: DuckDbTarget) -> tuple[list[str], list[str]]:
    """Files, and folders of a pattern of files, that the settings themselves name."""
    databases = [target.path, *(database.path for database in target.attach)]
    files = [f"{path}{end}" for path in databases if path != MEMORY for end in _FILES_OF_ONE]
    folders: list[str] = []
    for source in target.sources:
        plain = PurePath(*_plain_parts(source.path))
        if str(plain) == str(PurePath(source.path)):
            files.append(source.path)
        else:
            folders.append(f"{plain}/")
    return files, folders


def _plain_parts(path: str) -> Iterator[str]:
    for part in PurePath(path).parts:
        if _WILD & set(part):
            return
        yield part


def _list(values: list[str] | tuple[str, ...]) -> str:
    quoted = ("'" + value.replace("'", "''") + "'" for value in values)
    return f"[{', '.join(quoted)}]"

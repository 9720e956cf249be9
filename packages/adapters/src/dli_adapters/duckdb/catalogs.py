"""Attached database files, and views over data files, under the names that specs use."""

from collections.abc import Sequence
from pathlib import PurePath

import duckdb

from dli_adapters.duckdb.columns import quoted
from dli_domain.errors import ConfigError
from dli_domain.model.names import did_you_mean
from dli_domain.model.settings import AttachedDatabase, SourceFile

_READERS = {
    "csv": "read_csv",
    "json": "read_json",
    "ndjson": "read_json",
    "parquet": "read_parquet",
}
_ENDINGS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
}
_COMPRESSED = frozenset({".gz", ".zst"})
MEMORY = ":memory:"


def attach(connection: duckdb.DuckDBPyConnection, database: AttachedDatabase) -> None:
    """Make the file's tables reachable as `alias.schema.table`.

    Raises:
        ConfigError: the alias stands for another file.
        duckdb.Error: the file cannot be opened.
    """
    mode = "READ_ONLY" if database.read_only else "READ_WRITE"
    connection.execute(
        f"ATTACH IF NOT EXISTS {_text(database.path)} AS {quoted(database.alias)} ({mode})"
    )
    known = _catalogs(connection)[database.alias.lower()]
    if known != (None if database.path == MEMORY else database.path):
        raise ConfigError(
            f"The catalog {database.alias!r} already stands for {known or 'a database in memory'}",
            hint="Give the attached database another alias.",
        )


def add_sources(connection: duckdb.DuckDBPyConnection, sources: Sequence[SourceFile]) -> None:
    """Create the view of every source, in memory only: no file of the user's is written to.

    A one-part name is a temporary view. Of a longer name the first part is a schema of the
    database in memory, or else a catalog of its own in memory, made if it is missing, and so
    is the schema.

    Raises:
        ConfigError: a name has more than three parts, would be written into a database file,
            or the format is not known.
        duckdb.Error: the data file is missing or cannot be read.
    """
    for source in sources:
        target = _place(connection, source)
        reader = _READERS[_format(source)]
        temporary = "TEMPORARY " if "." not in source.name else ""
        connection.execute(
            f"CREATE OR REPLACE {temporary}VIEW {target} AS"
            f" SELECT * FROM {reader}({_text(source.path)})"
        )


def _place(connection: duckdb.DuckDBPyConnection, source: SourceFile) -> str:
    parts = source.name.split(".")
    if len(parts) > 3 or not all(parts):
        raise ConfigError(
            f"The source {source.name!r} must be a table, schema.table or catalog.schema.table"
        )
    if len(parts) == 1:
        return quoted(parts[0])
    catalogs = _catalogs(connection)
    if len(parts) == 2:
        current = str(connection.execute("SELECT current_database()").fetchall()[0][0])
        home = current if catalogs[current.lower()] is None else parts[0]
        parts = [home, parts[0] if home == current else "main", parts[1]]
    catalog, schema, table = parts
    if catalogs.get(catalog.lower()) is not None:
        raise ConfigError(
            f"The source {source.name!r} cannot be a view in {catalog!r}: that is the database "
            f"file {catalogs[catalog.lower()]}, and its view would be written into it",
            hint="Give the source a catalog name of its own.",
        )
    connection.execute(f"ATTACH IF NOT EXISTS '{MEMORY}' AS {quoted(catalog)} (READ_WRITE)")
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(catalog)}.{quoted(schema)}")
    return f"{quoted(catalog)}.{quoted(schema)}.{quoted(table)}"


def _format(source: SourceFile) -> str:
    if source.format is not None:
        if source.format.lower() not in _READERS:
            raise ConfigError(
                f"The source {source.name!r} has the unknown format {source.format!r}; "
                f"known are {', '.join(_READERS)}",
                hint=did_you_mean(source.format, _READERS),
            )
        return source.format.lower()
    endings = [ending.lower() for ending in PurePath(source.path).suffixes]
    while endings and endings[-1] in _COMPRESSED:
        endings.pop()
    found = _ENDINGS.get(endings[-1]) if endings else None
    if found is None:
        raise ConfigError(
            f"The format of the source {source.name!r} cannot be told from {source.path}",
            hint=f"Say 'format:' with one of {', '.join(_READERS)}.",
        )
    return found


def _catalogs(connection: duckdb.DuckDBPyConnection) -> dict[str, str | None]:
    """Every catalog, in lower case as DuckDB compares them, and its file; None is in memory."""
    rows = connection.execute("SELECT database_name, path FROM duckdb_databases()").fetchall()
    return {str(name).lower(): path for name, path in rows}


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"

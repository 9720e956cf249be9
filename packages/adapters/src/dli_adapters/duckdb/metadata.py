"""What DuckDB says of its own tables, views, attached files and configured sources."""

import glob
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, final

from dli_adapters.duckdb.columns import quoted
from dli_domain.model.catalog import EngineColumn, EngineTable, Parts, TableFilter
from dli_domain.model.settings import DuckDbTarget, SourceFile
from dli_domain.ports.engine_metadata import EngineMetadata
from dli_domain.ports.query_executor import QueryExecutor

# Runs that share an instance have a catalog of their own each: nobody else's tables.
_PRIVATE = "run_"
_MEMORY = "memory"
_DEFAULT_SCHEMA = "main"

# A name that a column list cannot hold stands between the parts of a key.
_JOINED = "concat_ws(chr(31), lower(c), lower(s), lower(t))"
_TABLES = f"""
WITH own AS (SELECT current_database() AS name),
foreign_runs AS (
  SELECT database_name FROM duckdb_databases(), own
  WHERE path IS NULL AND starts_with(database_name, '{_PRIVATE}') AND database_name <> own.name
),
found AS (
  SELECT database_name AS c, schema_name AS s, table_name AS t, 'table' AS kind,
         estimated_size AS size, comment
  FROM duckdb_tables() WHERE NOT internal
  UNION ALL
  SELECT database_name, schema_name, view_name, 'view', NULL, comment
  FROM duckdb_views() WHERE NOT internal
),
named AS (
  SELECT CASE WHEN c = own.name AND starts_with(c, '{_PRIVATE}') THEN '{_MEMORY}' ELSE c END AS c,
         c AS home, s, t, kind, size, comment
  FROM found, own WHERE c NOT IN (SELECT database_name FROM foreign_runs)
)
"""
_COLUMN_WITH_TEXT = """
(SELECT min(column_name) FROM duckdb_columns() AS col
 WHERE col.database_name = named.home AND col.schema_name = named.s AND col.table_name = named.t
   AND contains(lower(col.column_name), $text))
"""
_AFTER = (
    "(lower(c) > $c OR (lower(c) = $c AND lower(s) > $s) "
    "OR (lower(c) = $c AND lower(s) = $s AND lower(t) > $t))"
)
_ORDER = "ORDER BY lower(c), lower(s), lower(t)"


@final
class DuckDbMetadata(EngineMetadata):
    """Reads DuckDB's own functions through an open session.

    Row counts are those of the storage: rows that are deleted count until they are cleaned up.
    A view over the files of a configured source tells their size and the time of the newest.

    Args:
        executor: An open session on the target.
        target: Tells which views stand for files.
    """

    def __init__(self, executor: QueryExecutor, target: DuckDbTarget) -> None:
        self._executor = executor
        self._sources = {self._source_key(one): one for one in target.sources}
        self._home: str | None = None

    @property
    def engine(self) -> str:
        return "duckdb"

    def key(self, parts: Parts) -> Parts:
        folded = tuple(part.lower() for part in parts)
        if len(folded) == 1:
            return (self._own_catalog(), _DEFAULT_SCHEMA, *folded)
        return (self._own_catalog(), *folded) if len(folded) == 2 else folded

    def tables(
        self, wanted: TableFilter, *, after: Parts | None = None, limit: int
    ) -> Sequence[EngineTable]:
        said: dict[str, object] = {"n": limit}
        conditions = ["TRUE"]
        if wanted.catalog is not None:
            conditions.append("lower(c) = lower($catalog)")
            said["catalog"] = wanted.catalog
        if wanted.schema is not None:
            conditions.append("lower(s) = lower($schema)")
            said["schema"] = wanted.schema
        if after is not None:
            conditions.append(_AFTER)
            said |= dict(zip("cst", after, strict=True))
        matched = "NULL"
        if wanted.text is not None:
            matched = _COLUMN_WITH_TEXT
            said["text"] = wanted.text.lower()
            conditions.append(
                "(contains(lower(concat_ws('.', c, s, t)), $text) "
                "OR contains(lower(coalesce(comment, '')), $text) OR matched IS NOT NULL)"
            )
        return self._read(
            f"{_TABLES} SELECT c, s, t, kind, size, comment, {matched} AS matched FROM named "
            f"WHERE {' AND '.join(conditions)} {_ORDER} LIMIT $n",
            said,
        )

    def named(self, keys: Sequence[Parts]) -> Sequence[EngineTable]:
        if not keys:
            return ()
        return self._read(
            f"{_TABLES} SELECT c, s, t, kind, size, comment, NULL AS matched FROM named "
            f"WHERE list_contains($keys, {_JOINED}) {_ORDER}",
            {"keys": ["\x1f".join(key) for key in keys]},
        )

    def columns(self, key: Parts) -> Sequence[EngineColumn]:
        found = self._executor.execute(
            "SELECT column_name, data_type, is_nullable, comment FROM duckdb_columns() "
            "WHERE (lower(database_name) = $c OR ($c = $memory AND database_name = "
            "current_database())) AND lower(schema_name) = $s AND lower(table_name) = $t "
            "ORDER BY column_index",
            {**dict(zip("cst", key, strict=True)), "memory": _MEMORY},
        )
        return [
            EngineColumn(
                name=str(row["column_name"]),
                type=str(row["data_type"]),
                nullable=bool(row["is_nullable"]),
                description=str(row["comment"] or ""),
            )
            for row in found.rows
        ]

    def first_rows(self, parts: Parts, columns: Sequence[str], limit: int) -> str:
        names = ", ".join(quoted(name) for name in columns)
        # A catalog that only this session has is called otherwise in the next one.
        own = parts[1:] if parts[0] == _MEMORY else parts
        return f"SELECT {names} FROM {'.'.join(quoted(part) for part in own)} LIMIT {limit:d}"

    def _own_catalog(self) -> str:
        if self._home is None:
            rows = self._executor.execute("SELECT lower(current_database()) AS name").rows
            name = str(rows[0]["name"])
            self._home = _MEMORY if name.startswith(_PRIVATE) else name
        return self._home

    def _read(self, sql: str, params: Mapping[str, object]) -> Sequence[EngineTable]:
        return [self._table(row) for row in self._executor.execute(sql, params).rows]

    def _table(self, row: Mapping[str, Any]) -> EngineTable:
        parts = (str(row["c"]), str(row["s"]), str(row["t"]))
        key = tuple(part.lower() for part in parts)
        size, changed = _files(self._sources.get(key) or self._sources.get(key[1:]))
        return EngineTable(
            parts=parts,
            key=key,
            kind=str(row["kind"]),
            rows=row["size"],
            rows_exact=False,
            bytes=size,
            modified_at=changed,
            description=str(row["comment"] or ""),
            matched_column=row["matched"],
        )

    @staticmethod
    def _source_key(source: SourceFile) -> Parts:
        parts = tuple(source.name.lower().split("."))
        # Of two parts the first may be a schema here, or a catalog with the schema main.
        return ("temp", _DEFAULT_SCHEMA, *parts) if len(parts) == 1 else parts


def _files(source: SourceFile | None) -> tuple[int | None, datetime | None]:
    """Size and time of the newest of a source's files; None where there is none to be seen."""
    if source is None:
        return None, None
    found = list(_stats(glob.iglob(source.path, recursive=True)))  # noqa: PTH207 - `path` is one text, with its stars
    if not found:
        return None, None
    newest = max(one.st_mtime for one in found)
    return sum(one.st_size for one in found), datetime.fromtimestamp(newest, UTC)


def _stats(paths: Iterable[str]) -> Iterable[os.stat_result]:
    for path in paths:
        try:
            yield os.stat(path)  # noqa: PTH116 - as above
        except OSError:
            continue

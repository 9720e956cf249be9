"""What BigQuery says of its own tables, from the INFORMATION_SCHEMA of a region."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, final

from dli_domain.errors import ExecutionConnectionError
from dli_domain.model.catalog import EngineColumn, EngineTable, Parts, TableFilter
from dli_domain.model.settings import BigQueryTarget
from dli_domain.ports.engine_metadata import EngineMetadata
from dli_domain.ports.query_executor import QueryExecutor

_KINDS = {"BASE TABLE": "table"}
_COLUMN_WITH_TEXT = """
(SELECT MIN(col.column_name) FROM {schema}.COLUMNS AS col
 WHERE col.table_schema = t.table_schema AND col.table_name = t.table_name
   AND STRPOS(LOWER(col.column_name), @text) > 0)
"""
_AFTER = "(t.table_schema > @s OR (t.table_schema = @s AND t.table_name > @t))"


@final
class BigQueryMetadata(EngineMetadata):
    """Reads the views of one region of one project; its catalog is the project.

    BigQuery bills each question at least 10 MB. Sizes and times of change come from
    TABLE_STORAGE, which may lag behind some minutes and knows no views.

    Args:
        executor: An open session.
        target: Tells the project and the region.
    """

    def __init__(self, executor: QueryExecutor, target: BigQueryTarget) -> None:
        self._executor = executor
        self._said = target.project
        region = f"region-{target.location.lower()}"
        self._schema = (
            f"`{target.project}`.`{region}`.INFORMATION_SCHEMA"
            if target.project
            else f"`{region}`.INFORMATION_SCHEMA"
        )

    @property
    def engine(self) -> str:
        return "bigquery"

    def key(self, parts: Parts) -> Parts:
        return (self._project(), *parts) if len(parts) == 2 else parts

    def tables(
        self, wanted: TableFilter, *, after: Parts | None = None, limit: int
    ) -> Sequence[EngineTable]:
        project = self._project()
        if wanted.catalog not in (None, project) or (after is not None and after[0] > project):
            return ()
        said: dict[str, object] = {"n": limit}
        conditions = ["TRUE"]
        if wanted.schema is not None:
            conditions.append("t.table_schema = @schema")
            said["schema"] = wanted.schema
        if after is not None and after[0] == project:
            conditions.append(_AFTER)
            said |= {"s": after[1], "t": after[2]}
        matched = "CAST(NULL AS STRING)"
        if wanted.text is not None:
            matched = _COLUMN_WITH_TEXT.format(schema=self._schema)
            said["text"] = wanted.text.lower()
            conditions.append(
                "(STRPOS(LOWER(CONCAT(t.table_catalog, '.', t.table_schema, '.', t.table_name)), "
                "@text) > 0 OR STRPOS(LOWER(IFNULL(o.option_value, '')), @text) > 0 "
                f"OR {matched} IS NOT NULL)"
            )
        return self._read(f"WHERE {' AND '.join(conditions)}", "LIMIT @n", matched, said)

    def named(self, keys: Sequence[Parts]) -> Sequence[EngineTable]:
        project = self._project()
        here = [f"{key[1]}.{key[2]}" for key in keys if len(key) == 3 and key[0] == project]
        if not here:
            return ()
        return self._read(
            "WHERE CONCAT(t.table_schema, '.', t.table_name) IN UNNEST(@names)",
            "",
            "CAST(NULL AS STRING)",
            {"names": here},
        )

    def columns(self, key: Parts) -> Sequence[EngineColumn]:
        if len(key) != 3 or key[0] != self._project():
            return ()
        found = self._executor.execute(
            "SELECT c.column_name, c.data_type, c.is_nullable, p.description "
            f"FROM {self._schema}.COLUMNS AS c LEFT JOIN {self._schema}.COLUMN_FIELD_PATHS AS p "
            "ON p.table_schema = c.table_schema AND p.table_name = c.table_name "
            "AND p.field_path = c.column_name "
            "WHERE c.table_schema = @s AND c.table_name = @t ORDER BY c.ordinal_position",
            {"s": key[1], "t": key[2]},
        )
        return [
            EngineColumn(
                name=str(row["column_name"]),
                type=str(row["data_type"]),
                nullable=row["is_nullable"] == "YES",
                description=str(row["description"] or ""),
            )
            for row in found.rows
        ]

    def first_rows(self, parts: Parts, columns: Sequence[str], limit: int) -> str:
        names = ", ".join(f"`{name}`" for name in columns)
        return f"SELECT {names} FROM `{'.'.join(parts)}` LIMIT {limit:d}"

    def _project(self) -> str:
        if self._said is None:
            rows = self._executor.execute("SELECT @@project_id AS name").rows
            if not rows:
                raise ExecutionConnectionError("BigQuery does not tell its project")
            self._said = str(rows[0]["name"])
        return self._said

    def _read(
        self, where: str, limit: str, matched: str, params: Mapping[str, object]
    ) -> Sequence[EngineTable]:
        found = self._executor.execute(
            "SELECT t.table_catalog, t.table_schema, t.table_name, t.table_type, "
            "s.total_rows, s.total_logical_bytes, s.storage_last_modified_time, "
            f"o.option_value, {matched} AS matched FROM {self._schema}.TABLES AS t "
            f"LEFT JOIN {self._schema}.TABLE_STORAGE AS s ON s.table_schema = t.table_schema "
            "AND s.table_name = t.table_name AND s.deleted = FALSE "
            f"LEFT JOIN {self._schema}.TABLE_OPTIONS AS o ON o.table_schema = t.table_schema "
            "AND o.table_name = t.table_name AND o.option_name = 'description' "
            f"{where} ORDER BY t.table_schema, t.table_name {limit}",
            params,
        )
        return [_table(row) for row in found.rows]


def _table(row: Mapping[str, Any]) -> EngineTable:
    parts = (str(row["table_catalog"]), str(row["table_schema"]), str(row["table_name"]))
    kind = str(row["table_type"])
    return EngineTable(
        parts=parts,
        key=parts,
        kind=_KINDS.get(kind, kind.lower()),
        rows=row["total_rows"],
        bytes=row["total_logical_bytes"],
        modified_at=row["storage_last_modified_time"],
        description=_unquoted(row["option_value"]),
        matched_column=row["matched"],
    )


def _unquoted(literal: str | None) -> str:
    """The text of a SQL literal such as `"All flights"`; as it is where it is another form."""
    if not literal:
        return ""
    try:
        text = json.loads(literal)
    except ValueError:
        return literal.strip('"')
    return text if isinstance(text, str) else literal

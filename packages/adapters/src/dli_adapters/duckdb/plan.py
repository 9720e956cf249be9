"""What a statement would read, out of DuckDB's plan."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb

from dli_domain.model.result import Estimate

# Bytes of one value as DuckDB holds it in memory; nested and unknown types count as text.
_WIDTHS: Mapping[str, int] = {
    "BOOLEAN": 1,
    "TINYINT": 1,
    "UTINYINT": 1,
    "SMALLINT": 2,
    "USMALLINT": 2,
    "INTEGER": 4,
    "UINTEGER": 4,
    "FLOAT": 4,
    "DATE": 4,
    "BIGINT": 8,
    "UBIGINT": 8,
    "DOUBLE": 8,
    "TIME": 8,
    "TIMESTAMP": 8,
    "TIMESTAMP WITH TIME ZONE": 8,
}
_TEXT_WIDTH = 16
_BASIS = "estimated rows x column widths of the scans; an approximation, DuckDB foretells no bytes"


def estimate_of(connection: duckdb.DuckDBPyConnection, plan: str) -> Estimate:
    """The estimate for a plan as `EXPLAIN (FORMAT JSON)` gives it."""
    scans = [node for root in json.loads(plan) for node in _scans(root)]
    read = [_bytes_of(connection, node["extra_info"]) for node in scans]
    details = {"basis": _BASIS}
    for node, (name, rows, size) in zip(scans, read, strict=True):
        details[f"{node['name']} {name}".strip()] = f"about {rows:,} rows, {size:,} bytes"
    return Estimate(bytes_processed=sum(size for *_, size in read), plan=plan, details=details)


def _scans(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if not node["children"]:
        if "Estimated Cardinality" in node["extra_info"]:
            yield node
        return
    for child in node["children"]:
        yield from _scans(child)


def _bytes_of(
    connection: duckdb.DuckDBPyConnection, info: Mapping[str, Any]
) -> tuple[str, int, int]:
    projected = info.get("Projections", ())
    columns: Sequence[str] = [projected] if isinstance(projected, str) else projected
    rows = int(info["Estimated Cardinality"])
    table = info.get("Table")
    if table is None:
        return "", rows, rows * max(len(columns), 1) * _TEXT_WIDTH
    parts = str(table).split(".")
    # A filter lowers the scan's cardinality, not what is read, so the table's own size counts.
    whole = _one(
        connection,
        "SELECT estimated_size FROM duckdb_tables()"
        " WHERE database_name = $db AND schema_name = $schema AND table_name = $name",
        parts,
    )
    widths = dict(
        connection.execute(
            "SELECT column_name, data_type FROM duckdb_columns()"
            " WHERE database_name = $db AND schema_name = $schema AND table_name = $name",
            _named(parts),
        ).fetchall()
    )
    width = sum(_WIDTHS.get(widths.get(column, ""), _TEXT_WIDTH) for column in columns)
    rows = max(rows, whole)
    return str(table), rows, rows * max(width, 1)


def _one(connection: duckdb.DuckDBPyConnection, sql: str, parts: Sequence[str]) -> int:
    row = connection.execute(sql, _named(parts)).fetchone()
    return int(row[0]) if row else 0


def _named(parts: Sequence[str]) -> dict[str, str]:
    padded = ["", "", *parts][-3:]
    return {"db": padded[0], "schema": padded[1], "name": padded[2]}

"""A DuckDB file that processes of others write while a test looks."""

import time
from pathlib import Path

import duckdb

_PATIENCE_SECONDS = 180.0


def rows_of(file: Path, sql: str) -> list[tuple[object, ...]]:
    """What stands in the file, attached as `db`, once nobody writes it."""
    limit = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            with duckdb.connect() as connection:
                connection.execute(f"ATTACH '{file}' AS db (READ_ONLY)")
                return connection.execute(sql).fetchall()
        except duckdb.IOException:
            if time.monotonic() > limit:
                raise
            time.sleep(0.2)

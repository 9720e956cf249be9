"""CPU and memory of writing a result, beside DuckDB's own COPY in the same run.

    uv run python benchmarks/export.py            # 10 M rows, as the limits are meant
    uv run python benchmarks/export.py --rows 1000000

Each figure is a child process: CPU seconds and peak memory of it alone, reading and start
included, the least of some runs in turns.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

COPY_LIMIT = 1.0
MEMORY_LIMIT = 1.10
FORMATS = ("csv", "ndjson", "json", "parquet")
ROWS = """
SELECT
    i AS id,
    (hash(i) % 1000000007) / 7.0::DOUBLE AS price,
    ((hash(i + 1) % 100000000000)::DECIMAL(18, 0) / 1000)::DECIMAL(18, 3) AS amount,
    CASE i % 4
        WHEN 0 THEN 'plain text ' || i
        WHEN 1 THEN 'he said "' || i || '", twice'
        WHEN 2 THEN 'line one' || chr(10) || 'line ' || i
        ELSE 'back\\slash ' || i
    END AS note,
    DATE '1990-01-01' + (i % 20000)::INT AS day,
    TIMESTAMP '2001-02-03 04:05:06.789'
        + to_microseconds((hash(i) % 1000000000000000)::BIGINT) AS moment,
    i % 3 = 0 AS flag,
    CASE WHEN i % 5 = 0 THEN NULL ELSE i % 1000 END AS maybe
FROM range({rows}) r(i)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=3, help="the least CPU of so many runs")
    parser.add_argument("--only", choices=FORMATS, action="append", help="this format alone")
    parser.add_argument("--child", nargs=4, metavar=("WAY", "FORMAT", "DATABASE", "OUTPUT"))
    arguments = parser.parse_args()
    if arguments.child:
        _child(*arguments.child)
        return 0
    return _table(arguments.rows, arguments.only or list(FORMATS), arguments.repeat)


def _table(rows: int, formats: list[str], repeat: int) -> int:
    kept = True
    small_rows = max(rows // 10, 1)
    print(f"{rows:,} rows x 8 columns; memory against {small_rows:,} rows")
    print(f"{'format':8} {'way':5} {'CPU s':>7} {'ratio':>6} {'limit':>6} {'MiB':>6}")
    with tempfile.TemporaryDirectory() as folder:
        big = Path(folder, "big.duckdb")
        # In children too: a child's peak memory is never below its parent's at the start.
        _measured("make", str(rows), big, folder)
        read, read_memory = _measured("read", "csv", big, folder)
        print(f"{'-':8} {'read':5} {read:7.2f} {'':6} {'':6} {read_memory:6.0f}")
        for name in formats:
            # In turns, so that what else the machine does falls on both.
            runs = [
                (_measured("copy", name, big, folder), _measured("dli", name, big, folder))
                for _ in range(repeat)
            ]
            copy, copy_memory = min(run[0] for run in runs)
            ours, file_memory = min(run[1] for run in runs)
            # Computed rows, or DuckDB's cache of the file would be what grows.
            _, memory = _measured("flat", name, Path(str(rows)), folder)
            _, small_memory = _measured("flat", name, Path(str(small_rows)), folder)
            cpu, growth = ours / copy, memory / small_memory
            judged = name in ("csv", "ndjson")
            kept &= (cpu <= COPY_LIMIT or not judged) and growth <= MEMORY_LIMIT
            limit = f"{COPY_LIMIT:.2f}" if judged else "-"
            print(f"{name:8} {'COPY':5} {copy:7.2f} {1:6.2f} {'':6} {copy_memory:6.0f}")
            print(f"{name:8} {'dli':5} {ours:7.2f} {cpu:6.2f} {limit:>6} {file_memory:6.0f}")
            print(f"{name:8} {'mem':5} {'':7} {growth:6.2f} {MEMORY_LIMIT:6.2f} {memory:6.0f}")
    print(
        f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; more than those distorts"
    )
    print("within the limits" if kept else "OUTSIDE THE LIMITS")
    return 0 if kept else 1


def _measured(way: str, name: str, database: Path, folder: str) -> tuple[float, float]:
    output = Path(folder, f"out.{name}")
    command = [sys.executable, __file__, "--child", way, name, str(database), str(output)]
    child = subprocess.Popen(command)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{way} {name} ended with {child.returncode}")
    output.unlink(missing_ok=True)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def _child(way: str, name: str, database: str, output: str) -> None:
    if way == "make":
        duckdb.connect(database).execute(f"CREATE TABLE t AS {ROWS.format(rows=int(name))}")
        return
    if way == "flat":
        _stream(duckdb.connect(), ROWS.format(rows=int(database)), output)
        return
    connection = duckdb.connect(database, read_only=True)
    # DuckDB keeps what it read up to its limit; a small one shows what writing costs.
    connection.execute("SET memory_limit = '192MB'")
    if way == "copy":
        form = {"ndjson": "json", "json": "json, array true"}.get(name, name)
        connection.execute(f"COPY t TO '{output}' (FORMAT {form})")
        return
    _stream(connection, "SELECT * FROM t", None if way == "read" else output)


def _stream(connection: duckdb.DuckDBPyConnection, sql: str, output: str | None) -> None:
    import pyarrow as pa  # noqa: PLC0415 - COPY is measured without it

    from dli_adapters.arrow.stream import ArrowStream  # noqa: PLC0415 - same
    from dli_adapters.writers.files import file_writer  # noqa: PLC0415 - same
    from dli_domain.model.result import Column, QueryResult  # noqa: PLC0415 - same

    relation = connection.sql(sql)
    reader = pa.RecordBatchReader.from_stream(relation)
    if output is None:
        for _ in reader:
            pass
        return
    columns = [Column(n, str(t)) for n, t in zip(relation.columns, relation.types, strict=True)]
    stream = ArrowStream(reader.schema, reader, columns)
    file_writer(output).write(QueryResult(stream=stream))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.exit(main())

"""What is written is what another reader reads: DuckDB, and Python's own JSON parser."""

import base64
import json
import math
import random
import struct
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli_adapters.arrow.stream import ArrowStream
from dli_adapters.writers.files import file_writer
from dli_domain.model.result import Column, QueryResult

INT64 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    [
        "",
        "NULL",
        "null",
        '"',
        '""',
        ",",
        "\n",
        "\r\n",
        "\r",
        "\\",
        "\\n",
        "'",
        "=1",
        " ",
        "\t",
        "\ufeff",
    ]
)


@dataclass(frozen=True)
class Kind:
    """An Arrow type, its values, and how DuckDB is told to read it."""

    arrow: pa.DataType
    sql: str
    cells: st.SearchStrategy[Any]


def ticks(first: str, last: str, unit: str) -> st.SearchStrategy[int]:
    """Every tick between two instants."""
    seconds = [
        int(duckdb.connect().execute(f"SELECT epoch(TIMESTAMP '{at}')").fetchall()[0][0])
        for at in (first, last)
    ]
    scale = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    return st.integers(seconds[0] * scale, seconds[1] * scale)


LONG = ("4713-11-24 (BC) 00:00:00", "20000-01-01 00:00:00")
SHORT = ("1678-01-01 00:00:00", "2261-12-31 00:00:00")
# Every NaN is one value; DuckDB shows the sign of its bits all the same.
FLOATS = st.floats(allow_nan=False) | st.just(math.nan)
SHORT_FLOATS = st.floats(width=32, allow_nan=False) | st.just(math.nan)
KINDS: Sequence[Kind] = (
    Kind(pa.bool_(), "BOOLEAN", st.booleans()),
    Kind(pa.int8(), "TINYINT", st.integers(-128, 127)),
    Kind(pa.int64(), "BIGINT", INT64),
    Kind(pa.uint64(), "UBIGINT", st.integers(0, 2**64 - 1)),
    Kind(pa.float32(), "FLOAT", SHORT_FLOATS),
    Kind(pa.float64(), "DOUBLE", FLOATS),
    Kind(pa.decimal128(4, 1), "DECIMAL(4,1)", st.decimals("-999.9", "999.9", places=1)),
    Kind(pa.decimal128(38, 9), "DECIMAL(38,9)", st.decimals(-(10**28), 10**28, places=9)),
    Kind(
        pa.decimal128(38, 0),
        "HUGEINT",
        st.decimals(-(10**38) + 1, 10**38 - 1, places=0),
    ),
    Kind(pa.string(), "VARCHAR", TEXT),
    Kind(pa.binary(), "BLOB", st.binary(max_size=9)),
    Kind(pa.date32(), "DATE", st.integers(-2_440_588, 10_000_000)),
    Kind(pa.time64("us"), "TIME", st.integers(0, 86_400_000_000)),
    Kind(pa.timestamp("s"), "TIMESTAMP_S", ticks(*LONG, "s")),
    Kind(pa.timestamp("ms"), "TIMESTAMP_MS", ticks(*LONG, "ms")),
    Kind(pa.timestamp("us"), "TIMESTAMP", ticks(*LONG, "us")),
    Kind(pa.timestamp("ns"), "TIMESTAMP_NS", ticks(*SHORT, "ns")),
    Kind(pa.timestamp("us", "UTC"), "TIMESTAMPTZ", ticks(*LONG, "us")),
    Kind(pa.list_(pa.int64()), "BIGINT[]", st.lists(INT64 | st.none(), max_size=4)),
    Kind(
        pa.struct([("a", pa.string()), ("b", pa.list_(pa.decimal128(9, 2)))]),
        "STRUCT(a VARCHAR, b DECIMAL(9,2)[])",
        st.fixed_dictionaries(
            {"a": TEXT | st.none(), "b": st.lists(st.decimals(-99, 99, places=2), max_size=3)}
        ),
    ),
    Kind(
        pa.map_(pa.string(), pa.int64()),
        "MAP(VARCHAR, BIGINT)",
        st.dictionaries(TEXT, INT64, max_size=3).map(lambda d: list(d.items())),
    ),
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[Kind], pa.RecordBatch]:
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=6))
    rows = draw(st.integers(0, 8))
    arrays = [
        pa.array(draw(st.lists(kind.cells | st.none(), min_size=rows, max_size=rows)), kind.arrow)
        for kind in kinds
    ]
    return kinds, pa.RecordBatch.from_arrays(arrays, names=[f"c{i}" for i in range(len(kinds))])


def written(batch: pa.RecordBatch, path: Path) -> None:
    columns = [Column(field.name) for field in batch.schema]
    file_writer(str(path)).write(
        QueryResult(stream=ArrowStream(batch.schema, iter([batch]), columns))
    )


def as_text(connection: duckdb.DuckDBPyConnection, source: str, kinds: list[Kind]) -> list[Any]:
    """The rows as texts of DuckDB's own, which keep what Python's objects would drop."""
    cells = [f"CAST(c{i} AS {kind.sql})::VARCHAR" for i, kind in enumerate(kinds)]
    return connection.execute(f"SELECT {', '.join(cells)} FROM {source}").fetchall()


def from_text(kinds: list[Kind], nested_as: str) -> str:
    """The columns as they are to be made from a file's texts."""
    made = []
    for i, kind in enumerate(kinds):
        if kind.sql == "BLOB":
            made.append(f"from_base64(c{i}) AS c{i}")
        elif pa.types.is_nested(kind.arrow):
            made.append(f"CAST(c{i}::{nested_as} AS {kind.sql}) AS c{i}")
        else:
            made.append(f"CAST(c{i} AS {kind.sql}) AS c{i}")
    return ", ".join(made)


def same(kinds: list[Kind], batch: pa.RecordBatch, read: str, ending: str) -> None:
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder, f"t.{ending}")
        written(batch, path)
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("original", pa.Table.from_batches([batch]))
        assert as_text(connection, read.format(path=path), kinds) == as_text(
            connection, "original", kinds
        )


def read_csv(kinds: list[Kind]) -> str:
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(kinds)))
    return (
        f"(SELECT {from_text(kinds, 'JSON')} FROM read_csv('{{path}}', header = true, "
        "delim = ',', quote = '\"', escape = '\"', new_line = '\\n', auto_detect = false, "
        f"allow_quoted_nulls = false, columns = {{{{{columns}}}}}))"
    )


def read_ndjson(kinds: list[Kind]) -> str:
    columns = ", ".join(
        f"'c{i}': '{'VARCHAR' if kind.sql == 'BLOB' else kind.sql}'" for i, kind in enumerate(kinds)
    )
    made = ", ".join(
        f"from_base64(c{i}) AS c{i}" if kind.sql == "BLOB" else f"c{i}"
        for i, kind in enumerate(kinds)
    )
    return (
        f"(SELECT {made} FROM read_json('{{path}}', format = 'newline_delimited', "
        f"auto_detect = false, columns = {{{{{columns}}}}}))"
    )


@given(tables())
def test_csv_read_back_by_duckdb_is_the_same(table: tuple[list[Kind], pa.RecordBatch]) -> None:
    kinds, batch = table
    same(kinds, batch, read_csv(kinds), "csv")


@given(tables())
def test_ndjson_read_back_by_duckdb_is_the_same(table: tuple[list[Kind], pa.RecordBatch]) -> None:
    kinds, batch = table
    same(kinds, batch, read_ndjson(kinds), "ndjson")


@pytest.mark.parametrize("ending", ["csv", "ndjson", "parquet"])
def test_a_hundred_thousand_random_values_come_back(ending: str) -> None:
    chance = random.Random(20)  # noqa: S311 - values, no secrets
    rows = 12_000
    kinds = [kind for kind in KINDS if kind.sql in _RANDOM]
    arrays = [
        pa.array([_RANDOM[kind.sql](chance) for _ in range(rows)], kind.arrow) for kind in kinds
    ]
    batch = pa.RecordBatch.from_arrays(arrays, [f"c{i}" for i in range(len(kinds))])
    assert batch.num_rows * batch.num_columns >= 100_000
    read = {"csv": read_csv(kinds), "ndjson": read_ndjson(kinds), "parquet": "'{path}'"}[ending]
    same(kinds, batch, read, ending)


def _random_float(chance: random.Random) -> float:
    number: float = struct.unpack("<d", chance.randbytes(8))[0]
    return math.nan if math.isnan(number) else number


def _random_text(chance: random.Random) -> str:
    return "".join(map(chr, chance.choices([*range(256), 0x2028, 0xFEFF, 0x202E, 0x1F600], k=6)))


_WIDE = Context(prec=40)
_RANDOM: dict[str, Callable[[random.Random], Any]] = {
    "BIGINT": lambda chance: chance.getrandbits(64) - 2**63,
    "UBIGINT": lambda chance: chance.getrandbits(64),
    "HUGEINT": lambda chance: Decimal(chance.randrange(-(10**38) + 1, 10**38)),
    "DOUBLE": _random_float,
    "DECIMAL(38,9)": lambda chance: Decimal(chance.randrange(-(10**37), 10**37)).scaleb(-9, _WIDE),
    "VARCHAR": _random_text,
    "DATE": lambda chance: chance.randrange(-2_440_588, 10_000_000),
    "TIMESTAMP": lambda chance: chance.randrange(-(2**57), 2**57),
    "TIMESTAMP_NS": lambda chance: chance.randrange(-(2**62), 2**62),
}


@given(tables())
def test_parquet_read_back_by_duckdb_is_the_same(table: tuple[list[Kind], pa.RecordBatch]) -> None:
    kinds, batch = table
    same(kinds, batch, "'{path}'", "parquet")


@given(tables())
def test_json_parses_strictly_and_holds_every_value(
    table: tuple[list[Kind], pa.RecordBatch],
) -> None:
    kinds, batch = table
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "t.json")
        written(batch, path)
        rows = json.loads(path.read_bytes().decode("utf-8"), parse_constant=_no_json)
    assert len(rows) == batch.num_rows
    for i, kind in enumerate(kinds):
        cells = [row[f"c{i}"] for row in rows]
        for cell, original in zip(cells, batch.column(i), strict=True):
            if not original.is_valid:
                assert cell is None
            elif kind.sql in _EXACT:
                assert _EXACT[kind.sql](cell) == original.as_py()


def _no_json(word: str) -> Any:
    raise AssertionError(f"{word} is not JSON")


_EXACT: dict[str, Any] = {
    "BOOLEAN": lambda cell: cell,
    "TINYINT": lambda cell: cell,
    "BIGINT": lambda cell: cell,
    "UBIGINT": int,
    "VARCHAR": lambda cell: cell,
    "BLOB": base64.b64decode,
    "BIGINT[]": lambda cell: cell,
}

"""Rows that are held become Arrow without loss, or are refused."""

from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from dli_adapters.arrow.from_rows import stream_of, table_of
from dli_adapters.duckdb.executor import DuckDbExecutor
from dli_domain.errors import ErrorCode, ResultInvalidError
from dli_domain.model.result import Column, QueryResult
from dli_domain.model.settings import DuckDbTarget
from tests.contracts.query_executor_contract import scope

NAIVE = datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def held(cells: list[Any]) -> pa.ChunkedArray:
    rows = [{"c": cell} for cell in cells]
    return table_of(rows, [Column("c")]).to_arrow().column("c")


@pytest.mark.parametrize(
    ("cells", "kind", "back"),
    [
        ([1, None, -(2**63)], "int64", [1, None, -(2**63)]),
        ([1, 2**63], "decimal128(19, 0)", [Decimal(1), Decimal(2**63)]),
        ([Decimal("1.50"), Decimal("1e3")], "decimal128(6, 2)", [Decimal("1.50"), Decimal(1000)]),
        ([1, 2.5], "double", [1.0, 2.5]),
        (["", "가", None], "string", ["", "가", None]),
        ([b"\xff", None], "binary", [b"\xff", None]),
        ([NAIVE], "timestamp[us]", [NAIVE]),
        ([(1, 2), [3]], "list<item: int64>", [[1, 2], [3]]),
        ([{"a": {"b": 1}}], "struct<a: struct<b: int64>>", [{"a": {"b": 1}}]),
        ([None, None], "null", [None, None]),
    ],
)
def test_cells_keep_their_value(cells: list[Any], kind: str, back: list[Any]) -> None:
    array = held(cells)
    assert (str(array.type), array.to_pylist()) == (kind, back)


@pytest.mark.parametrize(
    "cells",
    [
        [1, "a"],
        [True, 1],
        ["a", b"b"],
        [2**53 + 1, 0.5],
        [NAIVE, NAIVE.replace(tzinfo=UTC)],
        [NAIVE, NAIVE.date()],
        [time(12, tzinfo=UTC)],
        ["\ud800"],
        [[1], ["a"]],
        [Decimal("NaN")],
    ],
)
def test_cells_that_would_change_are_refused_with_their_column(cells: list[Any]) -> None:
    with pytest.raises(ResultInvalidError) as caught:
        held(cells)
    assert caught.value.code is ErrorCode.RESULT_INVALID


def test_a_cell_that_no_column_names_is_refused() -> None:
    with pytest.raises(ResultInvalidError, match="Row 2 has a cell 'b'"):
        table_of([{"a": 1}, {"a": 1, "b": 2}], [Column("a")])


def test_a_cell_that_a_row_lacks_is_null() -> None:
    table = table_of([{"a": 1}, {}], [Column("a")])
    assert table.to_arrow().to_pydict() == {"a": [1, None]}


def test_columns_of_one_name_keep_both() -> None:
    table = table_of([{"a": 1, "a_1": 2}], [Column("a"), Column("a")])
    assert table.to_arrow().schema.names == ["a", "a"]
    assert list(table.rows()) == [{"a": 1, "a_1": 2}]


def test_every_kind_of_result_has_a_stream() -> None:
    assert list(stream_of(QueryResult(affected_rows=3)).rows()) == []
    empty = stream_of(QueryResult(rows=[], columns=[Column("a", "INT64")]))
    assert (empty.schema.names, empty.columns) == (["a"], (Column("a", "INT64"),))
    with DuckDbExecutor.connect(DuckDbTarget(), scope()) as executor:
        result = executor.execute("SELECT 1 AS a")
        assert stream_of(result) is result.stream
        assert list(stream_of(result).rows()) == [{"a": 1}]

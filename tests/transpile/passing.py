"""Ways through the translation, and rows that are compared."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from dli_domain.errors import ErrorCode, SqlError
from dli_domain.model.problems import Location
from dli_domain.model.spec import SqlSource
from dli_domain.rendering.rendered import RenderedSql, Segment
from dli_domain.transpiling.translation import Translation, translate

ROWS = """
CREATE TABLE t AS SELECT * FROM (VALUES
    (1, 2, 2.5::DOUBLE, 1.25::DECIMAL(10, 2), 'abc', [1, 2, 3], DATE '2025-01-05',
        TIMESTAMP '2025-01-05 13:45:10.7', TRUE),
    (-7, 2, -2.5, 10.10, 'a-b-c', [5], DATE '2024-12-30', TIMESTAMP '2024-12-30 00:00:00', FALSE),
    (7, 3, 0.5, 0.05, 'x1y2', [3, 1], DATE '2024-02-29', TIMESTAMP '2024-02-29 23:59:59', TRUE),
    (0, 1, 3.5, 3.33, '', [], DATE '2025-03-31', TIMESTAMP '2025-03-31 12:00:00', NULL),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
) AS v(a, b, f, n, s, l, d, ts, ok)
"""


def rendered(text: str) -> RenderedSql:
    source = SqlSource(text=text, origin=Location("q.sql"))
    return RenderedSql(text=text, source=source, segments=(Segment(0, 0, literal=True),))


def passed(text: str, source: str, target: str) -> Translation:
    return translate(rendered(text), source, target)


def refused(text: str, source: str, target: str) -> SqlError:
    with pytest.raises(SqlError) as info:
        passed(text, source, target)
    assert info.value.code == ErrorCode.TRANSPILE_FAILED
    return info.value


def one_line(text: str) -> str:
    return " ".join(text.split())


def rows_of(connection: duckdb.DuckDBPyConnection, text: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(text).fetchall()]


def same_rows(left: Sequence[tuple[Any, ...]], right: Sequence[tuple[Any, ...]]) -> bool:
    """Whether both hold the same rows; numbers as close as two ways of adding floats can be."""
    if len(left) != len(right):
        return False
    ordered = (sorted(left, key=_order), sorted(right, key=_order))
    return all(len(a) == len(b) and all(map(_same, a, b)) for a, b in zip(*ordered, strict=True))


def _order(row: tuple[Any, ...]) -> str:
    return repr([f"{float(v):.6g}" if isinstance(v, _NUMBERS) else str(v) for v in row])


_NUMBERS = (int, float, Decimal)


def _same(left: object, right: object) -> bool:
    if isinstance(left, _NUMBERS) and isinstance(right, _NUMBERS):
        a, b = float(left), float(right)
        return a == b or (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-9)
    return left == right

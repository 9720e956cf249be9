"""Columns, circles and types, as validation sees them."""

from itertools import pairwise

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from dli_domain.analysis.columns import ColumnUses
from dli_domain.analysis.outputs import Outputs
from dli_domain.analysis.relations import circles, downstream
from dli_domain.analysis.sqltypes import Fit, fit

READS = {"t": 0, "s.u": 1}


def uses(text: str, dialect: str = "duckdb") -> set[tuple[str, tuple[int, ...]]]:
    tree = sqlglot.parse_one(text, read=dialect)
    return {(use.column, use.tables) for use in ColumnUses(READS, dialect).of(tree)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT a FROM t", {("a", (0,))}),
        (
            "SELECT t.a, b FROM t JOIN s.u AS v ON t.k = v.k",
            {("a", (0,)), ("b", (0, 1)), ("k", (0,)), ("k", (1,))},
        ),
        ("WITH q AS (SELECT a AS x FROM t) SELECT x, y FROM q", {("a", (0,)), ("y", ())}),
        ("WITH q AS (SELECT * FROM t) SELECT x FROM q", {("x", (0,))}),
        ("SELECT x FROM (SELECT * EXCLUDE (x) FROM t) AS q", {("x", ()), ("x", (0,))}),
        (
            "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM s.u AS v WHERE v.k = z)",
            {("a", (0,)), ("k", (1,)), ("z", (1, 0))},
        ),
        ("SELECT a AS b FROM t ORDER BY b", {("a", (0,))}),
        ("SELECT count(t) FROM t", set()),
        ("SELECT a FROM t, UNNEST([1]) AS r(i)", set()),
        ("SELECT a FROM read_csv('x.csv')", set()),
        ("SELECT st.field FROM t", {("st", (0,))}),
        ("DELETE FROM t WHERE a = 1", {("a", (0,))}),
        ("SELECT s.u.a FROM s.u", {("a", (1,))}),
        ("SELECT list_transform(a, x -> x + 1) FROM t", {("a", (0,))}),
        (
            "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT n, m FROM r",
            {("m", ())},
        ),
        ("SELECT a FROM t PIVOT (sum(v) FOR y IN (1, 2))", set()),
    ],
)
def test_each_column_is_traced_to_the_tables_that_can_have_it(
    text: str, expected: set[tuple[str, tuple[int, ...]]]
) -> None:
    assert uses(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT a, t.b AS c, 1 AS one FROM t", [("a", ""), ("c", ""), ("one", "INT")]),
        ("INSERT INTO x (p, q) SELECT a, CAST(b AS DATE) FROM t", [("p", ""), ("q", "DATE")]),
        ("SELECT count(*) AS n, sum(a) AS s FROM t", [("n", "BIGINT"), ("s", "")]),
        ("WITH q AS (SELECT a AS z FROM t) SELECT * FROM q", [("z", "")]),
        ("SELECT a FROM t UNION ALL SELECT b FROM t", [("a", "")]),
    ],
)
def test_outputs_have_the_names_and_types_that_are_certain(
    text: str, expected: list[tuple[str, str]]
) -> None:
    found = Outputs(READS, "duckdb").of(sqlglot.parse_one(text, read="duckdb"))
    assert [(one.name, one.type) for one in found or []] == expected


@pytest.mark.parametrize(
    ("found", "declared", "verdict"),
    [
        ("BIGINT", "integer", Fit.FITS),
        ("DOUBLE", "bigint", Fit.LOSES),
        ("BIGINT", "decimal(18, 2)", Fit.FITS),
        ("TEXT", "date", Fit.DIFFERS),
        ("TIMESTAMP", "date", Fit.LOSES),
        ("VARCHAR", "json", Fit.FITS),
        ("INT[]", "array<int64>", Fit.FITS),
        ("my_type", "date", Fit.FITS),
    ],
)
def test_types_differ_only_where_that_is_certain(found: str, declared: str, verdict: Fit) -> None:
    assert fit(found, declared) is verdict


GRAPHS = st.dictionaries(
    st.sampled_from("abcdefgh"), st.lists(st.sampled_from("abcdefgh"), max_size=4), max_size=8
)


@given(GRAPHS)
def test_a_circle_is_found_exactly_where_one_can_walk_back(graph: dict[str, list[str]]) -> None:
    def reaches(start: str) -> bool:
        seen: set[str] = set()
        waiting = list(graph.get(start, ()))
        while waiting:
            node = waiting.pop()
            if node == start:
                return True
            if node not in seen:
                seen.add(node)
                waiting.extend(graph.get(node, ()))
        return False

    ways = list(circles(graph))
    assert bool(ways) == any(reaches(node) for node in graph)
    for way in ways:
        assert way[0] == way[-1]
        assert all(right in graph[left] for left, right in pairwise(way))


def test_a_chain_of_thousands_does_not_recurse() -> None:
    graph = {str(n): [str(n + 1)] for n in range(20_000)}
    assert list(circles(graph)) == []
    assert len(downstream(["20000"], graph)) == 20_001

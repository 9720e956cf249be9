"""Queries are built together with their lineage; reading them must give the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from dli_domain.lineage.columns import columns_of
from dli_domain.model.lineage import Making

# Column names differ between tables, so that a bare name has one meaning if schemas are known.
TABLES: Mapping[str, tuple[str, ...]] = {
    "a.t": ("t1", "t2", "t3"),
    "a.u": ("u1", "u2"),
    "b.v": ("v1", "v2", "v3", "v4"),
}
_WEIGHT = {Making.COPIED: 1, Making.COMPUTED: 2, Making.AGGREGATED: 3}

Column = tuple[str, str]
Made = dict[Column, Making]


@dataclass(frozen=True, slots=True)
class Built:
    """A query's text and what it is made of, by construction."""

    sql: str
    columns: Mapping[str, Made]
    filters: Mapping[Column, frozenset[str]] = field(default_factory=dict)


def stronger(one: Made, other: Made, use: Making = Making.COPIED) -> Made:
    """Both together, the second after one more step."""
    result = dict(one)
    for column, making in other.items():
        step = max(making, use, result.get(column, Making.COPIED), key=_WEIGHT.__getitem__)
        result[column] = step
    return result


def filtered(
    filters: Mapping[Column, frozenset[str]], made: Made, clause: str
) -> dict[Column, frozenset[str]]:
    """The filters and one more use."""
    result = dict(filters)
    for column in made:
        result[column] = result.get(column, frozenset()) | {clause}
    return result


def table(name: str, alias: str) -> Built:
    columns = TABLES[name]
    listed = ", ".join(f"{alias}.{column}" for column in columns)
    return Built(
        f"SELECT {listed} FROM {name} AS {alias}",
        {column: {(name, column): Making.COPIED} for column in columns},
    )


class Builder:
    """Draws one query; every name it gives is new."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._number = 0
        self.ctes: list[str] = []

    def name(self, letter: str) -> str:
        self._number += 1
        return f"{letter}{self._number}"

    def query(self, depth: int) -> Built:
        if depth == 0:
            return table(self._draw(st.sampled_from(sorted(TABLES))), self.name("s"))
        kind = self._draw(
            st.sampled_from(["project", "where", "join", "group", "union", "star", "scalar"])
        )
        build = {
            "project": self.project,
            "where": self.where,
            "join": self.join,
            "group": self.group,
            "union": self.union,
            "star": self.star,
            "scalar": self.scalar,
        }[kind]
        return build(depth - 1)

    def relation(self, inner: Built) -> tuple[str, str]:
        """The query in FROM, in brackets or as a CTE, and its alias."""
        alias = self.name("r")
        if self._draw(st.booleans()):
            return f"({inner.sql}) AS {alias}", alias
        cte = self.name("c")
        self.ctes.append(f"{cte} AS ({inner.sql})")
        return f"{cte} AS {alias}", alias

    def said(self, alias: str, column: str) -> str:
        """A column with its table's name or, as names are unique, without."""
        return f"{alias}.{column}" if self._draw(st.booleans()) else column

    def one(self, built: Built) -> str:
        return self._draw(st.sampled_from(sorted(built.columns)))

    def project(self, depth: int) -> Built:
        inner = self.query(depth)
        source, alias = self.relation(inner)
        items, columns = [], {}
        for _ in range(self._draw(st.integers(1, 3))):
            out, first, second = self.name("x"), self.one(inner), self.one(inner)
            a, b = self.said(alias, first), self.said(alias, second)
            form = self._draw(st.sampled_from(["copy", "add", "case", "constant", "brackets"]))
            made = stronger(inner.columns[first], inner.columns[second])
            text, columns[out] = {
                "copy": (a, inner.columns[first]),
                "brackets": (f"({a})", inner.columns[first]),
                "add": (f"{a} + {b}", stronger({}, made, Making.COMPUTED)),
                "case": (
                    f"CASE WHEN {a} = 1 THEN {b} ELSE 0 END",
                    stronger({}, made, Making.COMPUTED),
                ),
                "constant": ("42", {}),
            }[form]
            items.append(f"{text} AS {out}")
        return Built(f"SELECT {', '.join(items)} FROM {source}", columns, inner.filters)

    def where(self, depth: int) -> Built:
        inner = self.query(depth)
        source, alias = self.relation(inner)
        column = self.one(inner)
        listed = ", ".join(f"{alias}.{name}" for name in inner.columns)
        return Built(
            f"SELECT {listed} FROM {source} WHERE {self.said(alias, column)} > 0",
            inner.columns,
            filtered(inner.filters, inner.columns[column], "where"),
        )

    def join(self, depth: int) -> Built:
        left, right = self.query(depth), self.query(depth)
        (one, a), (other, b) = self.relation(left), self.relation(right)
        key, its_key = self.one(left), self.one(right)
        listed, columns = [], {}
        for alias, built in ((a, left), (b, right)):
            for name, made in built.columns.items():
                out = self.name("j")
                listed.append(f"{alias}.{name} AS {out}")
                columns[out] = made
        filters = {**left.filters}
        for column, clauses in right.filters.items():
            filters[column] = filters.get(column, frozenset()) | clauses
        filters = filtered(filters, left.columns[key], "join")
        filters = filtered(filters, right.columns[its_key], "join")
        kind = self._draw(st.sampled_from(["JOIN", "LEFT JOIN", "FULL JOIN"]))
        on = f"{a}.{key} = {b}.{its_key}"
        return Built(
            f"SELECT {', '.join(listed)} FROM {one} {kind} {other} ON {on}", columns, filters
        )

    def group(self, depth: int) -> Built:
        inner = self.query(depth)
        source, alias = self.relation(inner)
        key, summed = self.one(inner), self.one(inner)
        k, s = self.name("k"), self.name("g")
        by = f"{alias}.{key}"
        return Built(
            f"SELECT {by} AS {k}, SUM({self.said(alias, summed)}) AS {s} FROM {source} GROUP BY {by}",
            {k: inner.columns[key], s: stronger({}, inner.columns[summed], Making.AGGREGATED)},
            filtered(inner.filters, inner.columns[key], "group"),
        )

    def union(self, depth: int) -> Built:
        left, right = self.query(depth), self.query(depth)
        (one, a), (other, b) = self.relation(left), self.relation(right)
        width = min(len(left.columns), len(right.columns))
        mine, its = list(left.columns)[:width], list(right.columns)[:width]
        filters = {**left.filters}
        for column, clauses in right.filters.items():
            filters[column] = filters.get(column, frozenset()) | clauses
        outs = [self.name("n") for _ in mine]
        first = ", ".join(f"{a}.{name} AS {out}" for name, out in zip(mine, outs, strict=True))
        second = ", ".join(f"{b}.{name}" for name in its)
        return Built(
            f"SELECT {first} FROM {one} UNION ALL SELECT {second} FROM {other}",
            {
                out: stronger(left.columns[m], right.columns[i])
                for out, m, i in zip(outs, mine, its, strict=True)
            },
            filters,
        )

    def star(self, depth: int) -> Built:
        inner = self.query(depth)
        source, alias = self.relation(inner)
        star = self._draw(st.sampled_from(["*", f"{alias}.*"]))
        return Built(f"SELECT {star} FROM {source}", inner.columns, inner.filters)

    def scalar(self, depth: int) -> Built:
        """A correlated subquery in the list."""
        outer, inner = self.query(depth), self.query(depth)
        (one, a), (other, b) = self.relation(outer), self.relation(inner)
        kept, key = self.one(outer), self.one(outer)
        its_key, value = self.one(inner), self.one(inner)
        k, m = self.name("k"), self.name("m")
        subquery = f"SELECT MAX({b}.{value}) FROM {other} WHERE {b}.{its_key} = {a}.{key}"
        filters = {**outer.filters}
        for column, clauses in inner.filters.items():
            filters[column] = filters.get(column, frozenset()) | clauses
        filters = filtered(filters, inner.columns[its_key], "where")
        filters = filtered(filters, outer.columns[key], "where")
        return Built(
            f"SELECT {a}.{kept} AS {k}, ({subquery}) AS {m} FROM {one}",
            {
                k: outer.columns[kept],
                m: stronger({}, inner.columns[value], Making.AGGREGATED),
            },
            filters,
        )


@st.composite
def queries(draw: st.DrawFn) -> Built:
    """A query, its CTEs written before it."""
    builder = Builder(draw)
    built = builder.query(draw(st.integers(0, 4)))
    with_ = f"WITH {', '.join(builder.ctes)} " if builder.ctes else ""
    return Built(with_ + built.sql, built.columns, built.filters)


def known(parts: tuple[str, ...]) -> Sequence[str] | None:
    return TABLES[".".join(parts)]


@pytest.mark.parametrize("dialect", ["duckdb", "trino", "bigquery"])
@given(built=queries())
def test_a_query_reads_as_it_was_built(dialect: str, built: Built) -> None:
    lineage = columns_of(sqlglot.parse_one(built.sql, read=dialect), dialect, known)
    found = {
        column.name: {(s.table, s.column): s.making for s in column.sources}
        for column in lineage.columns
    }
    assert found == built.columns
    assert {(f.table, f.column): frozenset(f.clauses) for f in lineage.filters} == built.filters
    assert lineage.complete
    assert lineage.unknown == ()


@given(built=queries())
def test_without_schemas_what_is_certain_is_true(built: Built) -> None:
    """Tables whose columns nobody knows give doubts, and never a wrong certainty."""
    lineage = columns_of(sqlglot.parse_one(built.sql, read="duckdb"), "duckdb")
    for column in lineage.columns:
        true = built.columns[column.name]
        certain = {(s.table, s.column) for s in column.sources if s.making is not Making.UNKNOWN}
        assert certain <= true.keys()
        assert true.keys() <= {(s.table, s.column) for s in column.sources}


@given(built=queries())
def test_the_tree_is_left_as_it_was(built: Built) -> None:
    tree = sqlglot.parse_one(built.sql, read="duckdb")
    before = repr(tree)
    columns_of(tree, "duckdb", known)
    assert repr(tree) == before

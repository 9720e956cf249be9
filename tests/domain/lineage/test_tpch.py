"""The TPC-H queries against lineage found by reading them, in three dialects."""

import pytest

from tests.domain.lineage.said import expected, lineage_of, said
from tests.domain.lineage.tpch import QUERIES, TABLES


@pytest.mark.parametrize("dialect", ["duckdb", "trino", "bigquery"])
@pytest.mark.parametrize("query", QUERIES)
def test_a_tpch_query_has_the_lineage_that_a_reader_finds(query: str, dialect: str) -> None:
    sql, wanted = QUERIES[query]
    lineage = lineage_of(sql, dialect, TABLES)
    assert said(lineage) == expected(wanted)
    assert lineage.unknown == ()


@pytest.mark.parametrize("query", QUERIES)
def test_without_schemas_nothing_is_told_that_the_schemas_would_deny(query: str) -> None:
    """Every source that is called certain is one with the schemas too."""
    sql, _ = QUERIES[query]
    blind, seeing = lineage_of(sql), lineage_of(sql, tables=TABLES)
    assert [column.name for column in blind.columns] == [column.name for column in seeing.columns]
    for column in blind.columns:
        certain = {(s.table, s.column) for s in column.sources if s.making != "unknown"}
        possible = {(s.table, s.column) for s in column.sources}
        true = {(s.table, s.column) for s in seeing.column(column.name).sources}
        assert certain <= true <= possible
    true_filters = {(f.table, f.column, c) for f in seeing.filters for c in f.clauses}
    told = {(f.table, f.column, c) for f in blind.filters if f.certain for c in f.clauses}
    possible_filters = {(f.table, f.column, c) for f in blind.filters for c in f.clauses}
    assert told <= true_filters <= possible_filters

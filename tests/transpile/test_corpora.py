"""DuckDB to Trino or BigQuery and back: the rows are the same, or it was refused."""

import duckdb
import pytest

from dli_domain.errors import SqlError
from tests.corpora.data import database, queries
from tests.transpile.passing import passed, rows_of, same_rows

# Named columns in a table's alias have no equal in BigQuery, nor a column's alias that is a
# table's name.
REFUSED = {
    ("tpch", "trino"): set[str](),
    ("tpch", "bigquery"): {"TPC-H 13"},
    ("tpcds", "trino"): set[str](),
    ("tpcds", "bigquery"): {"TPC-DS 91"},
}


@pytest.mark.parametrize(
    ("corpus", "count", "with_rows"), [("tpch", 22, 12), ("tpcds", 99, 70)], ids=["tpch", "tpcds"]
)
def test_the_queries_of_a_corpus_give_the_same_rows_after_a_journey(
    corpus: str, count: int, with_rows: int
) -> None:
    connection = database(corpus)
    texts = queries(corpus)
    before = {name: rows_of(connection, text) for name, text in texts.items()}
    assert len(texts) == count
    assert sum(1 for rows in before.values() if rows) >= with_rows
    for other in ("trino", "bigquery"):
        gone = {
            name for name, text in texts.items() if _differs(connection, text, other, before[name])
        }
        assert gone == REFUSED[corpus, other]
    connection.close()


def _differs(
    connection: duckdb.DuckDBPyConnection, text: str, other: str, before: list[tuple[object, ...]]
) -> bool:
    """Whether it was refused; a difference fails at once."""
    try:
        there = passed(text, "duckdb", other).sql.text
        back = passed(there, other, "duckdb").sql.text
    except SqlError:
        return True
    assert same_rows(before, rows_of(connection, back)), back
    return False

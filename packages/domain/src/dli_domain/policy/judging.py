"""The policy as one question: may this text be read?"""

from collections.abc import Sequence

from dli_domain.model.policy import CheckedQuery, ReadAccess
from dli_domain.policy.reading import read
from dli_domain.policy.syntax import check_calls, check_nodes
from dli_domain.policy.tables import check_tables, tables_read


def judge_read_only(
    sql: str, dialect: str, *, tables: Sequence[str] | None, metadata: bool = False
) -> CheckedQuery:
    """The text, checked by steps 2 to 6; the seventh, the engine's own reading, is not asked.

    Args:
        sql: What would be sent, byte for byte.
        dialect: `duckdb`, `bigquery` or `trino`: the engine's own language.
        tables: Patterns of the tables that may be read, such as `nyc.*`; None for all.
        metadata: Whether the engine's own catalogs may be read.

    Raises:
        PolicyError: DLI-507, with the step that refused and why.
    """
    text = read(sql, dialect)
    check_nodes(text)
    check_calls(text)
    found = tables_read(text)
    patterns = None if tables is None else tuple(tables)
    check_tables(found, dialect, ReadAccess(tables=patterns, metadata=metadata))
    return CheckedQuery(sql=sql, dialect=dialect, tables=found)

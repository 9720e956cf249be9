"""Checks of one table as few statements: one for all counts, one for the samples of a failure.

The counts of row conditions come from one pass over the table. A key, a query of accepted
values or a parent table needs a grouping or a join of its own; it stands beside that pass in
the same statement, so that one round trip and one job answer for the whole table.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dli_domain.model.quality import QualityTestType
from dli_domain.quality import spelling
from dli_domain.quality.checks import Check

SOURCE_ALIAS = "dli_target"
COUNT_COLUMN = "_dli_count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is tested, as it stands behind FROM.

    Args:
        name: The table, or the name of the query in `query`.
        dialect: The engine's dialect.
        query: The SQL of a metric; empty for a table.
    """

    name: str
    dialect: str
    query: str = ""

    @property
    def head(self) -> str:
        """What stands before every statement about it."""
        return f"WITH {self.name} AS (\n{self.query}\n)\n" if self.query else ""

    def rows(self, condition: str | None) -> str:
        """FROM and WHERE."""
        where = "" if condition is None else f"\nWHERE {condition}"
        return f"FROM {self.name}{where}"


def probe(source: Source) -> str:
    """The least that can be asked of it: whether it is there, and how many rows it has."""
    return f"{source.head}SELECT count(*) AS rows_all\n{source.rows(None)}"


def counting(checks: Sequence[Check], source: Source) -> str:
    """One statement of one row: `tested_N`, `failed_N` and `latest_N` of the N-th check."""
    plain = [cell for n, check in enumerate(checks) for cell in _cells(n, check)]
    parts = [f"SELECT {_joined(plain)}\n{source.rows(None)}"] if plain else []
    parts += [
        part for n, check in enumerate(checks) if (part := _apart(n, check, source)) is not None
    ]
    if len(parts) == 1:
        return source.head + parts[0]
    joined = "\nCROSS JOIN ".join(f"(\n{part}\n) AS part_{n}" for n, part in enumerate(parts))
    return f"{source.head}SELECT *\nFROM {joined}"


def sampling(check: Check, source: Source, limit: int) -> str | None:
    """A statement for some failing rows; None where there are none to show."""
    if check.query is not None:
        kept = "" if check.keep is None else f"\nWHERE {check.keep}"
        return (
            f"{source.head}SELECT *\nFROM (\n{check.query.text}\n) AS failing{kept}\nLIMIT {limit}"
        )
    if check.keys:
        keys = ", ".join(check.keys)
        return (
            f"{source.head}SELECT {keys}, count(*) AS {COUNT_COLUMN}\n{source.rows(check.keep)}\n"
            f"GROUP BY {keys}\nHAVING count(*) > 1\nORDER BY {COUNT_COLUMN} DESC\nLIMIT {limit}"
        )
    if check.failing is None:
        return None
    condition = " AND ".join(c for c in (check.rows, check.failing) if c is not None)
    return f"{source.head}SELECT *\n{source.rows(condition)}\nLIMIT {limit}"


def _cells(number: int, check: Check) -> Iterator[str]:
    """What the common pass counts for a check."""
    if check.query is not None or check.keys or check.lookup:
        return
    yield f"{_tested(check)} AS tested_{number}"
    if check.latest is not None:
        kept = check.latest
        if check.keep is not None:
            kept = f"CASE WHEN {check.keep} THEN {check.latest} END"
        yield f"max({kept}) AS latest_{number}"
    elif check.nulls_of is not None and check.keep is None:
        yield f"count(*) - count({check.nulls_of}) AS failed_{number}"
    elif check.failing is not None:
        failing = " AND ".join(c for c in (check.rows, check.failing) if c is not None)
        yield f"{_counted(failing)} AS failed_{number}"


def _apart(number: int, check: Check, source: Source) -> str | None:
    """The sub-query of a check that the common pass cannot count."""
    if check.query is not None:
        return (
            f"SELECT (SELECT count(*) {source.rows(None)}) AS tested_{number}, "
            f"count(*) AS failed_{number}\nFROM (\n{check.query.text}\n) AS failing"
            + ("" if check.keep is None else f"\nWHERE {check.keep}")
        )
    if check.keys:
        return (
            f"SELECT count(*) AS tested_{number}, "
            f"{_counted(f'{COUNT_COLUMN} > 1')} AS failed_{number}\n"
            f"FROM (\nSELECT count(*) AS {COUNT_COLUMN}\n{source.rows(check.keep)}\n"
            f"GROUP BY {', '.join(check.keys)}\n) AS keyed"
        )
    if check.lookup:
        return (
            f"SELECT count(*) AS tested_{number}, {_counted('broken')} AS failed_{number}\n"
            f"FROM (\nSELECT {check.failing} AS broken\n{source.rows(check.rows)}\n) AS looked"
        )
    return None


def _tested(check: Check) -> str:
    # count(column) is the same as a CASE over IS NOT NULL, and far cheaper.
    if check.value is not None and check.keep is None:
        return f"count({check.value})"
    return _counted(check.rows)


def _counted(condition: str | None) -> str:
    # CASE without ELSE: a condition that is NULL counts nothing, and no sum over nothing is NULL.
    return "count(*)" if condition is None else f"count(CASE WHEN {condition} THEN 1 END)"


def _joined(cells: Sequence[str]) -> str:
    return ",\n  ".join(cells)


def stands_alone(check: Check) -> bool:
    """Whether a check gets a statement of its own: its SQL is its author's, and may do anything."""
    return check.test.type is QualityTestType.SINGULAR


def target_name(dialect: str) -> str:
    """The name that a metric's query has inside the statements."""
    return spelling.column(SOURCE_ALIAS, dialect)

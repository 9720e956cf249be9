"""What each type of test asks of a table, as SQL conditions.

One rule for NULL: a value that is NULL is not tested, so it neither passes nor fails; only
`not_null` and `unique` judge it (two NULL keys are the same key, as GROUP BY says).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dli_domain.model.names import ResourceName
from dli_domain.model.quality import CountedUnit, QualityTest, QualityTestType
from dli_domain.quality import spelling
from dli_domain.quality.fragments import Fragments
from dli_domain.rendering.rendered import RenderedSql


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One test, ready to be put into a statement.

    Args:
        test: The test.
        keep: The rows that `where` keeps; None for all.
        tested: Which of them the test can judge; None for all of those.
        value: The column, where `tested` says no more than that it is not NULL.
        nulls_of: The column, where `failing` says no more than that it is NULL.
        failing: Which of the tested rows fail.
        lookup: Whether `failing` looks into another query: such a condition cannot stand in
            an aggregate, on BigQuery.
        keys: The key of `unique`.
        latest: The column whose greatest value is asked for.
        query: The query of a singular test; its rows are the failures.
    """

    test: QualityTest
    keep: str | None = None
    tested: str | None = None
    value: str | None = None
    nulls_of: str | None = None
    failing: str | None = None
    lookup: bool = False
    keys: tuple[str, ...] = ()
    latest: str | None = None
    query: RenderedSql | None = None

    @property
    def unit(self) -> CountedUnit:
        """What its counts count."""
        if self.keys:
            return CountedUnit.KEYS
        if self.test.type in (QualityTestType.ROW_COUNT, QualityTestType.FRESHNESS):
            return CountedUnit.TABLE
        return CountedUnit.ROWS

    @property
    def rows(self) -> str | None:
        """The condition of the rows that are tested; None for all rows."""
        return both(self.keep, self.tested)


def both(left: str | None, right: str | None) -> str | None:
    """Both conditions; None is no condition."""
    if left is None or right is None:
        return right if left is None else left
    return f"{left} AND {right}"


def check_of(test: QualityTest, fragments: Fragments) -> Check:
    """The test as SQL of the engine.

    Raises:
        SqlError: a condition or query of it is not one whole expression or query.
        SpecInvalidError: a template in it is at fault.
    """
    keep = None if test.where is None else fragments.condition(test.where)
    return _BUILD[test.type](test, keep, fragments)


def _not_null(test: QualityTest, keep: str | None, fragments: Fragments) -> Check:
    columns = [spelling.column(one, fragments.engine) for one in test.columns]
    failing = " OR ".join(f"{column} IS NULL" for column in columns)
    nulls_of = columns[0] if len(columns) == 1 else None
    return Check(test=test, keep=keep, failing=f"({failing})", nulls_of=nulls_of)


def _unique(test: QualityTest, keep: str | None, fragments: Fragments) -> Check:
    keys = tuple(spelling.column(one, fragments.engine) for one in test.columns)
    return Check(test=test, keep=keep, keys=keys)


def _accepted_values(test: QualityTest, keep: str | None, fragments: Fragments) -> Check:
    column = spelling.column(test.column, fragments.engine)
    if test.values_query is not None:
        accepted = fragments.query(test.values_query).text
        return _lookup(test, keep, column, accepted)
    values = ", ".join(spelling.value(one, fragments.engine) for one in test.values)
    return Check(
        test=test,
        keep=keep,
        tested=f"{column} IS NOT NULL",
        value=column,
        failing=f"{column} NOT IN ({values})",
    )


def _relationships(test: QualityTest, keep: str | None, fragments: Fragments) -> Check:
    engine = fragments.engine
    column = spelling.column(test.column, engine)
    there = spelling.column(test.to_column or "", engine)
    parents = spelling.table(ResourceName.parse(test.to or ""), engine)
    # Qualified: a name that is missing there must not be taken for one of the tested table.
    accepted = f"SELECT {_PARENT}.{there} FROM {parents} AS {_PARENT}"
    return _lookup(test, keep, column, accepted)


_PARENT = "dli_parent"


def _lookup(test: QualityTest, keep: str | None, column: str, accepted: str) -> Check:
    # Not NOT IN: one NULL among the accepted values would make it true for no row at all.
    return Check(
        test=test,
        keep=keep,
        tested=f"{column} IS NOT NULL",
        failing=f"({column} IN (\n{accepted}\n)) IS NOT TRUE",
        lookup=True,
    )


def _range_check(test: QualityTest, keep: str | None, fragments: Fragments) -> Check:
    column = spelling.column(test.column, fragments.engine)
    bounds = [
        f"{column} {sign} {spelling.value(bound, fragments.engine)}"
        for sign, bound in ((">=", test.min), ("<=", test.max))
        if bound is not None
    ]
    if not bounds:
        # Without a bound nothing is tested, and a test of nothing is no pass.
        return Check(test=test, keep=keep, tested="FALSE", failing="FALSE")
    # NOT (...): a NaN, which compares with nothing, is outside of the range.
    failing = f"NOT ({' AND '.join(bounds)})"
    present = f"{column} IS NOT NULL"
    return Check(test=test, keep=keep, tested=present, value=column, failing=failing)


def _row_count(test: QualityTest, keep: str | None, _: Fragments) -> Check:
    return Check(test=test, keep=keep)


def _expression(test: QualityTest, keep: str | None, fragments: Fragments) -> Check:
    if test.expression is None:
        raise ValueError(f"the test {test.name!r} has no expression")
    condition = fragments.condition(test.expression)
    return Check(
        test=test,
        keep=keep,
        tested=f"{condition} IS NOT NULL",
        failing=f"NOT {condition}",
    )


def _freshness(test: QualityTest, keep: str | None, fragments: Fragments) -> Check:
    column = spelling.column(test.column, fragments.engine)
    present = f"{column} IS NOT NULL"
    return Check(test=test, keep=keep, tested=present, value=column, latest=column)


def _pattern(test: QualityTest, keep: str | None, fragments: Fragments) -> Check:
    column = spelling.column(test.column, fragments.engine)
    found = spelling.matches(column, test.pattern or "", fragments.engine)
    present = f"{column} IS NOT NULL"
    return Check(test=test, keep=keep, tested=present, value=column, failing=f"NOT {found}")


def _singular(test: QualityTest, keep: str | None, fragments: Fragments) -> Check:
    if test.sql is None:
        raise ValueError(f"the test {test.name!r} has no SQL")
    return Check(test=test, keep=keep, query=fragments.query(test.sql))


_BUILD: Mapping[QualityTestType, Callable[[QualityTest, str | None, Fragments], Check]] = (
    MappingProxyType(
        {
            QualityTestType.NOT_NULL: _not_null,
            QualityTestType.UNIQUE: _unique,
            QualityTestType.ACCEPTED_VALUES: _accepted_values,
            QualityTestType.RELATIONSHIPS: _relationships,
            QualityTestType.RANGE_CHECK: _range_check,
            QualityTestType.ROW_COUNT: _row_count,
            QualityTestType.EXPRESSION: _expression,
            QualityTestType.FRESHNESS: _freshness,
            QualityTestType.PATTERN: _pattern,
            QualityTestType.SINGULAR: _singular,
        }
    )
)

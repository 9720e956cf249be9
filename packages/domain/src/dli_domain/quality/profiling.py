"""What a table's columns look like, and the tests that follow from it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from math import ceil, floor, isfinite

from dli_domain.model.problems import Location
from dli_domain.model.quality import Literal, QualityTest, QualityTestType
from dli_domain.model.result import Cell, Column, Row
from dli_domain.quality import spelling
from dli_domain.quality.statements import Source

_NOWHERE = Location("")
_MOST_VALUES = 12
_LONGEST_VALUE = 60
# A domain is small where each value comes often; else it is chance.
_ROWS_PER_VALUE = 4
_EXACT_FLOAT = 1e15


class Family(StrEnum):
    """Kinds of column types that are treated alike."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    TEXT = "text"
    TRUTH = "truth"
    DAY = "day"
    MOMENT = "moment"
    OTHER = "other"


_FAMILIES = (
    (re.compile(r".*[\[<(].*(\]|>)\Z|STRUCT|ARRAY|MAP|RECORD|JSON|UNION", re.DOTALL), Family.OTHER),
    (re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?\d*\Z|INT(EGER)?\Z"), Family.INTEGER),
    (re.compile(r"(BIG)?(DECIMAL|NUMERIC)\b"), Family.DECIMAL),
    (re.compile(r"(DOUBLE|FLOAT\d*|REAL)\b"), Family.FLOAT),
    (re.compile(r"(VARCHAR|STRING|TEXT|CHAR)\b"), Family.TEXT),
    (re.compile(r"BOOL(EAN)?\Z"), Family.TRUTH),
    (re.compile(r"DATE\Z"), Family.DAY),
    (re.compile(r"(TIMESTAMP|DATETIME)"), Family.MOMENT),
)
_ORDERED = frozenset({Family.INTEGER, Family.DECIMAL, Family.FLOAT, Family.DAY, Family.MOMENT})
_KEYS = frozenset({Family.INTEGER, Family.TEXT})
_DOMAINS = frozenset({Family.INTEGER, Family.TEXT, Family.TRUTH})


def family_of(type_name: str) -> Family:
    """The family of an engine's type name."""
    said = type_name.upper()
    return next((kind for pattern, kind in _FAMILIES if pattern.match(said)), Family.OTHER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One column: rows of the table, values that are there, different ones, the ends."""

    name: str
    family: Family
    rows: int
    present: int
    different: int | None = None
    least: Cell = None
    greatest: Cell = None

    @property
    def is_key(self) -> bool:
        """Whether it tells every row from every other."""
        return self.family in _KEYS and self.rows > 1 and self.different == self.rows

    @property
    def is_small_domain(self) -> bool:
        """Whether few values come often."""
        return (
            self.family in _DOMAINS
            and not self.is_key
            and self.different is not None
            and 0 < self.different <= _MOST_VALUES
            and self.different * _ROWS_PER_VALUE <= self.present
        )


def shape(source: Source) -> str:
    """A statement that gives the columns and no row."""
    return f"SELECT *\n{source.rows(None)}\nLIMIT 0"


def profiled_columns(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns that a quality file can name."""
    names = [column.name for column in columns]
    return tuple(
        column
        for column in columns
        if column.name.strip() and "." not in column.name and names.count(column.name) == 1
    )


def profiling(columns: Sequence[Column], source: Source) -> str:
    """One pass over the table: the facts of every column."""
    cells = ["count(*) AS rows_all"]
    for number, column in enumerate(columns):
        name, family = spelling.column(column.name, source.dialect), family_of(column.type)
        cells.append(f"count({name}) AS present_{number}")
        if family is not Family.OTHER:
            cells.append(f"count(DISTINCT {name}) AS different_{number}")
        if family in _ORDERED:
            cells.append(f"min({name}) AS least_{number}")
            cells.append(f"max({name}) AS greatest_{number}")
    return f"SELECT {', '.join(cells)}\n{source.rows(None)}"


def profiles(columns: Sequence[Column], row: Row) -> tuple[Profile, ...]:
    """The answer of `profiling`."""
    return tuple(
        Profile(
            name=column.name,
            family=family_of(column.type),
            rows=_count(row["rows_all"]),
            present=_count(row[f"present_{n}"]),
            different=None
            if (different := row.get(f"different_{n}")) is None
            else _count(different),
            least=row.get(f"least_{n}"),
            greatest=row.get(f"greatest_{n}"),
        )
        for n, column in enumerate(columns)
    )


def listing(found: Sequence[Profile], source: Source) -> str | None:
    """One statement for the values of all small domains; None where there are none."""
    parts = [
        f"SELECT DISTINCT {number} AS number, {spelling.as_text(name, source.dialect)} AS value\n"
        f"{source.rows(f'{name} IS NOT NULL')}"
        for number, one in enumerate(found)
        if one.is_small_domain
        for name in [spelling.column(one.name, source.dialect)]
    ]
    return "\nUNION ALL\n".join(parts) or None


def domains(found: Sequence[Profile], rows: Sequence[Row]) -> Mapping[str, tuple[Literal, ...]]:
    """The answer of `listing`, by column."""
    values: dict[str, list[str]] = {}
    for row in rows:
        values.setdefault(found[_count(row["number"])].name, []).append(str(row["value"]))
    families = {one.name: one.family for one in found}
    return {
        name: tuple(sorted((_value(text, families[name]) for text in texts), key=_order))
        for name, texts in values.items()
        if all(len(text) <= _LONGEST_VALUE for text in texts)
    }


def proposed(
    found: Sequence[Profile], known: Mapping[str, tuple[Literal, ...]]
) -> tuple[QualityTest, ...]:
    """Tests that this very data passes."""
    rows = found[0].rows if found else 0
    tests = [_test("rows", QualityTestType.ROW_COUNT, min=max(rows // 2, 1))]
    for one in found:
        tests += _of_column(one, known.get(one.name))
    return tuple(tests)


def _of_column(one: Profile, values: tuple[Literal, ...] | None) -> Iterator[QualityTest]:
    if one.present == one.rows:
        yield _test(f"{one.name}_not_null", QualityTestType.NOT_NULL, one.name)
    if one.is_key:
        yield _test(f"{one.name}_unique", QualityTestType.UNIQUE, one.name)
    if values is not None:
        yield _test(
            f"{one.name}_accepted", QualityTestType.ACCEPTED_VALUES, one.name, values=values
        )
        return
    low, high = _bounds(one)
    if low is not None or high is not None:
        yield _test(f"{one.name}_range", QualityTestType.RANGE_CHECK, one.name, min=low, max=high)


def _test(
    name: str,
    kind: QualityTestType,
    column: str | None = None,
    *,
    values: tuple[Literal, ...] = (),
    min: Literal | None = None,  # noqa: A002 - the keys of a quality file
    max: Literal | None = None,  # noqa: A002 - as above
) -> QualityTest:
    columns = () if column is None else (column,)
    return QualityTest(
        name=name, type=kind, location=_NOWHERE, columns=columns, values=values, min=min, max=max
    )


def _bounds(one: Profile) -> tuple[Literal | None, Literal | None]:
    """The ends as a file writes them; of times the begin only, for they go on."""
    low, high = one.least, one.greatest
    if isinstance(low, datetime):
        return low.date().isoformat(), None
    if isinstance(low, date):
        return low.isoformat(), None
    if isinstance(low, float) and isinstance(high, float):
        if not (isfinite(low) and isfinite(high)) or max(abs(low), abs(high)) > _EXACT_FLOAT:
            return None, None
        return floor(low), ceil(high)
    if isinstance(low, int | Decimal) and isinstance(high, int | Decimal):
        return (floor(low), ceil(high)) if one.family is not Family.INTEGER else (low, high)
    return None, None


def _value(text: str, family: Family) -> Literal:
    if family is Family.INTEGER:
        return int(text)
    return text.lower() == "true" if family is Family.TRUTH else text


def _order(value: Literal) -> tuple[bool, int, str]:
    number = isinstance(value, int)
    return number, int(value) if isinstance(value, int) else 0, str(value)


def _count(cell: object) -> int:
    if isinstance(cell, bool) or not isinstance(cell, int):
        raise TypeError(f"a count came as {cell!r}")
    return cell

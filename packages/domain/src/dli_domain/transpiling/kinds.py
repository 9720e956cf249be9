"""What kind of value an expression gives, as far as the text alone tells."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from sqlglot import exp


class Value(StrEnum):
    """The kinds that decide how operators work."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    DATE = "date"
    MOMENT = "moment"
    INTERVAL = "interval"
    TEXT = "text"
    UNKNOWN = "unknown"


NUMBERS = (Value.INTEGER, Value.DECIMAL, Value.FLOAT)

_OF_TYPES: Mapping[Value, frozenset[exp.DType]] = {
    Value.INTEGER: frozenset(exp.DataType.INTEGER_TYPES),
    Value.FLOAT: frozenset({exp.DType.FLOAT, exp.DType.DOUBLE}),
    Value.DECIMAL: frozenset({exp.DType.DECIMAL, exp.DType.BIGDECIMAL}),
    Value.DATE: frozenset({exp.DType.DATE, exp.DType.DATE32}),
    Value.MOMENT: frozenset(exp.DataType.TEMPORAL_TYPES) - {exp.DType.DATE, exp.DType.DATE32},
    Value.TEXT: frozenset(exp.DataType.TEXT_TYPES),
    Value.INTERVAL: frozenset({exp.DType.INTERVAL}),
}
_INTEGERS = (
    exp.Count,
    exp.CountIf,
    exp.ApproxDistinct,
    exp.Length,
    exp.StrPosition,
    exp.DateDiff,
    exp.DatetimeDiff,
    exp.TimestampDiff,
    exp.RowNumber,
    exp.Rank,
    exp.DenseRank,
    exp.Year,
    exp.Month,
    exp.Day,
    exp.DayOfWeek,
    exp.DayOfWeekIso,
)
_FLOATS = (exp.Sqrt, exp.Ln, exp.Exp, exp.Log, exp.Stddev, exp.StddevPop, exp.Variance, exp.Rand)
_TEXTS = (exp.Upper, exp.Lower, exp.Trim, exp.Substring, exp.Concat, exp.DPipe, exp.TimeToStr)
_THROUGH = (exp.Paren, exp.Neg, exp.Alias, exp.Abs, exp.Min, exp.Max, exp.Sum, exp.Filter)
_THROUGH_TOO = (exp.Window, exp.Round, exp.Ceil, exp.Floor, exp.Order, exp.Distinct)


def kind_of(node: exp.Expr | None, dialect: str) -> Value:
    """The kind of value; UNKNOWN for a column, whose type no text shows."""
    if node is None:
        return Value.UNKNOWN
    for classes, read in _READERS:
        if isinstance(node, classes):
            return read(node, dialect)
    return Value.UNKNOWN


def united(kinds: Iterable[Value]) -> Value:
    """The kind of an arithmetic result, or of what may be any of them."""
    found = set(kinds)
    if Value.FLOAT in found:
        return Value.FLOAT
    if Value.UNKNOWN in found or not found:
        return Value.UNKNOWN
    if found == {Value.INTEGER, Value.DECIMAL}:
        return Value.DECIMAL
    return found.pop() if len(found) == 1 else Value.UNKNOWN


def type_kind(of: exp.Expr | None) -> Value:
    """The kind of values a type has."""
    named = of.this if isinstance(of, exp.DataType) else None
    return next((kind for kind, types in _OF_TYPES.items() if named in types), Value.UNKNOWN)


def _literal(node: exp.Expr, dialect: str) -> Value:
    if node.is_string:
        return Value.TEXT
    if "e" in node.name.lower():
        return Value.FLOAT
    if "." in node.name:
        return Value.FLOAT if dialect == "bigquery" else Value.DECIMAL
    return Value.INTEGER


def _cast(node: exp.Expr, _: str) -> Value:
    return type_kind(node.args.get("to"))


def _arithmetic(node: exp.Expr, dialect: str) -> Value:
    left, right = kind_of(node.this, dialect), kind_of(node.expression, dialect)
    if isinstance(node, exp.Add | exp.Sub) and isinstance(node.expression, exp.Interval):
        if left is Value.DATE and dialect != "trino":
            return Value.MOMENT
        return left
    return united((left, right))


def _quotient(node: exp.Expr, dialect: str) -> Value:
    kind = united((kind_of(node.this, dialect), kind_of(node.expression, dialect)))
    if dialect == "duckdb":
        return Value.FLOAT
    if dialect == "bigquery":
        return Value.FLOAT if kind is Value.INTEGER else kind
    return kind


def _average(node: exp.Expr, dialect: str) -> Value:
    kind = kind_of(node.this, dialect)
    return Value.FLOAT if kind is Value.INTEGER or dialect == "duckdb" else kind


def _branches(node: exp.Expr, dialect: str) -> Value:
    values = [branch.args.get("true") for branch in node.args.get("ifs") or ()]
    values += [node.args.get(name) for name in ("true", "false", "default")]
    return united(kind_of(v, dialect) for v in values if v and not isinstance(v, exp.Null))


def _any_of(node: exp.Expr, dialect: str) -> Value:
    return united(kind_of(one, dialect) for one in (node.this, *node.expressions))


def _subquery(node: exp.Expr, dialect: str) -> Value:
    query = node.unnest() if isinstance(node, exp.Subquery) else node
    if isinstance(query, exp.Select) and len(query.expressions) == 1:
        return kind_of(query.expressions[0], dialect)
    return Value.UNKNOWN


def _truncated(node: exp.Expr, dialect: str) -> Value:
    # DuckDB gives a TIMESTAMP whatever it was given.
    return Value.MOMENT if dialect == "duckdb" else kind_of(node.this, dialect)


_Reader = Callable[[exp.Expr, str], Value]
_READERS: tuple[tuple[tuple[type[exp.Expr], ...], _Reader], ...] = (
    ((exp.Literal,), _literal),
    ((exp.Cast,), _cast),
    (_INTEGERS, lambda _, __: Value.INTEGER),
    ((exp.Div,), _quotient),
    ((exp.Add, exp.Sub, exp.Mul, exp.Mod, exp.IntDiv), _arithmetic),
    ((exp.Avg,), _average),
    ((exp.If, exp.Case), _branches),
    ((exp.Coalesce, exp.Greatest, exp.Least), _any_of),
    ((exp.Nullif, *_THROUGH, *_THROUGH_TOO), lambda node, dialect: kind_of(node.this, dialect)),
    (_FLOATS, lambda _, __: Value.FLOAT),
    (_TEXTS, lambda _, __: Value.TEXT),
    ((exp.CurrentDate, exp.TsOrDsToDate), lambda _, __: Value.DATE),
    ((exp.CurrentTimestamp, exp.StrToTime), lambda _, __: Value.MOMENT),
    ((exp.TimestampTrunc, exp.DateTrunc), _truncated),
    ((exp.Interval,), lambda _, __: Value.INTERVAL),
    ((exp.Subquery,), _subquery),
)

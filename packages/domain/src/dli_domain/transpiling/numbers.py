"""Division, rounding and decimals: rewritten where the meaning can be kept."""

from collections.abc import Callable

from sqlglot import exp

from dli_domain.transpiling.kinds import Value, kind_of, type_kind, united
from dli_domain.transpiling.passage import Checks, Loss, Passage, Rewrites, number_of, written

_DECIMALS = {"trino": (38, 0), "duckdb": (18, 3), "bigquery": (38, 9)}
_NUMERIC_SCALE = 9
_CAST_FIX = "Cast one side to DOUBLE for a fraction, or both to BIGINT for a whole quotient."


def _operands(node: exp.Expr, passage: Passage) -> Value:
    source = passage.source
    return united((kind_of(node.this, source), kind_of(node.expression, source)))


def _is_interval(node: exp.Expr) -> bool:
    return isinstance(node.this, exp.Interval)


def _raw(node: exp.Expr) -> exp.Expr:
    """A division that Trino's generator leaves as it is."""
    return exp.Div(this=node.this.copy(), expression=node.expression.copy(), typed=True, safe=False)


def _double(node: exp.Expr) -> exp.Expr:
    inner = node.this if isinstance(node, exp.Paren) else node
    return exp.cast(inner.copy(), exp.DType.DOUBLE, copy=False)


def _float_quotient(node: exp.Expr, kind: Value) -> exp.Expr:
    left = node.this.copy() if kind is Value.FLOAT else _double(node.this)
    return exp.Div(this=left, expression=node.expression.copy(), typed=True, safe=False)


def _nonzero(node: exp.Expr | None) -> bool:
    if isinstance(node, exp.Paren | exp.Neg):
        return _nonzero(node.this)
    if not isinstance(node, exp.Literal) or node.is_string:
        return False
    return any(char in "123456789" for char in node.name.lower().partition("e")[0])


def _loose(node: exp.Expr) -> exp.Expr:
    """In brackets, if an operator stands there: the new parent binds as tight as the old one."""
    return exp.paren(node.copy()) if isinstance(node, exp.Binary) else node.copy()


# Trino's `/` cuts whole numbers, as DuckDB's `//` does; both divide floats as floats.


def _trino_quotient(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    kind = _operands(node, passage)
    if kind is Value.FLOAT or _is_interval(node):
        return None
    if passage.to("duckdb"):
        return exp.IntDiv(this=node.this.copy(), expression=node.expression.copy())
    if kind is Value.INTEGER:
        return exp.Anonymous(this="DIV", expressions=[node.this.copy(), node.expression.copy()])
    return None


def _trino_quotient_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    kind = _operands(node, passage)
    if _is_interval(node):
        return None
    if kind is Value.DECIMAL:
        return Loss(
            node=node,
            what=f"Trino rounds the decimal quotient {written(node, 'trino')} to the scale of "
            f"its operands, {passage.target} does not",
            fix="Cast one side to DOUBLE.",
        )
    if kind is not Value.UNKNOWN:
        return None
    if passage.to("bigquery"):
        return Loss(
            node=node,
            what=f"{written(node, 'trino')} gives a whole number in Trino if both sides are "
            "whole, and a fraction in BigQuery",
            fix=_CAST_FIX,
        )
    return Loss(
        node=node,
        what=f"{written(node, 'trino')} is rounded to its operands' scale in Trino if they are "
        "DECIMAL, and is a DOUBLE in DuckDB",
        fix="Cast one side to DOUBLE.",
        certain=False,
    )


# DuckDB's `/` always divides as DOUBLE, and by zero gives infinity or NaN.


def _duckdb_quotient(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    if _is_interval(node):
        return None
    kind, divisor = _operands(node, passage), node.expression
    if passage.to("trino"):
        return _float_quotient(node, kind)
    fraction = isinstance(divisor, exp.Literal) and "." in divisor.name
    if _nonzero(divisor) and (fraction or kind in (Value.INTEGER, Value.FLOAT)):
        return None
    return exp.Anonymous(this="IEEE_DIVIDE", expressions=[node.this.copy(), divisor.copy()])


# BigQuery's `/` fails on zero, as DuckDB's `//` does.


def _bigquery_quotient(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    if _is_interval(node):
        return None
    if passage.to("trino"):
        return _float_quotient(node, _operands(node, passage))
    if _nonzero(node.expression):
        return None
    return exp.IntDiv(this=_double(node.this), expression=node.expression.copy())


def _bigquery_quotient_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    if passage.to("trino") and not _nonzero(node.expression):
        return Loss(
            node=node,
            what=f"{written(node, 'bigquery')} fails on a zero in BigQuery and gives infinity "
            "in Trino",
            fix="Divide by NULLIF(..., 0), or make sure that there is no zero.",
            certain=False,
        )
    return None


def _quotient(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    return _QUOTIENTS[passage.source](node, passage)


def _quotient_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    if passage.of("trino"):
        return _trino_quotient_lost(node, passage)
    if passage.of("bigquery"):
        return _bigquery_quotient_lost(node, passage)
    return None


_QUOTIENTS: dict[str, Callable[[exp.Expr, Passage], exp.Expr | None]] = {
    "trino": _trino_quotient,
    "duckdb": _duckdb_quotient,
    "bigquery": _bigquery_quotient,
}


def _whole_quotient(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    return _raw(node) if passage.to("trino") else None


def _whole_quotient_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    kind = _operands(node, passage)
    if kind is Value.INTEGER:
        return None
    known = kind in (Value.DECIMAL, Value.FLOAT) and not (
        kind is Value.FLOAT and passage.of("duckdb") and passage.to("trino")
    )
    if passage.to("trino", "bigquery") and known:
        return Loss(
            node=node,
            what=f"{written(node, passage.source)} is not a division of whole numbers",
            fix="Cast both sides to BIGINT.",
        )
    return None


def _ieee_divide(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    if not passage.of("bigquery") or str(node.this).upper() != "IEEE_DIVIDE":
        return None
    left, right = node.expressions
    return exp.Div(this=_double(left), expression=_loose(right), typed=True, safe=False)


def _bare_decimal(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """DECIMAL without digits means other digits in each dialect."""
    if node.this is not exp.DType.DECIMAL or node.expressions or passage.to("bigquery"):
        return None
    digits = [exp.DataTypeParam(this=exp.Literal.number(n)) for n in _DECIMALS[passage.source]]
    return exp.DataType(this=exp.DType.DECIMAL, expressions=digits)


def _cast(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    to = node.args["to"]
    given = kind_of(node.this, passage.source)
    if passage.to("bigquery"):
        return _scaled(node, to, passage)
    if (
        passage.to("duckdb")
        and type_kind(to) is Value.INTEGER
        and given is Value.FLOAT
        and not isinstance(node.this, exp.Round)
    ):
        # DuckDB rounds a half to even, the others away from zero.
        whole = exp.Round(this=node.this.copy())
        return type(node)(this=whole, to=to.copy())
    return None


def _scaled(node: exp.Expr, to: exp.Expr, passage: Passage) -> exp.Expr | None:
    """BigQuery takes no digits in a cast: rounding says them."""
    if to.this is not exp.DType.DECIMAL:
        return None
    digits = [number_of(one.this) for one in to.expressions]
    scale = digits[1] if len(digits) > 1 else (_DECIMALS[passage.source][1] if not digits else 0)
    if scale is None or scale >= _NUMERIC_SCALE:
        return None
    bare: exp.Expr = type(node)(this=node.this.copy(), to=exp.DataType(this=exp.DType.DECIMAL))
    return exp.Round(this=bare, decimals=exp.Literal.number(scale))


def _cast_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    to, source = node.args["to"], passage.source
    given, wanted = kind_of(node.this, source), type_kind(to)
    digits = [number_of(one.this) for one in to.expressions if isinstance(one, exp.DataTypeParam)]
    if wanted is Value.DECIMAL and passage.to("bigquery") and len(digits) > 1:
        precision, scale = digits[0] or 0, digits[1] or 0
        if scale > _NUMERIC_SCALE or precision - scale > 38 - _NUMERIC_SCALE:
            return Loss(
                node=node,
                what=f"{written(to, source)} has more digits than BigQuery's NUMERIC",
                fix="Use fewer digits.",
            )
    if wanted is Value.INTEGER and passage.of("duckdb") and given is Value.FLOAT:
        return Loss(
            node=node,
            what=f"{written(node, source)} rounds a half to even in DuckDB, "
            f"and away from zero in {passage.target}",
            fix="Say ROUND, FLOOR or TRUNC inside the cast.",
            certain=False,
        )
    if wanted is Value.INTEGER and passage.to("duckdb") and given is Value.UNKNOWN:
        return Loss(
            node=node,
            what=f"{written(node, source)} rounds a half away from zero in {source}, and to "
            "even in DuckDB if it is a DOUBLE",
            fix="Say ROUND, FLOOR or TRUNC inside the cast if it can have a fraction.",
            certain=False,
        )
    if wanted is Value.TEXT and given is Value.FLOAT:
        return Loss(
            node=node,
            what=f"{written(node, source)} writes floating numbers in another form in "
            f"{passage.target}",
            fix="Cast to a DECIMAL or round to a whole number first.",
            certain=False,
        )
    return None


def _average(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """DuckDB's avg() is always a DOUBLE; of decimals the others give a decimal."""
    known = kind_of(node.this, passage.source) in (Value.INTEGER, Value.FLOAT)
    if not passage.of("duckdb") or known or isinstance(node.this, exp.Distinct):
        return None
    return exp.Avg(this=_double(node.this))


def _average_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    kind = kind_of(node.this, passage.source)
    distinct = isinstance(node.this, exp.Distinct)
    known = kind in (Value.INTEGER, Value.FLOAT)
    if known or not ((passage.of("trino") and passage.to("duckdb")) or distinct):
        return None
    return Loss(
        node=node,
        what=f"{written(node, passage.source)} is a DOUBLE in DuckDB, and elsewhere a decimal of "
        "the same scale if its values are decimals",
        fix="Cast its argument to DOUBLE.",
        certain=kind is Value.DECIMAL,
    )


def _fractions(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """0.06 + 0.01 is exact where such a literal is a decimal; in BigQuery it is a float."""
    sides = (node.this, node.expression)
    if "bigquery" not in (passage.source, passage.target):
        return None
    if not all(isinstance(s, exp.Literal) and not s.is_string for s in sides):
        return None
    if not any("." in side.name and "e" not in side.name.lower() for side in sides):
        return None
    copy = node.copy()
    kind = exp.DType.DECIMAL if passage.to("bigquery") else exp.DType.DOUBLE
    for name, side in (("this", node.this), ("expression", node.expression)):
        if "." in side.name:
            given = exp.Literal.string(side.name) if passage.to("bigquery") else side.copy()
            copy.set(name, exp.cast(given, kind, copy=False))
    return copy


def _format_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    if node.args.get("format") is None:
        return None
    what = f"{written(node, passage.source)} has a FORMAT that is BigQuery's own"
    return Loss(node=node, what=what, fix="Use FORMAT_DATE or PARSE_DATE.")


def _log(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """DuckDB's log(x) is to the base of ten."""
    if passage.of("duckdb") and node.args.get("expression") is None:
        return exp.Log(this=exp.Literal.number(10), expression=node.this.copy())
    return None


def _extreme(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """DuckDB's GREATEST and LEAST leave NULLs out, the others give NULL."""
    if not passage.of("duckdb"):
        return None
    kind = type(node)
    folded: exp.Expr = node.this.copy()
    for one in node.expressions:
        pair = kind(this=folded, expressions=[one.copy()], ignore_nulls=False)
        folded = exp.Coalesce(this=pair, expressions=[folded.copy(), one.copy()])
    return folded


def _extreme_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    if passage.of("duckdb") and len(node.expressions) > 4:
        return Loss(
            node=node,
            what="GREATEST and LEAST leave NULLs out in DuckDB only",
            fix="Give it at most five values, or COALESCE each of them.",
        )
    return None


REWRITES: Rewrites = {
    exp.Add: (_fractions,),
    exp.Sub: (_fractions,),
    exp.Mul: (_fractions,),
    exp.Avg: (_average,),
    exp.Div: (_quotient,),
    exp.IntDiv: (_whole_quotient,),
    exp.Anonymous: (_ieee_divide,),
    exp.DataType: (_bare_decimal,),
    exp.Cast: (_cast,),
    exp.TryCast: (_cast,),
    exp.Log: (_log,),
    exp.Greatest: (_extreme,),
    exp.Least: (_extreme,),
}
CHECKS: Checks = {
    exp.Avg: (_average_lost,),
    exp.Div: (_quotient_lost,),
    exp.IntDiv: (_whole_quotient_lost,),
    exp.Cast: (_cast_lost, _format_lost),
    exp.TryCast: (_cast_lost, _format_lost),
    exp.Greatest: (_extreme_lost,),
    exp.Least: (_extreme_lost,),
}

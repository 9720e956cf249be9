"""Arrays, and the rows that are made of them."""

from sqlglot import exp

from dli_domain.transpiling.kinds import Value, kind_of
from dli_domain.transpiling.passage import Checks, Loss, Passage, Rewrites, number_of, written


def _is_index(node: exp.Expr) -> bool:
    only = node.expressions[0] if len(node.expressions) == 1 else None
    return only is not None and not (isinstance(only, exp.Literal) and only.is_string)


def _subscript(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """Past an array's end DuckDB gives NULL; the others fail unless they are asked safely."""
    if passage.of("duckdb") and _is_index(node) and number_of(node.expressions[0]) is not None:
        copy = node.copy()
        copy.set("safe", True)
        copy.set("offset", 0)
        return copy
    return None


def _subscript_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    text = written(node, passage.source)
    if any(isinstance(one, exp.Slice) for one in node.expressions):
        what = f"{passage.target} has no slices of arrays such as {text}"
        return Loss(node=node, what=what, fix="Unnest the array and filter.")
    if not _is_index(node):
        return None
    # The tree counts from 0 where it is not said otherwise.
    index = number_of(node.expressions[0])
    negative = index is not None and index < 0
    if passage.to("bigquery") and negative:
        return Loss(
            node=node,
            what=f"{text}: BigQuery counts no array from its end",
            fix="Use ARRAY_LENGTH or the array reversed.",
        )
    if passage.to("duckdb") and not node.args.get("safe"):
        return Loss(
            node=node,
            what=f"past the array's end {text} fails in {passage.source}, and is NULL in DuckDB",
            certain=False,
        )
    if passage.of("duckdb") and index is None:
        return Loss(
            node=node,
            what=f"past the array's end {text} is NULL in DuckDB, and fails in {passage.target}",
            certain=False,
        )
    return None


def _unnest_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    alias = node.args.get("alias")
    columns = alias.args.get("columns") if isinstance(alias, exp.TableAlias) else None
    if node.args.get("offset") and "bigquery" in (passage.source, passage.target):
        return Loss(
            node=node,
            what="WITH OFFSET counts from 0, WITH ORDINALITY from 1",
            fix="Number the rows with ROW_NUMBER.",
        )
    if passage.to("bigquery") and (len(columns or ()) > 1 or len(node.expressions) > 1):
        return Loss(
            node=node,
            what="BigQuery's UNNEST takes one array and gives one column",
            fix="Unnest one array of ROWs.",
        )
    return None


def _series_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    if "trino" not in (passage.source, passage.target) or node.args.get("step"):
        return None
    first, last = number_of(node.args.get("start")), number_of(node.args.get("end"))
    if first is not None and last is not None and first <= last:
        return None
    kinds = {kind_of(node.args.get(name), passage.source) for name in ("start", "end")}
    if kinds & {Value.DATE, Value.MOMENT}:
        return None
    return Loss(
        node=node,
        what=f"{written(node, passage.source)} goes down in Trino if its end comes before its "
        f"start, and is empty elsewhere",
        fix="Give the step.",
        certain=first is not None and last is not None,
    )


def _order_in_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    name = type(node).__name__
    return Loss(
        node=node,
        what=f"{written(node, passage.source)} does not mean the same in {passage.target} ({name})",
        fix="Unnest the array and say it in a query.",
    )


def _nulls_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    return Loss(
        node=node,
        what=f"{written(node, passage.source)} treats NULLs and order otherwise in "
        f"{passage.target}",
        certain=False,
    )


def _in_array_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    if node.args.get("unnest") is None or not passage.to("trino"):
        return None
    return Loss(node=node, what="Trino has no IN UNNEST(...)", fix="Use contains(array, value).")


def _series_as_table(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """A series of DuckDB's is a table of one column, whose name would be lost."""
    if not passage.of("duckdb") or not isinstance(node.this, exp.GenerateSeries):
        return None
    said = node.args.get("alias")
    alias = said.copy() if isinstance(said, exp.TableAlias) else exp.TableAlias()
    if not alias.args.get("columns"):
        exclusive = node.this.args.get("is_end_exclusive")
        own = exp.to_identifier("range" if exclusive else "generate_series")
        alias.set("columns", [own])
        alias.set("this", alias.this or own.copy())
    return exp.Unnest(expressions=[node.this.copy()], alias=alias)


REWRITES: Rewrites = {exp.Bracket: (_subscript,), exp.Table: (_series_as_table,)}
CHECKS: Checks = {
    exp.Bracket: (_subscript_lost,),
    exp.Unnest: (_unnest_lost,),
    exp.GenerateSeries: (_series_lost,),
    exp.ArraySlice: (_order_in_lost,),
    exp.ArrayPosition: (_order_in_lost,),
    exp.ArrayDistinct: (_nulls_lost,),
    exp.In: (_in_array_lost,),
}

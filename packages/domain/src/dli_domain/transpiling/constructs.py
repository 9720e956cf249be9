"""What one dialect has and another has not, or has under the same name with another meaning."""

from collections.abc import Callable, Mapping

from sqlglot import exp

from dli_domain.transpiling.passage import Checks, Loss, Passage, Rewrites, texts_of, written


def _unless(
    *having: str, what: str, fix: str = "", certain: bool = True
) -> Callable[[exp.Expr, Passage], Loss | None]:
    """A loss wherever the target is none of those that have it."""

    def check(node: exp.Expr, passage: Passage) -> Loss | None:
        if passage.target in having:
            return None
        said = f"{written(node, passage.source)}: {passage.target} {what}"
        return Loss(node=node, what=said, fix=fix, certain=certain)

    return check


def _always(
    what: str, fix: str = "", *, certain: bool = True
) -> Callable[[exp.Expr, Passage], Loss | None]:
    def check(node: exp.Expr, passage: Passage) -> Loss | None:
        said = f"{written(node, passage.source)}: {what}"
        return Loss(node=node, what=said, fix=fix, certain=certain)

    return check


def _aggregate_filter(node: exp.Expr, passage: Passage) -> Loss | None:
    if passage.to("bigquery") and node.find(exp.ArrayAgg):
        return Loss(
            node=node,
            what="BigQuery would drop NULLs from this array",
            fix="Filter in a subquery.",
        )
    return None


def _ignore_nulls(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """DuckDB's any_value() gives no NULL, as Trino's arbitrary()."""
    if passage.to("trino") and isinstance(node.this, exp.AnyValue):
        return node.this.copy()
    return None


def _ignore_nulls_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    if not isinstance(node.this, exp.ArrayAgg) or not passage.to("trino"):
        return None
    what = "Trino has no IGNORE NULLS in array_agg"
    return Loss(node=node, what=what, fix="Use FILTER (WHERE ... IS NOT NULL).")


def _table(node: exp.Expr, passage: Passage) -> Loss | None:
    name = node.name
    if passage.of("bigquery") and (name.endswith("*") or name.upper() == "INFORMATION_SCHEMA"):
        return Loss(node=node, what=f"{name!r} is a table of BigQuery's own kind")
    file = name.lower().endswith((".parquet", ".csv", ".json", ".ndjson", ".tsv", ".gz"))
    if passage.of("duckdb") and not node.args.get("db") and ("/" in name or file):
        return Loss(node=node, what=f"{name!r} is a file", fix="Load it into a table.")
    return None


def _cte(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """MATERIALIZED is a hint that only DuckDB has; the rows are the same without it."""
    if node.args.get("materialized") is None or passage.to("duckdb"):
        return None
    copy = node.copy()
    copy.set("materialized", None)
    return copy


def _type(node: exp.Expr, passage: Passage) -> Loss | None:
    if node.this not in _TYPES_LOST[passage.target]:
        return None
    return Loss(
        node=node.find_ancestor(exp.Cast, exp.ColumnDef) or node,
        what=f"{passage.target} has no type {written(node, passage.source)}",
        fix="Cast to a type that both have.",
    )


_DT = exp.DType
_UNSIGNED = frozenset({_DT.UTINYINT, _DT.USMALLINT, _DT.UINT, _DT.UBIGINT, _DT.UINT128})
_HUGE = frozenset({_DT.INT128, _DT.INT256, _DT.BIT, _DT.ENUM, _DT.UNION})
_TYPES_LOST: Mapping[str, frozenset[exp.DType]] = {
    "bigquery": _UNSIGNED | _HUGE | {_DT.MAP, _DT.UUID, _DT.IPADDRESS, _DT.HLLSKETCH, _DT.TIMETZ},
    "duckdb": frozenset({_DT.BIGDECIMAL, _DT.GEOGRAPHY, _DT.IPADDRESS, _DT.HLLSKETCH}),
    "trino": _UNSIGNED | _HUGE | {_DT.BIGDECIMAL, _DT.GEOGRAPHY},
}


def _exploded(node: exp.Expr, passage: Passage) -> Loss | None:
    if not passage.of("duckdb") or not isinstance(node.parent, exp.Select | exp.Alias):
        return None
    return Loss(
        node=node,
        what="unnest() in a SELECT makes rows in DuckDB only",
        fix="Write FROM t CROSS JOIN UNNEST(list) AS u(x).",
    )


def _hash(node: exp.Expr, passage: Passage) -> Loss | None:
    if {passage.source, passage.target} <= {"bigquery", "trino"}:
        return None
    return Loss(
        node=node,
        what=f"{written(node, passage.source)} is text in DuckDB, and bytes elsewhere",
        fix="Use md5(), or compute it in the engine's dialect.",
    )


def _distinct_count(node: exp.Expr, passage: Passage) -> Loss | None:
    if node.args.get("accuracy") is not None and not passage.to("trino"):
        what = f"{passage.target} takes no standard error"
        return Loss(node=node, what=what, fix="Leave the second argument out.")
    return None


def _at_key(node: exp.Expr, passage: Passage) -> Loss | None:
    """A path that only one dialect reads."""
    path = texts_of(node.expression)
    if path is None:
        return None
    return Loss(
        node=node,
        what=f"the JSON path {path!r} cannot be read, so {passage.target} may read it otherwise",
        certain=False,
    )


_APPROXIMATE = _always(
    "an approximate aggregate is computed otherwise by each engine", certain=False
)
_ONE_DIALECT = _always("it is one dialect's own", "Write it in a way that both have.")
_ARBITRARY = _always(
    "first() and last() follow the order of rows, which only DuckDB keeps",
    "Use min_by() or max_by().",
)
_MEANS_OTHER = _always("it does not mean the same in both dialects", "Write it for the engine.")
REWRITES: Rewrites = {
    exp.CTE: (_cte,),
    exp.IgnoreNulls: (_ignore_nulls,),
}
CHECKS: Checks = {
    exp.ApproxDistinct: (_distinct_count, _APPROXIMATE),
    exp.ApproxQuantile: (_APPROXIMATE,),
    exp.ApproxQuantiles: (_APPROXIMATE,),
    exp.Analyze: (_unless("duckdb", "trino", what="has no ANALYZE"),),
    exp.Columns: (_unless("duckdb", what="has no COLUMNS()", fix="Name the columns."),),
    exp.Comprehension: (_ONE_DIALECT,),
    exp.Explode: (_exploded,),
    exp.Filter: (_aggregate_filter,),
    exp.First: (_ARBITRARY,),
    exp.Format: (_MEANS_OTHER,),
    exp.Glob: (_unless("duckdb", what="has no GLOB", fix="Use LIKE."),),
    exp.HavingMax: (_unless("bigquery", "duckdb", what="has no HAVING MAX"),),
    exp.IgnoreNulls: (_ignore_nulls_lost,),
    exp.JSONExtract: (_at_key,),
    exp.JSONExtractScalar: (_at_key,),
    exp.Lambda: (_unless("duckdb", "trino", what="has no lambdas", fix="Unnest the array."),),
    exp.Last: (_ARBITRARY,),
    exp.Localtimestamp: (_unless("duckdb", "trino", what="has no LOCALTIMESTAMP"),),
    exp.Map: (_unless("duckdb", "trino", what="has no maps"),),
    exp.MatchRecognize: (_unless("trino", what="has no MATCH_RECOGNIZE"),),
    exp.NetFunc: (_ONE_DIALECT,),
    exp.Pivot: (_always("PIVOT names its columns otherwise", "Write it with CASE."),),
    exp.SHA: (_hash,),
    exp.SHA1Digest: (_hash,),
    exp.SHA2: (_hash,),
    exp.SHA2Digest: (_hash,),
    exp.SafeFunc: (_always("SAFE. turns errors into NULL in BigQuery only", "Test before."),),
    exp.SimilarTo: (_unless("duckdb", what="has no SIMILAR TO", fix="Use a regexp."),),
    exp.Table: (_table,),
    exp.ToMap: (_unless("duckdb", what="has no literal form of maps", fix="Use map()."),),
    exp.Typeof: (_MEANS_OTHER,),
    exp.Version: (_unless("bigquery", "trino", what="has no earlier states of a table"),),
    exp.DataType: (_type,),
}

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


def _star(node: exp.Expr, passage: Passage) -> Loss | None:
    words = {"except_": "EXCEPT", "replace": "REPLACE", "rename": "RENAME"}
    said = [word for name, word in words.items() if node.args.get(name)]
    if passage.to("bigquery"):
        said = [word for word in said if word == "RENAME"]
    if passage.to("duckdb") or not said:
        return None
    what = f"{passage.target} has no SELECT * {' or '.join(said)}"
    return Loss(node=node.parent, what=what, fix="Name the columns.")


def _limit(node: exp.Expr, passage: Passage) -> Loss | None:
    options = node.args.get("limit_options")
    ties = options is not None and options.args.get("with_ties")
    percent = options is not None and options.args.get("percent")
    if ties or percent:
        word = "WITH TIES" if ties else "PERCENT"
        return Loss(
            node=node,
            what=f"the limit's {word} would be dropped",
            fix="Use RANK() or ROW_NUMBER() in a subquery.",
        )
    if isinstance(node.parent, exp.AggFunc) and not passage.to("bigquery"):
        return Loss(
            node=node,
            what=f"{passage.target} has no LIMIT in an aggregate",
            fix="Number the rows first and aggregate those that are wanted.",
        )
    return None


def _join(node: exp.Expr, passage: Passage) -> Loss | None:
    said = " ".join(str(node.args.get(name) or "") for name in ("method", "kind", "side")).upper()
    if passage.to("duckdb"):
        return None
    for word in ("ASOF", "POSITIONAL", "SEMI", "ANTI"):
        if word in said.split():
            return Loss(
                node=node,
                what=f"{passage.target} has no {word} JOIN",
                fix="Use EXISTS, or a window function.",
            )
    if passage.to("bigquery") and isinstance(node.this, exp.Lateral):
        what = "BigQuery has no LATERAL subquery"
        return Loss(node=node, what=what, fix="Join the subquery.")
    return None


def _set_operation(node: exp.Expr, passage: Passage) -> Loss | None:
    if node.args.get("by_name") and not passage.to("duckdb"):
        return Loss(
            node=node,
            what=f"UNION BY NAME fills missing columns in DuckDB, not in {passage.target}",
            fix="Name the columns in one order.",
        )
    if not passage.to("bigquery") or isinstance(node, exp.Union) or node.args.get("distinct"):
        return None
    return Loss(
        node=node,
        what=f"BigQuery has {type(node).__name__.upper()} DISTINCT only",
        fix="Count the rows with ROW_NUMBER.",
    )


def _select(node: exp.Expr, passage: Passage) -> Loss | None:
    distinct = node.args.get("distinct")
    if isinstance(distinct, exp.Distinct) and distinct.args.get("on") and node.args.get("order"):
        return Loss(
            node=distinct,
            what="the order of a DISTINCT ON would be lost",
            fix="Use ROW_NUMBER() and order the outermost query.",
        )
    if node.args.get("kind") == "VALUE":
        return Loss(node=node, what="SELECT AS VALUE is BigQuery's own", fix="Name the columns.")
    if node.args.get("qualify") is not None and passage.to("trino") and node.is_star:
        return Loss(
            node=node.args["qualify"],
            what="QUALIFY beside a * would add its column in Trino",
            fix="Name the columns.",
        )
    return _alias_of_table(node, passage) or _alias_used(node, passage)


def _alias_of_table(node: exp.Expr, passage: Passage) -> Loss | None:
    """BigQuery groups by aliases, and one that is a table's name too would be the table."""
    if not passage.to("bigquery") or not (node.args.get("group") and node.args.get("order")):
        return None
    named = {table.alias_or_name.lower() for table in node.find_all(exp.Table)}
    for item in node.expressions:
        if isinstance(item, exp.Alias) and item.alias.lower() in named:
            return Loss(
                node=item,
                what=f"the alias {item.alias!r} is a table's name too, and BigQuery would group by "
                "the table",
                fix="Give it another alias.",
            )
    return None


def _alias_used(node: exp.Expr, passage: Passage) -> Loss | None:
    """DuckDB lets a column's alias be used beside it and in WHERE."""
    if not passage.of("duckdb"):
        return None
    seen: set[str] = set()
    for item in node.expressions:
        for column in item.find_all(exp.Column):
            if not column.table and column.name.lower() in seen:
                return _alias_loss(column, passage)
        if isinstance(item, exp.Alias):
            own = {c.name.lower() for c in item.this.find_all(exp.Column) if not c.table}
            if item.alias.lower() not in own:
                seen.add(item.alias.lower())
    for name in ("where", "group") if passage.to("trino") else ("where",):
        clause = node.args.get(name)
        for column in clause.find_all(exp.Column) if clause else ():
            if not column.table and column.name.lower() in seen and _own(column, node):
                return _alias_loss(column, passage)
    return None


def _own(column: exp.Expr, select: exp.Expr) -> bool:
    return column.find_ancestor(exp.Select) is select


def _alias_loss(column: exp.Expr, passage: Passage) -> Loss:
    return Loss(
        node=column,
        what=f"{column.name!r} is an alias of this SELECT, which {passage.target} does not see here",
        fix="Repeat the expression, or select from a subquery; if it is a column too, "
        "write its table before it.",
        certain=False,
    )


def _group(node: exp.Expr, passage: Passage) -> Loss | None:
    select = node.parent
    if not node.args.get("all") or not passage.to("trino"):
        return None
    if isinstance(select, exp.Select) and not any(one.is_star for one in select.expressions):
        return None
    return Loss(
        node=select,
        what="Trino has no GROUP BY ALL",
        fix="Name the columns to group by.",
    )


def _grouped_by_place(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """Trino has no GROUP BY ALL: the places of what is not aggregated say the same."""
    select = node.parent
    if not (node.args.get("all") and passage.to("trino") and isinstance(select, exp.Select)):
        return None
    keys = [
        exp.Literal.number(place)
        for place, item in enumerate(select.expressions, start=1)
        if item.find(exp.AggFunc, exp.AnonymousAggFunc) is None
    ]
    return exp.Group(expressions=keys) if keys else None


def _ordered(node: exp.Expr, passage: Passage) -> Loss | None:
    if isinstance(node.this, exp.Var) and node.this.name.upper() == "ALL":
        if passage.to("duckdb"):
            return None
        what = f"{passage.target} has no ORDER BY ALL"
        return Loss(node=node.find_ancestor(exp.Select), what=what, fix="Name the columns.")
    return None


def _nulls_at_an_end(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """BigQuery takes NULLS FIRST or LAST in a final ORDER BY only: a key before says it."""
    if not passage.to("bigquery") or not _inner_order(node) or _moving_range(node):
        return None
    changed = node.copy()
    keys: list[exp.Expr] = []
    for key in changed.expressions:
        usual = not key.args.get("desc")
        wanted = bool(key.args.get("nulls_first"))
        if isinstance(key, exp.Ordered) and wanted != usual:
            missing = exp.Is(this=key.this.copy(), expression=exp.Null())
            keys.append(exp.Ordered(this=missing, desc=wanted or None, nulls_first=not wanted))
            key.set("nulls_first", usual)
        keys.append(key)
    changed.set("expressions", keys)
    return changed


def _inner_order(node: exp.Expr) -> bool:
    above = node.parent
    return isinstance(above, exp.Window | exp.AggFunc | exp.WithinGroup | exp.Limit) and not (
        isinstance(above, exp.Limit) and not isinstance(above.parent, exp.AggFunc)
    )


def _moving_range(node: exp.Expr) -> bool:
    spec = node.parent.args.get("spec") if node.parent else None
    if not isinstance(spec, exp.WindowSpec) or str(spec.args.get("kind")).upper() != "RANGE":
        return False
    return any(isinstance(spec.args.get(name), exp.Expr) for name in ("start", "end"))


def _frame(node: exp.Expr, passage: Passage) -> Loss | None:
    kind = str(node.args.get("kind") or "").upper()
    if passage.to("bigquery") and (kind == "GROUPS" or node.args.get("exclude")):
        return Loss(node=node.find_ancestor(exp.Window), what="BigQuery has no such frame")
    if passage.to("trino") and node.args.get("exclude"):
        return Loss(node=node.find_ancestor(exp.Window), what="Trino's frames exclude no rows")
    return None


def _sample(node: exp.Expr, passage: Passage) -> Loss | None:
    percent = node.args.get("percent") is not None
    method = node.args.get("method")
    name = method.name.upper() if isinstance(method, exp.Expr) else "SYSTEM"
    known = ("SYSTEM",) if passage.to("bigquery") else ("SYSTEM", "BERNOULLI")
    if (percent and name in known) or passage.to("duckdb"):
        return None
    return Loss(
        node=node.parent,
        what=f"{passage.target} has no sample by {name if percent else 'rows'}",
        fix="Filter by a random number.",
    )


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


def _statement(node: exp.Expr, passage: Passage) -> Loss | None:
    what = f"{node.key.upper()} statements are not translated"
    return Loss(node=node, what=what, fix=f"Write it for {passage.target}.")


def _create(node: exp.Expr, passage: Passage) -> Loss | None:
    kind = str(node.args.get("kind") or "").upper()
    properties = node.args.get("properties")
    named = [p for p in (properties.expressions if properties else ()) if _is_lost(p)]
    if kind not in ("TABLE", "VIEW", "SCHEMA"):
        return Loss(node=node, what=f"CREATE {kind} is not translated")
    if named:
        return Loss(
            node=node,
            what=f"the table's {named[0].key.removesuffix('property')} property is "
            f"{passage.source}'s own",
            fix="Create the table apart.",
        )
    return None


def _is_lost(node: exp.Expr) -> bool:
    return not isinstance(node, exp.TemporaryProperty)


def _insert(node: exp.Expr, passage: Passage) -> Loss | None:
    parts = ("alternative", "by_name", "conflict", "returning", "overwrite")
    found = next((part for part in parts if node.args.get(part)), None)
    if found is None:
        return None
    return Loss(node=node, what=f"the INSERT's {found} part is {passage.source}'s own")


def _update(node: exp.Expr, passage: Passage) -> Loss | None:
    if passage.to("trino") and node.args.get("from_"):
        return Loss(node=node, what="Trino has no UPDATE ... FROM", fix="Use MERGE.")
    return None


def _merge_insert(node: exp.Expr, passage: Passage) -> Loss | None:
    action = node.args.get("then")
    if isinstance(action, exp.Insert) and not action.expression and not passage.to("bigquery"):
        return Loss(node=node, what="INSERT ROW is BigQuery's own", fix="Name the columns.")
    return None


def _values(node: exp.Expr, passage: Passage) -> Loss | None:
    if passage.to("bigquery") and node.parent is None:
        return Loss(node=node, what="BigQuery has no VALUES query", fix="Use SELECT ... UNION ALL.")
    return None


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
_STATEMENTS = (
    exp.Attach,
    exp.Command,
    exp.Copy,
    exp.Declare,
    exp.Describe,
    exp.Detach,
    exp.Execute,
    exp.Pragma,
    exp.Set,
    exp.Summarize,
    exp.Use,
)

REWRITES: Rewrites = {
    exp.CTE: (_cte,),
    exp.Group: (_grouped_by_place,),
    exp.IgnoreNulls: (_ignore_nulls,),
    exp.Order: (_nulls_at_an_end,),
}
CHECKS: Checks = {
    **dict.fromkeys(_STATEMENTS, (_statement,)),
    exp.ApproxDistinct: (_distinct_count, _APPROXIMATE),
    exp.ApproxQuantile: (_APPROXIMATE,),
    exp.ApproxQuantiles: (_APPROXIMATE,),
    exp.Analyze: (_unless("duckdb", "trino", what="has no ANALYZE"),),
    exp.Columns: (_unless("duckdb", what="has no COLUMNS()", fix="Name the columns."),),
    exp.Comprehension: (_ONE_DIALECT,),
    exp.Create: (_create,),
    exp.Except: (_set_operation,),
    exp.Explode: (_exploded,),
    exp.Fetch: (_limit,),
    exp.Filter: (_aggregate_filter,),
    exp.First: (_ARBITRARY,),
    exp.Format: (_MEANS_OTHER,),
    exp.Glob: (_unless("duckdb", what="has no GLOB", fix="Use LIKE."),),
    exp.Group: (_group,),
    exp.HavingMax: (_unless("bigquery", "duckdb", what="has no HAVING MAX"),),
    exp.IgnoreNulls: (_ignore_nulls_lost,),
    exp.Insert: (_insert,),
    exp.Intersect: (_set_operation,),
    exp.JSONExtract: (_at_key,),
    exp.JSONExtractScalar: (_at_key,),
    exp.Join: (_join,),
    exp.Lambda: (_unless("duckdb", "trino", what="has no lambdas", fix="Unnest the array."),),
    exp.Last: (_ARBITRARY,),
    exp.Limit: (_limit,),
    exp.Localtimestamp: (_unless("duckdb", "trino", what="has no LOCALTIMESTAMP"),),
    exp.Map: (_unless("duckdb", "trino", what="has no maps"),),
    exp.MatchRecognize: (_unless("trino", what="has no MATCH_RECOGNIZE"),),
    exp.NetFunc: (_ONE_DIALECT,),
    exp.Ordered: (_ordered,),
    exp.Pivot: (_always("PIVOT names its columns otherwise", "Write it with CASE."),),
    exp.SHA: (_hash,),
    exp.SHA1Digest: (_hash,),
    exp.SHA2: (_hash,),
    exp.SHA2Digest: (_hash,),
    exp.SafeFunc: (_always("SAFE. turns errors into NULL in BigQuery only", "Test before."),),
    exp.Select: (_select,),
    exp.SimilarTo: (_unless("duckdb", what="has no SIMILAR TO", fix="Use a regexp."),),
    exp.Star: (_star,),
    exp.Table: (_table,),
    exp.TableSample: (_sample,),
    exp.ToMap: (_unless("duckdb", what="has no literal form of maps", fix="Use map()."),),
    exp.Typeof: (_MEANS_OTHER,),
    exp.Union: (_set_operation,),
    exp.Update: (_update,),
    exp.Values: (_values,),
    exp.Version: (_unless("bigquery", "trino", what="has no earlier states of a table"),),
    exp.When: (_merge_insert,),
    exp.WindowSpec: (_frame,),
    exp.DataType: (_type,),
}

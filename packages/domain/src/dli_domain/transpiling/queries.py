"""The clauses of a query: what each dialect's SELECT has, and orders and groups by."""

from sqlglot import exp

from dli_domain.transpiling.passage import Checks, Loss, Passage, Rewrites


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


REWRITES: Rewrites = {exp.Group: (_grouped_by_place,), exp.Order: (_nulls_at_an_end,)}
CHECKS: Checks = {
    exp.Except: (_set_operation,),
    exp.Fetch: (_limit,),
    exp.Group: (_group,),
    exp.Intersect: (_set_operation,),
    exp.Join: (_join,),
    exp.Limit: (_limit,),
    exp.Ordered: (_ordered,),
    exp.Select: (_select,),
    exp.Star: (_star,),
    exp.TableSample: (_sample,),
    exp.Union: (_set_operation,),
    exp.WindowSpec: (_frame,),
}

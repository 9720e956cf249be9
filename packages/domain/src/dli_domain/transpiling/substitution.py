"""Tables under other names: spliced into the text, so everything else stays as it was written."""

import re

from sqlglot import exp

from dli_domain.errors import ErrorCode, SqlError
from dli_domain.lineage.tables import tables_of
from dli_domain.model.lineage import TableKind, TableRef
from dli_domain.model.problems import Location
from dli_domain.model.transpile import AppliedRule, TableRule
from dli_domain.rendering.parsing import parse
from dli_domain.rendering.rendered import RenderedSql
from dli_domain.transpiling.rules import TableRules

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def substitute(
    sql: RenderedSql, dialect: str, rules: TableRules
) -> tuple[RenderedSql, tuple[AppliedRule, ...]]:
    """`sql` with each table renamed that a rule is for, once: a rule's target is not looked up again.

    The name of a CTE and an alias are no tables. A table without an alias whose columns are
    written with its name gets the old name as its alias.

    Raises:
        SqlError: it does not parse (DLI-202), or a column is written with its table's schema
            and cannot follow the new name (DLI-301).
    """
    if not rules.rules:
        return sql, ()
    found: list[tuple[TableRef, TableRule, exp.Expr]] = []
    for tree in parse(sql, dialect).statements:
        use = tables_of(tree)
        for mention in (*use.reads, *use.writes):
            if mention.kind is not TableKind.TABLE or mention.start is None:
                continue
            rule = rules.find(mention.parts, exact_case=dialect == "bigquery")
            if rule is not None:
                found.append((mention, rule, tree))
    places: dict[TableRule, list[Location]] = {}
    for mention, rule, tree in sorted(found, key=lambda one: -(one[0].start or 0)):
        start, end = mention.start or 0, mention.end or 0
        place = sql.locate_offset(start)
        table = _node(tree, start)
        text = quoted(rule.target, dialect) + _alias(table, tree, dialect, place)
        sql = sql.spliced(start, end, text)
        if place is not None:
            places.setdefault(rule, []).insert(0, place)
        else:
            places.setdefault(rule, [])
    applied = [AppliedRule(rule=r, places=tuple(places[r])) for r in rules.rules if r in places]
    return sql, tuple(applied)


def quoted(name: str, dialect: str) -> str:
    """A dotted name as the dialect writes it."""
    parts = name.split(".")
    return ".".join(
        exp.Identifier(this=part, quoted=_BARE.match(part) is None).sql(dialect=dialect)
        for part in parts
    )


def _node(tree: exp.Expr, start: int) -> exp.Table | None:
    for table in tree.find_all(exp.Table):
        starts = [part.meta["start"] for part in table.parts if "start" in part.meta]
        if starts and min(starts) == start:
            return table
    return None


def _alias(table: exp.Table | None, tree: exp.Expr, dialect: str, place: Location | None) -> str:
    """The old name as an alias, where columns are written with it."""
    if table is None or table.alias:
        return ""
    around = table.find_ancestor(exp.Select) or tree
    used = [c for c in around.find_all(exp.Column) if c.table.lower() == table.name.lower()]
    if not used:
        return ""
    is_source = isinstance(table.parent, exp.From | exp.Join) or table.arg_key == "using"
    if any(column.db for column in used) or not is_source:
        raise SqlError(
            f"A rule renames {table.sql(dialect)}, and columns are written with that name",
            code=ErrorCode.TRANSPILE_FAILED,
            location=place,
            hint="Give the table an alias, and write the columns with it.",
        )
    return f" AS {quoted(table.name, dialect)}"

"""Statements that are no queries: what they change, and which parts of them are one dialect's."""

from sqlglot import exp

from dli_domain.transpiling.passage import Checks, Loss, Passage, Rewrites


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

REWRITES: Rewrites = {}
CHECKS: Checks = {
    **dict.fromkeys(_STATEMENTS, (_statement,)),
    exp.Create: (_create,),
    exp.Insert: (_insert,),
    exp.Update: (_update,),
    exp.Values: (_values,),
    exp.When: (_merge_insert,),
}

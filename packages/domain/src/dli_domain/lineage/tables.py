"""The tables a statement reads and changes."""

from collections.abc import Iterable, Iterator

from sqlglot import exp

from dli_domain.model.lineage import TableAction, TableKind, TableRef, TablesUse

_MAX_TEXT = 120
_FILE_ENDINGS = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".gz", ".zst")

_NOT_UNDERSTOOD = (exp.Command, exp.Execute)

# Functions that make rows of their arguments and read nothing.
_GENERATORS = (
    exp.GenerateSeries,
    exp.ExplodingGenerateSeries,
    exp.Unnest,
    exp.Explode,
    exp.Flatten,
)
_GENERATOR_NAMES = frozenset(
    {"range", "generate_subscripts", "sequence", "repeat_row", "json_each", "json_tree"}
)
_TABLE_KINDS = frozenset({"TABLE", "VIEW", "MATERIALIZED VIEW", ""})

# A mention below one of these is no use of the table: a foreign key, a function's name.
_NO_USE = (exp.Reference, exp.UserDefinedFunction, exp.Use, exp.JoinHint)

Names = frozenset[str]


def tables_of(statement: exp.Expr) -> TablesUse:
    """What `statement` reads and what it changes; names of CTEs and aliases are no tables."""
    if isinstance(statement, _NOT_UNDERSTOOD):
        return TablesUse(understood=False)
    targets = {id(node): action for node, action in _targets(statement)}
    reads, writes = _files(statement)
    for table in _mentions(statement, frozenset()):
        action = targets.get(id(table))
        if action is not None:
            writes.append(_ref(table, action))
        elif not is_generator(table):
            reads.append(_ref(table, TableAction.READ))
    return TablesUse(reads=tuple(reads), writes=tuple(writes))


def table_parts(table: exp.Table) -> tuple[str, ...]:
    """The names as written, catalog first; a function's text where it is one."""
    if not isinstance(table.this, exp.Identifier | exp.Dot):
        return (_text(table),)
    return tuple(part.name for part in table.parts)


def table_kind(table: exp.Table) -> TableKind:
    """Whether it is a table, a function, or a file that the engine reads by its name."""
    if not isinstance(table.this, exp.Identifier | exp.Dot):
        return TableKind.FUNCTION
    name = table.name.lower()
    if not table.db and ("/" in name or name.endswith(_FILE_ENDINGS)):
        return TableKind.FILE
    return TableKind.TABLE


def is_generator(table: exp.Table) -> bool:
    """Whether it makes its rows of its arguments alone."""
    function = table.this
    if isinstance(function, exp.Anonymous):
        return str(function.this).lower() in _GENERATOR_NAMES
    return isinstance(function, _GENERATORS)


def target_table(statement: exp.Expr) -> exp.Table | None:
    """The table an INSERT, MERGE, UPDATE, DELETE or CREATE changes."""
    this = statement.args.get("this")
    if isinstance(this, exp.Schema):
        this = this.this
    return this if isinstance(this, exp.Table) else None


def _targets(statement: exp.Expr) -> Iterator[tuple[exp.Expr, TableAction]]:
    action = _action(statement)
    if action is not None:
        table = target_table(statement)
        if table is not None:
            yield table, action
    elif isinstance(statement, exp.Drop) and _is_table_kind(statement):
        yield from ((table, TableAction.DROP) for table in statement.args.get("tables") or ())
    elif isinstance(statement, exp.TruncateTable):
        yield from ((table, TableAction.TRUNCATE) for table in statement.expressions)
    if isinstance(statement, exp.Alter):
        renames = (one for one in statement.args.get("actions") or ())
        yield from (
            (one.this, TableAction.ALTER) for one in renames if isinstance(one, exp.AlterRename)
        )


_ACTIONS: tuple[tuple[type[exp.Expr], TableAction], ...] = (
    (exp.Insert, TableAction.INSERT),
    (exp.Merge, TableAction.MERGE),
    (exp.Update, TableAction.UPDATE),
    (exp.Delete, TableAction.DELETE),
)


def _action(statement: exp.Expr) -> TableAction | None:
    for kind, action in _ACTIONS:
        if isinstance(statement, kind):
            return action
    if isinstance(statement, exp.Create) and _is_table_kind(statement):
        is_view = "VIEW" in _kind(statement)
        return TableAction.CREATE_VIEW if is_view else TableAction.CREATE
    if isinstance(statement, exp.Alter) and _is_table_kind(statement):
        return TableAction.ALTER
    if isinstance(statement, exp.Copy) and statement.args.get("kind"):
        return TableAction.COPY
    return None


def _kind(statement: exp.Expr) -> str:
    return str(statement.args.get("kind") or "").upper()


def _is_table_kind(statement: exp.Expr) -> bool:
    return _kind(statement) in _TABLE_KINDS


def _files(statement: exp.Expr) -> tuple[list[TableRef], list[TableRef]]:
    """The files that a COPY reads and writes."""
    if not isinstance(statement, exp.Copy):
        return [], []
    loads = bool(statement.args.get("kind"))
    action = TableAction.READ if loads else TableAction.COPY
    files = [
        TableRef(parts=(file.name,), kind=TableKind.FILE, action=action)
        for file in statement.args.get("files") or ()
    ]
    return (files, []) if loads else ([], files)


def _mentions(root: exp.Expr, known: Names) -> Iterator[exp.Table]:
    """Every table below `root` in the order written, those that name a CTE left out."""
    stack: list[tuple[exp.Expr, Names]] = [(root, known)]
    while stack:
        node, names = stack.pop()
        if isinstance(node, exp.Table):
            is_cte = not node.db and node.name.lower() in names
            if not is_cte and (node.name or isinstance(node.this, exp.Func)):
                yield node
        if isinstance(node, exp.Drop | exp.Create | exp.Alter) and not _is_table_kind(node):
            stack.extend((one, names) for one in _parts_of(node, without="this"))
            continue
        with_ = node.args.get("with_")
        if isinstance(with_, exp.With):
            bodies, names = _ctes(with_, names)
            rest = _parts_of(node, without="with_")
            stack.extend((one, names) for one in rest)
            stack.extend(reversed(bodies))
        else:
            stack.extend((one, names) for one in _parts_of(node))


def _ctes(with_: exp.With, names: Names) -> tuple[list[tuple[exp.Expr, Names]], Names]:
    """The bodies, each with the names it sees, and the names that the statement sees."""
    own = frozenset(cte.alias.lower() for cte in with_.expressions)
    if with_.recursive:
        names |= own
        return [(cte, names) for cte in with_.expressions], names
    bodies = []
    for cte in with_.expressions:
        bodies.append((cte, names))
        names |= {cte.alias.lower()}
    return bodies, names


def _parts_of(node: exp.Expr, *, without: str = "") -> list[exp.Expr]:
    """The children that may mention tables, last first."""
    found: list[exp.Expr] = []
    for key, value in node.args.items():
        if key == without or not value or (key == "tables" and without == "this"):
            continue
        items: Iterable[object] = value if isinstance(value, list) else (value,)
        found.extend(
            one for one in items if isinstance(one, exp.Expr) and not isinstance(one, _NO_USE)
        )
    found.reverse()
    return found


def _ref(table: exp.Table, action: TableAction) -> TableRef:
    named = isinstance(table.this, exp.Identifier | exp.Dot)
    nodes = table.parts if named else table.this.find_all(exp.Expr)
    placed = [node.meta for node in nodes if "start" in node.meta]
    return TableRef(
        parts=table_parts(table),
        kind=table_kind(table),
        action=action,
        start=min((meta["start"] for meta in placed), default=None),
        end=max((meta["end"] + 1 for meta in placed), default=None),
    )


def _text(table: exp.Table) -> str:
    bare = table.copy()
    bare.set("alias", None)
    text = bare.sql()
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 3] + "..."

"""Which of DuckDB's types Arrow carries without loss, and how the others are asked for."""

from collections.abc import Sequence

from duckdb.sqltypes import DuckDBPyType

from dli_domain.model.result import Column

# UHUGEINT would wrap round, TIMETZ lose its offset, BIT and BIGNUM arrive as DuckDB's own
# bytes, ENUM as a dictionary: they and all that is not listed here are asked for as text.
_CARRIED = frozenset(
    {
        "boolean",
        "tinyint",
        "smallint",
        "integer",
        "bigint",
        "hugeint",
        "utinyint",
        "usmallint",
        "uinteger",
        "ubigint",
        "float",
        "double",
        "decimal",
        "varchar",
        "blob",
        "uuid",
        "date",
        "time",
        "timestamp",
        "timestamp_s",
        "timestamp_ms",
        "timestamp_ns",
        "timestamp with time zone",
        "null",
    }
)
_NESTED = frozenset({"list", "array", "struct", "map", "tuple"})
# Their text form drops which member, or which type, a value has; their JSON form keeps it.
_SELF_DESCRIBING = frozenset({"union", "variant"})


def columns_of(names: Sequence[str], types: Sequence[DuckDBPyType]) -> tuple[Column, ...]:
    """The names with DuckDB's own type names."""
    return tuple(
        Column(name, str(kind).strip('"')) for name, kind in zip(names, types, strict=True)
    )


def lossless(references: Sequence[str], names: Sequence[str], types: Sequence[DuckDBPyType]) -> str:
    """A select list that gives every column in a form that Arrow carries; empty if all do.

    Args:
        references: How the select list calls each column, such as `#1`.
        names: The name each column keeps.
        types: DuckDB's type of each.
    """
    items = [_item(ref, kind) for ref, kind in zip(references, types, strict=True)]
    if items == list(references):
        return ""
    return ", ".join(f"{item} AS {quoted(name)}" for item, name in zip(items, names, strict=True))


def quoted(name: str) -> str:
    """The name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def _item(reference: str, kind: DuckDBPyType) -> str:
    if _holds(kind, _SELF_DESCRIBING):
        return f"CAST(to_json({reference}) AS VARCHAR)"
    target = _target(kind)
    return reference if target == _spelled(kind) else f"CAST({reference} AS {target})"


def _target(kind: DuckDBPyType) -> str:
    if kind.id in _NESTED:
        return _nested(kind, [_target(child) for _, child in _children(kind)])
    return str(kind) if kind.id in _CARRIED else "VARCHAR"


def _spelled(kind: DuckDBPyType) -> str:
    if kind.id in _NESTED:
        return _nested(kind, [_spelled(child) for _, child in _children(kind)])
    return str(kind)


def _nested(kind: DuckDBPyType, children: list[str]) -> str:
    match kind.id:
        case "list":
            return f"{children[0]}[]"
        case "array":
            return f"{children[0]}[{dict(kind.children)['size']}]"
        case "struct":
            names = [quoted(name) for name, _ in _children(kind)]
            fields = zip(names, children, strict=True)
            return f"STRUCT({', '.join(f'{name} {child}' for name, child in fields)})"
        case _:
            return f"{kind.id.upper()}({', '.join(children)})"


def _children(kind: DuckDBPyType) -> list[tuple[str, DuckDBPyType]]:
    return [(name, child) for name, child in kind.children if isinstance(child, DuckDBPyType)]


def _holds(kind: DuckDBPyType, wanted: frozenset[str]) -> bool:
    if kind.id in wanted:
        return True
    return kind.id in _NESTED and any(_holds(child, wanted) for _, child in _children(kind))

"""What mermaid and DOT draw: boxes and arrows, of tables or of one column's way."""

from collections.abc import Mapping
from dataclasses import dataclass

from dli_cli.lineage.words import edge_note, how
from dli_domain.model.lineage import ColumnEdge, LineageNode, LineageView, Making

_End = tuple[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A table, or a column of it. `look` is dataset, metric, table, external or unknown."""

    name: str
    look: str
    root: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """From box to box, by their places; `thin` for what gives no value."""

    source: int
    target: int
    label: str
    thin: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Boxes in the order of the view and arrows between them."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def drawing(view: LineageView) -> Drawing:
    """The tables of the view, or the columns on the way of its column."""
    nodes = {node.name: node for node in view.nodes}
    return _of_tables(view) if view.column is None else _of_columns(view, nodes)


def _look(node: LineageNode) -> str:
    return "unknown" if node.is_unknown else node.type.value.lower()


def _of_tables(view: LineageView) -> Drawing:
    places = {node.name: place for place, node in enumerate(view.nodes)}
    return Drawing(
        boxes=tuple(
            Box(name=node.name, look=_look(node), root=node.name == view.root)
            for node in view.nodes
        ),
        arrows=tuple(
            Arrow(
                source=places[edge.source],
                target=places[edge.target],
                label=edge_note(edge),
                thin=edge.declared,
            )
            for edge in view.edges
        ),
    )


def _of_columns(view: LineageView, nodes: Mapping[str, LineageNode]) -> Drawing:
    start = (view.root or "", view.column)
    # The case of a column's name is that of its first mention.
    ends = {_folded(start): start}
    for edge in view.column_edges:
        for end in _ends(edge):
            ends.setdefault(_folded(end), end)
    places = {folded: place for place, folded in enumerate(ends)}
    return Drawing(
        boxes=tuple(
            Box(
                name=f"{table}.{column}" if column is not None else table,
                look=_look(nodes[table]),
                root=(table, column) == start,
            )
            for table, column in ends.values()
        ),
        arrows=tuple(
            Arrow(
                source=places[_folded(source)],
                target=places[_folded(target)],
                label=how(edge),
                thin=edge.making in (Making.FILTER, Making.DECLARED, Making.UNKNOWN),
            )
            for edge in view.column_edges
            for source, target in (_ends(edge),)
        ),
    )


def _ends(edge: ColumnEdge) -> tuple[_End, _End]:
    return (edge.source, edge.source_column), (edge.target, edge.target_column)


def _folded(end: _End) -> _End:
    table, column = end
    return table, None if column is None else column.lower()

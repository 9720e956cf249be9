"""Sentences that every form of lineage says alike."""

from collections import Counter
from collections.abc import Iterator, Sequence

from dli_domain.model.lineage import (
    ColumnEdge,
    LineageEdge,
    LineageNode,
    LineageView,
    Making,
    NodeType,
)

_ORDER = (NodeType.DATASET, NodeType.METRIC, NodeType.TABLE)


def title(view: LineageView) -> str:
    """What the lineage is of."""
    if view.root is None:
        return "Lineage of the project"
    return f"Lineage of {view.root}" + (f".{view.column}" if view.column else "")


def counts(view: LineageView) -> str:
    """How many of what there are."""
    return " · ".join(_counted(view))


def _counted(view: LineageView) -> Iterator[str]:
    found = Counter(node.type for node in view.nodes)
    for kind in _ORDER:
        if found[kind]:
            yield f"{found[kind]:,} {kind.value.lower()}{'' if found[kind] == 1 else 's'}"
    if found[NodeType.EXTERNAL]:
        yield f"{found[NodeType.EXTERNAL]:,} external"
    unknown = sum(node.is_unknown for node in view.nodes)
    if unknown:
        yield f"{unknown:,} unknown"


def cycle_text(cycle: Sequence[str]) -> str:
    """The path of a cycle."""
    return " → ".join(cycle)


def how(edge: ColumnEdge) -> str:
    """How a column is used, such as `aggregated` or `filter: where, join`."""
    if edge.making is Making.FILTER and edge.clauses:
        return f"{edge.making.value}: {', '.join(edge.clauses)}"
    return edge.making.value


def edge_note(edge: LineageEdge) -> str:
    """What is special about an edge between tables; nothing of most."""
    if edge.declared:
        return "declared, not in the SQL"
    return "by METRIC()" if edge.metric else ""


def remarks(node: LineageNode) -> Iterator[str]:
    """What of a node cannot be told, and what stood in for parameters."""
    yield from node.notes
    if node.assumed:
        yield f"Sample values stood in for: {', '.join(node.assumed)}"

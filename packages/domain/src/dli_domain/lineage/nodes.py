"""The nodes of the graph as the reader sees them."""

from collections.abc import Iterable, Sequence

from dli_domain.lineage.resource import ParsedResource
from dli_domain.model.lineage import (
    LineageColumn,
    LineageNode,
    Making,
    NodeType,
    OutputColumn,
    StatementLineage,
)
from dli_domain.model.spec import ResourceKind


def resource_node(
    name: str,
    resource: ParsedResource,
    lineages: list[StatementLineage],
    columns: list[OutputColumn],
    complete: bool,
) -> LineageNode:
    """A resource with the columns its SQL gives, then those that it only declares."""
    spec = resource.sql.spec
    declared = {column.name.lower(): column for column in spec.columns}
    shown = []
    for column in columns:
        told = declared.pop(column.name.lower(), None)
        shown.append(
            LineageColumn(
                name=column.name,
                making=column.making,
                named=column.named,
                type=told.type if told else "",
                description=told.description if told else "",
            )
        )
    shown += [
        LineageColumn(
            name=left.name,
            making=Making.DECLARED,
            type=left.type,
            description=left.description,
        )
        for left in declared.values()
    ]
    notes = dict.fromkeys(note for lineage in lineages for note in lineage.unknown)
    is_dataset = spec.kind is ResourceKind.DATASET
    return LineageNode(
        name=name,
        type=NodeType.DATASET if is_dataset else NodeType.METRIC,
        owner=spec.owner,
        team=spec.team,
        description=spec.description,
        tags=spec.tags,
        columns=tuple(shown),
        columns_known=complete and not resource.problems,
        location=spec.location,
        problem=resource.problems[0] if resource.problems else None,
        notes=tuple(notes),
        assumed=dict(resource.sql.assumed),
    )


def table_node(table: LineageNode, known: Sequence[str] | None, used: Iterable[str]) -> LineageNode:
    """A table that no spec describes: the columns that are known or that somebody uses."""
    names = [*(known or ()), *sorted(used)]
    unique = {name.lower(): name for name in reversed(names)}
    ordered = [unique.pop(n.lower()) for n in names if n.lower() in unique]
    making = Making.CONSTANT if table.is_external else Making.COPIED
    return LineageNode(
        name=table.name,
        type=table.type,
        columns=tuple(LineageColumn(name=name, making=making) for name in ordered),
        columns_known=known is not None,
    )

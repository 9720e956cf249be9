"""Lineage as fields of a JSON object."""

from collections.abc import Mapping

from dli_cli.errors import location_fields, problem_fields
from dli_domain.model.lineage import LineageColumn, LineageNode, LineageView


def fields(view: LineageView) -> Mapping[str, object]:
    """Root, nodes, edges and columns; upstream depths are negative."""
    return {
        "root": view.root,
        "column": view.column,
        "nodes": [_node(node) for node in view.nodes],
        "edges": [
            {
                "source": edge.source,
                "target": edge.target,
                "declared": edge.declared,
                "metric": edge.metric,
                "location": location_fields(edge.location),
            }
            for edge in view.edges
        ],
        "column_edges": [
            {
                "source": edge.source,
                "source_column": edge.source_column,
                "target": edge.target,
                "target_column": edge.target_column,
                "making": edge.making.value,
                "clauses": edge.clauses,
            }
            for edge in view.column_edges
        ],
        "cycles": view.cycles,
        "problems": [problem_fields(problem) for problem in view.problems],
    }


def _node(node: LineageNode) -> dict[str, object]:
    return {
        "name": node.name,
        "type": node.type.value,
        "owner": node.owner,
        "team": node.team,
        "description": node.description,
        "tags": node.tags,
        "depth": node.depth,
        "columns": [_column(column, node) for column in node.columns],
        "columns_known": node.columns_known,
        "location": location_fields(node.location),
        "notes": node.notes,
        "sample_values": dict(node.assumed),
        "problem": None if node.problem is None else problem_fields(node.problem),
    }


def _column(column: LineageColumn, node: LineageNode) -> dict[str, object]:
    return {
        "name": column.name,
        "named": column.named,
        "making": None if node.is_external else column.making.value,
        "type": column.type,
        "description": column.description,
    }

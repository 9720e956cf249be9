"""Lineage of the server's specs, in the older API's envelope."""

from collections.abc import Mapping
from dataclasses import replace

from dli_adapters.wire.specs import (
    LineageAnswer,
    LineageQuery,
    WireLineage,
    WireLineageEdge,
    WireLineageNode,
)
from dli_domain.model.lineage import LineageEdge, LineageNode, LineageView
from dli_domain.ports.spec_registry import BundleKind
from dli_server.http.endpoint import Call, Endpoint
from dli_server.http.refusals import HttpError
from dli_server.http.scopes import Scope
from dli_server.registry.visibility import as_seen_by, sees

_DIRECTIONS: Mapping[str, tuple[bool, bool]] = {
    "upstream": (True, False),
    "downstream": (False, True),
    "both": (True, True),
}


def lineage(call: Call) -> LineageAnswer:
    """What a resource is made of, and what is made of it; only nodes that the key sees."""
    query: LineageQuery = call.query
    directions = _DIRECTIONS.get(query.direction)
    if directions is None:
        raise HttpError(
            400, "LINEAGE_INVALID_PARAMETER", "direction is upstream, downstream or both"
        )
    # sqlglot and the graph come with it.
    from dli_domain.usecases.trace_lineage import TraceLineage  # noqa: PLC0415

    services, name = call.services, call.path["name"]
    registry = services.registry
    trace = TraceLineage(
        render=replace(registry.render, engine=None), common=services.settings.parameters
    )
    with as_seen_by(call.principal, BundleKind.DATASET, name, registry.specs.names):
        view = trace(
            name,
            upstream=directions[0],
            downstream=directions[1],
            # The older API follows one step where it is asked for none.
            depth=1 if query.depth == 0 else query.depth,
        )
    return LineageAnswer(data=_told(view, call), timestamp=services.clock.now())


def _told(view: LineageView, call: Call) -> WireLineage:
    seen = {node.name: node for node in view.nodes if sees(call.principal, node.name)}
    root = view.root or ""
    edges = [edge for edge in view.edges if edge.source in seen and edge.target in seen]
    others = [node for node in seen.values() if node.name != root]
    return WireLineage(
        root=_node(view.node(root)),
        nodes=tuple(map(_node, others)),
        edges=tuple(map(_edge, edges)),
        total_upstream=sum(node.depth < 0 for node in others),
        total_downstream=sum(node.depth > 0 for node in others),
        total_related=len(others),
        total_nodes=len(seen),
        total_edges=len(edges),
    )


def _node(node: LineageNode) -> WireLineageNode:
    return WireLineageNode(
        name=node.name,
        type=node.type.value.upper(),
        owner=node.owner or "unknown",
        team=node.team or None,
        description=node.description or None,
        tags=node.tags,
        depth=node.depth,
    )


def _edge(edge: LineageEdge) -> WireLineageEdge:
    kind = "MANUAL" if edge.declared else "DIRECT"
    return WireLineageEdge(source=edge.source, target=edge.target, edge_type=kind)


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/api/v1/lineage/{name}",
        handler=lineage,
        access=Scope.CATALOG,
        summary="What a resource is made of, and what is made of it.",
        query=LineageQuery,
        answer=LineageAnswer,
    ),
)

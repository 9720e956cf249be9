"""Lineage as OpenLineage events: https://openlineage.io/docs/spec/object-model.

One JobEvent a resource: it tells what a job reads and makes by design. A RunEvent would tell of
a run, and nothing ran.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from dli_cli import __version__
from dli_cli.text import safe
from dli_domain.model.lineage import ColumnEdge, LineageNode, LineageView, Making, NodeType

_PRODUCER = f"urn:dli:{__version__}"
_SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent"
_FACETS: Mapping[str, str] = MappingProxyType(
    {
        "ColumnLineageDatasetFacet": "1-2-0",
        "DatasetTypeDatasetFacet": "1-0-1",
        "DocumentationDatasetFacet": "1-1-0",
        "DocumentationJobFacet": "1-1-0",
        "JobTypeJobFacet": "2-0-4",
        "OwnershipDatasetFacet": "1-0-1",
        "OwnershipJobFacet": "1-0-1",
        "SchemaDatasetFacet": "1-2-0",
        "TagsJobFacet": "1-0-0",
    }
)
_DIRECT: Mapping[Making, str] = MappingProxyType(
    {
        Making.COPIED: "IDENTITY",
        Making.COMPUTED: "TRANSFORMATION",
        Making.AGGREGATED: "AGGREGATION",
    }
)
_INDIRECT: Mapping[str, str] = MappingProxyType(
    {
        "distinct": "GROUP_BY",
        "group": "GROUP_BY",
        "having": "FILTER",
        "join": "JOIN",
        "order": "SORT",
        "qualify": "FILTER",
        "where": "FILTER",
        "window": "WINDOW",
    }
)

Fields = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The namespaces: of jobs the project's name, of tables the engine that holds them."""

    jobs: str
    tables: str


def events(
    view: LineageView, wanted: Collection[str], names: Names, time: datetime
) -> Iterator[str]:
    """One event a line.

    Args:
        view: The whole graph: a part would leave out some of what a job reads.
        wanted: The names whose jobs are told.
        names: The namespaces.
        time: When this was found out.
    """
    graph = _Graph(view, names)
    for node in view.nodes:
        if node.name in wanted and node.type in (NodeType.DATASET, NodeType.METRIC):
            yield json.dumps(_event(node, graph, time), ensure_ascii=False)


class _Graph:
    def __init__(self, view: LineageView, names: Names) -> None:
        self.names = names
        self.nodes = {node.name: node for node in view.nodes}
        self.sources: dict[str, list[LineageNode]] = defaultdict(list)
        self.made: dict[str, list[LineageNode]] = defaultdict(list)
        self.flows: dict[str, list[ColumnEdge]] = defaultdict(list)
        for edge in view.edges:
            source, target = self.nodes[edge.source], self.nodes[edge.target]
            if target.type is NodeType.TABLE:
                self.made[edge.source].append(target)
            else:
                self.sources[edge.target].append(source)
        for flow in view.column_edges:
            self.flows[flow.target].append(flow)

    def key(self, node: LineageNode) -> Fields:
        """Its place; what a metric gives is no table of the engine."""
        metric = node.type is NodeType.METRIC
        return {
            "namespace": self.names.jobs if metric else self.names.tables,
            "name": safe(node.name),
        }


def _event(node: LineageNode, graph: _Graph, time: datetime) -> Fields:
    return {
        "eventTime": time.isoformat(),
        "producer": _PRODUCER,
        "schemaURL": _SPEC,
        "job": {
            "namespace": graph.names.jobs,
            "name": safe(node.name),
            "facets": _job_facets(node),
        },
        "inputs": [
            {**graph.key(source), "facets": _schema(source)} for source in graph.sources[node.name]
        ],
        "outputs": [
            {**graph.key(made), "facets": _output_facets(made, graph)}
            for made in (node, *graph.made[node.name])
        ],
    }


def _facet(name: str, **fields: object) -> Fields:
    url = f"https://openlineage.io/spec/facets/{_FACETS[name]}/{name}.json#/$defs/{name}"
    return {"_producer": _PRODUCER, "_schemaURL": url, **fields}


def _job_facets(node: LineageNode) -> Fields:
    facets: Fields = {
        "jobType": _facet(
            "JobTypeJobFacet",
            processingType="BATCH",
            integration="DLI",
            jobType=node.type.value.upper(),
        )
    }
    if node.description:
        facets["documentation"] = _facet(
            "DocumentationJobFacet", description=safe(node.description)
        )
    if _owners(node):
        facets["ownership"] = _facet("OwnershipJobFacet", owners=_owners(node))
    if node.tags:
        tags = [{"key": safe(tag), "value": "true", "source": "DLI"} for tag in node.tags]
        facets["tags"] = _facet("TagsJobFacet", tags=tags)
    return facets


def _owners(node: LineageNode) -> Sequence[Fields]:
    said = (("OWNER", node.owner), ("TEAM", node.team))
    return [{"name": safe(name), "type": kind} for kind, name in said if name]


def _schema(node: LineageNode) -> Fields:
    """The columns that are known by name; nothing where none is."""
    fields = [
        {
            "name": safe(column.name),
            **({"type": safe(column.type)} if column.type else {}),
            **({"description": safe(column.description)} if column.description else {}),
            # Where columns may be missing, no position is known.
            **({"ordinal_position": place} if node.columns_known and not node.is_external else {}),
        }
        for place, column in enumerate(node.columns, start=1)
        if column.named
    ]
    return {"schema": _facet("SchemaDatasetFacet", fields=fields)} if fields else {}


def _output_facets(node: LineageNode, graph: _Graph) -> Fields:
    facets = _schema(node)
    if node.type is NodeType.METRIC:
        facets["datasetType"] = _facet(
            "DatasetTypeDatasetFacet", datasetType="VIEW", subType="METRIC"
        )
    if node.description:
        facets["documentation"] = _facet(
            "DocumentationDatasetFacet", description=safe(node.description)
        )
    if _owners(node):
        facets["ownership"] = _facet("OwnershipDatasetFacet", owners=_owners(node))
    lineage = _column_lineage(node, graph)
    if lineage:
        facets["columnLineage"] = _facet("ColumnLineageDatasetFacet", **lineage)
    return facets


def _column_lineage(node: LineageNode, graph: _Graph) -> Fields:
    """What each column is made of, and what decides about all rows."""
    fields: dict[str, list[Fields]] = {
        safe(column.name): [] for column in node.columns if column.named
    }
    whole: list[Fields] = []
    for flow in graph.flows[node.name]:
        # A source that is some column, not known which, has no name to be told by.
        if flow.source_column is None or flow.making is Making.DECLARED:
            continue
        told = {
            **graph.key(graph.nodes[flow.source]),
            "field": safe(flow.source_column),
            "transformations": _transformations(flow),
        }
        if flow.target_column is None:
            whole.append(told)
        elif safe(flow.target_column) in fields:
            fields[safe(flow.target_column)].append(told)
    if not (whole or any(fields.values())):
        return {}
    return {
        "fields": {name: {"inputFields": sources} for name, sources in fields.items() if sources},
        "dataset": whole,
    }


def _transformations(flow: ColumnEdge) -> Sequence[Fields]:
    if flow.making in _DIRECT:
        return [{"type": "DIRECT", "subtype": _DIRECT[flow.making], "masking": False}]
    if flow.making is Making.UNKNOWN:
        description = "unknown: it may be a source or not"
        return [{"type": "INDIRECT", "description": description, "masking": False}]
    subtypes = sorted({_INDIRECT.get(clause, "CONDITIONAL") for clause in flow.clauses})
    return [
        {"type": "INDIRECT", "subtype": subtype, "masking": False}
        for subtype in subtypes or ("CONDITIONAL",)
    ]

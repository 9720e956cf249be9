"""The semantic blocks of a spec: measures, dimensions, columns, versions."""

from enum import StrEnum

from dli_adapters.documents.nodes import ScalarNode, SequenceNode
from dli_adapters.yaml_specs.fields import Fields
from dli_domain.model.problems import Location
from dli_domain.model.spec import ColumnSpec, DimensionSpec, MeasureSpec, VersionSpec

MEASURE_KEYS = ("name", "aggregation", "expression", "description", "filters")
DIMENSION_KEYS = ("name", "expression", "type", "description")
VERSION_KEYS = ("version", "started_at", "ended_at", "description")
_MEASURE_SYNONYMS = {"agg": "aggregation", "function": "aggregation", "sql": "expression"}


class _Aggregation(StrEnum):
    COUNT = "count"
    COUNT_DISTINCT = "count_distinct"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"


class _DimensionType(StrEnum):
    CATEGORICAL = "categorical"
    TIME = "time"


def read_measures(spec: Fields) -> tuple[MeasureSpec, ...]:
    """The aggregates that METRIC() may expand to."""
    measures = []
    seen: dict[str, Location] = {}
    for fields in spec.maps("metrics"):
        fields.check_keys(MEASURE_KEYS, synonyms=_MEASURE_SYNONYMS)
        fields.required_text("aggregation", "sum")
        measures.append(
            MeasureSpec(
                name=_unique_name(fields, seen),
                aggregation=fields.choice("aggregation", _Aggregation, _Aggregation.COUNT).value,
                expression=fields.required_text("expression", "amount"),
                description=fields.text("description"),
                filters=fields.texts("filters"),
                location=fields.location,
            )
        )
    return tuple(measures)


def read_dimensions(spec: Fields) -> tuple[DimensionSpec, ...]:
    """What the metric may be grouped by."""
    dimensions = []
    seen: dict[str, Location] = {}
    for fields in spec.maps("dimensions"):
        fields.check_keys(DIMENSION_KEYS, synonyms={"sql": "expression"})
        kind = fields.choice("type", _DimensionType, _DimensionType.CATEGORICAL)
        dimensions.append(
            DimensionSpec(
                name=_unique_name(fields, seen),
                expression=fields.required_text("expression", "order_day"),
                type=kind.value,
                description=fields.text("description"),
            )
        )
    return tuple(dimensions)


def read_columns(spec: Fields) -> tuple[ColumnSpec, ...]:
    """The declared output columns."""
    # Users note more about a column than dli reads (tests, tags, policy): any key may stand here.
    seen: dict[str, Location] = {}
    return tuple(
        ColumnSpec(
            name=_unique_name(fields, seen),
            type=fields.text("type"),
            description=fields.text("description"),
            pii=_is_personal(fields),
            location=fields.location,
        )
        for fields in spec.maps("schema")
    )


def _is_personal(column: Fields) -> bool:
    """`pii: true`, `is_pii: true`, or `pii` among the tags; a value that is not clear counts."""
    said = (column.node.get("pii"), column.node.get("is_pii"))
    marked = any(
        not (isinstance(node, ScalarNode) and node.value in (False, None))
        for node in said
        if node is not None
    )
    tags = column.node.get("tags")
    words = tags.items if isinstance(tags, SequenceNode) else (tags,)
    texts = [word.text for word in words if isinstance(word, ScalarNode)]
    return marked or any(text.strip().lower() == "pii" for text in texts)


def read_versions(spec: Fields) -> tuple[VersionSpec, ...]:
    """The versions, as written."""
    versions = []
    for fields in spec.maps("versions"):
        fields.check_keys(VERSION_KEYS)
        versions.append(
            VersionSpec(
                version=fields.required_text("version", "v1"),
                started_at=fields.iso_date("started_at"),
                ended_at=fields.iso_date("ended_at"),
                description=fields.text("description"),
            )
        )
    return tuple(versions)


def _unique_name(fields: Fields, seen: dict[str, Location]) -> str:
    name = fields.required_text("name", "x")
    first = seen.setdefault(name, fields.location)
    if name and first is not fields.location:
        fields.findings.add(
            fields.location,
            f"the name {name!r} stands twice: first on line {first.line}",
            "Rename one of them.",
        )
    return name

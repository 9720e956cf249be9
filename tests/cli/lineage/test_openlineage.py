"""Events against the model of OpenLineage's own client, which is generated from its schemas.

The schemas themselves are in no package; the classes say the same: which fields there are, of
which type, which must be there, and the address of each schema.
"""

import json
import types
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, get_args, get_origin, get_type_hints

import attr
import pytest
from jsonschema import Draft202012Validator
from openlineage.client.generated import (
    base,
    column_lineage_dataset,
    dataset_type_dataset,
    documentation_dataset,
    documentation_job,
    job_type_job,
    ownership_dataset,
    ownership_job,
    schema_dataset,
    tags_job,
)

from dli_cli.lineage import openlineage
from dli_domain.model.lineage import LineageEdge, LineageNode, LineageView, Making, NodeType
from tests.cli.lineage.views import CRM, DAILY, ORDERS, RAW, REVENUE, columns, flow, hostile, shop

TIME = datetime(2025, 1, 31, 12, 30, tzinfo=UTC)
NAMES = openlineage.Names(jobs="shop", tables="duckdb")
JOB_FACETS = {
    "documentation": documentation_job.DocumentationJobFacet,
    "jobType": job_type_job.JobTypeJobFacet,
    "ownership": ownership_job.OwnershipJobFacet,
    "tags": tags_job.TagsJobFacet,
}
DATASET_FACETS = {
    "columnLineage": column_lineage_dataset.ColumnLineageDatasetFacet,
    "datasetType": dataset_type_dataset.DatasetTypeDatasetFacet,
    "documentation": documentation_dataset.DocumentationDatasetFacet,
    "ownership": ownership_dataset.OwnershipDatasetFacet,
    "schema": schema_dataset.SchemaDatasetFacet,
}
PLAIN = {str: "string", int: "integer", bool: "boolean", type(None): "null"}


def schema_of(hint: Any) -> dict[str, Any]:
    """The JSON schema of a type of the client's model."""
    if hint in PLAIN:
        return {"type": PLAIN[hint]}
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is types.UnionType:
        return {"anyOf": [schema_of(each) for each in arguments]}
    if origin is list:
        return {"type": "array", "items": schema_of(arguments[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema_of(arguments[1])}
    return object_schema(hint)


def object_schema(model: Any) -> dict[str, Any]:
    hints = get_type_hints(model)
    properties: dict[str, Any] = {}
    required = []
    for one in attr.fields(model):
        if one.name == "facets" or (
            model is schema_dataset.SchemaDatasetFacetFields and one.name == "fields"
        ):
            continue
        properties[one.name] = schema_of(hints[one.name])
        if one.default is attr.NOTHING:
            required.append(one.name)
    for address in ("schemaURL", "_schemaURL"):
        if address in properties:
            properties[address] = {"const": model._get_schema()}
            required.append(address)
    required += [name for name in ("producer", "_producer") if name in properties]
    facets = (
        JOB_FACETS
        if model is base.Job
        else DATASET_FACETS
        if issubclass(model, base.Dataset)
        else {}
    )
    if facets:
        properties["facets"] = {
            "type": "object",
            "properties": {key: object_schema(facet) for key, facet in facets.items()},
            "additionalProperties": False,
        }
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


SCHEMA = object_schema(base.JobEvent)


def told(view: LineageView, *wanted: str) -> dict[str, dict[str, Any]]:
    """The events by job, each judged."""
    names = wanted or tuple(node.name for node in view.nodes)
    found = {}
    for line in openlineage.events(view, names, NAMES, TIME):
        event = json.loads(line)
        Draft202012Validator(SCHEMA).validate(event)
        rebuilt = base.JobEvent(eventTime=event["eventTime"], job=base.Job("n", "n"))
        assert rebuilt.schemaURL == event["schemaURL"]
        found[event["job"]["name"]] = event
    return found


def test_the_judge_refuses_what_the_schema_does_not_know() -> None:
    good = told(shop())[DAILY]
    validator = Draft202012Validator(SCHEMA)
    spoils: tuple[Callable[[Any], object], ...] = (
        lambda event: event.pop("producer"),
        lambda event: event["job"].pop("namespace"),
        lambda event: event["job"].update(owner="x"),
        lambda event: event["outputs"][0]["facets"]["schema"].update(columns=[]),
        lambda event: event["outputs"][0]["facets"]["schema"].pop("_producer"),
        lambda event: event["outputs"][0]["facets"]["columnLineage"]["dataset"][0].pop("field"),
        lambda event: event["job"]["facets"]["jobType"].update(_schemaURL="x"),
    )
    for spoil in spoils:
        event = json.loads(json.dumps(good))
        spoil(event)
        assert not validator.is_valid(event)


def test_each_resource_is_a_job_with_all_that_it_reads() -> None:
    found = told(shop())
    assert set(found) == {ORDERS, DAILY, REVENUE, "shop.marts.forecast"}
    event = found[ORDERS]
    assert event["eventTime"] == "2025-01-31T12:30:00+00:00"
    assert (event["job"]["namespace"], event["job"]["facets"]["jobType"]["jobType"]) == (
        "shop",
        "DATASET",
    )
    assert {(one["namespace"], one["name"]) for one in event["inputs"]} == {
        ("duckdb", CRM),
        ("duckdb", RAW),
    }
    # A part of the graph still tells everything of each job in it.
    assert {one["name"] for one in told(shop(), REVENUE)[REVENUE]["inputs"]} == {ORDERS, DAILY}
    assert [one["namespace"] for one in found[REVENUE]["outputs"]] == ["shop"]


def test_columns_say_how_they_are_made() -> None:
    facets = told(shop())[DAILY]["outputs"][0]["facets"]
    lineage = facets["columnLineage"]

    def made(column: str) -> list[tuple[str, str, list[Mapping[str, Any]]]]:
        return [
            (one["name"], one["field"], one["transformations"])
            for one in lineage["fields"][column]["inputFields"]
        ]

    assert made("sales") == [
        (ORDERS, "amount", [{"type": "DIRECT", "subtype": "AGGREGATION", "masking": False}])
    ]
    assert made("day") == [
        (ORDERS, "day", [{"type": "DIRECT", "subtype": "IDENTITY", "masking": False}])
    ]
    assert "loaded_by" not in lineage["fields"]
    whole = {
        one["field"]: [t["subtype"] for t in one["transformations"]] for one in lineage["dataset"]
    }
    assert whole == {"day": ["FILTER", "GROUP_BY"], "segment": ["GROUP_BY"]}
    assert facets["schema"]["fields"][3] == {
        "name": "sales",
        "type": "NUMERIC",
        "ordinal_position": 4,
    }


def test_a_table_that_a_job_writes_is_its_output_and_no_input_of_itself() -> None:
    view = LineageView(
        root=None,
        nodes=(
            LineageNode(name="etl.load", type=NodeType.DATASET),
            LineageNode(name="lake.out", type=NodeType.TABLE, columns=columns("x copied")),
            LineageNode(name="lake.src", type=NodeType.EXTERNAL, columns=columns("y")),
        ),
        edges=(
            LineageEdge(source="etl.load", target="lake.out"),
            LineageEdge(source="lake.src", target="etl.load"),
        ),
        column_edges=(
            flow("lake.src.y", "lake.out.x", Making.COPIED),
            flow("lake.src.*", "lake.out.x", Making.UNKNOWN),
        ),
    )
    event = told(view)["etl.load"]
    assert [one["name"] for one in event["outputs"]] == ["etl.load", "lake.out"]
    fields = event["outputs"][1]["facets"]["columnLineage"]["fields"]
    assert [one["field"] for one in fields["x"]["inputFields"]] == ["y"]


@pytest.mark.parametrize("view", [hostile(), shop()])
def test_every_event_is_one_line(view: LineageView) -> None:
    lines = list(openlineage.events(view, [n.name for n in view.nodes], NAMES, TIME))
    assert all(len(line.splitlines()) == 1 for line in lines)
    assert told(view)

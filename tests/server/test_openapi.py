"""The document is true: of every route, and of what it answers."""

import os
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dli_server.app import endpoints
from dli_server.http.scopes import Access
from tests.projects import write_project
from tests.server.fixtures import RunningServer, running_server

# Wrong keys by the thousand must be told as such, and runs must not be refused for their number.
UNHURRIED = {"queued": 10_000, "login_failures_per_minute": 1_000_000}
EXAMPLES = int(os.environ.get("DLI_FUZZ_EXAMPLES", "3"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    project = write_project(tmp_path_factory.mktemp("server") / "project")
    with running_server(project, limits={**UNHURRIED, "seconds": 5}) as found:
        yield found


@pytest.fixture(scope="module")
def document(server: RunningServer) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{server.url}/api/v1/openapi.json").json()
    return found


def test_it_holds_every_route_and_who_may_call_it(document: dict[str, Any]) -> None:
    said = {
        (method.upper(), path): "security" in operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    served = {(row.method, row.path): row.access is not Access.OPEN for row in endpoints()}
    assert said == served


def test_its_schemas_are_sound(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_operation_tells_its_failures(document: dict[str, Any]) -> None:
    for operations in document["paths"].values():
        for operation in operations.values():
            assert {"400", "403", "500"} <= set(operation["responses"])
            if "security" in operation:
                assert {"401", "429"} <= set(operation["responses"])


@pytest.mark.parametrize("keyed", [True, False])
def test_what_nobody_thought_of_is_answered_as_documented(
    server: RunningServer, document: dict[str, Any], keyed: bool
) -> None:
    """schemathesis: no 5xx, and no status, type or body that the document does not tell of."""
    schema = schemathesis.openapi.from_dict(document)
    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
    ]
    wrong: list[str] = []
    headers = server.headers() if keyed else {}
    operations: list[Any] = list(schema.get_all_operations())
    for operation in operations:
        wrong += failures(operation.ok(), server.url, headers, checks)
    assert wrong == []


def failures(operation: Any, url: str, headers: dict[str, str], checks: list[Any]) -> list[str]:
    """What is wrong with the answers to some made-up requests of one operation."""

    def probe(case: Any) -> None:
        # schemathesis makes up keys of its own.
        case.headers = {**dict(case.headers or {}), **headers}
        answer = case.call(base_url=url)
        assert not (headers and answer.status_code == 401), "the key was not sent"
        case.validate_response(answer, checks=checks)

    try:
        few(given(case=operation.as_strategy())(probe))()
    except Exception as error:  # noqa: BLE001 - every failure of an operation is reported
        return [f"{operation.label}: {error}"]
    return []


# Few cases in the gate; more by the variable DLI_FUZZ_EXAMPLES.
few = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=EXAMPLES <= 3,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

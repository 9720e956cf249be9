"""The OpenAPI 3.1 document, from the rows that the routes are made of."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from dli_adapters.wire.failures import ErrorAnswer
from dli_adapters.wire.messages import KEY_HEADER, TRACE_HEADER
from dli_server.http.endpoint import Endpoint
from dli_server.http.refusals import JSON
from dli_server.http.scopes import Access, Scope

_REF = "#/components/schemas/{name}"
_NAMES = re.compile(r"\{(\w+)\}")
_MEANINGS: Mapping[int, str] = {
    400: "The request is wrong",
    401: "The key does not open the door",
    403: "The key lacks a scope, a policy refused it, or the Host header is foreign",
    404: "There is nothing of that name that the key may see",
    408: "The time was up",
    409: "It exists already, or is not in the state for this",
    413: "The body or the result is too large",
    415: "The body is not plain JSON",
    422: "The SQL is wrong or failed, or an idempotency key stands for another request",
    429: "Too many requests, wrong keys or runs; see Retry-After",
    500: "The server failed, or the engine did",
    502: "An engine or Airflow cannot be reached",
    503: "The server is stopping",
    504: "An engine or Airflow did not answer in time",
    507: "The disk of the server is full",
}
_OPEN = (400, 403, 413, 415, 429, 500, 503)
_KEYED = (*_OPEN, 401, 404, 408, 409, 422, 502, 504, 507)


def document(rows: Iterable[Endpoint]) -> dict[str, Any]:
    """The document of these routes."""
    table = tuple(rows)
    schemas, components = _schemas(table)
    paths: dict[str, dict[str, Any]] = {}
    for row in table:
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row, schemas, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "dli server",
            # Of the API. Which version of the program answers is nobody's business.
            "version": "1",
            "description": "Runs registered datasets, metrics and quality tests.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(rows: tuple[Endpoint, ...]) -> tuple[dict[Any, Any], dict[str, Any]]:
    types: dict[Any, None] = {ErrorAnswer: None}
    for row in rows:
        types.update(
            dict.fromkeys(
                kind
                for kind in (row.body, row.query, row.answer)
                if kind is not None and kind is not Response
            )
        )
    found, components = msgspec.json.schema_components(list(types), ref_template=_REF)
    return dict(zip(types, found, strict=True)), components


def _operation(
    row: Endpoint, schemas: Mapping[Any, Any], components: Mapping[str, Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": f"{row.method.lower()}{re.sub(r'[^0-9A-Za-z]+', '_', row.path)}",
        "summary": row.summary,
        "parameters": [*_in_path(row), *_in_query(row, components, schemas), *_headers(row)],
        "responses": _responses(row, schemas),
    }
    if isinstance(row.access, Scope):
        found["description"] = f"Needs a key with the scope `{row.access.value}`."
    if row.access is not Access.OPEN:
        found["security"] = [{"key": []}]
    if row.body is not None:
        found["requestBody"] = {
            "required": bool(_required(row.body)),
            "content": {JSON: {"schema": schemas[row.body]}},
        }
    return found


def _in_path(row: Endpoint) -> list[dict[str, Any]]:
    text = {"type": "string", "minLength": 1, "pattern": r"^[^/\\]+$"}
    return [
        {"name": name, "in": "path", "required": True, "schema": text}
        for name in _NAMES.findall(row.path)
    ]


def _in_query(
    row: Endpoint, components: Mapping[str, Any], schemas: Mapping[Any, Any]
) -> list[dict[str, Any]]:
    if row.query is None:
        return []
    schema = schemas[row.query]
    schema = components.get(schema.get("$ref", "").rpartition("/")[2], schema)
    required = set(schema.get("required", ()))
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _said(one)}
        for name, one in schema.get("properties", {}).items()
    ]


def _said(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Of a query parameter: what is not given is no null that could be written."""
    found = {
        name: value for name, value in schema.items() if name != "default" or value is not None
    }
    others = [one for one in found.pop("anyOf", []) if one != {"type": "null"}]
    if len(others) == 1:
        return {**others[0], **found}
    return {**found, "anyOf": others} if others else found


def _headers(row: Endpoint) -> list[dict[str, Any]]:
    found = [
        {
            "name": TRACE_HEADER,
            "in": "header",
            "required": False,
            "description": "Comes back, and stands in logs and the audit log, where it is 1 to "
            "64 letters, digits, dots, dashes and underscores; else one is made.",
            "schema": {"type": "string"},
        }
    ]
    if row.needs_key:
        found.append(
            {
                "name": KEY_HEADER,
                "in": "header",
                "required": True,
                "description": "The same key with the same body is the same request.",
                "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
            }
        )
    return found


def _responses(row: Endpoint, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    usual: dict[str, Any] = {"description": "The answer"}
    if row.answer is not Response and row.answer is not None:
        usual["content"] = {JSON: {"schema": schemas[row.answer]}}
    elif row.status == 200:
        usual["content"] = {"*/*": {}}
    found = {str(row.status): usual}
    if row.method == "POST" and row.status in (200, 201, 202):
        # A repeated request, or a run that has ended already, is told with 200.
        found.setdefault("200", usual)
    failed = {JSON: {"schema": schemas[ErrorAnswer]}}
    for status in sorted(_OPEN if row.access is Access.OPEN else _KEYED):
        found[str(status)] = {"description": _MEANINGS[status], "content": failed}
    return found


def _required(kind: type[msgspec.Struct]) -> list[str]:
    return [field.name for field in msgspec.structs.fields(kind) if field.required]

"""The server as an ASGI application, from the tables of its endpoints."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dli_server.http.door import Door
from dli_server.http.endpoint import Endpoint
from dli_server.http.outer import Outer
from dli_server.http.refusals import HttpError
from dli_server.http.route import EndpointApp
from dli_server.http.scopes import Access, Scope
from dli_server.openapi import document
from dli_server.services import Services

# Whoever builds an area adds its module of `dli_server.endpoints`.
AREAS = (
    "catalog",
    "execution",
    "health",
    "lineage",
    "named",
    "operating",
    "policy",
    "quality",
    "queries",
    "resources",
    "runs",
    "sessions",
    "workflow_runs",
    "workflows",
)


def endpoints(areas: Iterable[str] = AREAS) -> tuple[Endpoint, ...]:
    """Every row of every area.

    Raises:
        ValueError: a row that must not be served, see `checked`.
    """
    rows = [
        row for area in areas for row in import_module(f"dli_server.endpoints.{area}").ENDPOINTS
    ]
    return checked(rows)


def checked(rows: Iterable[Endpoint]) -> tuple[Endpoint, ...]:
    """The rows, each guarded and there once.

    Raises:
        ValueError: a row declares no access, is there twice, or takes unknown fields.
    """
    found: dict[tuple[str, str], Endpoint] = {}
    for row in rows:
        name = f"{row.method} {row.path}"
        if not isinstance(row.access, Scope | Access):
            raise ValueError(f"{name} declares no access")  # noqa: TRY004 - as its siblings
        if (row.method, row.path) in found:
            raise ValueError(f"{name} is declared twice")
        if row.body is not None and not _closed(row.body):
            raise ValueError(f"{name}: its body takes unknown fields; derive it from Request")
        found[row.method, row.path] = row
    return tuple(found.values())


def _closed(kind: type[msgspec.Struct]) -> bool:
    """Whether unknown fields of the type are refused."""
    return kind.__struct_config__.forbid_unknown_fields


def create_app(services: Services, rows: Iterable[Endpoint] | None = None) -> Starlette:
    """The application; `rows` are those of all areas unless given."""
    table = endpoints() if rows is None else checked(rows)
    door = Door(services.config, services.keys, services.clock)
    # Fixed paths before those with names in them.
    ordered = sorted(table, key=lambda row: ("{" in row.path, row.path.count("{")))
    app = Starlette(
        routes=[
            Route(row.path, EndpointApp(row, services, door), methods=[row.method])
            for row in ordered
        ],
        exception_handlers={HTTPException: _unrouted},
    )
    app.router.redirect_slashes = False
    app.state.openapi = msgspec.json.encode(document(table))
    app.add_middleware(Outer, services=services, door=door, hide=hidden(services))
    return app


def hidden(services: Services) -> Mapping[str, str]:
    """Paths of this machine, and what stands for them in answers; the longest first."""
    root = services.settings.project.root
    found = {services.config.state: "<state>", str(Path.home()): "~"}
    if root is not None:
        found[f"{root}/"] = ""
        found[root] = "."
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def _unrouted(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 405:
        allowed = (error.headers or {}) if isinstance(error, HTTPException) else {}
        raise HttpError(
            405, "METHOD_NOT_ALLOWED", "This path has other methods", headers=allowed
        ) from error
    raise HttpError(404, "NOT_FOUND", "There is no such path") from error

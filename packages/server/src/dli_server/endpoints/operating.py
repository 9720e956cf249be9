"""For who operates the server: its document and its figures."""

from starlette.responses import Response

from dli_server.http.endpoint import Call, Endpoint
from dli_server.http.refusals import JSON
from dli_server.http.scopes import Access, Scope
from dli_server.observing.figures import MEDIA_TYPE


async def described(call: Call) -> Response:
    """The OpenAPI document of this server."""
    return Response(call.request.app.state.openapi, media_type=JSON)


def figures(call: Call) -> Response:
    """Requests, latencies, runs and the queue, for Prometheus."""
    return Response(call.services.figures.text(), headers={"Content-Type": MEDIA_TYPE})


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/api/v1/openapi.json",
        handler=described,
        access=Access.OPEN,
        summary="This document.",
    ),
    Endpoint(
        method="GET",
        path="/metrics",
        handler=figures,
        # Behind a proxy everybody comes from this machine, so the address proves nothing.
        access=Scope.ADMIN,
        summary="Figures for Prometheus.",
    ),
)

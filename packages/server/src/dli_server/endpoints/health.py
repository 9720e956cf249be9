"""Whether the server is up."""

from datetime import datetime

import msgspec

from dli_server.http.endpoint import Call, Endpoint
from dli_server.http.scopes import Access


class HealthAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`UP` while it serves."""

    status: str
    timestamp: datetime


class ComponentHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the server."""

    status: str


class DetailedHealthAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`UP`, and each part that it needs."""

    status: str
    timestamp: datetime
    components: dict[str, ComponentHealth]


async def health(call: Call) -> HealthAnswer:
    """Whether it serves; asks nothing else."""
    return HealthAnswer(status="UP", timestamp=call.services.clock.now())


def detailed(call: Call) -> DetailedHealthAnswer:
    """Whether it serves, and its database too."""
    with call.services.database.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    return DetailedHealthAnswer(
        status="UP",
        timestamp=call.services.clock.now(),
        components={"database": ComponentHealth(status="UP")},
    )


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/api/health",
        handler=health,
        access=Access.OPEN,
        summary="Whether the server is up.",
        answer=HealthAnswer,
    ),
    Endpoint(
        method="GET",
        path="/api/v1/health",
        handler=detailed,
        access=Access.ANY_KEY,
        summary="Whether the server and its parts are up.",
        answer=DetailedHealthAnswer,
    ),
)

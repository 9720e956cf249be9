"""What the server allows and offers."""

from dli_adapters.wire.messages import EXTENSION, PolicyAnswer
from dli_adapters.wire.workflows import EXTENSION as WORKFLOWS
from dli_server.http.endpoint import Call, Endpoint
from dli_server.http.scopes import Access


async def policy(call: Call) -> PolicyAnswer:
    """Limits and extensions."""
    limits = call.services.config.limits
    return PolicyAnswer(
        max_query_duration_seconds=limits.seconds,
        max_result_rows=limits.rows,
        max_result_size_mb=limits.result_bytes >> 20,
        allowed_engines=(call.services.settings.engine,),
        allowed_file_types=(".sql", ".yaml"),
        local=call.services.config.policy.local,
        engine=call.services.settings.engine,
        extensions=(EXTENSION, WORKFLOWS),
    )


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/api/v1/run/policy",
        handler=policy,
        access=Access.ANY_KEY,
        summary="What the server allows and offers.",
        answer=PolicyAnswer,
    ),
)

"""Engine sessions for who renders SQL himself."""

from dli_adapters.wire.messages import (
    EstimateAnswer,
    EstimateRequest,
    SessionAnswer,
    SessionRequest,
)
from dli_server.http.endpoint import Answer, Call, Endpoint
from dli_server.http.scopes import Access

_CREATED, _NO_CONTENT = 201, 204


def open_session(call: Call) -> Answer:
    """Open a session."""
    session = call.services.runs.open_session(call.principal, call.body)
    body = SessionAnswer(session_id=session.session_id, engine=session.executor.engine)
    return Answer(body=body, status=_CREATED)


def show_session(call: Call) -> SessionAnswer:
    """Tell that it is open, and hear that its client is there."""
    session = call.services.runs.sessions.get(call.principal, call.path["session_id"])
    return SessionAnswer(session_id=session.session_id, engine=session.executor.engine)


def close_session(call: Call) -> Answer:
    """End a session; what it did not commit is rolled back."""
    call.services.runs.close_session(call.principal, call.path["session_id"])
    return Answer(status=_NO_CONTENT)


def estimate(call: Call) -> EstimateAnswer:
    """What a statement would read."""
    found = call.services.runs.estimate(call.principal, call.path["session_id"], call.body.sql)
    return EstimateAnswer(
        bytes_processed=found.bytes_processed, plan=found.plan, details=dict(found.details)
    )


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/api/v1/sessions",
        handler=open_session,
        access=Access.CHECKED_INSIDE,
        summary="Open an engine session.",
        body=SessionRequest,
        answer=SessionAnswer,
        status=_CREATED,
    ),
    Endpoint(
        method="GET",
        path="/api/v1/sessions/{session_id}",
        handler=show_session,
        access=Access.ANY_KEY,
        summary="Tell that an engine session is open, and renew its lease.",
        answer=SessionAnswer,
    ),
    Endpoint(
        method="DELETE",
        path="/api/v1/sessions/{session_id}",
        handler=close_session,
        access=Access.ANY_KEY,
        summary="End an engine session.",
        answer=None,
        status=_NO_CONTENT,
    ),
    Endpoint(
        method="POST",
        path="/api/v1/sessions/{session_id}/estimate",
        handler=estimate,
        access=Access.ANY_KEY,
        summary="Foretell what a statement would read.",
        body=EstimateRequest,
        answer=EstimateAnswer,
    ),
)

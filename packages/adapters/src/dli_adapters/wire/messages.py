"""Requests and answers of the run extension, as JSON; times are UTC in RFC 3339."""

from base64 import b64encode
from datetime import date, datetime
from hashlib import sha256
from typing import Any

import msgspec

from dli_adapters.wire.failures import WireFailure
from dli_domain.model.result import Column, QueryStats

EXTENSION = "runs/1"
"""The name under which a server offers what this module describes."""

KEY_HEADER = "Idempotency-Key"
TRACE_HEADER = "X-Trace-Id"
DIGEST_HEADER = "Content-Digest"
"""Of every JSON answer, as in RFC 9530: what is altered on its way is no answer."""


def content_digest(body: bytes) -> str:
    """The value of that header."""
    return f"sha-256=:{b64encode(sha256(body).digest()).decode()}:"


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one side sends; fields the other side does not know are ignored."""


class Request(Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the server is asked; a field it does not know is refused."""


class RateLimits(Message, frozen=True, kw_only=True, rename="camel"):
    """How many queries a key may send."""

    queries_per_hour: int | None = None
    queries_per_day: int | None = None


class Usage(Message, frozen=True, kw_only=True, rename="camel"):
    """How many queries a key has sent."""

    queries_today: int = 0
    queries_this_hour: int = 0


class PolicyAnswer(Message, frozen=True, kw_only=True, rename="camel"):
    """`GET /api/v1/run/policy`: limits, and what the server can do beyond the older API.

    `local` is `deny` where nobody may run on an engine directly. `engine` is the dialect that
    text must be written in. `extensions` names what is offered, such as `runs/1`.
    """

    max_query_duration_seconds: int = 3600
    max_result_rows: int | None = None
    max_result_size_mb: int | None = None
    allowed_engines: tuple[str, ...] = ()
    allowed_file_types: tuple[str, ...] = ()
    max_file_size_mb: int | None = None
    rate_limits: RateLimits = RateLimits()
    current_usage: Usage = Usage()
    local: str = "allow"
    engine: str | None = None
    extensions: tuple[str, ...] = ()


class ResourceRun(Request, frozen=True, kw_only=True):
    """A registered dataset or metric, by name; `parameters` as typed or as JSON values."""

    kind: str
    name: str
    parameters: dict[str, Any] = {}
    ds: date | None = None
    skip_pre: bool = False
    skip_post: bool = False


class QualityRun(Request, frozen=True, kw_only=True):
    """The registered quality tests of a resource; `shared` are values for who declares them."""

    reference: str
    tests: tuple[str, ...] = ()
    parameters: dict[str, Any] = {}
    shared: dict[str, Any] = {}
    ds: date | None = None
    fail_fast: bool = False
    samples: int = 5
    allow_empty: bool = False


class StatementRun(Request, frozen=True, kw_only=True):
    """One statement of a session, in the engine's dialect, with values bound by name."""

    session_id: str
    sql: str
    params: dict[str, Any] = {}


class RunSubmission(Request, frozen=True, kw_only=True):
    """`POST /api/v1/runs`: exactly one of `resource`, `quality` and `statement`.

    `attached` runs are cancelled soon after nobody waits for them any more.
    """

    resource: ResourceRun | None = None
    quality: QualityRun | None = None
    statement: StatementRun | None = None
    timeout_seconds: float | None = None
    max_bytes: int | None = None
    attached: bool = True


class ResultFacts(Message, frozen=True, kw_only=True):
    """The result of a run that is done; `digest` is that of its end frame."""

    columns: tuple[Column, ...] = ()
    has_rows: bool = False
    rows: int | None = None
    affected_rows: int | None = None
    bytes: int | None = None
    digest: str | None = None


class StatementFacts(Message, frozen=True, kw_only=True):
    """One statement of a run by name, as it was sent, and how it went."""

    phase: str
    name: str
    status: str
    sql: str
    duration_ms: int
    affected_rows: int | None = None
    stats: QueryStats = QueryStats()
    error: str | None = None


class RunAnswer(Message, frozen=True, kw_only=True):
    """What is known of a run.

    `state` is ACCEPTED, RUNNING, DONE, FAILED, CANCELLED or UNKNOWN; the last four are final.
    `failure` is there for all final states but DONE. `report` is that of a quality run.
    """

    run_id: str
    state: str
    kind: str = "statement"
    name: str | None = None
    engine: str = ""
    job_id: str | None = None
    submitted_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_ms: int | None = None
    sql: str = ""
    parameters: dict[str, Any] = {}
    statements: tuple[StatementFacts, ...] = ()
    stats: QueryStats = QueryStats()
    warnings: tuple[str, ...] = ()
    progress: str | None = None
    result: ResultFacts | None = None
    report: dict[str, Any] | None = None
    failure: WireFailure | None = None

    @property
    def ended(self) -> bool:
        """Whether the state is final."""
        return self.state in FINAL


FINAL = frozenset({"DONE", "FAILED", "CANCELLED", "UNKNOWN"})


class CancelRequest(Request, frozen=True, kw_only=True):
    """`POST /api/v1/runs/{run_id}/cancel`."""

    reason: str | None = None


class SessionRequest(Request, frozen=True, kw_only=True):
    """`POST /api/v1/sessions`: one engine session, for who renders SQL himself.

    `writes` asks for statements that change data, for which the key needs `run:write`.
    `run_id` is the client's own id of the run, for the journal. With `lease_seconds` the session
    ends when no request named it for so long and none of its statements runs; a client that is
    there asks for it in time by `GET /api/v1/sessions/{session_id}`.
    """

    resource: str
    run_id: str
    engine: str | None = None
    timeout_seconds: float = 300
    max_bytes: int | None = None
    writes: bool = False
    lease_seconds: float | None = None


class SessionAnswer(Message, frozen=True, kw_only=True):
    """An open session; it ends by DELETE, at its deadline, or soon after its client is gone."""

    session_id: str
    engine: str


class EstimateRequest(Request, frozen=True, kw_only=True):
    """`POST /api/v1/sessions/{session_id}/estimate`."""

    sql: str


class EstimateAnswer(Message, frozen=True, kw_only=True):
    """What the statement would read; None where the engine cannot tell."""

    bytes_processed: int | None
    plan: str = ""
    details: dict[str, str] = {}

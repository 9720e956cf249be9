"""Basecamp's synchronous execution paths, in its own field names.

`status` is SUCCESS or FAILED under HTTP 200. Rows are maps: types and repeated column names are
lost, which the run extension keeps.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, field

from dli_adapters.wire.messages import Message, Request

MOST_ROWS = 10_000
MOST_FAILED_ROWS = 100
Sql = Annotated[str, Meta(min_length=1, max_length=100_000, pattern=r"\S")]
Seconds = Annotated[int, Meta(ge=1, le=3600)]
Rows = Annotated[int, Meta(ge=1, le=MOST_ROWS)]


class RenderedRun(Request, frozen=True, kw_only=True):
    """`POST /api/v1/execution/{datasets,metrics}/run`; `parameters` are for the record only."""

    rendered_sql: Sql
    parameters: dict[str, Any] = field(default_factory=dict)
    execution_timeout: Seconds = 300
    execution_limit: Rows | None = None
    transpile_source_dialect: str | None = None
    transpile_target_dialect: str | None = None
    transpile_used_server_policy: bool = False
    resource_name: str | None = None
    original_spec: dict[str, Any] | None = None


class SqlRun(Request, frozen=True, kw_only=True):
    """`POST /api/v1/execution/sql/run`; each `{name}` of `parameters` is replaced in the text."""

    sql: Sql
    parameters: dict[str, Any] = field(default_factory=dict)
    execution_timeout: Seconds = 300
    execution_limit: Rows | None = None
    target_dialect: str | None = None


class ExecutionAnswer(Message, frozen=True, kw_only=True):
    """How a statement went."""

    execution_id: str
    status: str
    duration_seconds: float
    rendered_sql: str
    rows: list[dict[str, Any]] | None = None
    row_count: int | None = None
    error: str | None = None


class RenderedTest(Request, frozen=True, kw_only=True):
    """One quality test as SQL whose rows are the failures."""

    name: Annotated[str, Meta(min_length=1)]
    type: Annotated[str, Meta(min_length=1)]
    rendered_sql: Sql


class RenderedTests(Request, frozen=True, kw_only=True):
    """`POST /api/v1/execution/quality/run`."""

    resource_name: str
    tests: Annotated[tuple[RenderedTest, ...], Meta(min_length=1)]
    execution_timeout: Seconds = 300
    transpile_source_dialect: str | None = None
    transpile_target_dialect: str | None = None


class TestAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One test; `failed_count` is at most 100, and -1 where the test itself broke."""

    test_name: str
    passed: bool
    failed_count: int
    duration_ms: int
    failed_rows: list[dict[str, Any]] | None = None


class TestsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """All tests of one request."""

    execution_id: str
    status: str
    results: tuple[TestAnswer, ...]
    total_tests: int
    passed_tests: int
    failed_tests: int
    total_duration_ms: int

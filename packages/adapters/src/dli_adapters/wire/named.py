"""The older API's runs by name: one request, one answer, rows as maps.

Datasets have field names in camelCase, metrics and quality in snake_case: so the older API.
"""

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, field

from dli_adapters.wire.execution import Rows, Seconds
from dli_adapters.wire.messages import Message, Request


class DatasetRun(Request, frozen=True, kw_only=True):
    """`POST /api/v1/datasets/{name}/run`."""

    parameters: dict[str, Any] = field(default_factory=dict)
    limit: Rows = 1000
    timeout: Seconds = 600


class MetricRun(Request, frozen=True, kw_only=True):
    """`POST /api/v1/metrics/{name}/run`."""

    parameters: dict[str, Any] = field(default_factory=dict)
    limit: Rows | None = None
    timeout: Seconds = 300


class DatasetRows(Message, frozen=True, kw_only=True, rename="camel"):
    """The rows of a dataset's run that ended well: at most `limit` of them."""

    rows: list[dict[str, Any]]
    row_count: int
    duration_seconds: float
    rendered_sql: str


class MetricRows(Message, frozen=True, kw_only=True):
    """The same of a metric."""

    rows: list[dict[str, Any]]
    row_count: int
    duration_seconds: float
    rendered_sql: str


class TestsRun(Request, frozen=True, kw_only=True):
    """`POST /api/v1/quality/{name}/run`; without `test_names` all tests run."""

    test_names: Annotated[tuple[str, ...], Meta(max_length=50)] = ()
    timeout: Seconds = 300
    executed_by: str | None = None


class TestResult(Message, frozen=True, kw_only=True):
    """One test's verdict: PASSED, FAILED, ERROR, SKIPPED, WARN or VACUOUS."""

    test_name: str
    test_type: str
    status: str
    failed_rows: int | None = None
    message: str | None = None


class TestsOutcome(Message, frozen=True, kw_only=True):
    """All verdicts; `overall_status` is PASSED or FAILED."""

    run_id: str
    resource_name: str
    quality_spec_name: str
    status: str
    overall_status: str
    passed_tests: int
    failed_tests: int
    total_tests: int
    duration_seconds: float
    started_at: datetime
    completed_at: datetime
    executed_by: str
    test_results: tuple[TestResult, ...]

"""Every table of the server. Times are UTC; ids are 128 random bits as text.

After a change here, `python -m dli_server.storage.revising WHAT` writes the migration for it; a
test keeps both in step.
"""

from datetime import UTC, datetime
from typing import Any, final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


@final
class UtcTime(TypeDecorator[datetime]):
    """A moment: stored in UTC, given back with its time zone, on SQLite too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """To UTC; a time without a zone is a mistake of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Back, with the zone that SQLite does not keep."""
        if value is None:
            return None
        found: datetime = value
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


_TIME = UtcTime()

KEYS = Table(
    "api_keys",
    METADATA,
    Column("key_id", String(16), primary_key=True),
    Column("hash", LargeBinary(32), nullable=False),
    Column("owner", String(200), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("specs", JSON),
    Column("created_at", _TIME, nullable=False),
    Column("expires_at", _TIME, nullable=False),
    Column("revoked_at", _TIME),
    Column("last_used_at", _TIME),
)

RUNS = Table(
    "runs",
    METADATA,
    Column("run_id", String(32), primary_key=True),
    Column("key_id", String(16), nullable=False),
    Column("owner", String(200), nullable=False),
    Column("idempotency_key", String(200), nullable=False),
    Column("request_hash", String(64), nullable=False),
    Column("trace_id", String(64)),
    Column("session_id", String(32)),
    # statement, dataset, metric, quality
    Column("kind", String(16), nullable=False),
    Column("name", String(512)),
    # ACCEPTED, RUNNING, DONE, FAILED, CANCELLED, UNKNOWN
    Column("state", String(12), nullable=False),
    Column("engine", String(32), nullable=False, default=""),
    Column("job_id", String(200)),
    Column("writes", Boolean, nullable=False, default=False),
    Column("sql", Text, nullable=False, default=""),
    Column("submission", LargeBinary, nullable=False),
    Column("answer", LargeBinary),
    Column("submitted_at", _TIME, nullable=False),
    Column("started_at", _TIME),
    Column("ended_at", _TIME),
    Column("rows", BigInteger),
    Column("bytes_processed", BigInteger),
    Column("result_path", String(200)),
    Column("result_expires_at", _TIME),
    Column("cancelled_by", String(200)),
    Column("cancel_reason", Text),
    # which process works on it: another one's runs are settled at start
    Column("worker", String(64)),
    UniqueConstraint("key_id", "idempotency_key"),
    Index(None, "state"),
    Index(None, "submitted_at"),
    Index(None, "name", "submitted_at"),
)

RESOURCES = Table(
    "resources",
    METADATA,
    # dataset, metric, quality
    Column("kind", String(16), primary_key=True),
    Column("name", String(512), primary_key=True),
    Column("version", String(64), nullable=False),
    Column("owner", String(200), nullable=False),
    Column("team", String(200)),
    Column("description", Text, nullable=False, default=""),
    Column("tags", JSON, nullable=False),
    Column("created_at", _TIME, nullable=False),
    Column("updated_at", _TIME, nullable=False),
    Column("registered_by", String(200), nullable=False),
)

RESOURCE_VERSIONS = Table(
    "resource_versions",
    METADATA,
    # SHA-256 over the bundle
    Column("version", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("name", String(512), nullable=False),
    # the path of the spec file in `files`
    Column("path", String(1024), nullable=False),
    # path → text, as registered
    Column("files", JSON, nullable=False),
    # what the author's project says for specs that leave it out
    Column("dialect", String(32), nullable=False),
    Column("timeout_seconds", Integer),
    Column("created_at", _TIME, nullable=False),
    Column("registered_by", String(200), nullable=False),
    Index(None, "kind", "name"),
)

QUALITY_RESULTS = Table(
    "quality_results",
    METADATA,
    Column("run_id", String(32), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("resource", String(512), nullable=False),
    Column("test_name", String(512), nullable=False),
    Column("test_type", String(64), nullable=False),
    Column("verdict", String(12), nullable=False),
    Column("severity", String(12), nullable=False),
    Column("rows_tested", BigInteger),
    Column("rows_failed", BigInteger),
    Column("judged_at", _TIME, nullable=False),
    Index(None, "resource", "judged_at"),
)

WORKFLOWS = Table(
    "workflows",
    METADATA,
    Column("dataset_name", String(512), primary_key=True),
    Column("dag_id", String(512), nullable=False, unique=True),
    # MANUAL, CODE
    Column("source_type", String(8), nullable=False),
    # ACTIVE, PAUSED, DISABLED
    Column("status", String(10), nullable=False),
    Column("owner", String(200), nullable=False),
    Column("team", String(200)),
    Column("description", Text, nullable=False, default=""),
    Column("cron", String(200)),
    Column("timezone", String(64), nullable=False, default="UTC"),
    Column("retries", Integer),
    Column("retry_delay_seconds", Integer),
    Column("yaml_content", Text, nullable=False),
    Column("created_at", _TIME, nullable=False),
    Column("updated_at", _TIME, nullable=False),
    Column("registered_by", String(200), nullable=False),
)

BACKFILLS = Table(
    "workflow_backfills",
    METADATA,
    Column("backfill_id", String(32), primary_key=True),
    Column("dataset_name", String(512), nullable=False),
    Column("start_date", String(10), nullable=False),
    Column("end_date", String(10), nullable=False),
    Column("parameters", JSON, nullable=False),
    # each day with its logical date and run, as planned when it was asked for
    Column("plan", JSON, nullable=False),
    Column("parallel", Integer, nullable=False),
    # RUNNING, SUCCESS, FAILED, STOPPED
    Column("state", String(12), nullable=False),
    Column("created_at", _TIME, nullable=False),
    Column("created_by", String(200), nullable=False),
)

WORKFLOW_RUNS = Table(
    "workflow_runs",
    METADATA,
    Column("run_id", String(250), primary_key=True),
    Column("dataset_name", String(512), nullable=False),
    Column("dag_id", String(512), nullable=False),
    # SCHEDULED, MANUAL, BACKFILL
    Column("trigger_mode", String(10), nullable=False),
    # PENDING, RUNNING, SUCCESS, FAILED, STOPPING, STOPPED, SKIPPED, TIMEOUT, UNKNOWN
    Column("status", String(10), nullable=False),
    Column("logical_date", _TIME),
    Column("idempotency_key", String(200)),
    Column("request_hash", String(64)),
    Column("parameters", JSON, nullable=False),
    Column("backfill_id", String(32), ForeignKey("workflow_backfills.backfill_id")),
    Column("triggered_by", String(200), nullable=False),
    Column("created_at", _TIME, nullable=False),
    Column("started_at", _TIME),
    Column("ended_at", _TIME),
    Column("error", Text),
    Index(None, "dataset_name", "created_at"),
    Index(None, "backfill_id"),
)

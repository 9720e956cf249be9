"""What the audit log holds of a run: no text and no value, only their digests."""

import msgspec

from dli_adapters.wire.messages import RunAnswer, RunSubmission
from dli_domain.errors import DliError
from dli_server.audit.log import AuditEntry, digest_of
from dli_server.http.endpoint import Principal
from dli_server.runs.journal import Accepted


def submitted(run: Accepted, address: str | None) -> AuditEntry:
    """Before anything runs; `address` is where it was asked for."""
    asked = run.submission
    values = next(
        (
            one
            for one in (
                asked.resource and asked.resource.parameters,
                asked.quality and asked.quality.parameters,
                asked.statement and asked.statement.params,
            )
            if one
        ),
        None,
    )
    return AuditEntry(
        event="run.submitted",
        key_id=run.key_id,
        owner=run.owner,
        address=address,
        trace_id=run.trace_id,
        run_id=run.run_id,
        kind=run.kind,
        resource=run.name,
        sql_sha256=digest_of(run.sql) if run.sql else None,
        parameters_sha256=(
            digest_of(msgspec.json.encode(values, order="deterministic")) if values else None
        ),
        decision="allowed",
        engine=run.engine,
    )


def refused(
    principal: Principal, submission: RunSubmission, trace_id: str, error: DliError
) -> AuditEntry:
    """Text that the policy did not let pass."""
    statement = submission.statement
    return AuditEntry(
        event="run.refused",
        key_id=principal.key_id,
        owner=principal.owner,
        address=principal.address,
        trace_id=trace_id,
        sql_sha256=digest_of(statement.sql) if statement else None,
        decision="refused",
        outcome=error.code.value,
    )


def ended(answer: RunAnswer, key_id: str) -> AuditEntry:
    """When it is known how it ended."""
    return AuditEntry(
        event="run.ended",
        key_id=key_id,
        run_id=answer.run_id,
        kind=answer.kind,
        resource=answer.name,
        sql_sha256=digest_of(answer.sql) if answer.sql else None,
        engine=answer.engine,
        job_id=answer.job_id,
        rows=answer.result.rows if answer.result else None,
        bytes=answer.stats.bytes_processed,
        outcome=answer.failure.code if answer.failure else answer.state,
    )

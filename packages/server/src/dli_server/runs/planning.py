"""What a submission asks for, checked: scopes, names, limits, policy."""

from dataclasses import dataclass

from dli_adapters.supervision.reads import only_reads
from dli_adapters.wire.messages import RunSubmission, StatementRun
from dli_domain.model.spec import ResourceKind
from dli_domain.ports.spec_registry import BundleKind
from dli_server.configuration import Limits
from dli_server.http.endpoint import Principal
from dli_server.http.scopes import Scope
from dli_server.registry.registry import Registry
from dli_server.registry.visibility import as_seen_by
from dli_server.runs.engines import Engines
from dli_server.runs.refusals import forbidden, malformed, too_large
from dli_server.runs.sessions import Session, Sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A submission that was understood."""

    kind: str
    name: str | None
    writes: bool = False
    sql: str = ""
    session: Session | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Understands submissions, or refuses them."""

    limits: Limits
    engines: Engines
    registry: Registry
    sessions: Sessions

    def __call__(self, principal: Principal, submission: RunSubmission) -> Plan:
        given = [submission.resource, submission.quality, submission.statement]
        if sum(one is not None for one in given) != 1:
            raise malformed("Give exactly one of 'resource', 'quality' and 'statement'")
        seconds = submission.timeout_seconds
        if seconds is not None and seconds <= 0:
            raise malformed("timeout_seconds must be above 0")
        if submission.statement is not None:
            return self._statement(principal, submission.statement)
        if submission.resource is not None:
            asked = submission.resource
            needs(principal, Scope.RUN_SPEC)
            if asked.kind not in set(ResourceKind):
                raise malformed("'kind' is 'dataset' or 'metric'")
            kind = ResourceKind(asked.kind)
            self._parameters(len(asked.parameters))
            self._named(principal, BundleKind(asked.kind), asked.name)
            return Plan(kind=kind.value, name=asked.name)
        asked_quality = submission.quality
        assert asked_quality is not None  # noqa: S101 - one of three is there
        needs(principal, Scope.QUALITY)
        self._parameters(len(asked_quality.parameters))
        self._named(principal, BundleKind.QUALITY, asked_quality.reference)
        return Plan(kind="quality", name=asked_quality.reference)

    def _statement(self, principal: Principal, asked: StatementRun) -> Plan:
        session = self.sessions.get(principal, asked.session_id)
        if len(asked.sql.encode()) > self.limits.sql_bytes:
            raise too_large(f"The SQL text is larger than {self.limits.sql_bytes:,} bytes")
        self._parameters(len(asked.params))
        if session.reading is not None:
            self.engines.judge(asked.sql, session.reading)
        return Plan(
            kind="statement",
            name=session.resource,
            writes=not only_reads(asked.sql),
            sql=asked.sql,
            session=session,
        )

    def _parameters(self, count: int) -> None:
        if count > self.limits.parameters:
            raise too_large(f"More than {self.limits.parameters} parameters")

    def _named(self, principal: Principal, kind: BundleKind, name: str) -> None:
        """What the key may not name looks as if it were not there."""
        registry = self.registry
        if kind is BundleKind.QUALITY:
            with as_seen_by(principal, kind, name, registry.tested):
                registry.qualities.find(name)
            return
        of_kind = ResourceKind(kind.value)
        with as_seen_by(principal, kind, name, lambda: registry.specs.names(of_kind)):
            registry.specs.get(name, of_kind)


def needs(principal: Principal, scope: Scope) -> None:
    """Refuse a key without that scope."""
    if scope not in principal.scopes:
        raise forbidden(scope.value)

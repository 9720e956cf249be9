"""What a pool's thread does for one run: a statement, a resource, quality tests."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from dli_adapters.wire.messages import ResourceRun, StatementFacts
from dli_adapters.wire.parameters import decoded, encoded
from dli_adapters.wire.quality import packed_report
from dli_domain.model.quality import QualityReport
from dli_domain.model.requests import QualityRequest, RunRequest
from dli_domain.model.run import ExecutionMode, ExecutionResult, RunScope
from dli_domain.model.spec import ResourceKind
from dli_domain.ports.clock import Clock
from dli_domain.ports.query_executor import QueryExecutor
from dli_domain.usecases.run_quality import RunQuality
from dli_domain.usecases.run_resource import RunResource
from dli_server.configuration import Limits
from dli_server.registry.registry import Registry
from dli_server.runs.engines import Engines
from dli_server.runs.live import LiveRun
from dli_server.runs.sessions import Session
from dli_server.runs.spool import Spool, SpoolLimits, SpoolWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run ended well: facts for its answer, and the name of its result."""

    facts: dict[str, Any]
    result_name: str | None = None
    report: QualityReport | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """Runs what was submitted, in the calling thread, to its end."""

    limits: Limits
    clock: Clock
    engines: Engines
    registry: Registry
    spool: Spool

    def statement(self, run: LiveRun, session: Session) -> Outcome:
        """One statement of an open session."""
        asked = run.submission.statement
        assert asked is not None  # noqa: S101 - the service checked it
        writer = self._writer(run)
        with run.driving(session.executor) as executor:
            result = executor.execute(asked.sql, decoded(asked.params) or None)
            writer.write(result)
        facts = {"engine": executor.engine, "stats": result.stats, "result": writer.facts}
        return Outcome(facts={**facts, "job_id": result.stats.job_id}, result_name=writer.name)

    def resource(self, run: LiveRun) -> Outcome:
        """A registered dataset or metric."""
        asked = run.submission.resource
        assert asked is not None  # noqa: S101 - the service checked it
        writer = self._writer(run)
        is_metric = ResourceKind(asked.kind) is ResourceKind.METRIC
        use_case = RunResource(
            render=self.registry.render,
            open_executor=partial(self._open, run, is_metric),
            clock=self.clock,
            mode=ExecutionMode.SERVER,
            new_run_id=lambda: run.run_id,
        )
        found = use_case(
            self._request(run, asked), writer, progress=lambda text: run.tell(progress=text)
        )
        return Outcome(facts=_facts(found, writer), result_name=writer.name)

    def quality(self, run: LiveRun) -> Outcome:
        """Registered quality tests of a resource."""
        asked = run.submission.quality
        assert asked is not None  # noqa: S101 - the service checked it
        use_case = RunQuality(
            render=self.registry.render,
            source=self.registry.qualities,
            open_executor=partial(self._open, run, True),
            clock=self.clock,
            mode=ExecutionMode.SERVER,
            new_run_id=lambda: run.run_id,
        )
        report = use_case(
            QualityRequest(
                reference=asked.reference,
                tests=asked.tests,
                parameters=decoded(asked.parameters),
                shared=decoded(asked.shared),
                ds=asked.ds,
                timeout=self._timeout(run),
                max_bytes=run.submission.max_bytes or self.engines.settings.max_bytes,
                fail_fast=asked.fail_fast,
                samples=asked.samples,
                allow_empty=asked.allow_empty,
            ),
            say=lambda text: run.tell(progress=text),
        )
        run.check()
        facts = {
            "engine": report.engine,
            "warnings": report.warnings,
            "report": msgspec.to_builtins(packed_report(report)),
        }
        return Outcome(facts=facts, report=report)

    @contextmanager
    def _open(self, run: LiveRun, read_only: bool, scope: RunScope) -> Iterator[QueryExecutor]:
        reading = self.engines.access() if read_only else None
        with (
            self.engines.open(scope, reading) as executor,
            run.driving(executor) as driven,
        ):
            yield driven

    def _request(self, run: LiveRun, asked: ResourceRun) -> RunRequest:
        return RunRequest(
            name=asked.name,
            kind=ResourceKind(asked.kind),
            parameters=decoded(asked.parameters),
            ds=asked.ds,
            timeout=self._timeout(run),
            max_bytes=run.submission.max_bytes or self.engines.settings.max_bytes,
            skip_pre=asked.skip_pre,
            skip_post=asked.skip_post,
        )

    def _timeout(self, run: LiveRun) -> int | None:
        seconds = run.submission.timeout_seconds
        return self.engines.settings.timeout if seconds is None else math.ceil(seconds)

    def _writer(self, run: LiveRun) -> SpoolWriter:
        limits = SpoolLimits(
            rows=self.limits.rows,
            bytes=self.limits.result_bytes,
            cell_bytes=self.limits.cell_bytes,
        )
        check: Callable[[], None] = run.check
        return SpoolWriter(self.spool, limits, check)


def _facts(found: ExecutionResult, writer: SpoolWriter) -> dict[str, Any]:
    return {
        "engine": found.engine,
        "sql": found.sql,
        "job_id": found.stats.job_id,
        "parameters": encoded(found.parameters),
        "statements": tuple(
            StatementFacts(
                phase=one.phase.value,
                name=one.name,
                status=one.status.value,
                sql=one.sql,
                duration_ms=one.duration_ms,
                affected_rows=one.affected_rows,
                stats=one.stats,
                error=one.error,
            )
            for one in found.statements
        ),
        "stats": found.stats,
        "warnings": found.warnings,
        "result": writer.facts,
    }

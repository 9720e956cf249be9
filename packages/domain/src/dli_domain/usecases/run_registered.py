"""Run a dataset, a metric or quality tests by name, where they are registered."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from dli_domain.model.names import ResourceName
from dli_domain.model.quality import QualityReport
from dli_domain.model.requests import QualityRequest, RunRequest
from dli_domain.model.result import QueryResult
from dli_domain.model.run import (
    Deadline,
    ExecutionMode,
    ExecutionResult,
    ResultStatus,
    RunScope,
)
from dli_domain.ports.clock import Clock
from dli_domain.ports.registered_runs import OpenRuns
from dli_domain.ports.result_writer import ResultWriter
from dli_domain.usecases.run_quality import Say, silent
from dli_domain.usecases.run_resource import Progress, no_progress

# The far side keeps the limit and says what came of it. One that says nothing is asked to stop
# and left, all of it within two seconds of the limit.
_SLACK_SECONDS = 0.3
_LONGEST_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRegistered:
    """As `RunResource`, but spec and engine are those of the far side."""

    open_runs: OpenRuns
    clock: Clock
    new_run_id: Callable[[], str]

    def __call__(
        self, request: RunRequest, writer: ResultWriter, progress: Progress = no_progress
    ) -> ExecutionResult:
        """Run it.

        Raises:
            DliError: whatever went wrong, as a run here would raise it.
        """
        started_at, began = self.clock.now(), self.clock.monotonic()
        writer.prepare()
        with self.open_runs(self._scope(request, began)) as runs:
            found = runs.run(request, progress)
            written = writer.write(found.result)
        result = found.result
        return ExecutionResult(
            status=ResultStatus.SUCCESS,
            name=ResourceName.parse(request.name),
            mode=ExecutionMode.SERVER,
            engine=found.engine,
            run_id=found.run_id,
            sql=found.sql,
            row_count=written.row_count if result.has_rows else result.affected_rows,
            duration_ms=round((self.clock.monotonic() - began) * 1000),
            started_at=started_at,
            columns=result.columns,
            affected_rows=result.affected_rows,
            statements=found.statements,
            stats=result.stats,
            output_path=written.path,
            parameters=found.parameters,
            warnings=(*found.warnings, *written.warnings),
            truncated=written.truncated,
            table=written.table,
        )

    @contextmanager
    def stream(
        self, request: RunRequest, progress: Progress = no_progress
    ) -> Iterator[QueryResult]:
        """Run it, and hand out the result while it is on its way.

        Raises:
            DliError: as in a call; also out of the block's end.
        """
        with self.open_runs(self._scope(request, self.clock.monotonic())) as runs:
            result = runs.run(request, progress).result
            try:
                yield result
            finally:
                result.close()

    def _scope(self, request: RunRequest, began: float) -> RunScope:
        return _scope(self.new_run_id(), request.name, began, request.timeout, request.max_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeRegistered:
    """As `RunQuality`, but files and engine are those of the far side."""

    open_runs: OpenRuns
    clock: Clock
    new_run_id: Callable[[], str]

    def __call__(self, request: QualityRequest, say: Say = silent) -> QualityReport:
        """Judge the tests of the resource of that name.

        Raises:
            DliError: nothing could be judged at all.
        """
        began = self.clock.monotonic()
        scope = _scope(
            self.new_run_id(), request.reference, began, request.timeout, request.max_bytes
        )
        with self.open_runs(scope) as runs:
            report = runs.judge(request, say)
        return replace(
            report,
            mode=ExecutionMode.SERVER,
            duration_ms=round((self.clock.monotonic() - began) * 1000),
        )


def _scope(
    run_id: str, name: str, began: float, timeout: int | None, max_bytes: int | None
) -> RunScope:
    seconds = float(timeout or _LONGEST_SECONDS)
    return RunScope(
        run_id=run_id,
        resource=name,
        deadline=Deadline(began + seconds + _SLACK_SECONDS, seconds),
        max_bytes=max_bytes,
    )

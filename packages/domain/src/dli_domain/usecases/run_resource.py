"""Run a dataset or a metric: pre, main and post statements in one session."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from dli_domain.errors import (
    DliError,
    ExecutionError,
    ExecutionLimitError,
    ExecutionQueryError,
)
from dli_domain.model.requests import RunRequest
from dli_domain.model.result import QueryResult
from dli_domain.model.run import (
    Deadline,
    ExecutionMode,
    ExecutionResult,
    Phase,
    ResultStatus,
    RunScope,
    StatementReport,
)
from dli_domain.ports.clock import Clock
from dli_domain.ports.query_executor import QueryExecutor
from dli_domain.ports.result_writer import ResultWriter, Written
from dli_domain.usecases.render_resource import (
    RenderedResource,
    RenderedStatement,
    RenderResource,
)

DEFAULT_TIMEOUT_SECONDS = 300

OpenExecutor = Callable[[RunScope], AbstractContextManager[QueryExecutor]]
Progress = Callable[[str], None]


def no_progress(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResource:
    """Renders, checks that the result can be written, opens the engine, runs the stages.

    The main statement's rows, or its affected rows, are the result. A pre or post statement
    that may fail (`continue_on_error`) is reported and passed over when the engine refuses
    it; a lost connection, a timeout or a cancel always ends the run.
    """

    render: RenderResource
    open_executor: OpenExecutor
    clock: Clock
    mode: ExecutionMode
    new_run_id: Callable[[], str]

    def __call__(
        self, request: RunRequest, writer: ResultWriter, progress: Progress = no_progress
    ) -> ExecutionResult:
        """Run it.

        Raises:
            DliError: whatever went wrong, placed in the template where that is known.
        """
        started_at, began = self.clock.now(), self.clock.monotonic()
        rendered = self._rendered(request)
        writer.prepare()
        scope = self._scope(request, rendered, began)
        with self.open_executor(scope) as executor:
            stages = _Stages(executor, self.clock, scope, progress)
            written, result = stages.run(rendered, writer, request)
            engine = executor.engine
        main = next(r for r in stages.reports if r.phase is Phase.MAIN)
        return ExecutionResult(
            status=ResultStatus.SUCCESS,
            name=rendered.spec.name,
            mode=self.mode,
            engine=engine,
            run_id=scope.run_id,
            sql=main.sql,
            row_count=written.row_count if result.has_rows else result.affected_rows,
            duration_ms=_ms(self.clock.monotonic() - began),
            started_at=started_at,
            columns=result.columns,
            affected_rows=result.affected_rows,
            statements=tuple(stages.reports),
            stats=result.stats,
            output_path=written.path,
            parameters=rendered.parameters,
            warnings=(*rendered.warnings, *written.warnings),
            truncated=written.truncated,
            table=written.table,
        )

    @contextmanager
    def stream(
        self, request: RunRequest, progress: Progress = no_progress
    ) -> Iterator[QueryResult]:
        """Run it, and hand out the main statement's result while it is on its way.

        The post statements run when the block ends well, also if rows were left unread.

        Raises:
            DliError: as in a call; also out of the block's end.
        """
        began = self.clock.monotonic()
        rendered = self._rendered(request)
        scope = self._scope(request, rendered, began)
        with self.open_executor(scope) as executor:
            yield from _Stages(executor, self.clock, scope, progress).stream(rendered, request)

    def _rendered(self, request: RunRequest) -> RenderedResource:
        return self.render(request.name, request.kind, parameters=request.parameters, ds=request.ds)

    def _scope(self, request: RunRequest, rendered: RenderedResource, began: float) -> RunScope:
        own = rendered.spec.execution.timeout_seconds
        seconds = request.timeout or own or DEFAULT_TIMEOUT_SECONDS
        return RunScope(
            run_id=self.new_run_id(),
            resource=str(rendered.spec.name),
            deadline=Deadline(began + seconds, seconds),
            max_bytes=request.max_bytes,
        )


class _Stages:
    """One run's statements, in order, with their reports."""

    def __init__(
        self, executor: QueryExecutor, clock: Clock, scope: RunScope, progress: Progress
    ) -> None:
        self._executor = executor
        self._clock = clock
        self._scope = scope
        self._progress = progress
        self.reports: list[StatementReport] = []

    def run(
        self, rendered: RenderedResource, writer: ResultWriter, request: RunRequest
    ) -> tuple[Written, QueryResult]:
        self._side(rendered.pre, skipped=request.skip_pre)
        with self._reported(rendered.main) as done:
            result = self._execute(rendered.main)
            written = writer.write(result)
            done(result)
        self._side(rendered.post, skipped=request.skip_post)
        return written, result

    def stream(self, rendered: RenderedResource, request: RunRequest) -> Iterator[QueryResult]:
        self._side(rendered.pre, skipped=request.skip_pre)
        with self._reported(rendered.main) as done:
            result = self._execute(rendered.main)
            try:
                yield result
            finally:
                result.close()
            done(result)
        self._side(rendered.post, skipped=request.skip_post)

    def _side(self, statements: tuple[RenderedStatement, ...], *, skipped: bool) -> None:
        for statement in statements:
            if skipped:
                self.reports.append(self._report(statement, ResultStatus.SKIPPED, 0))
                continue
            try:
                with self._reported(statement) as done:
                    result = self._execute(statement)
                    result.drain()
                    done(result)
            except ExecutionError as error:
                if not (statement.continue_on_error and _engine_refused(error)):
                    raise

    def _execute(self, statement: RenderedStatement) -> QueryResult:
        self._progress(f"{statement.phase} · {statement.name}")
        limit = self._scope.max_bytes
        if limit is not None:
            self._refuse_above(limit, statement)
        return self._executor.execute(statement.sql.text)

    def _refuse_above(self, limit: int, statement: RenderedStatement) -> None:
        estimate = self._executor.estimate(statement.sql.text)
        if estimate.bytes_processed is None:
            raise ExecutionLimitError(
                f"{self._executor.engine} cannot foretell the bytes of {statement.name!r}, "
                f"so --max-bytes {limit} cannot be kept",
                hint="Run without --max-bytes, or bound the query itself.",
            )
        if estimate.bytes_processed > limit:
            raise ExecutionLimitError(
                f"{statement.name!r} would read {estimate.bytes_processed:,} bytes, "
                f"more than the {limit:,} allowed",
                hint="Narrow the query, or raise --max-bytes.",
            )

    @contextmanager
    def _reported(self, statement: RenderedStatement) -> Iterator[Callable[[QueryResult], None]]:
        began = self._clock.monotonic()
        results: list[QueryResult] = []
        try:
            yield results.append
        except DliError as error:
            self.reports.append(
                self._report(statement, ResultStatus.FAILURE, began, error=str(error))
            )
            place(error, statement)
            raise
        self.reports.append(self._report(statement, ResultStatus.SUCCESS, began, result=results[0]))

    def _report(
        self,
        statement: RenderedStatement,
        status: ResultStatus,
        began: float,
        *,
        result: QueryResult | None = None,
        error: str | None = None,
    ) -> StatementReport:
        skipped = status is ResultStatus.SKIPPED
        return StatementReport(
            phase=statement.phase,
            name=statement.name,
            status=status,
            sql=statement.sql.text,
            duration_ms=0 if skipped else _ms(self._clock.monotonic() - began),
            location=statement.sql.source.origin,
            affected_rows=result.affected_rows if result else None,
            **({"stats": result.stats} if result else {}),
            error=error,
        )


def _engine_refused(error: ExecutionError) -> bool:
    return type(error) in (ExecutionError, ExecutionQueryError)


def place(error: DliError, statement: RenderedStatement) -> None:
    """Point an error of the engine back to the template."""
    if isinstance(error, ExecutionQueryError):
        place = statement.sql.locate(*error.position) if error.position else None
        error.located(place or statement.sql.source.origin)
        if statement.phase is not Phase.MAIN:
            error.context.setdefault("Statement", f"{statement.phase} · {statement.name}")


def _ms(seconds: float) -> int:
    return round(seconds * 1000)

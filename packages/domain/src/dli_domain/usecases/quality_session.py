"""One engine's session that counts, samples, and remembers every statement it sent."""

from collections.abc import Sequence

from dli_domain.errors import (
    DliError,
    EngineError,
    ExecutionError,
    ExecutionLimitError,
    ExecutionPermissionError,
    ExecutionQueryError,
    ResultInvalidError,
)
from dli_domain.model.problems import Location, Problem
from dli_domain.model.quality import (
    QualityOutcome,
    QualityStatement,
    QualityTarget,
    QualityTest,
    QualityTestType,
    Verdict,
)
from dli_domain.model.result import Column, QueryResult, Row
from dli_domain.ports.clock import Clock
from dli_domain.ports.query_executor import QueryExecutor
from dli_domain.quality.checks import Check
from dli_domain.quality.judging import (
    Judged,
    UnreadableMomentError,
    judge,
    judge_freshness,
    judge_row_count,
)
from dli_domain.quality.statements import Source, counting, probe, sampling
from dli_domain.rendering.rendered import offset_of

# After these the session is still of use, and another statement may succeed.
_REFUSALS = (ExecutionError, ExecutionQueryError, ExecutionPermissionError, ResultInvalidError)


def refused(error: EngineError) -> bool:
    """Whether the engine refused this one statement, and would take another."""
    return type(error) in _REFUSALS


def errored(
    test: QualityTest,
    target: QualityTarget,
    error: DliError,
    engine: str,
    sent: QualityStatement | None = None,
) -> QualityOutcome:
    """The outcome of a test that could not be judged, with the reason."""
    return QualityOutcome(
        test=test,
        target=target,
        verdict=Verdict.ERROR,
        message=error.message,
        engine=engine,
        duration_ms=sent.duration_ms if sent else 0,
        job_id=sent.job_id if sent else None,
        sql=sent.sql if sent else None,
        problem=Problem(
            code=error.code,
            message=error.message,
            location=error.location or test.location,
            fix=error.hint,
        ),
    )


class QualitySession:
    """Sends the statements of quality tests, one at a time."""

    def __init__(self, executor: QueryExecutor, clock: Clock, max_bytes: int | None) -> None:
        self._executor = executor
        self._clock = clock
        self._max_bytes = max_bytes
        self._lost = False
        self.statements: list[QualityStatement] = []
        self.warnings: list[str] = []

    @property
    def engine(self) -> str:
        """The engine's name."""
        return self._executor.engine

    def probe(self, source: Source) -> None:
        """Ask for nothing but the table.

        Raises:
            EngineError: it is not there, or the engine is not.
        """
        self.rows(probe(source), "probe", 0)

    def counted(
        self, checks: Sequence[Check], source: Source, target: QualityTarget
    ) -> Sequence[QualityOutcome]:
        """The outcomes of all checks, from one statement.

        Raises:
            EngineError: the engine refused it, or is gone.
        """
        rows = self.rows(counting(checks, source), "count", len(checks))
        if len(rows) != 1:
            raise ResultInvalidError(f"{self.engine} gave {len(rows)} rows of counts, not one")
        return [self._outcome(n, check, rows[0], target) for n, check in enumerate(checks)]

    def samples(
        self, check: Check, source: Source, outcome: QualityOutcome, limit: int
    ) -> tuple[Row, ...]:
        """Some failing rows. Where they cannot be had, a warning says so; the verdict stands."""
        sql = sampling(check, source, limit)
        if sql is None or limit == 0 or self._lost:
            return outcome.samples[:limit]
        try:
            return tuple(self.rows(sql, "samples", 1))
        except ExecutionError as error:
            if isinstance(error.__cause__, KeyboardInterrupt):
                raise
            self._lost = not refused(error)
            self.warnings.append(
                f"{check.test.name}: no failing rows can be shown: {error.message}"
            )
            return ()

    @property
    def last(self) -> QualityStatement | None:
        """The statement sent last."""
        return self.statements[-1] if self.statements else None

    def failed(
        self,
        check: Check,
        target: QualityTarget,
        error: ExecutionError,
        sent: QualityStatement | None,
    ) -> QualityOutcome:
        """The ERROR of a check, and the statement that told it."""
        place = _place(check, sent, error)
        return errored(check.test, target, error.located(place), self.engine, sent)

    def _outcome(
        self, number: int, check: Check, row: Row, target: QualityTarget
    ) -> QualityOutcome:
        sent = self.statements[-1]
        try:
            judged = self._judged(number, check, row)
        except UnreadableMomentError as error:
            wrong = ExecutionQueryError(str(error), hint="Name a column of dates or timestamps.")
            return errored(check.test, target, wrong, self.engine, sent)
        return QualityOutcome(
            test=check.test,
            target=target,
            verdict=judged.verdict,
            unit=check.unit,
            rows_tested=judged.tested,
            rows_failed=judged.failed,
            samples=() if judged.shown is None else (judged.shown,),
            message=judged.message,
            duration_ms=sent.duration_ms,
            engine=self.engine,
            job_id=sent.job_id,
            sql=sent.sql,
        )

    def _judged(self, number: int, check: Check, row: Row) -> Judged:
        tested = _number(row, f"tested_{number}")
        if check.test.type is QualityTestType.ROW_COUNT:
            return judge_row_count(check.test, tested)
        if check.latest is not None:
            latest = row.get(f"latest_{number}")
            return judge_freshness(check.test, tested, latest, self._clock.now())
        return judge(check.test, tested, _number(row, f"failed_{number}"))

    def rows(self, sql: str, purpose: str, tests: int = 0) -> Sequence[Row]:
        """All rows of a statement, which is remembered.

        Raises:
            EngineError: the engine refused it, or is gone.
        """
        return self._sent(sql, purpose, tests).rows

    def columns(self, sql: str) -> tuple[Column, ...]:
        """The columns of a statement's rows.

        Raises:
            EngineError: the engine refused it, or is gone.
        """
        return self._sent(sql, "columns", 0).columns

    def _sent(self, sql: str, purpose: str, tests: int) -> QueryResult:
        began = self._clock.monotonic()
        job_id = bytes_processed = problem = None
        try:
            self._refuse_above_limit(sql)
            result = self._executor.execute(sql)
            held = QueryResult(rows=result.rows, columns=result.columns, stats=result.stats)
            job_id, bytes_processed = result.stats.job_id, result.stats.bytes_processed
        except EngineError as error:
            problem, job_id = error.message, error.context.get("Job")
            raise
        finally:
            self.statements.append(
                QualityStatement(
                    purpose=purpose,
                    tests=tests,
                    sql=sql,
                    duration_ms=round((self._clock.monotonic() - began) * 1000),
                    job_id=job_id,
                    bytes_processed=bytes_processed,
                    error=problem,
                )
            )
        return held

    def _refuse_above_limit(self, sql: str) -> None:
        if self._max_bytes is None:
            return
        wanted = self._executor.estimate(sql).bytes_processed
        if wanted is None or wanted > self._max_bytes:
            said = "an unknown number of" if wanted is None else f"{wanted:,}"
            raise ExecutionLimitError(
                f"The tests would read {said} bytes; allowed are {self._max_bytes:,}",
                hint="Raise execution.max_bytes, or narrow the tests with where.",
            )


def _number(row: Row, name: str) -> int:
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ResultInvalidError(f"The count {name} came as {value!r}, not as a whole number")
    return value


def _place(check: Check, sent: QualityStatement | None, error: ExecutionError) -> Location | None:
    """Where in a singular test's own SQL the engine found the fault."""
    position = error.position if isinstance(error, ExecutionQueryError) else None
    if check.query is None or sent is None or position is None:
        return None
    offset, start = offset_of(sent.sql, *position), sent.sql.find(check.query.text)
    if offset is None or start < 0 or not start <= offset <= start + len(check.query.text):
        return check.test.sql.origin if check.test.sql else None
    return check.query.locate_offset(offset - start)

"""Propose quality tests for a table from the data that is in it."""

from collections.abc import Callable
from dataclasses import dataclass

from dli_domain.errors import ErrorCode, SpecInvalidError
from dli_domain.model.names import InvalidNameError, ResourceName
from dli_domain.model.quality import QualityStatement, QualityTarget, QualityTest
from dli_domain.model.run import Deadline, ExecutionMode, RunScope
from dli_domain.model.spec import ResourceKind
from dli_domain.ports.clock import Clock
from dli_domain.quality import profiling, spelling
from dli_domain.quality.statements import Source
from dli_domain.usecases.quality_session import QualitySession
from dli_domain.usecases.run_quality import no_verdict
from dli_domain.usecases.run_resource import DEFAULT_TIMEOUT_SECONDS, OpenExecutor


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Tests that the table passes now, for its owner to review."""

    target: QualityTarget
    engine: str
    rows: int
    tests: tuple[QualityTest, ...]
    statements: tuple[QualityStatement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestQuality:
    """Asks for the columns, for one row of facts about all, and for the values of small domains."""

    engine: str
    open_executor: OpenExecutor
    clock: Clock
    mode: ExecutionMode
    new_run_id: Callable[[], str]

    def __call__(
        self, table: str, *, timeout: int | None = None, max_bytes: int | None = None
    ) -> Suggestion:
        """Look at it.

        Raises:
            SpecInvalidError: the name is none, or the table is empty and tells nothing.
            ConfigError: DLI-607, a mock has no data.
            EngineError: the table is not there, or the engine is not.
        """
        if self.mode is ExecutionMode.MOCK:
            raise no_verdict()
        target = _target(table)
        seconds = timeout or DEFAULT_TIMEOUT_SECONDS
        scope = RunScope(
            run_id=self.new_run_id(),
            resource=table,
            deadline=Deadline(self.clock.monotonic() + seconds, seconds),
            max_bytes=max_bytes,
        )
        source = Source(name=spelling.table(target.name, self.engine), dialect=self.engine)
        with self.open_executor(scope) as executor:
            session = QualitySession(executor, self.clock, max_bytes)
            columns = profiling.profiled_columns(session.columns(profiling.shape(source)))
            row = session.rows(profiling.profiling(columns, source), "profile")[0]
            found = profiling.profiles(columns, row)
            if not found or found[0].rows == 0:
                raise _nothing(table)
            sql = profiling.listing(found, source)
            listed = () if sql is None else session.rows(sql, "values")
            return Suggestion(
                target=target,
                engine=session.engine,
                rows=found[0].rows,
                tests=profiling.proposed(found, profiling.domains(found, listed)),
                statements=tuple(session.statements),
            )


def _target(table: str) -> QualityTarget:
    try:
        return QualityTarget(kind=ResourceKind.DATASET, name=ResourceName.parse(table))
    except InvalidNameError as error:
        raise SpecInvalidError(
            f"{table[:80]!r} is no name of a table: {error}",
            hint="Names look like catalog.schema.name.",
        ) from error


def _nothing(table: str) -> SpecInvalidError:
    return SpecInvalidError(
        f"The table {table!r} is empty: there is nothing to learn from it",
        code=ErrorCode.QUALITY_NO_VERDICT,
        hint="Fill it first, or write the tests by hand.",
    )

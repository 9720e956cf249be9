"""Run the quality tests of a resource: few statements, a verdict with evidence for each test."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from dli_domain.errors import (
    ConfigError,
    EngineError,
    ErrorCode,
    ExecutionCancelledError,
    ExecutionError,
)
from dli_domain.model.quality import (
    QualityOutcome,
    QualityReport,
    QualitySpec,
    QualityStatement,
    Verdict,
)
from dli_domain.model.requests import QualityRequest
from dli_domain.model.run import Deadline, ExecutionMode, RunScope
from dli_domain.ports.clock import Clock
from dli_domain.ports.quality_source import QualitySource
from dli_domain.quality.checks import Check
from dli_domain.quality.statements import stands_alone
from dli_domain.usecases.plan_quality import (
    PlannedTest,
    PlanQuality,
    TargetPlan,
)
from dli_domain.usecases.quality_session import QualitySession, errored, refused
from dli_domain.usecases.render_resource import RenderResource
from dli_domain.usecases.run_resource import DEFAULT_TIMEOUT_SECONDS, OpenExecutor

Say = Callable[[str], None]
# A statement may hold so many tests: engines limit its length and its columns.
_MOST_AT_ONCE = 200
_SHOWN = frozenset({Verdict.FAIL, Verdict.WARN})


def silent(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuality:
    """Plans, opens the engine once, judges every test.

    All tests of one table are one statement. If the engine refuses it, each test gets its own,
    so that only the one at fault is an ERROR. What ends the session (a lost connection, the
    deadline) makes an ERROR of every test that is not judged yet.
    """

    render: RenderResource
    source: QualitySource
    open_executor: OpenExecutor
    clock: Clock
    mode: ExecutionMode
    new_run_id: Callable[[], str]

    def __call__(self, request: QualityRequest, say: Say = silent) -> QualityReport:
        """Judge.

        Raises:
            ConfigError: DLI-607, a mock runs nothing, so there is no verdict.
            SpecNotFoundError: no such file or test, or none is enabled.
            SpecInvalidError: a file, a parameter or a template is at fault.
            SqlError: SQL in a file is at fault.
            ExecutionCancelledError: the user stopped it.
        """
        if self.mode is ExecutionMode.MOCK:
            raise no_verdict()
        started_at, began = self.clock.now(), self.clock.monotonic()
        specs = self.source.find(request.reference).specs
        plan = PlanQuality(render=self.render)
        targets = plan(specs, request)
        scope = self._scope(specs, request, began)
        run = _Run(request, targets, plan.engine(specs), say)
        try:
            with self.open_executor(scope) as executor:
                if executor.engine == ExecutionMode.MOCK.value:
                    raise no_verdict()
                run.judge(QualitySession(executor, self.clock, request.max_bytes))
        except EngineError as error:
            if _stopped_by_user(error):
                raise
            run.give_up(error)
        return QualityReport(
            name=request.reference,
            mode=self.mode,
            engine=run.engine,
            run_id=scope.run_id,
            started_at=started_at,
            duration_ms=round((self.clock.monotonic() - began) * 1000),
            outcomes=tuple(run.outcomes()),
            statements=tuple(run.statements),
            allow_empty=request.allow_empty,
            warnings=tuple(run.warnings),
        )

    def _scope(
        self, specs: Sequence[QualitySpec], request: QualityRequest, began: float
    ) -> RunScope:
        own = [spec.timeout_seconds for spec in specs if spec.timeout_seconds is not None]
        seconds = request.timeout or max(own, default=DEFAULT_TIMEOUT_SECONDS)
        return RunScope(
            run_id=self.new_run_id(),
            resource=request.reference,
            deadline=Deadline(began + seconds, seconds),
            max_bytes=request.max_bytes,
        )


class _Run:
    """The verdicts of one run as they come in."""

    def __init__(
        self, request: QualityRequest, targets: Sequence[TargetPlan], engine: str, say: Say
    ) -> None:
        self._request = request
        self._targets = targets
        self._say = say
        self._found: dict[int, QualityOutcome] = {}
        self._session: QualitySession | None = None
        self._stopped_at: str | None = None
        self.engine = engine

    @property
    def statements(self) -> Sequence[QualityStatement]:
        return self._session.statements if self._session else ()

    @property
    def warnings(self) -> Sequence[str]:
        return self._session.warnings if self._session else ()

    def judge(self, session: QualitySession) -> None:
        """Judge every test, target by target."""
        self._session, self.engine = session, session.engine
        for plan in self._targets:
            for group in _groups(plan.tests, in_order=self._request.fail_fast):
                if self._stopped_at is not None:
                    return
                self._say(f"{plan.target.name} · {group[0].test.name}")
                self._judge_group(session, plan, group)

    def give_up(self, error: EngineError) -> None:
        """Nothing more can be judged: what is not yet is an ERROR."""
        for plan in self._targets:
            for one in plan.tests:
                if id(one) not in self._found and one.check is not None:
                    self._found[id(one)] = errored(one.test, plan.target, error, self.engine)

    def outcomes(self) -> Iterator[QualityOutcome]:
        """One for each test, in order; those that did not run are SKIPPED."""
        for plan in self._targets:
            for one in plan.tests:
                yield self._found.get(id(one)) or QualityOutcome(
                    test=one.test,
                    target=plan.target,
                    verdict=Verdict.SKIPPED,
                    message="switched off"
                    if one.check is None
                    else f"not judged: --fail-fast stopped at {self._stopped_at!r}",
                )

    def _judge_group(
        self, session: QualitySession, plan: TargetPlan, group: Sequence[PlannedTest]
    ) -> None:
        checks = [one.check for one in group if one.check is not None]
        for one, outcome in zip(group, self._counted(session, plan, checks), strict=False):
            self._found[id(one)] = outcome
            if self._request.fail_fast and self._is_bad(outcome):
                self._stopped_at = one.test.name
                break
        for one in group:
            found = self._found.get(id(one))
            if found is not None and one.check is not None and found.verdict in _SHOWN:
                samples = session.samples(one.check, plan.source, found, self._request.samples)
                self._found[id(one)] = replace(found, samples=samples)

    def _counted(
        self, session: QualitySession, plan: TargetPlan, checks: Sequence[Check]
    ) -> Iterator[QualityOutcome]:
        """An outcome for each check, in order, as it comes."""
        try:
            yield from session.counted(checks, plan.source, plan.target)
        except ExecutionError as error:
            if not refused(error):
                raise
            first, sent = error, session.last
        else:
            return
        try:
            session.probe(plan.source)
        except ExecutionError as error:
            if not refused(error):
                raise
            for check in checks:
                yield session.failed(check, plan.target, error, session.last)
            return
        if len(checks) == 1:
            yield session.failed(checks[0], plan.target, first, sent)
            return
        yield from self._one_by_one(session, plan, checks)

    def _one_by_one(
        self, session: QualitySession, plan: TargetPlan, checks: Sequence[Check]
    ) -> Iterator[QualityOutcome]:
        """The table is there: find out which of the tests is at fault."""
        for check in checks:
            try:
                yield from session.counted([check], plan.source, plan.target)
            except ExecutionError as error:
                if not refused(error):
                    raise
                yield session.failed(check, plan.target, error, session.last)

    def _is_bad(self, outcome: QualityOutcome) -> bool:
        if outcome.verdict is Verdict.VACUOUS:
            return not self._request.allow_empty
        return outcome.verdict in (Verdict.FAIL, Verdict.ERROR)


def _groups(tests: Sequence[PlannedTest], *, in_order: bool) -> Iterator[Sequence[PlannedTest]]:
    """Tests that share a statement; under fail-fast no test runs before one above it."""
    enabled = [one for one in tests if one.check is not None]
    together = [one for one in enabled if not _alone(one)]
    if in_order:
        for alone, run in groupby(enabled, key=_alone):
            some = list(run)
            yield from ([one] for one in some) if alone else _chunks(some)
        return
    yield from _chunks(together)
    yield from ([one] for one in enabled if _alone(one))


def _chunks(tests: Sequence[PlannedTest]) -> Iterator[Sequence[PlannedTest]]:
    for start in range(0, len(tests), _MOST_AT_ONCE):
        yield tests[start : start + _MOST_AT_ONCE]


def _alone(one: PlannedTest) -> bool:
    return one.check is not None and stands_alone(one.check)


def _stopped_by_user(error: EngineError) -> bool:
    by_signal = isinstance(error.__cause__, KeyboardInterrupt)
    return isinstance(error, ExecutionCancelledError) and by_signal


def no_verdict() -> ConfigError:
    """Why a mock says nothing about data."""
    return ConfigError(
        "MOCK: nothing runs, so there is no verdict",
        code=ErrorCode.QUALITY_NO_VERDICT,
        hint="Run the tests on an engine: --local, or DLI_EXECUTION_MODE=local.",
    )

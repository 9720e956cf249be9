"""Say everything that is wrong with quality files, without running them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dli_domain.errors import (
    DliError,
    ErrorCode,
    SpecInvalidError,
    SpecNotFoundError,
    SqlError,
)
from dli_domain.model.problems import Location, Problem, Severity
from dli_domain.model.quality import QualitySpec, QualityTest
from dli_domain.model.requests import QualityRequest
from dli_domain.model.spec import ResourceSpec, SqlSource
from dli_domain.parameters import resolve_parameters
from dli_domain.quality.checks import Check
from dli_domain.quality.statements import Source, counting
from dli_domain.rendering.rendered import RenderedSql
from dli_domain.usecases.plan_quality import (
    PlanQuality,
    declared_of,
    refuse_unknown,
)
from dli_domain.usecases.render_resource import RenderResource
from dli_domain.usecases.sample_values import sample_values

_FAULTS = (SpecInvalidError, SpecNotFoundError, SqlError)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityValidation:
    """The verdict on one file.

    `assumed` holds the sample values of parameters that nobody gave; with any `unchecked`
    parameter, for which no sample could be made, the SQL was not rendered.
    """

    path: str
    target: str
    tests: tuple[str, ...]
    problems: tuple[Problem, ...]
    assumed: Mapping[str, object] = field(default_factory=dict)
    unchecked: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What is wrong."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What looks wrong."""
        return tuple(p for p in self.problems if p.severity is Severity.WARNING)

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.errors

    @property
    def has_errors(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.errors)

    @property
    def has_warnings(self) -> bool:
        """Whether anything looks wrong."""
        return bool(self.warnings)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateQuality:
    """Renders every test of a file for the engine and parses what would be sent."""

    render: RenderResource

    def __call__(
        self,
        spec: QualitySpec,
        *,
        tests: Sequence[str] = (),
        parameters: Mapping[str, object] | None = None,
        found: Sequence[Problem] = (),
    ) -> QualityValidation:
        """The verdict on a file that is read.

        Args:
            spec: The file.
            tests: Only the tests of these names; a test that is switched off is checked too.
            parameters: Values for its templates, and for the metric it tests.
            found: What its reader found already.
        """
        wanted = [test for test in spec.tests if not tests or test.name in tests]
        problems = [*found]
        assumed: dict[str, object] = {}
        unchecked: tuple[str, ...] = ()
        try:
            queried = PlanQuality(render=self.render).queried(spec.target)
            given = dict(parameters or {})
            refuse_unknown([spec], {} if queried is None else {spec.target: queried}, given)
            for one in (spec, queried):
                if one is not None:
                    more, without = sample_values(one, given)
                    assumed, unchecked = {**assumed, **more}, (*unchecked, *without)
            if not unchecked:
                request = _request(spec, {**given, **assumed})
                problems += self._problems(spec, queried, wanted, request)
        except _FAULTS as error:
            problems += _located(error, spec)
        return QualityValidation(
            path=spec.location.path,
            target=spec.target.urn,
            tests=tuple(test.name for test in wanted),
            problems=tuple(sorted(problems, key=_place)),
            assumed=assumed,
            unchecked=unchecked,
        )

    def _problems(
        self,
        spec: QualitySpec,
        queried: ResourceSpec | None,
        tests: Sequence[QualityTest],
        request: QualityRequest,
    ) -> Iterator[Problem]:
        plan = PlanQuality(render=self.render)
        engine = plan.engine([spec])
        values = resolve_parameters(spec.parameters, declared_of(spec, request.parameters))
        source = plan.source(spec.target, queried, request, engine)
        for test in tests:
            try:
                check = plan.check(spec, test, values, request, queried=queried is not None)
                _check_counting(test, check, source)
            except _FAULTS as error:
                yield from _located(error, test)


def _check_counting(test: QualityTest, check: Check, source: Source) -> None:
    # sqlglot takes 180 ms to import; a file whose templates fail needs none of it.
    from dli_domain.rendering.parsing import check_syntax  # noqa: PLC0415

    origin = SqlSource(text="", origin=test.location, exact=False)
    check_syntax(RenderedSql(text=counting([check], source), source=origin), source.dialect)


def _request(spec: QualitySpec, given: Mapping[str, object]) -> QualityRequest:
    return QualityRequest(reference=str(spec.target.name), parameters=given)


def _place(problem: Problem) -> tuple[Location, str]:
    return problem.location or Location(""), problem.code


def _located(error: DliError, at: QualitySpec | QualityTest) -> Sequence[Problem]:
    """The findings of an error, each at a place in the quality file if it has none."""
    if error.problems:
        return error.problems
    named = f"test {at.name!r}: " if isinstance(at, QualityTest) else ""
    return (
        Problem(
            code=ErrorCode(error.code),
            message=f"{named}{error.message}",
            location=error.location or at.location,
            fix=error.hint,
        ),
    )

"""Quality files and parameters in, checks of each target in the engine's SQL out. Nothing runs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dli_domain.errors import DliError, ErrorCode, SpecNotFoundError
from dli_domain.model.names import did_you_mean
from dli_domain.model.problems import Problem
from dli_domain.model.quality import QualitySpec, QualityTarget, QualityTest
from dli_domain.model.requests import QualityRequest
from dli_domain.model.spec import QueryType, ResourceKind, ResourceSpec
from dli_domain.model.values import Identifier, Value
from dli_domain.parameters import parameter_error, resolve_parameters
from dli_domain.quality import spelling
from dli_domain.quality.checks import Check, check_of
from dli_domain.quality.fragments import Fragments
from dli_domain.quality.statements import SOURCE_ALIAS, Source, target_name
from dli_domain.usecases.render_resource import EXECUTION_DATE, RenderResource


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTest:
    """A test and its check; None for a test that is switched off."""

    test: QualityTest
    check: Check | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPlan:
    """All tests of one table or metric, in the order of the files."""

    target: QualityTarget
    source: Source
    tests: tuple[PlannedTest, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanQuality:
    """Renders quality files for one engine."""

    render: RenderResource

    def __call__(
        self, specs: Sequence[QualitySpec], request: QualityRequest
    ) -> tuple[TargetPlan, ...]:
        """The chosen tests of the files, by target.

        Raises:
            SpecNotFoundError: DLI-606, a wanted test is not there, or none is enabled; or the
                metric that is tested is not there.
            SpecInvalidError: a parameter or a template is at fault.
            SqlError: a condition or a query is at fault.
        """
        chosen = _chosen(specs, request)
        queried = self._all_queried(specs)
        refuse_unknown(specs, queried, request.parameters)
        by_target: dict[QualityTarget, list[PlannedTest]] = {}
        for spec in specs:
            planned = by_target.setdefault(spec.target, [])
            planned += self._planned(spec, chosen, request, queried=spec.target in queried)
        return tuple(
            TargetPlan(
                target=target,
                source=self.source(target, queried.get(target), request, self.engine(specs)),
                tests=tuple(planned),
            )
            for target, planned in by_target.items()
            if planned
        )

    def engine(self, specs: Sequence[QualitySpec]) -> str:
        """The dialect that the statements are in."""
        return self.render.engine or specs[0].dialect

    def _planned(
        self,
        spec: QualitySpec,
        chosen: set[str] | None,
        request: QualityRequest,
        *,
        queried: bool,
    ) -> Iterable[PlannedTest]:
        values = resolve_parameters(
            spec.parameters, declared_of(spec, {**request.shared, **request.parameters})
        )
        for test in spec.tests:
            if chosen is not None and test.name not in chosen:
                continue
            if not test.enabled:
                yield PlannedTest(test=test, check=None)
                continue
            yield PlannedTest(
                test=test, check=self.check(spec, test, values, request, queried=queried)
            )

    def check(
        self,
        spec: QualitySpec,
        test: QualityTest,
        values: Mapping[str, Value],
        request: QualityRequest,
        *,
        queried: bool,
    ) -> Check:
        """One test with the values of its file's parameters; raises as a call does.

        `queried` tells that the target is a query, not a table.
        """
        target = SOURCE_ALIAS if queried else str(spec.target.name)
        given = {key: request.parameters[key] for key in test.params if key in request.parameters}
        names = {**values, **test.params, **given, "target": Identifier(target)}
        fragments = Fragments(
            lambda source: self.render.text(source, spec.dialect, ds=request.ds, names=names),
            self.render.engine or spec.dialect,
        )
        try:
            return check_of(test, fragments)
        except DliError as error:
            error.context.setdefault("Test", test.name)
            raise error.located(test.location) from None

    def source(
        self,
        target: QualityTarget,
        resource: ResourceSpec | None,
        request: QualityRequest,
        engine: str,
    ) -> Source:
        """What stands behind FROM, `resource` being the one that is queried; raises as a call does."""
        if resource is None:
            return Source(name=spelling.table(target.name, engine), dialect=engine)
        declared = {EXECUTION_DATE, *(parameter.name for parameter in resource.parameters)}
        given = {**request.shared, **request.parameters}
        rendered = self.render.of(
            resource,
            parameters={key: value for key, value in given.items() if key in declared},
            ds=request.ds,
        )
        whole = Fragments(lambda _: rendered.main.sql, rendered.engine).query(resource.sql)
        return Source(name=target_name(rendered.engine), dialect=rendered.engine, query=whole.text)

    def queried(self, target: QualityTarget) -> ResourceSpec | None:
        """The resource whose query is tested: a metric, or a dataset that only selects.

        None where the target is a table: what a dataset's statement changes, or a name that no
        spec has.

        Raises:
            SpecNotFoundError: there is no such metric.
            SpecInvalidError: the spec is broken.
        """
        name = str(target.name)
        if target.kind is ResourceKind.METRIC:
            return self.render.specs.get(name, ResourceKind.METRIC)
        try:
            dataset = self.render.specs.get(name, ResourceKind.DATASET)
        except SpecNotFoundError:
            return None
        return dataset if dataset.query_type is QueryType.SELECT else None

    def _all_queried(self, specs: Sequence[QualitySpec]) -> dict[QualityTarget, ResourceSpec]:
        found = {target: self.queried(target) for target in {spec.target for spec in specs}}
        return {target: resource for target, resource in found.items() if resource is not None}


def declared_of(spec: QualitySpec, given: Mapping[str, object]) -> dict[str, object]:
    """Those of the values that the file declares parameters for."""
    declared = {parameter.name for parameter in spec.parameters}
    return {key: value for key, value in given.items() if key in declared}


def _chosen(specs: Sequence[QualitySpec], request: QualityRequest) -> set[str] | None:
    """The names of the tests to run; None for all."""
    tests = [test for spec in specs for test in spec.tests]
    known = [test.name for test in tests]
    missing = [name for name in request.tests if name not in known]
    if missing:
        raise SpecNotFoundError(
            f"There is no test {missing[0]!r} for {request.reference!r}",
            code=ErrorCode.QUALITY_NOT_FOUND,
            hint=did_you_mean(missing[0], known) or f"There are {', '.join(known) or 'none'}.",
        )
    chosen = set(request.tests) or None
    wanted = [test for test in tests if chosen is None or test.name in chosen]
    if not any(test.enabled for test in wanted):
        off = [test.name for test in wanted]
        raise SpecNotFoundError(
            f"There is no enabled test to run for {request.reference!r}",
            code=ErrorCode.QUALITY_NOT_FOUND,
            context={"Switched off": ", ".join(off)} if off else {},
            location=(wanted[0] if wanted else specs[0]).location,
            hint="Write tests, or set enabled: true.",
        )
    return chosen


def refuse_unknown(
    specs: Sequence[QualitySpec],
    queried: Mapping[QualityTarget, ResourceSpec],
    given: Mapping[str, object],
) -> None:
    """Raise for each given parameter that no file, test or queried resource declares."""
    known = {parameter.name for spec in specs for parameter in spec.parameters}
    known |= {name for spec in specs for test in spec.tests for name in test.params}
    known |= {parameter.name for one in queried.values() for parameter in one.parameters}
    if queried:
        known.add(EXECUTION_DATE)
    problems = [
        Problem(
            code=ErrorCode.PARAMETER_INVALID,
            message=f"unknown parameter {name!r}",
            fix=did_you_mean(name, known) or f"Declared are {', '.join(sorted(known)) or 'none'}.",
        )
        for name in given
        if name not in known
    ]
    if problems:
        raise parameter_error(problems)

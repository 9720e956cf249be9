"""One spec file in, its facts and its own problems out; no other spec is judged."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import final

from dli_domain.analysis.facts import Declared, Dependency, Needs, SpecFacts, Spot
from dli_domain.analysis.statements import MainStatement, StatementFacts
from dli_domain.errors import DliError, ErrorCode, SpecInvalidError, SqlError
from dli_domain.model.problems import Location, Problem, Severity
from dli_domain.model.run import Phase
from dli_domain.model.spec import QueryType, ResourceKind, ResourceSpec
from dli_domain.ports.spec_files import SpecRead
from dli_domain.ports.spec_source import SpecListing, SpecSource
from dli_domain.usecases.render_resource import EXECUTION_DATE, RenderResource
from dli_domain.usecases.sample_values import sample_values

# A fixed day: the verdict on a project must not depend on when it is asked for.
SAMPLE_DAY = date(2000, 1, 1)
_EXPRESSIONS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_WORDS = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamineSpec:
    """Checks one spec by itself: its YAML, parameters, templates and SQL.

    Args:
        render: Renders in the spec's own dialect.
        common: Values of parameters that the settings give to every spec that declares them.
    """

    render: RenderResource
    common: Mapping[str, object] = field(default_factory=dict)

    def __call__(
        self, read: SpecRead, *, parameters: Mapping[str, object] | None = None
    ) -> SpecFacts:
        """The facts of what was read; `parameters` count before samples and common values."""
        files = tuple(dict.fromkeys((read.path, *(file.path for file in read.files))))
        if read.spec is None:
            return SpecFacts(
                kind=read.kind.value,
                name=read.name or "",
                files=files,
                problems=tuple(map(_with_fix, read.problems)),
            )
        return self._whole(read.spec, read, files, dict(parameters or {}))

    def _whole(
        self,
        spec: ResourceSpec,
        read: SpecRead,
        files: tuple[str, ...],
        given: dict[str, object],
    ) -> SpecFacts:
        watched = _Watched(self.render.specs)
        known = {one.name for one in spec.parameters} | {EXECUTION_DATE}
        given = {**{k: v for k, v in self.common.items() if k in known}, **given}
        assumed, unchecked = sample_values(spec, given)
        collected = StatementFacts(spec.execution.dialect or self.render.default_dialect, files)
        main = MainStatement(None, builds=False, writes_at=None, statements=0)
        if not unchecked:
            render = replace(self.render, specs=watched)
            main = _statements(spec, render, {**given, **assumed}, collected)
        problems = (
            *read.problems,
            *collected.problems,
            *_own_problems(spec, main),
            *_unchecked(spec, unchecked),
        )

        def spot(place: Location | None) -> Spot:
            where = place or spec.location
            if where.path not in collected.files:
                collected.files.append(where.path)
            return Spot(collected.files.index(where.path), where.line, where.column)

        declared = tuple(Declared(one.name, one.type, spot(one.location)) for one in spec.columns)
        return SpecFacts(
            kind=spec.kind.value,
            name=str(spec.name),
            problems=tuple(map(_with_fix, problems)),
            reads=tuple(collected.reads),
            writes=tuple(collected.writes),
            metrics=tuple(sorted(watched.metrics)),
            columns=tuple(collected.columns),
            outputs=main.outputs,
            builds=main.builds and spec.kind is ResourceKind.DATASET,
            declared=declared,
            depends_on=_dependencies(spec, spot),
            needs=int(watched.needs),
            assumed=tuple(assumed),
            unchecked=unchecked,
            files=tuple(collected.files),
        )


def _with_fix(problem: Problem) -> Problem:
    """Every finding says what to do, also where only its place is known."""
    if problem.fix:
        return problem
    if problem.code == ErrorCode.SQL_SYNTAX_ERROR:
        return replace(problem, fix="Correct the SQL, or set execution.dialect to its dialect.")
    return replace(problem, fix=f"Correct it there; 'dli explain {problem.code}' tells more.")


def _statements(
    spec: ResourceSpec,
    render: RenderResource,
    parameters: Mapping[str, object],
    collected: StatementFacts,
) -> MainStatement:
    main = MainStatement(None, builds=False, writes_at=None, statements=0)
    try:
        for phase, made in render.each(spec, parameters=parameters, ds=_day(parameters)):
            if isinstance(made, DliError):
                collected.problems.extend(_problems_of(made))
                continue
            trees = collected.add(made)
            if phase is Phase.MAIN:
                main = collected.main(made, trees, str(spec.name))
    except (SpecInvalidError, SqlError) as error:
        collected.problems.extend(_problems_of(error))
    return main


def _problems_of(error: DliError) -> tuple[Problem, ...]:
    """The findings that an error carries, or itself as one."""
    if error.problems:
        return error.problems
    return (
        Problem(code=error.code, message=error.message, location=error.location, fix=error.hint),
    )


def _day(parameters: Mapping[str, object]) -> date | None:
    return None if parameters.get(EXECUTION_DATE) is not None else SAMPLE_DAY


def _dependencies(
    spec: ResourceSpec, spot: Callable[[Location | None], Spot]
) -> tuple[Dependency, ...] | None:
    if not spec.depends_on:
        return None
    places: Sequence[Location | None] = spec.depends_on_places or [None] * len(spec.depends_on)
    return tuple(
        Dependency(name.strip(), spot(place))
        for name, place in zip(spec.depends_on, places, strict=False)
    )


def _own_problems(spec: ResourceSpec, main: MainStatement) -> Iterator[Problem]:
    if main.writes_at is not None and spec.query_type is QueryType.SELECT:
        metric = spec.kind is ResourceKind.METRIC
        what = "a metric" if metric else "a dataset with query_type SELECT"
        yield Problem(
            code=ErrorCode.WRITE_UNDECLARED,
            message=f"The statement changes data, and {what} only reads",
            location=main.writes_at,
            fix="Move it into a dataset." if metric else "Write query_type: DML.",
        )
    used = _names_used(spec)
    for parameter in spec.parameters:
        if parameter.name not in used and parameter.name != EXECUTION_DATE:
            yield Problem(
                code=ErrorCode.PARAMETER_UNUSED,
                message=f"No template uses the parameter {parameter.name!r}",
                location=parameter.location,
                fix="Remove it, or use it in the SQL.",
                severity=Severity.WARNING,
            )


def _unchecked(spec: ResourceSpec, names: Sequence[str]) -> Iterator[Problem]:
    for parameter in spec.parameters:
        if parameter.name in names:
            yield Problem(
                code=ErrorCode.PARAMETER_INVALID,
                message=f"The SQL is not checked: no value is known for {parameter.name!r}, "
                "which has a pattern",
                location=parameter.location,
                fix="Give it a default or an enum, or validate with -p "
                f"{parameter.name}=VALUE and the spec's name.",
                severity=Severity.WARNING,
            )


def _names_used(spec: ResourceSpec) -> set[str]:
    """The words inside of `{{ }}` and `{% %}` of all templates of the spec."""
    statements = (*spec.pre_statements, *spec.post_statements)
    texts = [spec.sql.text, *(one.sql.text for one in statements)]
    for measure in spec.measures:
        texts += [measure.expression, *measure.filters]
    return {
        word
        for text in texts
        for expression in _EXPRESSIONS.findall(text)
        for word in _WORDS.findall(expression)
    }


@final
class _Watched(SpecSource):
    """Remembers what was asked for while one spec was rendered."""

    def __init__(self, inner: SpecSource) -> None:
        self._inner = inner
        self.needs = Needs.NOTHING
        self.metrics: set[str] = set()

    def get(self, name: str, kind: ResourceKind | None = None) -> ResourceSpec:
        self.needs |= Needs.METRICS
        self.metrics.add(name)
        return self._inner.get(name, kind)

    def names(self, kind: ResourceKind | None = None) -> Sequence[str]:
        self.needs |= Needs.NAMES
        return self._inner.names(kind)

    def list(self, kind: ResourceKind | None = None) -> SpecListing:
        self.needs |= Needs.METRICS
        return self._inner.list(kind)

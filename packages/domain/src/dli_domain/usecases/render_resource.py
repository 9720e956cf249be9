"""Spec and parameters in, the SQL of all stages out. Nothing runs, no socket opens."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from dli_domain.errors import (
    DliError,
    ErrorCode,
    ParameterError,
    SpecInvalidError,
    SpecNotFoundError,
    SqlError,
)
from dli_domain.model.names import InvalidNameError, ResourceName, did_you_mean
from dli_domain.model.problems import Problem
from dli_domain.model.run import Phase
from dli_domain.model.spec import Measure, ResourceKind, ResourceSpec, SqlSource, StatementSpec
from dli_domain.model.values import Value
from dli_domain.parameters import resolve_parameters
from dli_domain.ports.clock import Clock
from dli_domain.ports.spec_source import SpecSource
from dli_domain.rendering.functions import TemplateNames
from dli_domain.rendering.rendered import RenderedSql, may_use_metric
from dli_domain.rendering.template import render_template

EXECUTION_DATE = "execution_date"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedStatement:
    """A statement of a run in the engine's dialect."""

    phase: Phase
    name: str
    sql: RenderedSql
    continue_on_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedResource:
    """All statements of a resource, and the typed values that went into them.

    `dialect` is the one the spec is written in, `engine` the one the texts are in now.
    """

    spec: ResourceSpec
    dialect: str
    engine: str
    parameters: Mapping[str, object]
    main: RenderedStatement
    pre: tuple[RenderedStatement, ...] = ()
    post: tuple[RenderedStatement, ...] = ()
    findings: tuple[Problem, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the translation for the engine may lose, each with its place."""
        return tuple(map(str, self.findings))

    @property
    def statements(self) -> tuple[RenderedStatement, ...]:
        """Pre, main and post in the order they run."""
        return (*self.pre, self.main, *self.post)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderResource:
    """Renders a resource for one engine.

    Args:
        specs: Where specs and the metrics they use are read.
        clock: Gives the day that `ds` means when nobody says.
        engine: The dialect to end in, such as `duckdb`; None keeps the spec's own.
        default_dialect: The dialect of specs that name none.
        variables: What `var()` gives.
        env: What `env_var()` gives; only names that the project allows.
        expand_metrics: Whether METRIC() is expanded.
    """

    specs: SpecSource
    clock: Clock
    engine: str | None
    default_dialect: str = "trino"
    variables: Mapping[str, object] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    expand_metrics: bool = True

    def __call__(
        self,
        name: str,
        kind: ResourceKind,
        *,
        parameters: Mapping[str, object] | None = None,
        ds: date | None = None,
    ) -> RenderedResource:
        """Render the resource of that name.

        Raises:
            SpecNotFoundError: no such resource.
            SpecInvalidError: the spec, a parameter or a template is at fault, with its place.
            SqlError: the SQL does not parse, or cannot be said in the engine's dialect.
        """
        return self.of(self.specs.get(name, kind), parameters=parameters, ds=ds)

    def of(
        self,
        spec: ResourceSpec,
        *,
        parameters: Mapping[str, object] | None = None,
        ds: date | None = None,
    ) -> RenderedResource:
        """Render a spec that is at hand; raises as a call does."""
        rendering, values = self._rendering(spec, parameters, ds)
        statement = rendering.statement
        return RenderedResource(
            spec=spec,
            dialect=rendering.dialect,
            engine=self.engine or rendering.dialect,
            parameters=values,
            main=RenderedStatement(phase=Phase.MAIN, name=str(spec.name), sql=statement(spec.sql)),
            pre=_side(Phase.PRE, spec.pre_statements, statement),
            post=_side(Phase.POST, spec.post_statements, statement),
            # Last, when all of them are known.
            findings=tuple(dict.fromkeys(rendering.findings)),
        )

    def each(
        self,
        spec: ResourceSpec,
        *,
        parameters: Mapping[str, object] | None = None,
        ds: date | None = None,
    ) -> Iterator[tuple[Phase, RenderedSql | DliError]]:
        """Every statement by itself: what one of them does wrong hides none of the others.

        Raises:
            ParameterError: the values are at fault, so nothing can be rendered.
        """
        rendering, _ = self._rendering(spec, parameters, ds)
        sources = (
            *((Phase.PRE, one.sql) for one in spec.pre_statements),
            (Phase.MAIN, spec.sql),
            *((Phase.POST, one.sql) for one in spec.post_statements),
        )
        for phase, source in sources:
            try:
                yield phase, rendering.statement(source)
            except (SpecInvalidError, SqlError) as error:
                yield phase, error

    def _rendering(
        self, spec: ResourceSpec, parameters: Mapping[str, object] | None, ds: date | None
    ) -> tuple["_Rendering", dict[str, Value]]:
        given = dict(parameters or {})
        day = self._day(spec, given, ds)
        values = resolve_parameters(spec.parameters, given)
        dialect = spec.execution.dialect or self.default_dialect
        return _Rendering(self, spec, dialect, {**self._names(day), **values}), values

    def text(
        self,
        source: SqlSource,
        dialect: str,
        *,
        ds: date | None = None,
        names: Mapping[str, object] | None = None,
    ) -> RenderedSql:
        """Render SQL that belongs to no spec, with the names every template has, and `names`."""
        known = {**self._names(ds or self.clock.today()), **(names or {})}
        return _Rendering(self, None, dialect, known).statement(source)

    def _names(self, day: date) -> dict[str, object]:
        return TemplateNames(
            execution_date=day, ref=self._ref, variables=self.variables, env=self.env
        ).all()

    def _day(self, spec: ResourceSpec, given: dict[str, object], ds: date | None) -> date:
        """`--ds`, or the parameter `execution_date`, declared or not; else today."""
        told = given.get(EXECUTION_DATE)
        if all(parameter.name != EXECUTION_DATE for parameter in spec.parameters):
            given.pop(EXECUTION_DATE, None)
        if told is None:
            return ds or self.clock.today()
        day = _as_date(told)
        if ds is not None and ds != day:
            raise ParameterError(
                f"ds is {ds} and the parameter execution_date is {day}",
                hint="Give one of them.",
            )
        return day

    def _ref(self, text: str) -> ResourceName:
        """The full name of what `ref()` means.

        A full name stands for itself, known or not: it may be a table that no spec builds. A
        single word must be the last part of exactly one resource's name.
        """
        try:
            name = ResourceName.parse(text)
        except InvalidNameError as error:
            raise SqlError(f"ref({text!r}): {error}", code=ErrorCode.TABLE_NOT_FOUND) from error
        if len(name.parts) > 1:
            return name
        known = self.specs.names()
        matches = [one for one in known if one == text or one.endswith(f".{text}")]
        if len(matches) == 1:
            return ResourceName.parse(matches[0])
        if matches:
            raise SqlError(
                f"ref({text!r}) could mean {' or '.join(matches)}",
                code=ErrorCode.TABLE_NOT_FOUND,
                hint="Write the full name.",
            )
        raise SqlError(
            f"ref({text!r}): no resource has that name",
            code=ErrorCode.TABLE_NOT_FOUND,
            hint=did_you_mean(text, [one.rsplit(".", 1)[-1] for one in known])
            or "Write the full name of a table that no spec builds.",
        )


class _Rendering:
    """One spec's statements, rendered with the same names."""

    def __init__(
        self,
        use: RenderResource,
        spec: ResourceSpec | None,
        dialect: str,
        names: Mapping[str, object],
    ) -> None:
        self._use = use
        self._spec = spec
        self.dialect = dialect
        self._names = names
        self.findings: list[Problem] = []

    def statement(self, source: SqlSource) -> RenderedSql:
        """The text, its METRIC() expanded, in the engine's dialect."""
        sql = self._template(source)
        if self._use.expand_metrics and may_use_metric(sql.text):
            # sqlglot takes 180 ms to import; most statements need none of it.
            from dli_domain.rendering.metrics import MetricExpansion  # noqa: PLC0415

            expand = MetricExpansion(
                find=self._measure, render=self._template, dialect=self.dialect
            )
            sql = expand(sql)
        if self._use.engine is not None and self._use.engine != self.dialect:
            from dli_domain.transpiling.translation import translate  # noqa: PLC0415 - as above

            translation = translate(sql, self.dialect, self._use.engine)
            self.findings.extend(translation.warnings)
            sql = translation.sql
        return sql

    def _template(self, source: SqlSource) -> RenderedSql:
        return render_template(source, self._names, self.dialect)

    def _measure(self, name: str) -> Measure:
        own = [m for m in (self._spec.measures if self._spec else ()) if m.name == name]
        if own and self._spec:
            return Measure(self._spec, own[0])
        resource, _, measure = name.rpartition(".")
        if resource:
            return self._declared(resource, measure)
        found = [
            Measure(metric, one)
            for metric in self._use.specs.list(ResourceKind.METRIC).specs
            for one in metric.measures
        ]
        return _only(name, found)

    def _declared(self, resource: str, measure: str) -> Measure:
        try:
            metric = self._use.specs.get(resource, ResourceKind.METRIC)
        except SpecNotFoundError as error:
            raise SqlError(
                f"METRIC({resource}.{measure}): no metric is named {resource!r}",
                code=ErrorCode.TRANSPILE_FAILED,
                hint=error.hint,
            ) from error
        for one in metric.measures:
            if one.name == measure:
                return Measure(metric, one)
        raise SqlError(
            f"METRIC({resource}.{measure}): the metric has no measure {measure!r}",
            code=ErrorCode.TRANSPILE_FAILED,
            hint=did_you_mean(measure, [one.name for one in metric.measures])
            or f"It declares {[one.name for one in metric.measures] or 'none'}.",
        )


def _only(name: str, found: Sequence[Measure]) -> Measure:
    matches = [measure for measure in found if measure.spec.name == name]
    if len(matches) == 1:
        return matches[0]
    if matches:
        names = " or ".join(measure.full_name for measure in matches)
        raise SqlError(
            f"METRIC({name}) could mean {names}",
            code=ErrorCode.TRANSPILE_FAILED,
            hint="Write the metric's name before it.",
        )
    raise SqlError(
        f"METRIC({name}): no metric declares a measure of that name",
        code=ErrorCode.TRANSPILE_FAILED,
        hint=did_you_mean(name, [measure.spec.name for measure in found])
        or "Measures stand under 'metrics:' of a metric's spec.",
    )


def _side(
    phase: Phase, statements: Sequence[StatementSpec], render: Callable[[SqlSource], RenderedSql]
) -> tuple[RenderedStatement, ...]:
    rendered = []
    for one in statements:
        try:
            sql = render(one.sql)
        except DliError as error:
            error.context.setdefault("Statement", f"{phase} · {one.name}")
            raise
        rendered.append(
            RenderedStatement(
                phase=phase, name=one.name, sql=sql, continue_on_error=one.continue_on_error
            )
        )
    return tuple(rendered)


def _as_date(told: object) -> date:
    if isinstance(told, datetime):
        return told.date()
    if isinstance(told, date):
        return told
    try:
        return date.fromisoformat(str(told))
    except ValueError as error:
        raise ParameterError(
            f"Parameter 'execution_date' is {str(told)[:40]!r}, which is not a date (YYYY-MM-DD)",
            hint="Give it with -p execution_date=YYYY-MM-DD, or use --ds.",
        ) from error

"""Say everything that is wrong with a dataset or a metric, without running it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dli_domain.errors import DliError, SpecInvalidError, SqlError
from dli_domain.model.problems import Problem, Severity
from dli_domain.model.spec import ResourceKind, ResourceSpec
from dli_domain.parameters import check_declarations
from dli_domain.usecases.render_resource import RenderedResource, RenderResource
from dli_domain.usecases.sample_values import sample_values


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationResult:
    """The verdict on one resource.

    `assumed` names the required parameters that nobody gave and the sample values that stood
    in for them; `unchecked` those for which no sample could be made: with any of these the
    SQL was not rendered.
    """

    name: str
    kind: ResourceKind
    valid: bool
    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    assumed: Mapping[str, object] = field(default_factory=dict)
    unchecked: tuple[str, ...] = ()

    @property
    def has_errors(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.errors)

    @property
    def has_warnings(self) -> bool:
        """Whether anything looks wrong."""
        return bool(self.warnings)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateResource:
    """Reads the spec, checks its declarations, renders its SQL; no engine is asked."""

    render: RenderResource

    def __call__(
        self,
        name: str,
        kind: ResourceKind,
        *,
        parameters: Mapping[str, object] | None = None,
        strict: bool = False,
    ) -> ValidationResult:
        """The verdict; with `strict` a warning makes it negative too.

        Raises:
            SpecNotFoundError: no such resource: that is no verdict.
        """
        try:
            spec = self.render.specs.get(name, kind)
        except SpecInvalidError as error:
            return _verdict(name, kind, _problems_of(error), strict=strict)
        return self.of(spec, parameters=parameters, strict=strict)

    def of(
        self,
        spec: ResourceSpec,
        *,
        parameters: Mapping[str, object] | None = None,
        strict: bool = False,
    ) -> ValidationResult:
        """The verdict on a spec that is already read."""
        name = str(spec.name)
        declared = check_declarations(spec.parameters)
        if declared:
            return _verdict(name, spec.kind, declared, strict=strict)
        given = dict(parameters or {})
        assumed, unchecked = sample_values(spec, given)
        if unchecked:
            return _verdict(name, spec.kind, (), strict=strict, unchecked=unchecked)
        try:
            rendered = self.render.of(spec, parameters={**given, **assumed})
        except (SpecInvalidError, SqlError) as error:
            found = _problems_of(error)
        else:
            found = (*_syntax(rendered), *rendered.findings)
        return _verdict(name, spec.kind, found, strict=strict, assumed=assumed)


def _verdict(
    name: str,
    kind: ResourceKind,
    found: tuple[Problem, ...],
    *,
    strict: bool,
    assumed: Mapping[str, object] | None = None,
    unchecked: tuple[str, ...] = (),
) -> ValidationResult:
    errors = tuple(p for p in found if p.severity is Severity.ERROR)
    warnings = tuple(p for p in found if p.severity is Severity.WARNING)
    return ValidationResult(
        name=name,
        kind=kind,
        valid=not errors and not (strict and (warnings or unchecked)),
        errors=errors,
        warnings=warnings,
        assumed=dict(assumed or {}),
        unchecked=unchecked,
    )


def _syntax(rendered: RenderedResource) -> Iterator[Problem]:
    """What does not parse; rendering alone does not look where dialect and engine are one."""
    # sqlglot takes 180 ms to import; a resource that is not rendered needs none of it.
    from dli_domain.rendering.parsing import check_syntax  # noqa: PLC0415

    for statement in rendered.statements:
        try:
            check_syntax(statement.sql, rendered.engine)
        except SqlError as error:
            yield from _problems_of(error)


def _problems_of(error: DliError) -> tuple[Problem, ...]:
    if error.problems:
        return error.problems
    return (
        Problem(code=error.code, message=error.message, location=error.location, fix=error.hint),
    )

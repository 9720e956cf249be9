"""Shows for a spec that no value of its parameters can change the shape of its statements.

Each template is rendered with hostile values. Renderings in which the author's own text is the
same (`if` and `for` went the same way) must have the same shape. Values are placed by our own
lexical rules and judged here by sqlglot's: two readings that must agree.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dli_domain.analysis.payloads import harmless, hostile, parts
from dli_domain.analysis.shape import token_shape, tree_shape
from dli_domain.errors import DliError, ErrorCode, ParameterError, SpecInvalidError, SqlError
from dli_domain.model.problems import Location, Problem, Severity
from dli_domain.model.spec import ParameterSpec, ResourceSpec
from dli_domain.rendering.rendered import RenderedSql
from dli_domain.usecases.examine_spec import SAMPLE_DAY
from dli_domain.usecases.render_resource import EXECUTION_DATE, RenderResource

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was tried on one spec.

    `payloads` counts the values that were placed, `refused` those that a parameter's own rules
    or the place refused. `proved` only where a value was placed and nothing was found.
    """

    name: str
    dialect: str
    statements: int = 0
    payloads: int = 0
    refused: int = 0
    proved: bool = False
    problems: tuple[Problem, ...] = ()

    @property
    def nothing_to_prove(self) -> bool:
        """Whether it renders and no value could be placed: it takes none, or refuses them all."""
        return self.statements > 0 and not self.payloads and not self.problems


@dataclass(slots=True)
class _Tally:
    statements: int = 0
    payloads: int = 0
    refused: int = 0
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProveSafe:
    """Proves one spec; the renderer must keep the spec's own dialect."""

    render: RenderResource

    def __call__(self, spec: ResourceSpec) -> Proof:
        """The proof, or the payloads that break it with their places and fixes."""
        dialect = spec.execution.dialect or self.render.default_dialect
        trial = _Trial(self.render, spec, dialect)
        trial.run()
        tally = trial.tally
        return Proof(
            name=str(spec.name),
            dialect=dialect,
            statements=tally.statements,
            payloads=tally.payloads,
            refused=tally.refused,
            proved=not tally.problems and tally.payloads > 0,
            problems=tuple(tally.problems),
        )


class _Trial:
    def __init__(self, render: RenderResource, spec: ResourceSpec, dialect: str) -> None:
        self._render = render
        self._spec = spec
        self._dialect = dialect
        self._parameters = [one for one in spec.parameters if one.name != EXECUTION_DATE]
        # One rendering for each statement and skeleton: all others are compared with it.
        self._models: dict[tuple[int, str], RenderedSql] = {}
        self.tally = _Tally()

    def run(self) -> None:
        base = {one.name: harmless(one) for one in self._parameters}
        first = self._renderings(base)
        if first is None or any(isinstance(one, DliError) for one in first):
            self._not_proved(first)
            return
        self.tally.statements = len(first)
        self._learn(first)
        for parameter in self._parameters:
            # A value of each choice first: the author's branches, with harmless neighbours.
            for choice in parameter.enum:
                self._learn(self._renderings({**base, parameter.name: _one(parameter, choice)}))
        for values in self._rounds():
            self._try(values, base)

    def _rounds(self) -> Iterator[dict[str, object]]:
        """All parameters at once, each with its next hostile value, until all had their turn."""
        lists = {one.name: hostile(one) for one in self._parameters}
        for number in range(max(map(len, lists.values()), default=0)):
            yield {name: values[number % len(values)] for name, values in lists.items()}

    def _try(self, values: dict[str, object], base: Values) -> None:
        made = self._renderings(values)
        whole = made is not None and not any(isinstance(one, DliError) for one in made)
        if made is not None and whole and not self._broken(made):
            self.tally.payloads += len(values)
            return
        # Something refused or broke: each parameter by itself tells which.
        for parameter in self._parameters:
            self._try_one(parameter, values[parameter.name], base)

    def _try_one(self, parameter: ParameterSpec, value: object, base: Values) -> None:
        made = self._renderings({**base, parameter.name: value})
        if made is None:
            self.tally.refused += 1
            return
        failed = [one for one in made if isinstance(one, DliError)]
        if failed:
            self.tally.refused += 1
            return
        self.tally.payloads += 1
        if not self._broken(made):
            return
        for part in parts(value):
            smaller = self._renderings({**base, parameter.name: part})
            broken = self._broken(smaller) if smaller is not None else None
            if broken is not None:
                self._found(parameter, part, broken)
                return
        self._found(parameter, value, self._broken(made))

    def _broken(self, made: Sequence[RenderedSql | DliError]) -> RenderedSql | None:
        """The first statement whose shape is not that of its skeleton."""
        for number, sql in enumerate(made):
            if isinstance(sql, DliError):
                continue
            model = self._models.setdefault((number, sql.skeleton), sql)
            if model is not sql and not self._alike(model, sql):
                return sql
        return None

    def _alike(self, model: RenderedSql, sql: RenderedSql) -> bool:
        tokens = token_shape(sql, self._dialect)
        if tokens is not None and tokens == token_shape(model, self._dialect):
            return True
        tree = tree_shape(sql, self._dialect)
        return tree is not None and tree == tree_shape(model, self._dialect)

    def _learn(self, made: Sequence[RenderedSql | DliError] | None) -> None:
        for number, sql in enumerate(made or ()):
            if isinstance(sql, RenderedSql):
                self._models.setdefault((number, sql.skeleton), sql)

    def _renderings(self, values: Values) -> list[RenderedSql | DliError] | None:
        """Every statement; None where the values are refused before anything is rendered."""
        try:
            each = self._render.each(self._spec, parameters=values, ds=SAMPLE_DAY)
            return [made for _, made in each]
        except ParameterError:
            return None
        except (SpecInvalidError, SqlError) as error:
            return [error]

    def _found(self, parameter: ParameterSpec, value: object, sql: RenderedSql | None) -> None:
        shown = repr(value[0] if isinstance(value, list) else value)
        self._note(
            f"The value {shown[:80]} of {parameter.name!r} changes the shape of the statement",
            sql.source.origin if sql else parameter.location,
            "Let the value stand alone, bare or inside plain quotes, and build no SQL out of it.",
        )

    def _not_proved(self, made: Sequence[RenderedSql | DliError] | None) -> None:
        error = next((one for one in made or () if isinstance(one, DliError)), None)
        if error is None:
            self._note(
                "Not proved: no value is known that the parameters accept",
                self._spec.location,
                "Give parameters with a pattern an enum.",
                Severity.WARNING,
            )
            return
        self._note(
            f"Not proved, for it does not render: {error.message}",
            error.location,
            error.hint or "Correct the template.",
        )

    def _note(
        self,
        message: str,
        place: Location | None,
        fix: str,
        severity: Severity = Severity.ERROR,
    ) -> None:
        self.tally.problems.append(
            Problem(
                code=ErrorCode.VALUE_UNSAFE,
                message=message,
                location=place or self._spec.location,
                fix=fix,
                severity=severity,
            )
        )


def _one(parameter: ParameterSpec, choice: str) -> object:
    like = harmless(parameter)
    return [choice] * len(like) if isinstance(like, list) else choice

"""A resource, or a text, in another dialect. Nothing runs, no socket opens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dli_domain.errors import ErrorCode, SqlError
from dli_domain.model.problems import Problem, Severity
from dli_domain.model.spec import ResourceKind, SqlSource
from dli_domain.model.transpile import AppliedRule, Transpiled, TranspiledText
from dli_domain.rendering.parsing import check_syntax
from dli_domain.rendering.rendered import RenderedSql
from dli_domain.transpiling.rules import TableRules
from dli_domain.transpiling.substitution import substitute
from dli_domain.transpiling.translation import translate
from dli_domain.usecases.render_resource import RenderResource


@dataclass(frozen=True, slots=True, kw_only=True)
class TranspileSql:
    """Renders, expands METRIC(), renames tables, and translates.

    Args:
        render: Renders in the spec's own dialect: its engine is None.
        rules: Which tables have other names in the translation.
    """

    render: RenderResource
    rules: TableRules

    def resource(
        self,
        name: str,
        kind: ResourceKind | None,
        target: str,
        *,
        parameters: Mapping[str, object] | None = None,
        ds: date | None = None,
        strict: bool = False,
    ) -> Transpiled:
        """Every statement of the resource of that name, in the order they run.

        Raises:
            SpecNotFoundError: no such resource.
            SpecInvalidError: the spec, a parameter or a template is at fault, with its place.
            SqlError: it does not parse, or cannot be said in `target` without loss (DLI-301);
                with `strict` also where it may lose something.
        """
        spec = self.render.specs.get(name, kind)
        rendered = self.render.of(spec, parameters=parameters, ds=ds)
        texts = [(one.name, one.sql) for one in rendered.statements]
        return self._translated(texts, rendered.dialect, target, strict=strict)

    def text(
        self,
        source: SqlSource,
        dialect: str,
        target: str,
        *,
        names: Mapping[str, object] | None = None,
        ds: date | None = None,
        strict: bool = False,
    ) -> Transpiled:
        """A text of one or more statements that belongs to no spec; raises as `resource`."""
        rendered = self.render.text(source, dialect, ds=ds, names=names)
        return self._translated([(source.origin.path, rendered)], dialect, target, strict=strict)

    def _translated(
        self, texts: Sequence[tuple[str, RenderedSql]], source: str, target: str, *, strict: bool
    ) -> Transpiled:
        done: list[TranspiledText] = []
        applied: list[AppliedRule] = []
        warnings: list[Problem] = []
        for name, sql in texts:
            check_syntax(sql, source)
            renamed, rules = substitute(sql, source, self.rules)
            translation = translate(renamed, source, target)
            done.append(TranspiledText(name=name, original=sql.text, text=translation.sql.text))
            applied.extend(rules)
            warnings.extend(translation.warnings)
        if strict and warnings:
            raise _doubtful(warnings, source, target)
        return Transpiled(
            source_dialect=source,
            target_dialect=target,
            texts=tuple(done),
            applied_rules=_united(applied),
            warnings=tuple(dict.fromkeys(warnings)),
        )


def _united(applied: Sequence[AppliedRule]) -> tuple[AppliedRule, ...]:
    """One entry a rule, with the places of all statements."""
    by_rule = {one.rule: one for one in applied}
    return tuple(
        AppliedRule(
            rule=rule, places=tuple(p for one in applied if one.rule == rule for p in one.places)
        )
        for rule in by_rule
    )


def _doubtful(warnings: Sequence[Problem], source: str, target: str) -> SqlError:
    first = warnings[0]
    problems = tuple(
        Problem(
            code=one.code,
            message=one.message,
            location=one.location,
            fix=one.fix,
            severity=Severity.ERROR,
        )
        for one in dict.fromkeys(warnings)
    )
    return SqlError(
        f"The SQL may lose meaning in {target}: {first.message}",
        code=ErrorCode.TRANSPILE_FAILED,
        context={"Dialect": source, "Target": target},
        location=first.location,
        hint=first.fix or "Say what is meant, or leave --strict out.",
        problems=problems if len(problems) > 1 else (),
    )

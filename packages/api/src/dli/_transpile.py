"""`TranspileAPI`: SQL from one dialect to another, without an engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dli._compose import compose
from dli_domain.errors import SqlError
from dli_domain.model.problems import Location, Problem
from dli_domain.model.spec import ResourceKind, SqlSource
from dli_domain.model.transpile import AppliedRule, TableRule, Transpiled
from dli_domain.rendering.lexicon import lexicon

if TYPE_CHECKING:
    from dli._composed import Composed
    from dli._context import ExecutionContext
    from dli_domain.transpiling.rules import TableRules
    from dli_domain.usecases.transpile_sql import TranspileSql

_NAME = "sql"


@dataclass(frozen=True, slots=True, kw_only=True)
class TranspileResult:
    """A translation: every statement, the rules that renamed tables, and what may differ."""

    original_sql: str
    transpiled_sql: str
    source_dialect: str
    target_dialect: str
    applied_rules: tuple[AppliedRule, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def has_changes(self) -> bool:
        """Whether the text is another one now."""
        return self.original_sql != self.transpiled_sql


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlValidation:
    """Whether a text is SQL of a dialect; truthy where it is."""

    valid: bool
    errors: tuple[Problem, ...] = ()

    def __bool__(self) -> bool:
        return self.valid


class TranspileAPI:
    """Translates SQL; nothing runs, no socket opens.

    Args:
        context: Where the project is; read from the environment and the configuration files
            where it says nothing. No project is needed for a text without METRIC().
    """

    def __init__(self, context: "ExecutionContext | None" = None) -> None:
        self._context = context

    def transpile(
        self,
        sql: str,
        *,
        source_dialect: str = "trino",
        target_dialect: str = "trino",
        apply_rules: bool = True,
        expand_metrics: bool = True,
        strict: bool = False,
        parameters: Mapping[str, Any] | None = None,
    ) -> TranspileResult:
        """`sql`, a template of one or more statements, in the target's dialect.

        Args:
            sql: The text.
            source_dialect: What it is written in.
            target_dialect: What it becomes.
            apply_rules: Whether the configuration's `transpile.rules` rename tables.
            expand_metrics: Whether METRIC() is expanded; where not, it is refused as a function
                that the target does not have.
            strict: Refuse also what may lose meaning, not only what surely does.
            parameters: Values for the template.

        Raises:
            SqlError: it does not parse (DLI-202), cannot be said without loss (DLI-301), or a
                dialect is unknown (DLI-302).
        """
        use = self._use(rules=apply_rules, metrics=expand_metrics)
        source = SqlSource(text=sql, origin=Location(_NAME))
        done = use.text(source, source_dialect, target_dialect, names=parameters, strict=strict)
        return _result(done)

    def transpile_resource(
        self,
        name: str,
        target_dialect: str,
        *,
        kind: ResourceKind | None = None,
        parameters: Mapping[str, Any] | None = None,
        apply_rules: bool = True,
        strict: bool = False,
    ) -> TranspileResult:
        """A dataset's or a metric's statements in the target's dialect; raises as `transpile`.

        Raises:
            SpecNotFoundError: no such resource.
            SpecInvalidError: the spec, a parameter or a template is at fault.
        """
        use = self._use(rules=apply_rules, metrics=True)
        return _result(
            use.resource(name, kind, target_dialect, parameters=parameters, strict=strict)
        )

    def validate_sql(self, sql: str, *, dialect: str = "trino") -> SqlValidation:
        """Whether `sql` parses as SQL of that dialect, and where not.

        Raises:
            SqlError: DLI-302, the dialect is unknown.
        """
        from dli_domain.transpiling.formatting import check  # noqa: PLC0415 - sqlglot is slow

        lexicon(dialect)
        try:
            check(sql, dialect)
        except SqlError as error:
            found = Problem(
                code=error.code, message=error.message, location=error.location, fix=error.hint
            )
            return SqlValidation(valid=False, errors=error.problems or (found,))
        return SqlValidation(valid=True)

    def get_rules(self) -> Sequence[TableRule]:
        """The enabled rules of the configuration, in its order.

        Raises:
            ConfigError: two of them are for one name (DLI-303), or one is wrong (DLI-006).
        """
        return self._rules().rules

    def format_sql(self, sql: str, *, dialect: str = "trino", indent: int = 2) -> str:
        """The same SQL laid out; its tree is the same.

        Raises:
            SqlError: it does not parse (DLI-202), or would not be the same (DLI-301).
        """
        from dli_domain.transpiling.formatting import formatted  # noqa: PLC0415 - as above

        return formatted(sql, dialect, indent=indent)

    @cached_property
    def _composed(self) -> "Composed":
        return compose(self._context)

    def _rules(self) -> "TableRules":
        from dli_domain.transpiling.rules import TableRules  # noqa: PLC0415 - as above

        return TableRules.of(self._composed.settings.transpile_rules)

    def _use(self, *, rules: bool, metrics: bool) -> "TranspileSql":
        return self._composed.transpiler(rules=rules, metrics=metrics)


def _result(done: Transpiled) -> TranspileResult:
    return TranspileResult(
        original_sql=done.original_sql,
        transpiled_sql=done.sql,
        source_dialect=done.source_dialect,
        target_dialect=done.target_dialect,
        applied_rules=done.applied_rules,
        warnings=done.warnings,
    )

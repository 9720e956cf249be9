"""Table-substitution rules that agree with each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from dli_domain.errors import ConfigError, ErrorCode
from dli_domain.model.names import InvalidNameError, ResourceName
from dli_domain.model.transpile import TableRule

_MAX_PARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRules:
    """Rules that agree with each other: no two enabled ones for the same name."""

    rules: tuple[TableRule, ...] = ()

    @classmethod
    def of(cls, rules: Sequence[TableRule]) -> "TableRules":
        """The enabled ones of `rules`.

        Raises:
            ConfigError: two rules are for one name (DLI-303), or a name is none or has more
                than three parts (DLI-006).
        """
        seen: dict[tuple[str, ...], TableRule] = {}
        for rule in rules:
            source = _parts(rule, "source", rule.source)
            _parts(rule, "target", rule.target)
            if not rule.enabled:
                continue
            key = tuple(part.casefold() for part in source)
            if key in seen:
                raise ConfigError(
                    f"Two rules of transpile.rules are for {rule.source!r}: "
                    f"to {seen[key].target!r} and to {rule.target!r}",
                    code=ErrorCode.RULE_CONFLICT,
                    location=rule.location,
                    hint="Remove one of them, or say 'enabled: false' in it.",
                )
            seen[key] = rule
        return cls(rules=tuple(seen.values()))

    def find(self, parts: Sequence[str], *, exact_case: bool) -> TableRule | None:
        """The rule for a name of these parts."""
        for rule in self.rules:
            source = tuple(rule.source.split("."))
            if source == tuple(parts):
                return rule
            if not exact_case and _folded(source) == _folded(parts):
                return rule
        return None


def _folded(parts: Sequence[str]) -> tuple[str, ...]:
    return tuple(part.casefold() for part in parts)


def _parts(rule: TableRule, which: str, text: str) -> tuple[str, ...]:
    try:
        parts = ResourceName.parse(text).parts
    except InvalidNameError as error:
        raise _wrong(rule, f"{which} {text!r} is no table's name: {error}") from error
    if len(parts) > _MAX_PARTS:
        raise _wrong(rule, f"{which} {text!r} has more than three parts")
    return parts


def _wrong(rule: TableRule, what: str) -> ConfigError:
    named = f" {rule.id!r}" if rule.id else ""
    return ConfigError(
        f"A rule{named} of transpile.rules is wrong: its {what}",
        code=ErrorCode.CONFIG_VALIDATION_FAILED,
        location=rule.location,
        hint="Write names as catalog.schema.table.",
    )

"""Table-substitution rules, and what a translation of a whole script gave."""

from collections.abc import Sequence
from dataclasses import dataclass

from dli_domain.model.problems import Location, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRule:
    """Where a text names `source`, its translation names `target`.

    `source` is matched whole: a rule of two parts is for names written with two parts, one of
    three parts for names written with three.
    """

    source: str
    target: str
    id: str = ""
    description: str = ""
    enabled: bool = True
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedRule:
    """A rule that changed something, and the places of the names it changed."""

    rule: TableRule
    places: tuple[Location, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TranspiledText:
    """One statement, or one text of several, before and after.

    `original` is rendered: its parameters and METRIC() are put in.
    """

    name: str
    original: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transpiled:
    """A script in another dialect, with every rule that applied and everything that may differ."""

    source_dialect: str
    target_dialect: str
    texts: tuple[TranspiledText, ...]
    applied_rules: tuple[AppliedRule, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def original_sql(self) -> str:
        """The rendered script before it was translated."""
        return script([text.original for text in self.texts])

    @property
    def sql(self) -> str:
        """The script in the target's dialect."""
        return script([text.text for text in self.texts])


def script(texts: Sequence[str]) -> str:
    """One text as it is; several each ended by a semicolon on a line of its own."""
    stripped = [text.strip() for text in texts]
    if len(stripped) == 1:
        return stripped[0]
    # On a line of its own, where no comment at the end of the SQL can hide it.
    return "\n".join(f"{text}\n;" for text in stripped)

"""What the parts of the lineage reader share: the dialect's rules, the schemas, the notes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlglot import exp

from dli_domain.lineage.scopes import Aliases, Scope
from dli_domain.lineage.values import Filters, Relation, Value

# The columns of a table by the parts of its name as written, catalog first; None: not known.
Schemas = Callable[[tuple[str, ...]], Sequence[str] | None]


@dataclass(frozen=True, slots=True)
class Rules:
    """Where the dialects differ in what a name may mean."""

    dialect: str

    @property
    def rows_have_names(self) -> bool:
        """Whether a table's name in an expression is its whole row."""
        return self.dialect != "trino"

    @property
    def in_select(self) -> Aliases:
        """Whether the select list and WHERE may use earlier names of the select list."""
        return Aliases.POSSIBLY if self.dialect == "duckdb" else Aliases.HIDDEN

    @property
    def in_group(self) -> Aliases:
        """Whether GROUP BY, HAVING and QUALIFY may use names of the select list.

        There a bare column would have to be grouped by, so such a name means the list's.
        """
        return Aliases.HIDDEN if self.dialect == "trino" else Aliases.FIRST

    @property
    def using_keeps_its_place(self) -> bool:
        """Whether `*` shows a column of USING where the left table has it, not first."""
        return self.dialect == "duckdb"

    def fold_table(self, name: str) -> str:
        """The key of a table's name."""
        return name if self.dialect == "bigquery" else name.lower()


@dataclass(slots=True)
class Notes:
    """What is gathered while one statement is read: names as written, and what is not known."""

    tables: dict[str, str] = field(default_factory=dict)
    columns: dict[tuple[str, str], str] = field(default_factory=dict)
    unknown: dict[str, None] = field(default_factory=dict)

    def doubt(self, sentence: str) -> None:
        """Keep a sentence about something that cannot be told, once."""
        self.unknown.setdefault(sentence)


Ctes = dict[str, Relation]


class Reader(Protocol):
    """What reads queries; the parts call each other through it."""

    rules: Rules
    notes: Notes

    def query(
        self,
        node: exp.Expr,
        ctes: Ctes,
        *,
        parent: Scope | None = None,
        beside: Scope | None = None,
    ) -> Relation:
        """The relation that a query gives."""
        ...

    def value(
        self,
        node: exp.Expr,
        scope: Scope,
        ctes: Ctes,
        filters: Filters,
        aliases: Aliases = Aliases.HIDDEN,
    ) -> Value:
        """What an expression is made of; conditions inside it go to `filters`."""
        ...

    def table(self, node: exp.Table, ctes: Ctes) -> Relation:
        """The relation that a table's name means."""
        ...

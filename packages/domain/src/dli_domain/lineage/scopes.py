"""What a name in a query means: the innermost thing that has it, or an honest 'one of these'."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from dli_domain.lineage.values import COMPUTED, NOTHING, Relation, Value, any_of, merged


class Aliases(Enum):
    """Whether a bare name may mean what the select list calls so.

    FIRST: it does, unless a table is known to have such a column. POSSIBLY: a table whose
    columns are not known may have it as well.
    """

    HIDDEN = auto()
    POSSIBLY = auto()
    FIRST = auto()


@dataclass(frozen=True, slots=True)
class From:
    """A relation under the name the query gives it; `path` is how a bare table may be said."""

    alias: str
    relation: Relation
    path: tuple[str, ...] = ()

    def answers_to(self, qualifier: tuple[str, ...]) -> bool:
        """Whether the (folded) qualifier of a column means this relation."""
        if len(qualifier) == 1 and qualifier[0] == self.alias:
            return True
        return bool(self.path) and self.path[-len(qualifier) :] == qualifier


@dataclass(slots=True)
class Scope:
    """The names one SELECT sees.

    `parent` is the query around a correlated subquery; `beside` are the relations to the left
    of a lateral one, which a qualified name may mean. `merged` are columns of USING.
    """

    parent: "Scope | None" = None
    beside: "Scope | None" = None
    sources: list[From] = field(default_factory=list)
    merged: dict[str, Value] = field(default_factory=dict)
    merged_names: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, Value] = field(default_factory=dict)
    windows: dict[str, Value] = field(default_factory=dict)
    rows: bool = False

    def known(self, name: str) -> Value | None:
        """What the (folded) name means for certain; where two have it, one of the two."""
        if name in self.merged:
            return self.merged[name]
        hits = [one.value for source in self.sources for one in source.relation.named(name)]
        if len(hits) > 1:
            return any_of(hits)
        return hits[0] if hits else None

    def possible(self, name: str) -> list[Value]:
        """What the name may mean where columns are not all known."""
        return [value for source in self.sources for value in source.relation.others(name)]

    def source(self, qualifier: tuple[str, ...]) -> From | None:
        """The nearest relation that the qualifier means, outer queries included."""
        for scope in self.outwards():
            for source in scope.sources:
                if source.answers_to(qualifier):
                    return source
        return None

    def outwards(self) -> Iterator["Scope"]:
        """This scope and those around it, nearest first."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            if scope.beside is not None:
                yield from scope.beside.outwards()
            scope = scope.parent

    def column(self, parts: tuple[str, ...], aliases: Aliases = Aliases.HIDDEN) -> Value | None:
        """What `parts` mean, None if nothing here can have that name.

        `a.b.c` is a column of a table, or a field of a column: the longest table name that is
        in sight wins.
        """
        for length in range(len(parts) - 1, 0, -1):
            source = self.source(parts[:length])
            if source is None:
                continue
            value = _of(source.relation, parts[length])
            fields = len(parts) - length - 1
            return value.through(COMPUTED) if value and fields else value
        value = self.bare(parts[0], aliases if len(parts) == 1 else Aliases.HIDDEN)
        return value.through(COMPUTED) if value and len(parts) > 1 else value

    def bare(self, name: str, aliases: Aliases = Aliases.HIDDEN) -> Value | None:
        """What a (folded) name without a table means."""
        open_ones: list[Value] = []
        for scope in self._parents():
            hit = scope.known(name)
            if hit is not None:
                return any_of((*open_ones, hit)) if open_ones else hit
            if aliases is not Aliases.HIDDEN and scope is self and name in self.aliases:
                if aliases is Aliases.FIRST:
                    return self.aliases[name]
                open_ones.append(self.aliases[name])
            open_ones += scope.possible(name)
            open_ones += scope.rows_called(name)
        if not open_ones and self.beside is not None:
            return self.beside.bare(name)
        if len(open_ones) > 1:
            return any_of(open_ones)
        return open_ones[0] if open_ones else None

    def _parents(self) -> Iterator["Scope"]:
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def rows_called(self, name: str) -> list[Value]:
        """A whole row, where the name is that of a relation, as in `count(t)`."""
        return [
            source.relation.whole().through(COMPUTED)
            for source in self.sources
            if self.rows and source.alias == name
        ]

    def row(self) -> Value:
        """Everything in sight of this SELECT."""
        return merged(source.relation.whole() for source in self.sources)


def _of(relation: Relation, name: str) -> Value | None:
    hits = [one.value for one in relation.named(name)]
    if len(hits) == 1:
        return hits[0]
    if hits:
        return any_of(hits)
    others = relation.others(name)
    if len(others) > 1:
        return any_of(others)
    if others:
        return others[0]
    if relation.base is not None:
        # The statement says that the table has it; the schema we know does not.
        return Value({(relation.base, name): 1}, 1)
    return NOTHING.doubted() if not relation.fields else None

"""The algebra of column lineage: what a value is made of, and what a relation offers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from dli_domain.model.lineage import Making

# How a source is used, as numbers so that the strongest of parallel ways is max(). A source
# that is certain on one way is certain.
UNKNOWN, COPIED, COMPUTED, AGGREGATED = 0, 1, 3, 4

# How a value is made as a whole: a doubtful copy is more than a copy, less than an expression.
CONSTANT, DOUBTFUL = 0, 2

SOURCE_MAKINGS: Mapping[int, Making] = {
    UNKNOWN: Making.UNKNOWN,
    COPIED: Making.COPIED,
    COMPUTED: Making.COMPUTED,
    AGGREGATED: Making.AGGREGATED,
}
VALUE_MAKINGS: Mapping[int, Making] = {
    CONSTANT: Making.CONSTANT,
    COPIED: Making.COPIED,
    DOUBTFUL: Making.UNKNOWN,
    COMPUTED: Making.COMPUTED,
    AGGREGATED: Making.AGGREGATED,
}

# A table's key and a column's key; None is "some column of it".
Source = tuple[str, str | None]
Sources = dict[Source, int]

# A source, and whether it is certain, to the clauses it stands in.
Filters = dict[tuple[Source, bool], set[str]]


@dataclass(frozen=True, slots=True)
class Value:
    """What one value is made of; never changed once made."""

    sources: Mapping[Source, int] = field(default_factory=dict)
    making: int = CONSTANT

    def through(self, use: int) -> "Value":
        """The same after a step that computes (COMPUTED) or aggregates (AGGREGATED)."""
        if use == COPIED:
            return self
        made = {source: rank and max(rank, use) for source, rank in self.sources.items()}
        return Value(made, self.making and max(self.making, use))

    def doubted(self) -> "Value":
        """The same where it is not known whether this is meant."""
        return Value(dict.fromkeys(self.sources, UNKNOWN), DOUBTFUL)


NOTHING = Value()


def merged(values: Iterable[Value]) -> Value:
    """One value that is made of all of these: each counts."""
    sources: Sources = {}
    making = CONSTANT
    for value in values:
        making = max(making, value.making)
        for source, rank in value.sources.items():
            sources[source] = max(rank, sources.get(source, UNKNOWN))
    return Value(sources, making)


def any_of(values: Iterable[Value]) -> Value:
    """A value that is one of these, not known which; no doubt where they are the same."""
    first, *others = values
    if all(other == first for other in others):
        return first
    return merged(value.doubted() for value in (first, *others))


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a relation; not `named` where the SQL does not tell its name."""

    name: str
    value: Value
    named: bool = True


@dataclass(frozen=True, slots=True)
class Rest:
    """Columns whose names are not known: any name but `without` may be one of them.

    With a `table` a name means that table's column; without one it means `also` whatever it is.
    """

    table: str | None
    also: Value = NOTHING
    without: frozenset[str] = frozenset()
    use: int = COPIED

    def value_of(self, name: str) -> Value:
        """What a column of that (folded) name is made of."""
        if self.table is None:
            return self.also
        making = self.use or DOUBTFUL
        return merged((Value({(self.table, name): self.use}, making), self.also))

    def whole(self) -> Value:
        """What all of it together is made of."""
        if self.table is None:
            return self.also
        return merged((Value({(self.table, None): self.use}, self.use or DOUBTFUL), self.also))

    def less(self, names: Iterable[str]) -> "Rest":
        """The same without these (folded) names."""
        return replace(self, without=self.without.union(names))

    def doubted(self, other: Value) -> "Rest":
        """The same where it stands beside, or instead of, `other`."""
        return replace(self, also=merged((self.also, other.doubted())), use=UNKNOWN)


@dataclass(slots=True)
class Relation:
    """What stands in FROM: its columns, what else may be there, and what decided on its rows."""

    fields: list[Field] = field(default_factory=list)
    rest: tuple[Rest, ...] = ()
    filters: Filters = field(default_factory=dict)
    base: str | None = None
    _index: dict[str, list[Field]] | None = field(default=None, repr=False)

    def named(self, name: str) -> list[Field]:
        """The columns of that (folded) name."""
        if self._index is None:
            self._index = {}
            for one in self.fields:
                if one.named:
                    self._index.setdefault(one.name.lower(), []).append(one)
        return self._index.get(name, [])

    def others(self, name: str) -> list[Value]:
        """What the name may mean where no column is known to have it."""
        found = [rest.value_of(name) for rest in self.rest if name not in rest.without]
        unnamed = [one.value for one in self.fields if not one.named]
        return found + unnamed

    def whole(self) -> Value:
        """What a whole row of it is made of."""
        return merged((*(f.value for f in self.fields), *(rest.whole() for rest in self.rest)))

    def renamed(self, names: list[str]) -> "Relation":
        """The same with its first columns called `names`, as `t(a, b)` does."""
        if not names:
            return self
        if self.rest:
            # Which of the unknown columns comes first is not known.
            unknown = self.whole().doubted()
            return Relation([Field(name, unknown) for name in names], (), self.filters)
        fields = [
            Field(names[at], one.value) if at < len(names) else one
            for at, one in enumerate(self.fields)
        ]
        return Relation(fields, (), self.filters)


def add_filters(into: Filters, more: Filters) -> None:
    """Put the uses of `more` into `into`."""
    for key, clauses in more.items():
        into.setdefault(key, set()).update(clauses)


def filter_by(into: Filters, value: Value, clause: str) -> None:
    """Say that `value` decides about rows in `clause`."""
    for source, rank in value.sources.items():
        into.setdefault((source, rank != UNKNOWN), set()).add(clause)

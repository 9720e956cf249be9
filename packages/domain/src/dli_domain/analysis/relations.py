"""Tables by name: which spec builds one, which columns it has, which way leads in a circle."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from dli_domain.analysis.facts import KnownTable, KnownTables, Output, SpecFacts

_MAX_DEPTH = 100


class Column(NamedTuple):
    """A column of a table; the type is empty where nobody knows it."""

    name: str
    type: str = ""


class Relations:
    """Everything that is known of tables, by lower-case name.

    Args:
        names: The names of all datasets.
        facts: Gives the facts of a dataset by one of these names; may read them late.
        known: Tables known from elsewhere.
    """

    def __init__(
        self,
        names: Iterable[str],
        facts: Callable[[str], SpecFacts | None],
        known: KnownTables,
    ) -> None:
        self._facts = facts
        self._names = {name.lower(): name for name in names}
        self._known: dict[str, KnownTable] = {one.name.lower(): one for one in known.tables}
        self._columns: dict[str, tuple[Column, ...] | None] = {}
        self.complete = frozenset(schema.lower() for schema in known.complete)
        # Shorter names, as a statement may write them: None where two tables share one.
        self._short: dict[str, str | None] = {}
        for name in (*self._names, *self._known):
            for short in _endings(name):
                known_as = self._short.get(short, name)
                self._short[short] = name if known_as == name else None

    def resolve(self, written: str) -> str | None:
        """The whole lower-case name of a table as written; None where nobody knows it."""
        name = written.lower()
        if name in self._names or name in self._known:
            return name
        return self._short.get(name)

    def spec_name(self, written: str) -> str | None:
        """The name of the dataset that builds the table; None where none does."""
        name = self.resolve(written)
        return None if name is None else self._names.get(name)

    def names_in(self, schema: str) -> list[str]:
        """The whole names of the known tables of a schema such as `lake.mart`."""
        start = f"{schema.lower()}."
        return [
            name
            for name in (*self._names, *self._known)
            if name.startswith(start) and "." not in name[len(start) :]
        ]

    def columns(self, written: str) -> tuple[Column, ...] | None:
        """The columns of a table as written; None where they are not known."""
        name = self.resolve(written)
        return None if name is None else self._columns_of(name, 0)

    def given(self, facts: SpecFacts, depth: int = 0) -> tuple[Column, ...] | None:
        """The columns that a spec's main statement gives; None where they are not known."""
        if facts.outputs is None or depth > _MAX_DEPTH:
            return None
        columns: list[Column] = []
        for output in facts.outputs:
            made = self._made(facts, output, depth)
            if made is None:
                return None
            columns.extend(made)
        return tuple(columns)

    def _made(self, facts: SpecFacts, output: Output, depth: int) -> Sequence[Column] | None:
        if output.table < 0:
            return [Column(output.name, output.type)]
        name = self.resolve(facts.reads[output.table].name)
        columns = None if name is None else self._columns_of(name, depth + 1)
        if output.is_star:
            if columns is None:
                return None
            return [one for one in columns if one.name.lower() not in output.without]
        found = [one for one in columns or () if one.name.lower() == output.column.lower()]
        return [Column(output.name, found[0].type if found else "")]

    def _columns_of(self, name: str, depth: int) -> tuple[Column, ...] | None:
        if name not in self._columns:
            self._columns[name] = None  # a circle of stars knows nothing
            self._columns[name] = self._look_up(name, depth)
        return self._columns[name]

    def _look_up(self, name: str, depth: int) -> tuple[Column, ...] | None:
        spec = self._names.get(name)
        facts = self._facts(spec) if spec is not None else None
        if facts is not None and facts.declared:
            return tuple(Column(one.name, one.type) for one in facts.declared)
        if name in self._known:
            return tuple(Column(*pair) for pair in self._known[name].columns)
        if facts is not None and facts.builds:
            return self.given(facts, depth)
        return None


def circles(graph: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """A way around each knot of names that lead to each other, from its least name, in order."""
    for knot in sorted(sorted(group) for group in _knots(graph)):
        yield _way_around(knot[0], set(knot), graph)


def downstream(names: Iterable[str], graph: Mapping[str, Sequence[str]]) -> set[str]:
    """The names and all that lead to them, over any number of steps."""
    readers: dict[str, list[str]] = {}
    for reader, reads in graph.items():
        for read in reads:
            readers.setdefault(read, []).append(reader)
    found = set(names)
    waiting = list(found)
    while waiting:
        for reader in readers.get(waiting.pop(), ()):
            if reader not in found:
                found.add(reader)
                waiting.append(reader)
    return found


def _endings(name: str) -> Iterator[str]:
    parts = name.split(".")
    for start in range(1, len(parts)):
        yield ".".join(parts[start:])


def _way_around(first: str, knot: set[str], graph: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The shortest way from `first` back to itself inside the knot."""
    came: dict[str, str] = {}
    waiting = [first]
    for node in waiting:
        for next_one in graph.get(node, ()):
            if next_one == first:
                way = [node]
                while way[-1] != first:
                    way.append(came[way[-1]])
                return (*reversed(way), first)
            if next_one in knot and next_one not in came:
                came[next_one] = node
                waiting.append(next_one)
    return (first,)


def _knots(graph: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Strongly connected groups of more than one name, or of one that leads to itself.

    Tarjan's algorithm with a stack of its own: a chain of thousands must not recurse.
    """
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    for root in graph:
        if root in order:
            continue
        work: list[tuple[str, Iterator[str]]] = [(root, iter(graph[root]))]
        order[root] = low[root] = len(order)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, rest = work[-1]
            child = next((one for one in rest if one in graph), None)
            if child is None:
                work.pop()
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[node])
                if low[node] == order[node]:
                    yield from _popped(node, stack, on_stack, graph)
            elif child not in order:
                order[child] = low[child] = len(order)
                stack.append(child)
                on_stack.add(child)
                work.append((child, iter(graph[child])))
            elif child in on_stack:
                low[node] = min(low[node], order[child])


def _popped(
    node: str, stack: list[str], on_stack: set[str], graph: Mapping[str, Sequence[str]]
) -> Iterator[list[str]]:
    group = []
    while True:
        one = stack.pop()
        on_stack.discard(one)
        group.append(one)
        if one == node:
            break
    if len(group) > 1 or node in graph[node]:
        yield group

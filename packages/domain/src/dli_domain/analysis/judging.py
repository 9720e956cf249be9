"""The findings of a whole project out of its entries, judging again only what can have changed."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

from dli_domain.analysis.across import CrossChecks
from dli_domain.analysis.facts import KnownTables, SpecFacts
from dli_domain.analysis.keeping import Entry
from dli_domain.analysis.relations import Relations, circles, downstream
from dli_domain.errors import ErrorCode
from dli_domain.model.problems import Location, Problem
from dli_domain.model.spec import ResourceKind

_DATASET = ResourceKind.DATASET.value


class Judge:
    """Judges the specs of one project against each other.

    Args:
        entries: One for each spec file.
        decode: Gives the facts of an entry.
        known: Tables known from elsewhere.
    """

    def __init__(
        self, entries: Sequence[Entry], decode: Callable[[bytes], SpecFacts], known: KnownTables
    ) -> None:
        self._entries = entries
        self._decode = decode
        self._known = known
        self._facts: dict[str, SpecFacts] = {}

    @cached_property
    def _by_name(self) -> Mapping[str, Entry]:
        """The first dataset of each name."""
        found: dict[str, Entry] = {}
        for entry in self._entries:
            if entry.name and entry.kind == _DATASET:
                found.setdefault(entry.name, entry)
        return found

    @cached_property
    def _same(self) -> Mapping[tuple[str, str], Sequence[str]]:
        """The files of each kind and name."""
        found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for entry in self._entries:
            if entry.name:
                found[entry.kind, entry.name].append(entry.path)
        return found

    @cached_property
    def graph(self) -> Mapping[str, Sequence[str]]:
        """For each spec the datasets it reads, by name; that one reads itself is left out."""
        found: dict[str, list[str]] = {}
        for entry in self._entries:
            reads = found.setdefault(entry.name, [])
            for written in entry.reads:
                name = self._relations.spec_name(written)
                if name is not None and name != entry.name:
                    reads.append(name)
        found.pop("", None)
        return found

    def behind(self, names: Iterable[str]) -> set[str]:
        """The names, and all specs that rest on them."""
        return downstream(names, self.graph)

    def about(self, facts: SpecFacts) -> tuple[Problem, ...]:
        """The findings about facts that are in no entry, such as those of other parameters."""
        return (*facts.problems, *CrossChecks(self._relations).of(facts))

    def everything(self) -> list[Entry]:
        """All entries with their findings."""
        return self._judged(set(self.graph) | {""})

    def after(self, changed: Iterable[Entry], moved: Iterable[str]) -> list[Entry]:
        """The entries, where `changed` are new and the specs `moved` show others another face."""
        names = {entry.name for entry in changed}
        return self._judged(names | self.behind(moved))

    def _judged(self, names: set[str]) -> list[Entry]:
        checks = CrossChecks(self._relations)
        cycles = self._cycles()
        return [
            entry._replace(findings=self._findings(entry, checks, cycles))
            if entry.name in names
            else entry
            for entry in self._entries
        ]

    def _findings(
        self, entry: Entry, checks: CrossChecks, cycles: Mapping[str, tuple[str, ...]]
    ) -> tuple[Problem, ...]:
        facts = self._of(entry)
        found = [*facts.problems, *checks.of(facts)]
        if entry.kind == _DATASET and entry.name in cycles:
            found.append(self._circle(facts, cycles[entry.name]))
        same = self._same.get((entry.kind, entry.name), ())
        if len(same) > 1:
            found.append(_double(facts, [path for path in same if path != entry.path]))
        return tuple(found)

    def _cycles(self) -> dict[str, tuple[str, ...]]:
        return {way[0]: way for way in circles(self.graph)}

    def _circle(self, facts: SpecFacts, way: tuple[str, ...]) -> Problem:
        spots = [
            read.spot for read in facts.reads if self._relations.spec_name(read.name) == way[1]
        ]
        return Problem(
            code=ErrorCode.LINEAGE_CYCLE_DETECTED,
            message=f"Datasets rest on each other in a circle: {' → '.join(way)}",
            location=facts.locate(spots[0]) if spots else None,
            fix="Break the circle in one of them.",
        )

    @cached_property
    def _relations(self) -> Relations:
        return Relations(self._by_name, self._named, self._known)

    def _named(self, name: str) -> SpecFacts | None:
        entry = self._by_name.get(name)
        return None if entry is None else self._of(entry)

    def _of(self, entry: Entry) -> SpecFacts:
        facts = self._facts.get(entry.path)
        if facts is None:
            facts = self._facts[entry.path] = self._decode(entry.facts)
        return facts


def _double(facts: SpecFacts, others: Sequence[str]) -> Problem:
    return Problem(
        code=ErrorCode.SPEC_INVALID,
        message=f"the name {facts.name!r} stands also in {', '.join(others)}",
        location=Location(facts.files[0]),
        fix="Keep one of them, or give them different names.",
    )

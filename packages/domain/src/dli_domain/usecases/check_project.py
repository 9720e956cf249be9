"""Every finding about every spec of a project, with what has not changed taken from the store."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dli_domain.analysis.facts import KnownTables, Needs, SpecFacts
from dli_domain.analysis.judging import Judge
from dli_domain.analysis.keeping import Entry, FactsStore, Index, Workers
from dli_domain.model.problems import Problem
from dli_domain.model.spec import ResourceKind
from dli_domain.ports.clock import Clock
from dli_domain.ports.spec_files import ReadFile, SpecFiles, Stamp

# A file that was written this shortly before a run may be written again within the same stamp.
_SETTLED_NS = 2_000_000_000
# To read a few files again costs less than to write the index of thousands.
_WORTH_SAVING = 50
_UNSETTLED = Stamp(0, 0, 0, 0)
_DATASET = ResourceKind.DATASET.value


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFindings:
    """The findings of a project, and what they rest on.

    `others` are about folders that could not be read. `examined` counts the specs that were
    looked at anew.
    """

    entries: tuple[Entry, ...]
    others: tuple[Problem, ...]
    judge: Judge
    examined: int

    def names(self) -> list[str]:
        """The names of all specs, sorted."""
        return sorted({entry.name for entry in self.entries if entry.name})

    def behind(self, names: Iterable[str]) -> set[str]:
        """The names and every dataset and metric that rests on them."""
        return self.judge.behind(names)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckProject:
    """Checks all specs of a project by themselves and against each other.

    Args:
        files: Where the specs are.
        examine: Gives the facts of the spec in a file.
        store: Keeps facts between runs.
        workers: Examine several specs at once.
        clock: Tells when the run began.
        known: Tables known from elsewhere.
        changed_notice: Called with the number of specs to examine, before that begins.
    """

    files: SpecFiles
    examine: Callable[[str], tuple[SpecFacts, tuple[ReadFile, ...]]]
    store: FactsStore
    workers: Workers
    clock: Clock
    known: KnownTables = field(default_factory=KnownTables)
    changed_notice: Callable[[int], None] = field(default=lambda _: None)

    def __call__(self) -> ProjectFindings:
        """All findings, each spec's own before those that others decide."""
        started = int(self.clock.now().timestamp() * 1e9)
        found = self.files.paths()
        old = self.store.load()
        kept = _Kept(self.files, old)
        stale = [path for path in found.paths if not kept.is_fresh(path)]
        self.changed_notice(len(stale))
        entries = {path: kept.entries[path] for path in found.paths if path in kept.entries}
        new = self._examined(stale)
        entries.update(new)
        as_it_was = old is not None and not new and len(entries) == len(old.entries)
        if not as_it_was:
            resting = self._resting(old, entries, new)
            new.update(resting)
            entries.update(resting)
        judge = Judge([entries[path] for path in found.paths], self.store.decode, self.known)
        ordered = self._judged(judge, old, entries, new)
        if ordered is not None or kept.restamped > _WORTH_SAVING:
            kept_entries = ordered or tuple(entries[path] for path in found.paths)
            self.store.save(self._index(kept_entries, before=started - _SETTLED_NS))
        return ProjectFindings(
            entries=ordered or tuple(entries.values()),
            others=found.problems,
            judge=judge,
            examined=len(new),
        )

    def _judged(
        self,
        judge: Judge,
        old: Index | None,
        entries: Mapping[str, Entry],
        new: Mapping[str, Entry],
    ) -> tuple[Entry, ...] | None:
        """The entries with their findings; None where those at hand still hold."""
        if old is None or old.context != self._context():
            return tuple(judge.everything())
        if not new and len(entries) == len(old.entries):
            return None
        if _names_digest(entries.values()) != old.names:
            return tuple(judge.everything())
        before = {entry.path: entry.interface for entry in old.entries}
        moved = [one.name for path, one in new.items() if before.get(path) != one.interface]
        return tuple(judge.after(new.values(), moved))

    def _context(self) -> bytes:
        return _digest(repr(self.known))

    def _index(self, entries: Sequence[Entry], *, before: int) -> Index:
        return Index(
            entries=tuple(_settled(entry, before) for entry in entries),
            metrics=_metrics_digest(entries),
            names=_names_digest(entries),
            context=self._context(),
        )

    def _examined(self, paths: Sequence[str]) -> dict[str, Entry]:
        return {entry.path: entry for entry in self.workers.map(self._entry, paths)}

    def _entry(self, path: str) -> Entry:
        facts, files = self.examine(path)
        return Entry(
            path=path,
            files=files,
            kind=facts.kind,
            name=facts.name,
            needs=facts.needs,
            reads=tuple(read.name for read in facts.reads),
            interface=_digest(repr(facts.interface)),
            facts=self.store.encode(facts),
            findings=facts.problems,
        )

    def _resting(
        self, old: Index | None, entries: Mapping[str, Entry], new: Mapping[str, Entry]
    ) -> dict[str, Entry]:
        """Specs that did not change themselves, but rest on metrics or names that did."""
        if old is None:
            return {}
        needs = Needs.NOTHING
        if _metrics_digest(entries.values()) != old.metrics:
            needs |= Needs.METRICS
        if _names_digest(entries.values()) != old.names:
            needs |= Needs.NAMES
        return self._examined(
            [path for path, one in entries.items() if one.needs & needs and path not in new]
        )


class _Kept:
    """The entries of an older index, as far as their files are as they were."""

    def __init__(self, files: SpecFiles, index: Index | None) -> None:
        self._files = files
        self.entries = {entry.path: entry for entry in index.entries} if index else {}
        self.restamped = 0

    def is_fresh(self, path: str) -> bool:
        entry = self.entries.get(path)
        if entry is None:
            return False
        stamp = self._files.stamp
        if all(stamp(file.path) == file.stamp for file in entry.files):
            return True
        files = []
        for file in entry.files:
            now = stamp(file.path)
            if now != file.stamp and (self._files.digest(file.path) or b"") != file.digest:
                return False
            files.append(file._replace(stamp=now))
        self.entries[path] = entry._replace(files=tuple(files))
        self.restamped += 1
        return True


def _settled(entry: Entry, before: int) -> Entry:
    if all(file.stamp is None or max(file.stamp[:2]) < before for file in entry.files):
        return entry
    return entry._replace(files=tuple(f._replace(stamp=_UNSETTLED) for f in entry.files))


def _metrics_digest(entries: Iterable[Entry]) -> bytes:
    return _digest(repr([[f.digest for f in one.files] for one in entries if one.kind != _DATASET]))


def _names_digest(entries: Iterable[Entry]) -> bytes:
    return _digest(repr(sorted((one.kind, one.name) for one in entries)))


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=16).digest()

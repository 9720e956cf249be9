"""Ports that make validation of thousands of specs fast: kept facts, and many hands."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar

from dli_domain.analysis.facts import SpecFacts
from dli_domain.model.problems import Problem
from dli_domain.ports.spec_files import ReadFile

Item = TypeVar("Item")
Result = TypeVar("Result")


class Entry(NamedTuple):
    """What is kept of one spec file.

    `facts` are encoded: most runs need none of them. `interface` is the digest of all that
    findings about other specs can depend on; `findings` are all about this one.
    """

    path: str
    files: tuple[ReadFile, ...]
    kind: str
    name: str
    needs: int
    reads: tuple[str, ...]
    interface: bytes
    facts: bytes
    findings: tuple[Problem, ...]


class Index(NamedTuple):
    """What is kept of a project; the digests tell what the findings rest on besides the files."""

    entries: tuple[Entry, ...]
    metrics: bytes
    names: bytes
    context: bytes


class FactsStore(Protocol):
    """Keeps the index of a project between runs. It may forget; it never gives a wrong one."""

    def load(self) -> Index | None:
        """The index as saved by this version of dli; None where there is none to trust."""
        ...

    def save(self, index: Index) -> None:
        """Keep it. That it cannot be kept is no failure of the run."""
        ...

    def encode(self, facts: SpecFacts) -> bytes:
        """Facts as bytes."""
        ...

    def decode(self, data: bytes) -> SpecFacts:
        """The facts that `encode` made these bytes of."""
        ...


class Workers(Protocol):
    """Does the same to many things, perhaps several at once."""

    def map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """The results in the order of the items.

        Raises:
            DliError: a worker died.
        """
        ...

"""What validation knows of one spec: small tuples, so that thousands can be kept and stored."""

from enum import IntFlag
from typing import NamedTuple

from dli_domain.model.problems import Location, Problem
from dli_domain.model.spec import ResourceKind


class Spot(NamedTuple):
    """A place in one of the spec's files; `file` counts in `SpecFacts.files`."""

    file: int
    line: int
    column: int


class TableRead(NamedTuple):
    """A table that a statement names, as written: one to three parts."""

    name: str
    spot: Spot


class ColumnUse(NamedTuple):
    """A column that must come from one of the tables; they count in `SpecFacts.reads`."""

    column: str
    tables: tuple[int, ...]
    spot: Spot


class Output(NamedTuple):
    """One column that the main statement gives.

    `type` is a type's name where the expression alone tells it. `table` and `column` name the
    column it is a copy of; `table` counts in `SpecFacts.reads` and is -1 where it is no copy.
    A star over a table has the name `*` and keeps the columns that it leaves out.
    """

    name: str
    spot: Spot
    type: str = ""
    table: int = -1
    column: str = ""
    without: tuple[str, ...] = ()

    @property
    def is_star(self) -> bool:
        """Whether it stands for all columns of its table."""
        return self.name == "*"


class Declared(NamedTuple):
    """A column of the spec's `schema`."""

    name: str
    type: str
    spot: Spot


class Dependency(NamedTuple):
    """An entry of `depends_on`."""

    name: str
    spot: Spot


class Needs(IntFlag):
    """What else than its own files decides the facts of a spec."""

    NOTHING = 0
    METRICS = 1
    NAMES = 2


class SpecFacts(NamedTuple):
    """One spec file, as far as others or a later check need it.

    `name` is empty where the file could not be read so far. `outputs` is None where the columns
    of the main statement are not known; `builds` tells whether it gives the whole table, so
    that its outputs are the table's columns.
    """

    kind: str
    name: str
    files: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    reads: tuple[TableRead, ...] = ()
    writes: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    columns: tuple[ColumnUse, ...] = ()
    outputs: tuple[Output, ...] | None = None
    builds: bool = False
    declared: tuple[Declared, ...] = ()
    depends_on: tuple[Dependency, ...] | None = None
    needs: int = 0
    assumed: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()

    @property
    def is_metric(self) -> bool:
        """Whether the spec is a metric."""
        return self.kind == ResourceKind.METRIC.value

    def locate(self, spot: Spot) -> Location:
        """The place as findings tell it."""
        return Location(self.files[spot.file], spot.line, spot.column)

    @property
    def interface(self) -> tuple[object, ...]:
        """All that the findings of other specs can depend on."""
        outputs = None
        if self.outputs is not None:
            outputs = tuple((one.name, one.type, one.table, one.column) for one in self.outputs)
        declared = tuple((one.name, one.type) for one in self.declared)
        reads = tuple(read.name for read in self.reads)
        return (self.kind, self.name, outputs, self.builds, declared, reads, self.writes)


class KnownTable(NamedTuple):
    """A table whose columns a snapshot or a database tells; types may be empty."""

    name: str
    columns: tuple[tuple[str, str], ...]


class KnownTables(NamedTuple):
    """Tables known from elsewhere than specs.

    `complete` names the schemas, such as `lake.raw`, of which every table is known.
    """

    tables: tuple[KnownTable, ...] = ()
    complete: tuple[str, ...] = ()

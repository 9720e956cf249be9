"""Where data comes from: tables a statement touches, columns and how they are made, the graph."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dli_domain.model.problems import Location, Problem


class TableKind(StrEnum):
    """What stands where a table may stand."""

    TABLE = "table"
    FUNCTION = "function"
    FILE = "file"


class TableAction(StrEnum):
    """What a statement does to a table."""

    READ = "read"
    INSERT = "insert"
    MERGE = "merge"
    UPDATE = "update"
    DELETE = "delete"
    CREATE = "create"
    CREATE_VIEW = "create view"
    DROP = "drop"
    ALTER = "alter"
    TRUNCATE = "truncate"
    COPY = "copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRef:
    """One mention of a table.

    `parts` are the names as written, catalog first; a function's or a file's only part is its
    text. `start` and `end` are 0-based offsets of the mention in the parsed text (end
    excluded), None where the parser tells none. A function reads what nobody here can see.
    """

    parts: tuple[str, ...]
    kind: TableKind = TableKind.TABLE
    action: TableAction = TableAction.READ
    start: int | None = None
    end: int | None = None

    @property
    def name(self) -> str:
        """The parts joined by dots."""
        return ".".join(self.parts)

    @property
    def is_external(self) -> bool:
        """Whether it is a file or a function, so no spec can build it."""
        return self.kind is not TableKind.TABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesUse:
    """The tables a statement reads and changes, in the order written, every mention kept.

    `understood` is false for a statement that the parser does not take apart (`CALL`, ...): it
    may touch anything.
    """

    reads: tuple[TableRef, ...] = ()
    writes: tuple[TableRef, ...] = ()
    understood: bool = True


class Making(StrEnum):
    """How a value came from a column; of several steps or ways the strongest counts.

    COPIED: the value itself. COMPUTED: through an expression. AGGREGATED: from many rows.
    FILTER: only decides which rows, groups or order there are. CONSTANT: from no column.
    DECLARED: the spec says so, the SQL does not. UNKNOWN: it may or may not be a source.
    """

    CONSTANT = "constant"
    COPIED = "copied"
    COMPUTED = "computed"
    AGGREGATED = "aggregated"
    FILTER = "filter"
    DECLARED = "declared"
    UNKNOWN = "unknown"


class NodeType(StrEnum):
    """What a node of the graph is; TABLE is written by a resource of another name."""

    DATASET = "Dataset"
    METRIC = "Metric"
    TABLE = "Table"
    EXTERNAL = "External"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageColumn:
    """A column of a node. `making` is how it is made as a whole; UNKNOWN where that is open.

    An external table's columns are those that somebody reads; their making is CONSTANT. A
    column whose name the SQL does not tell is called `#1`, `#2` by its position and not `named`.
    """

    name: str
    making: Making = Making.CONSTANT
    named: bool = True
    type: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageNode:
    """A resource, or a table that no spec describes.

    `depth` counts steps from the root: negative upstream, positive downstream.
    `columns_known` is false where the list may miss some (a star over an unknown table).
    `problem` says why its SQL is not known, or not all of it; `notes` what of it cannot be told.
    `assumed` are the sample values that stood in for parameters nobody gave.
    """

    name: str
    type: NodeType
    owner: str = ""
    team: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    depth: int = 0
    columns: tuple[LineageColumn, ...] = ()
    columns_known: bool = True
    location: Location | None = None
    problem: Problem | None = None
    notes: tuple[str, ...] = ()
    assumed: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_external(self) -> bool:
        """Whether no spec builds it."""
        return self.type is NodeType.EXTERNAL

    @property
    def is_unknown(self) -> bool:
        """Whether its SQL could not be understood."""
        return self.problem is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageEdge:
    """`target` reads `source`, or is written by it.

    Declared edges stand in `depends_on` and not in the SQL. With `metric` the target takes a
    measure from the source by METRIC(). `location` is the first place that says so.
    """

    source: str
    target: str
    declared: bool = False
    metric: bool = False
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnEdge:
    """One column's way of one step.

    `source_column` None: some column of the source, not known which. `target_column` None: the
    target as a whole: with `clauses` the column decides about its rows (making FILTER, or
    UNKNOWN where it may be another column), without them there are columns nobody can name.
    `clauses` say where a filter stands: where, join, group, having, qualify, order, distinct,
    except, ...
    """

    source: str
    source_column: str | None
    target: str
    target_column: str | None
    making: Making
    clauses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageView:
    """What was asked for: a part of the graph around `root`, or all of it where root is None.

    Nodes are ordered by depth and name, edges by their ends. `cycles` are paths whose last
    name is the first again. `problems` hold what could not be read or rendered, ordered.
    With `column` only the column edges on its paths are there.
    """

    root: str | None
    column: str | None = None
    nodes: tuple[LineageNode, ...] = ()
    edges: tuple[LineageEdge, ...] = ()
    column_edges: tuple[ColumnEdge, ...] = ()
    cycles: tuple[tuple[str, ...], ...] = ()
    problems: tuple[Problem, ...] = ()

    def node(self, name: str) -> LineageNode:
        """The node of that name.

        Raises:
            KeyError: the view has none.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSource:
    """A column (None: some column, not known which) of a table, and how its value is used."""

    table: str
    column: str | None
    making: Making


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputColumn:
    """A column that a statement gives or writes, with its sources, sorted."""

    name: str
    making: Making
    sources: tuple[ColumnSource, ...] = ()
    named: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterUse:
    """A column that decides about rows, and the clauses where it does, sorted."""

    table: str
    column: str | None
    clauses: tuple[str, ...]
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLineage:
    """What one statement makes of which columns.

    `target` is the table it writes, None for a query. `complete` is false where there are more
    columns than `columns` lists; `rest_of` names the tables they come from. `unknown` says in
    sentences what could not be told.
    """

    action: TableAction
    target: str | None = None
    columns: tuple[OutputColumn, ...] = ()
    filters: tuple[FilterUse, ...] = ()
    complete: bool = True
    rest_of: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def column(self, name: str) -> OutputColumn:
        """The column of that name, whatever its case.

        Raises:
            KeyError: there is none.
        """
        for column in self.columns:
            if column.name.casefold() == name.casefold():
                return column
        raise KeyError(name)

"""Facts out of the statements of one spec, and what each statement does wrong by itself."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlglot import exp
from sqlglot.errors import SqlglotError

from dli_domain.analysis.columns import ColumnUses, Use
from dli_domain.analysis.facts import ColumnUse, Output, Spot, TableRead
from dli_domain.analysis.outputs import Found, Outputs
from dli_domain.errors import ErrorCode, SqlError
from dli_domain.lineage.tables import tables_of
from dli_domain.model.lineage import TableKind, TableRef
from dli_domain.model.names import did_you_mean
from dli_domain.model.problems import Location, Problem
from dli_domain.rendering.parsing import parse
from dli_domain.rendering.rendered import RenderedSql

_WRITES = (exp.DML, exp.DDL, exp.Drop, exp.Alter, exp.TruncateTable, exp.Copy, exp.Command)


class MainStatement(NamedTuple):
    """What the main statement turned out to be."""

    outputs: tuple[Output, ...] | None
    builds: bool
    writes_at: Location | None
    statements: int


class StatementFacts:
    """Collects the facts of the statements of one spec, in the order they run."""

    def __init__(self, dialect: str, files: Sequence[str]) -> None:
        self._dialect = dialect
        self.files = list(files)
        self.problems: list[Problem] = []
        self.reads: list[TableRead] = []
        self.writes: list[str] = []
        self.columns: list[ColumnUse] = []
        self._numbers: dict[str, int] = {}

    def add(self, sql: RenderedSql) -> tuple[exp.Expr, ...]:
        """Parse one text, note its problems, collect its tables and columns."""
        try:
            trees = parse(sql, self._dialect).statements
        except SqlError as error:
            self._note(error.code, error.message, error.location, error.hint)
            return ()
        for tree in trees:
            if isinstance(tree, exp.Condition | exp.Alias):
                self._note(
                    ErrorCode.SQL_SYNTAX_ERROR,
                    f"The SQL is an expression and no statement: {tree.sql(self._dialect)[:80]!r}",
                    self._place(tree, sql),
                    "Check its first word.",
                )
            else:
                self._tables(tree, sql)
                self._columns(tree, sql)
        return trees

    def main(self, sql: RenderedSql, trees: tuple[exp.Expr, ...], name: str) -> MainStatement:
        """What the main statement gives and does."""
        writes_at = next(
            (self._place(node, sql) or sql.source.origin for node in map(_writing, trees) if node),
            None,
        )
        last = trees[-1] if trees else None
        outputs = None
        if last is not None:
            try:
                found = Outputs(self._numbers, self._dialect).of(last)
            except (SqlglotError, RecursionError, KeyError):
                found = None  # the statement is beyond what sqlglot can take apart
            if found is not None:
                outputs = tuple(self._output(one, sql) for one in found)
        return MainStatement(outputs, _builds(last, name), writes_at, len(trees))

    def _tables(self, tree: exp.Expr, sql: RenderedSql) -> None:
        use = tables_of(tree)
        for ref in use.reads:
            if ref.kind is TableKind.TABLE and ref.name.lower() not in self._numbers:
                self._numbers[ref.name.lower()] = len(self.reads)
                self.reads.append(TableRead(ref.name, self._spot(_place_of(ref, sql))))
        for ref in use.writes:
            if ref.kind is not TableKind.TABLE:
                continue
            if ref.name not in self.writes:
                self.writes.append(ref.name)
            if ref.name.lower() not in self._numbers:
                # DELETE and UPDATE use columns of the table that they write.
                self._numbers[ref.name.lower()] = -1

    def _columns(self, tree: exp.Expr, sql: RenderedSql) -> None:
        readable = {name: number for name, number in self._numbers.items() if number >= 0}
        try:
            uses = list(ColumnUses(readable, self._dialect).of(tree))
        except (SqlglotError, RecursionError, KeyError):
            return  # beyond what sqlglot can take apart: nothing certain can be said
        seen: set[tuple[str, tuple[int, ...]]] = set()
        for use in uses:
            key = (use.column, use.tables)
            if key in seen:
                continue
            seen.add(key)
            place = self._place(use.node, sql) or sql.source.origin
            if use.tables:
                self.columns.append(ColumnUse(use.column, use.tables, self._spot(place)))
            else:
                self._unknown(use, place)

    def _unknown(self, use: Use, place: Location) -> None:
        self._note(
            ErrorCode.COLUMN_UNKNOWN,
            f"There is no column {use.node.sql(self._dialect)!r}",
            place,
            did_you_mean(use.column, use.known) or _these(sorted(use.known)),
        )

    def _output(self, found: Found, sql: RenderedSql) -> Output:
        spot = self._spot(self._place(found.node, sql) or sql.source.origin)
        return Output(found.name, spot, found.type, found.table, found.column, found.without)

    def _spot(self, place: Location) -> Spot:
        if place.path not in self.files:
            self.files.append(place.path)
        return Spot(self.files.index(place.path), place.line, place.column)

    def _place(self, node: exp.Expr, sql: RenderedSql) -> Location | None:
        starts = [one.meta["start"] for one in node.walk() if "start" in one.meta]
        return sql.locate_offset(min(starts)) if starts else None

    def _note(self, code: ErrorCode, message: str, place: Location | None, fix: str | None) -> None:
        self.problems.append(Problem(code=code, message=message, location=place, fix=fix))


def _place_of(ref: TableRef, sql: RenderedSql) -> Location:
    place = None if ref.start is None else sql.locate_offset(ref.start)
    return place or sql.source.origin


def _writing(tree: exp.Expr) -> exp.Expr | None:
    """The part of a statement that changes data; None where it only reads."""
    return next(_changes(tree), None)


def _changes(tree: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(tree, exp.Select) and tree.args.get("into"):
        yield tree.args["into"]
    if not isinstance(tree, exp.Query) and isinstance(tree, _WRITES):
        yield tree
    yield from tree.find_all(exp.Insert, exp.Update, exp.Delete, exp.Merge)


def _builds(tree: exp.Expr | None, name: str) -> bool:
    """Whether the statement's columns are all columns of the table `name`."""
    if isinstance(tree, exp.Query):
        return True
    return isinstance(tree, exp.Create) and any(
        write.name.lower() == name.lower() for write in tables_of(tree).writes
    )


def _these(names: list[str]) -> str | None:
    if not names:
        return None
    more = ", ..." if len(names) > 10 else ""
    return f"There are {', '.join(names[:10])}{more}."

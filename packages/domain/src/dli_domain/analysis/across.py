"""Checks of one spec against all that is known of the others."""

import re
from collections.abc import Iterator, Sequence

from dli_domain.analysis.facts import ColumnUse, Declared, SpecFacts, TableRead
from dli_domain.analysis.relations import Column, Relations
from dli_domain.analysis.sqltypes import Fit, fit
from dli_domain.errors import ErrorCode
from dli_domain.model.names import closest, did_you_mean
from dli_domain.model.problems import Location, Problem, Severity

_DIGITS = re.compile(r"[0-9]+")
# Beyond so many names the closest one is not looked for: it takes a tenth of a second.
_MAX_CLOSE = 20_000
_MAX_NAMED = 12
_SPELLED_ALIKE = 0.85


class CrossChecks:
    """What is wrong with specs in the light of the others.

    Args:
        relations: Everything known of tables.
    """

    def __init__(self, relations: Relations) -> None:
        self._relations = relations
        self._close: dict[str, str | None] = {}

    def of(self, facts: SpecFacts) -> Iterator[Problem]:
        """The findings about one spec."""
        own = {facts.name.lower(), *(name.lower() for name in facts.writes)}
        for read in facts.reads:
            if read.name.lower() not in own:
                yield from self._table(facts, read)
        for use in facts.columns:
            yield from self._column(facts, use)
        yield from _self_reads(facts)
        yield from self._schema(facts)
        yield from self._dependencies(facts, own)

    def _table(self, facts: SpecFacts, read: TableRead) -> Iterator[Problem]:
        if self._relations.resolve(read.name) is not None:
            return
        schema = read.name.lower().rpartition(".")[0]
        if not schema:
            return
        place = facts.locate(read.spot)
        close = self._close_to(read.name.lower(), schema)
        if schema in self._relations.complete:
            yield _problem(
                ErrorCode.TABLE_NOT_FOUND,
                f"There is no table {read.name!r}",
                place,
                f"Did you mean {close!r}?"
                if close
                else "Correct the name, or add the table to schema.yaml.",
            )
        elif close is not None:
            yield _problem(
                ErrorCode.TABLE_NOT_FOUND,
                f"No spec builds the table {read.name!r}, and none describes it",
                place,
                f"Did you mean {close!r}? Else describe the table in schema.yaml.",
                Severity.WARNING,
            )

    def _close_to(self, name: str, schema: str) -> str | None:
        """A known table of the same schema that is spelled nearly so, digits aside."""
        if name not in self._close:
            known = self._relations.names_in(schema)
            bare = _DIGITS.sub("", name)
            near = [
                one
                for one in known[:_MAX_CLOSE]
                if abs(len(one) - len(name)) <= 2 and _DIGITS.sub("", one) != bare
            ]
            self._close[name] = closest(name, near, _SPELLED_ALIKE)
        return self._close[name]

    def _column(self, facts: SpecFacts, use: ColumnUse) -> Iterator[Problem]:
        names: list[str] = []
        for number in use.tables:
            columns = self._relations.columns(facts.reads[number].name)
            if columns is None:
                return
            names.extend(one.name for one in columns)
        lower = {name.lower() for name in names}
        if use.column in lower or use.column.lower() in lower:
            return
        tables = " and ".join(repr(facts.reads[number].name) for number in use.tables)
        yield _problem(
            ErrorCode.COLUMN_UNKNOWN,
            f"{tables} {'has' if len(use.tables) == 1 else 'have'} no column {use.column!r}",
            facts.locate(use.spot),
            did_you_mean(use.column, names) or f"There are {_listed(list(dict.fromkeys(names)))}.",
        )

    def _schema(self, facts: SpecFacts) -> Iterator[Problem]:
        if not facts.declared or facts.outputs is None:
            return
        given = self._relations.given(facts)
        for output in facts.outputs:
            if output.is_star:
                yield self._star(facts, facts.locate(output.spot), given)
        if given is None:
            return
        made = {column.name.lower(): column for column in given if column.name}
        if len(made) < len(given):
            return  # a column without a name, or two of one name: positions decide
        for declared in facts.declared:
            yield from _declared(facts, declared, made)
        known = {one.name.lower() for one in facts.declared}
        for output in facts.outputs:
            if not output.is_star and output.name.lower() not in known:
                yield _problem(
                    ErrorCode.SCHEMA_MISMATCH,
                    f"The column {output.name!r} is not in the spec's 'schema:'",
                    facts.locate(output.spot),
                    did_you_mean(output.name, [one.name for one in facts.declared])
                    or f"Add it to 'schema:': - {{name: {output.name}}}.",
                    Severity.WARNING,
                )

    def _star(self, facts: SpecFacts, place: Location, given: Sequence[Column] | None) -> Problem:
        names = [column.name for column in given or ()] or [one.name for one in facts.declared]
        return _problem(
            ErrorCode.STAR_INTO_SCHEMA,
            "SELECT * fills a table whose columns 'schema:' fixes",
            place,
            f"Write the columns: {_listed(names)}.",
            Severity.WARNING,
        )

    def _dependencies(self, facts: SpecFacts, own: set[str]) -> Iterator[Problem]:
        if facts.depends_on is None or facts.unchecked or _is_unread(facts):
            return
        resolve = self._relations.resolve
        named = {resolve(one.name) or one.name.lower() for one in facts.depends_on}
        read = {resolve(one.name) or one.name.lower() for one in facts.reads}
        used = read | {name.lower() for name in facts.metrics}
        for one in facts.depends_on:
            if (resolve(one.name) or one.name.lower()) not in used:
                yield _problem(
                    ErrorCode.DEPENDENCY_MISMATCH,
                    f"depends_on names {one.name!r}, which the SQL does not read",
                    facts.locate(one.spot),
                    did_you_mean(one.name, [table.name for table in facts.reads])
                    or "Remove it from depends_on, or read it.",
                    Severity.WARNING,
                )
        for table in facts.reads:
            name = self._relations.spec_name(table.name)
            if name is not None and name.lower() not in named | own:
                yield _problem(
                    ErrorCode.DEPENDENCY_MISMATCH,
                    f"The SQL reads {name!r}, which depends_on does not name",
                    facts.locate(table.spot),
                    f"Add {name} to depends_on.",
                    Severity.WARNING,
                )


def _self_reads(facts: SpecFacts) -> Iterator[Problem]:
    """A SELECT over its own table; a statement that writes may read what stood there before."""
    if facts.is_metric or facts.writes or not facts.builds:
        return
    for read in facts.reads:
        if read.name.lower() == facts.name.lower():
            yield _problem(
                ErrorCode.LINEAGE_CYCLE_DETECTED,
                f"The dataset reads its own table: {facts.name} → {facts.name}",
                facts.locate(read.spot),
                "Read another table, or write into it with query_type: DML.",
            )


def _is_unread(facts: SpecFacts) -> bool:
    """Whether the SQL is broken, so that what it reads is not all known."""
    errors = {ErrorCode.SQL_SYNTAX_ERROR, ErrorCode.TEMPLATE_FORBIDDEN, ErrorCode.TABLE_NOT_FOUND}
    broken = {*errors, ErrorCode.PARAMETER_INVALID, ErrorCode.TRANSPILE_FAILED}
    return any(problem.code in broken for problem in facts.problems)


def _declared(facts: SpecFacts, declared: Declared, made: dict[str, Column]) -> Iterator[Problem]:
    column = made.get(declared.name.lower())
    place = facts.locate(declared.spot)
    if column is None:
        yield _problem(
            ErrorCode.SCHEMA_MISMATCH,
            f"'schema:' declares the column {declared.name!r}, which the SQL does not give",
            place,
            did_you_mean(declared.name, [one.name for one in made.values()])
            or f"The SQL gives {_listed([one.name for one in made.values()])}.",
        )
        return
    if not declared.type or not column.type:
        return
    verdict = fit(column.type, declared.type)
    if verdict is not Fit.FITS:
        yield _problem(
            ErrorCode.SCHEMA_MISMATCH,
            f"'schema:' declares {declared.name!r} as {declared.type}, "
            f"and the SQL gives {column.type}",
            place,
            f"Write CAST(... AS {declared.type}), or declare {column.type.lower()}.",
            Severity.ERROR if verdict is Fit.DIFFERS else Severity.WARNING,
        )


def _listed(names: Sequence[str]) -> str:
    more = ", ..." if len(names) > _MAX_NAMED else ""
    return ", ".join(names[:_MAX_NAMED]) + more


def _problem(
    code: ErrorCode,
    message: str,
    place: Location,
    fix: str,
    severity: Severity = Severity.ERROR,
) -> Problem:
    return Problem(code=code, message=message, location=place, fix=fix, severity=severity)

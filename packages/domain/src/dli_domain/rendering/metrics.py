"""METRIC(name): replaced by the aggregate of a measure that a metric spec declares.

Found in the syntax tree, so never in a string or a comment; any number in one statement. The
replacement is spliced into the text, so everything else stays as it was written.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from dli_domain.errors import ErrorCode, SqlError
from dli_domain.model.problems import Location
from dli_domain.model.spec import Measure, MeasureSpec, SqlSource
from dli_domain.rendering.parsing import parse
from dli_domain.rendering.rendered import RenderedSql, may_use_metric

_MAX_DEPTH = 20

_AGGREGATES: Mapping[str, str] = {
    "count": "COUNT({})",
    "count_distinct": "COUNT(DISTINCT {})",
    "sum": "SUM({})",
    "avg": "AVG({})",
    "min": "MIN({})",
    "max": "MAX({})",
}


# Raises SqlError for unknown and ambiguous names.
FindMeasure = Callable[[str], Measure]
RenderText = Callable[[SqlSource], RenderedSql]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricExpansion:
    """Expands METRIC() in rendered statements of one dialect.

    Args:
        find: Gives the measure of a name.
        render: Renders a measure's own template texts.
        dialect: The dialect of the statement and of the measures.
    """

    find: FindMeasure
    render: RenderText
    dialect: str

    def __call__(self, sql: RenderedSql) -> RenderedSql:
        """`sql` without METRIC().

        Raises:
            SqlError: a name is unknown, ambiguous or cyclic (DLI-301, DLI-902), with its place.
        """
        return self._expanded(sql, ())

    def _expanded(self, sql: RenderedSql, above: tuple[str, ...]) -> RenderedSql:
        if not may_use_metric(sql.text):
            return sql
        for start, end, name in reversed(list(self._uses(sql))):
            place = sql.locate_offset(start)
            try:
                measure = self.find(name)
            except SqlError as error:
                raise error.located(place) from None
            _refuse_cycle(measure.full_name, above, place)
            sql = sql.spliced(start, end, self._aggregate(measure, above))
        return sql

    def _aggregate(self, measure: Measure, above: tuple[str, ...]) -> str:
        inner = (*above, measure.full_name)
        spec = measure.spec
        expression = self._text(spec.expression, spec, inner)
        conditions = [self._text(text, spec, inner) for text in spec.filters]
        if conditions:
            joined = conditions[0] if len(conditions) == 1 else _all_of(conditions)
            chosen = "1" if expression.strip() == "*" else expression
            expression = f"CASE WHEN {joined} THEN {chosen} END"
        return _AGGREGATES[spec.aggregation].format(expression)

    def _text(self, text: str, spec: MeasureSpec, above: tuple[str, ...]) -> str:
        source = SqlSource(text=text, origin=spec.location or Location("metric"), exact=False)
        return self._expanded(self.render(source), above).text.strip()

    def _uses(self, sql: RenderedSql) -> Iterator[tuple[int, int, str]]:
        """Each use as (start, end, name), by the tokens and agreed to by the tree."""
        parsed = parse(_selectable(sql), self.dialect)
        shift = len(_selectable(sql).text) - len(sql.text)
        in_tree = {
            node.meta["start"]
            for tree in parsed.statements
            for node in tree.find_all(exp.Anonymous)
            if str(node.this).upper() == "METRIC"
        }
        tokens = parsed.tokens
        for index, token in enumerate(tokens):
            if token.start not in in_tree or token.text.upper() != "METRIC":
                continue
            closing = next(
                i for i in range(index, len(tokens)) if tokens[i].token_type.name == "R_PAREN"
            )
            name = "".join(part.text for part in tokens[index + 2 : closing])
            yield token.start - shift, tokens[closing].end + 1 - shift, name


def _selectable(sql: RenderedSql) -> RenderedSql:
    """A measure's bare expression as a statement, so that it can be parsed."""
    if not sql.source.exact:
        return replace(sql, text="SELECT " + sql.text)
    return sql


def _all_of(conditions: list[str]) -> str:
    return " AND ".join(f"({condition})" for condition in conditions)


def _refuse_cycle(name: str, above: tuple[str, ...], place: Location | None) -> None:
    if name in above:
        circle = " → ".join((*above[above.index(name) :], name))
        raise SqlError(
            f"METRIC() goes in a circle: {circle}",
            code=ErrorCode.LINEAGE_CYCLE_DETECTED,
            location=place,
            hint="Break the circle in one of these measures.",
        )
    if len(above) >= _MAX_DEPTH:
        raise SqlError(
            f"METRIC() is nested more than {_MAX_DEPTH} deep: {' → '.join(above[:5])} ...",
            code=ErrorCode.TRANSPILE_FAILED,
            location=place,
        )

"""Whatever the value, a statement's syntax tree keeps the shape it has with any other value."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import duckdb
import pytest
import sqlglot
from hypothesis import example, given
from hypothesis import strategies as st
from sqlglot import exp

from dli_domain.errors import TemplateError
from dli_domain.model.problems import Location
from dli_domain.model.spec import SqlSource
from dli_domain.model.values import Identifier
from dli_domain.rendering.template import render_template

DIALECTS = ("bigquery", "duckdb", "trino")

# A value as parameters give it: any Unicode but NUL and half characters.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
HOSTILE = st.sampled_from(
    [
        "'",
        "''",
        "\\",
        "\\'",
        "' OR '1'='1",
        "x'; DROP TABLE t; --",
        "*/ DROP TABLE t /*",
        "\n; DELETE FROM t --",
        '"',
        "`",
        "'''",
        '"""',
        "$$",
        "{{ x }}",
        "\ue0000\ue001",
        "\u2028",
        "한글 ' 값",
        "${x}",
        "\r\n--",
        "\x1b[2J",
    ]
)
TEXTS = TEXT | HOSTILE | st.lists(HOSTILE, max_size=4).map("".join)

VALUES: Mapping[str, tuple[object, st.SearchStrategy[Any]]] = {
    "string": ("a", TEXTS),
    "integer": (1, st.integers(-(10**38) + 1, 10**38 - 1)),
    "float": (1.5, st.floats(allow_nan=False, allow_infinity=False)),
    "decimal": (
        Decimal("1.5"),
        st.decimals(
            allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=6
        ),
    ),
    "boolean": (True, st.booleans()),
    "date": (date(2025, 1, 1), st.dates()),
    "timestamp": (datetime(2025, 1, 1), st.datetimes()),  # noqa: DTZ001 - without a zone
    "zoned timestamp": (
        datetime(2025, 1, 1, tzinfo=UTC),
        st.datetimes(
            timezones=st.integers(-840, 840).map(lambda m: timezone(timedelta(minutes=m)))
        ),
    ),
}

BARE = [
    "SELECT a FROM t WHERE a = {{ x }} AND b > 1",
    "SELECT a FROM t WHERE a={{x}}",
    "SELECT coalesce({{ x }}, a), {{ x }} AS y FROM t",
    "SELECT CASE WHEN a = {{ x }} THEN 1 ELSE 2 END FROM t",
]
QUOTED = [
    "SELECT a FROM t WHERE a = '{{ x }}' AND b > 1",
    "SELECT a FROM t WHERE a LIKE '%{{ x }}%' -- {{ x }}\n AND c = '{{ x }}{{ x }}'",
    "/* {{ x }} */ SELECT '{{ x }}' || 'b' FROM t",
]
BIGQUERY_QUOTED = [
    'SELECT a FROM t WHERE a = "{{ x }}" # {{ x }}\n AND b = 1',
    "SELECT '''{{ x }}''', \"\"\"{{ x }}\"\"\" FROM t",
]
ARITHMETIC = ["SELECT a-{{ x }}, {{ x }}-1, a*{{ x }} FROM t", "SELECT -{{ x }} FROM t"]


def sql(template: str, dialect: str, **names: object) -> str:
    source = SqlSource(text=template, origin=Location("query.sql"))
    return render_template(source, names, dialect).text


def shape(text: str, dialect: str) -> object:
    return [_shape(tree) for tree in sqlglot.parse(text, read=dialect) if tree is not None]


def _shape(node: exp.Expr) -> object:
    if isinstance(node, exp.Paren) and isinstance(node.this, exp.Neg):
        node = node.this.this  # our form of a negative number is (-1)
    if isinstance(node, exp.Literal):
        return "text" if node.is_string else "number"
    if isinstance(node, exp.Boolean):
        return "boolean"
    children = [_shape(child) for child in node.iter_expressions()]
    if isinstance(node, exp.DataType):
        return ("type", str(node.this))
    return (type(node).__name__, children)


def cases() -> list[Any]:
    found = []
    for dialect in DIALECTS:
        for kind in VALUES:
            templates = BARE + QUOTED
            if dialect == "bigquery":
                templates = templates + BIGQUERY_QUOTED
            if kind in ("integer", "float", "decimal"):
                templates = templates + ARITHMETIC
            found.append(pytest.param(dialect, kind, templates, id=f"{dialect}-{kind}"))
    return found


@pytest.mark.parametrize(("dialect", "kind", "templates"), cases())
@given(data=st.data())
def test_a_value_of_any_type_keeps_the_shape(
    dialect: str, kind: str, templates: list[str], data: st.DataObject
) -> None:
    harmless, values = VALUES[kind]
    value = data.draw(values)
    template = ";\n".join(templates)
    assert shape(sql(template, dialect, x=value), dialect) == shape(
        sql(template, dialect, x=harmless), dialect
    )


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "template",
    [
        "SELECT a FROM t WHERE a IN {{ x }}",
        "SELECT a FROM t WHERE a IN ({{ x }})",
        "SELECT a FROM t WHERE a IN ({{ x | join(', ') }}) AND b = 1",
        "SELECT a FROM t WHERE a IN ('{{ x | join(\"','\") }}')",
    ],
)
@given(values=st.lists(TEXTS, min_size=1, max_size=4))
def test_a_list_stays_a_list_of_its_length(dialect: str, template: str, values: list[str]) -> None:
    assert shape(sql(template, dialect, x=tuple(values)), dialect) == shape(
        sql(template, dialect, x=("a",) * len(values)), dialect
    )


@pytest.mark.parametrize("dialect", DIALECTS)
@given(first=TEXTS, second=TEXTS)
@example(first="a", second="SELECT")
def test_an_identifier_is_one_name_or_is_refused(dialect: str, first: str, second: str) -> None:
    template = "SELECT {{ c }}, t.{{ c }} AS {{ c }} FROM {{ t }} AS t JOIN {{ t }}_x ON true"
    try:
        names = {"c": Identifier.parse(first), "t": Identifier.parse(second)}
    except ValueError:
        return
    try:
        text = sql(template, dialect, **names)
    except TemplateError as error:
        assert "piece of a name" in error.message  # noqa: PT017 - only some identifiers glue
        return
    parts = len(names["t"].parts)
    harmless = {
        "c": Identifier(".".join(["a"] * len(names["c"].parts))),
        "t": Identifier(".".join(["b"] * parts)),
    }
    assert shape(text, dialect) == shape(sql(template, dialect, **harmless), dialect)


@given(value=TEXTS)
def test_the_engine_itself_sees_one_tree_and_the_very_value(value: str) -> None:
    template = "SELECT '{{ x }}' AS quoted, {{ x }} AS bare -- {{ x }}\n, /* {{ x }} */ 1 AS one"
    connection = duckdb.connect()
    try:
        text = sql(template, "duckdb", x=value)
        assert connection.execute(text).fetchall() == [(value, value, 1)]
        tree = connection.execute("SELECT json_serialize_sql($sql)", {"sql": text}).fetchone()
        plain = sql(template, "duckdb", x="a")
        other = connection.execute("SELECT json_serialize_sql($sql)", {"sql": plain}).fetchone()
    finally:
        connection.close()
    assert tree is not None
    assert other is not None
    assert _without_values(json.loads(tree[0])) == _without_values(json.loads(other[0]))


def _without_values(node: object) -> object:
    if isinstance(node, dict):
        return {
            k: _without_values(v) for k, v in node.items() if k != "text" and "location" not in k
        }
    if isinstance(node, list):
        return [_without_values(item) for item in node]
    return node


@given(
    number=st.integers(-(10**15), 10**15),
    real=st.floats(allow_nan=False, allow_infinity=False),
    exact=st.decimals(min_value=-(10**9), max_value=10**9, places=4),
    day=st.dates(),
    moment=st.datetimes(),
)
def test_the_engine_gets_the_very_value_of_every_type(
    number: int, real: float, exact: Decimal, day: date, moment: datetime
) -> None:
    text = sql(
        "SELECT {{ n }}, {{ r }}, {{ e }}, {{ d }}, {{ m }}, DATE '{{ d }}', TIMESTAMP '{{ m }}'",
        "duckdb",
        n=number,
        r=real,
        e=exact,
        d=day,
        m=moment,
    )
    connection = duckdb.connect()
    try:
        row = connection.execute(text).fetchone()
    finally:
        connection.close()
    assert row == (number, real, exact, day, moment, day, moment)

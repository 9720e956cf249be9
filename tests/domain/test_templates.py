"""What templates may do, what they make, and where their errors point."""

from datetime import date

import pytest

from dli_domain.errors import DliError, ErrorCode, ParameterError, TemplateError
from dli_domain.model.names import ResourceName
from dli_domain.model.problems import Location
from dli_domain.model.spec import SqlSource
from dli_domain.model.values import Identifier
from dli_domain.rendering.functions import TemplateNames
from dli_domain.rendering.rendered import RenderedSql
from dli_domain.rendering.template import render_template

NAMES = TemplateNames(
    execution_date=date(2025, 3, 1),
    ref=ResourceName.parse,
    variables={"country": "KR", "limit": 5},
    env={"TEAM": "shop"},
).all()


def render(text: str, dialect: str = "duckdb", **values: object) -> RenderedSql:
    return render_template(
        SqlSource(text=text, origin=Location("q.sql")), {**NAMES, **values}, dialect
    )


def failure(text: str, dialect: str = "duckdb", **values: object) -> DliError:
    with pytest.raises(DliError) as info:
        render(text, dialect, **values)
    return info.value


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("SELECT '{{ ds }}'", "SELECT '2025-03-01'"),
        ("SELECT {{ ds }}", "SELECT DATE '2025-03-01'"),
        ("SELECT DATE {{ ds }}", "SELECT DATE '2025-03-01'"),
        ("SELECT DATE '{{ yesterday_ds }}'", "SELECT DATE '2025-02-28'"),
        ("SELECT * FROM e_{{ ds_nodash }}", "SELECT * FROM e_20250301"),
        ("SELECT '{{ week_start_ds }} {{ month_start_ds }}'", "SELECT '2025-02-24 2025-03-01'"),
        ("SELECT {{ year }}, {{ month }}, {{ day }}", "SELECT 2025, 3, 1"),
        ("SELECT '{{ date_add(ds, 7) }}', '{{ date_sub(ds, 1) }}'", "SELECT '2025-03-08', '2025-02-28'"),
        ("SELECT * FROM {{ ref('a.b.c') }}", 'SELECT * FROM "a"."b"."c"'),
        ("SELECT * FROM {{ source('raw', 'x') }}", 'SELECT * FROM "raw"."x"'),
        ("SELECT {{ var('country') }}, {{ var('limit') }}, {{ var('no', 1) }}", "SELECT 'KR', 5, 1"),
        ("SELECT '{{ env_var('TEAM') }}'", "SELECT 'shop'"),
        ("{% set d = date_sub(ds, 2) %}SELECT '{{ d }}'", "SELECT '2025-02-27'"),
        ("{% set w %}a = {{ 'x' }}{% endset %}SELECT {{ w }}", "SELECT a = x"),
        (
            ("SELECT {% for c in ['a', 'b'] %}sum({{ c }}) AS s_{{ c }}{{ ', ' if not loop.last }}"
            "{% endfor %} FROM t"),
            "SELECT sum(a) AS s_a, sum(b) AS s_b FROM t",
        ),
        (
            ("{% macro since(c, n) %}{{ c }} >= {{ date_sub(ds, n) }}{% endmacro %}"
            "SELECT 1 WHERE {{ since('dt', 3) }}"),
            "SELECT 1 WHERE dt >= DATE '2025-02-26'",
        ),
        ("SELECT {{ execution_date.strftime('%Y') }}, '{{ ds | replace('-', '/') }}'", "SELECT 2025, '2025/03/01'"),
        ("SELECT t_{{ ds | replace('-', '') }}", "SELECT t_20250301"),
        ("SELECT 1 WHERE x IN {{ [1, 2] }} AND y IN ({{ [1, 2] }})", "SELECT 1 WHERE x IN (1, 2) AND y IN (1, 2)"),
        ("SELECT 1 WHERE x IN {{ [] | sql_list }}", "SELECT 1 WHERE x IN (NULL)"),
        ("SELECT {{ 'a.b' | sql_identifier }}", 'SELECT "a"."b"'),
        ("SELECT {{ none }}", "SELECT NULL"),
    ],
)  # fmt: skip
def test_templates_of_existing_specs_render(template: str, expected: str) -> None:
    assert render(template).text == expected


def test_a_value_is_escaped_inside_quotes_and_typed_where_it_stands_bare() -> None:
    text = render("SELECT '{{ x }}', {{ x }}, '%{{ x }}%'", x="o'b").text
    assert text == "SELECT 'o''b', 'o''b', '%o''b%'"


def test_bigquery_values_are_escaped_by_backslashes() -> None:
    text = render("SELECT '{{ x }}', \"{{ x }}\", {{ x }}", "bigquery", x="a'\"\\\n").text
    assert text == r"""SELECT 'a\'\"\\\n', "a\'\"\\\n", 'a\'\"\\\n'"""


def test_a_name_is_quoted_for_the_dialect() -> None:
    table = Identifier.parse("my-project.raw.events")
    assert (
        render("SELECT * FROM {{ t }}", t=table).text == 'SELECT * FROM "my-project"."raw"."events"'
    )
    assert render("SELECT * FROM {{ t }}", "bigquery", t=table).text == (
        "SELECT * FROM `my-project`.`raw`.`events`"
    )


def test_joined_values_are_each_placed_by_themselves() -> None:
    names = ("p", "q'; --")
    assert render("SELECT 1 WHERE x IN ({{ n | join(', ') }})", n=names).text == (
        "SELECT 1 WHERE x IN ('p', 'q''; --')"
    )
    assert render("SELECT 'a-{{ 'b-' ~ n[0] }}'", n=names).text == "SELECT 'a-b-p'"


@pytest.mark.parametrize(
    ("template", "value", "words"),
    [
        ("SELECT * FROM {{ x }}", "t", "a name must stand here"),
        ("SELECT 1 AS {{ x }}", "t", "a name must stand here"),
        ("SELECT * FROM raw.{{ x }}", "t", "a name must stand here"),
        ("SELECT * FROM t_{{ x }}", "a", "cannot be a piece of a name"),
        ('SELECT "{{ x }}"', "a", "cannot be a piece of a name"),
        ("SELECT e'{{ x }}'", "a", "cannot stand inside e'"),
        ("SELECT $$ {{ x }} $$", "a", "cannot stand inside $$"),
        ("SELECT '{{ x }}'", None, "a null cannot stand inside quotes"),
        ("SELECT '{{ x }}'", (1, 2), "cannot stand inside quotes"),
        ("SELECT 1 WHERE a IN {{ x }}", (), "an empty list has no SQL form"),
        ("SELECT {{ x }}", {"a": 1}, "a dict has no SQL literal"),
        ("SELECT {{ x }}'a'", "b", "cannot be a piece of a name"),
    ],
)  # fmt: skip
def test_a_value_that_has_no_form_there_is_refused_with_place_and_fix(
    template: str, value: object, words: str
) -> None:
    error = failure(template, x=value)
    assert isinstance(error, TemplateError)
    assert error.code == ErrorCode.TEMPLATE_FORBIDDEN
    assert words in error.message
    assert error.location == Location("q.sql", 1, template.index("{{") + 1)
    assert error.hint


def test_every_unplaceable_value_is_reported_in_one_pass() -> None:
    error = failure("SELECT * FROM {{ x }}\nJOIN {{ y }} ON true", x="a", y="b")
    assert [str(problem.location) for problem in error.problems] == ["q.sql:1:15", "q.sql:2:6"]


def test_an_unknown_name_is_an_error_at_its_place_also_in_a_branch_not_taken() -> None:
    error = failure("SELECT 1\n{% if false %}\n  , {{ contry }}\n{% endif %}", country="KR")
    assert isinstance(error, ParameterError)
    assert error.location == Location("q.sql", 3, 8)
    assert error.hint == "Did you mean 'country'?"


def test_a_default_makes_an_unknown_name_harmless() -> None:
    assert render("SELECT '{{ region | default('all') }}'").text == "SELECT 'all'"
    assert render("SELECT 1{% if region is defined %}, 2{% endif %}").text == "SELECT 1"


# The ways out of Jinja's sandbox that had a CVE, and their relatives (reliability row E7).
ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ x.__init__.__globals__ }}",
    "{{ '{0.__class__}'.format(x) }}",
    "{{ '{0.__class__}'.format_map({'0': x}) }}",
    "{{ 'a'|attr('format') }}",
    "{{ x|attr('__class__') }}",
    "{{ x['__class__'] }}",
    "{{ [x]|map(attribute='__class__')|list }}",
    "{{ [x]|map('upper')|list }}",
    "{{ [x]|selectattr('a')|list }}",
    "{{ [x]|groupby('a') }}",
    "{{ lipsum.__globals__ }}",
    "{{ lipsum(n=1000000) }}",
    "{{ cycler('a').__init__ }}",
    "{{ joiner() }}",
    "{{ namespace(a=1) }}",
    "{{ self._TemplateReference__context }}",
    "{{ self }}",
    "{{ range.__self__ }}",
    "{{ ref.__globals__ }}",
    "{{ ref }}",
    "{{ var.__self__ }}",
    "{{ loop }}",
    "{% for a in x.__class__.__mro__ %}{{ a }}{% endfor %}",
    "{% set a = x.__class__ %}{{ a }}",
    "{% with a = x.__class__ %}{{ a }}{% endwith %}",
    "{% macro m() %}{{ caller.__class__ }}{% endmacro %}{{ m.__globals__ }}",
    "{% call ref('a') %}x{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% include 'q.sql' %}",
    "{% import 'q.sql' as q %}",
    "{% from 'q.sql' import q %}",
    "{% extends 'q.sql' %}",
    "{% block a %}{% endblock %}",
    "{% autoescape true %}{{ x }}{% endautoescape %}",
    "{{ x|safe }}",
    "{{ x|e }}",
    "{{ x|forceescape }}",
    "{{ x|tojson }}",
    "{{ x|xmlattr }}",
    "{{ x|urlize }}",
    "{{ x|pprint }}",
    "{{ x|filesizeformat }}",
    "{{ x|wordwrap(1) }}",
    "{{ x|indent(10000) }}",
    "{{ x|center(100000000) }}",
    "{{ [1,2]|slice(1000000000)|list }}",
    "{{ [1,2]|batch(1000000000)|list }}",
    "{{ '%s' % x }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%1000000000d'|format(1) }}",
    "{{ '{:>1000000000}'.format(1) }}",
    "{{ 'a' * 1000000000 }}",
    "{{ [1] * 1000000000 }}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ range(*[1]) }}",
    "{{ dict(a=1) }}",
    "{{ x.encode() }}",
    "{{ x.join(['a']) }}",
    "{{ x.zfill(1000000000) }}",
    "{{ x.ljust(1000000000) }}",
    "{{ (x)() }}",
    "{{ [ref][0]('a') }}",
    "{{ _emit(x) }}",
    "{{ x|_written }}",
    "{{ x|_block }}",
]


@pytest.mark.parametrize("template", ESCAPES)
def test_a_template_cannot_leave_its_sandbox(template: str) -> None:
    error = failure(f"SELECT {template}", x="a")
    assert error.code in (
        ErrorCode.TEMPLATE_FORBIDDEN,
        ErrorCode.PARAMETER_INVALID,
        ErrorCode.SPEC_INVALID,
        ErrorCode.TABLE_NOT_FOUND,
    )
    assert error.location is not None
    for leak in ("object at 0x", "<class", "<function", "Undefined"):
        assert leak not in str(error)


BOMBS = [
    "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}",
    "{% for a in range(99999999) %}{% endfor %}",
    "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
    "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a + a %}" * 40 + "{{ a }}",
    "{% set a = [1,2,3,4] %}" + "{% set a = a + a %}" * 40 + "{{ a }}",
    "{% set a = 99999999 %}" + "{% set a = a * a %}" * 40 + "{{ a }}",
    "{% set a = 'xxxxxxxx' %}" + "{% set a = a.replace('x', a) %}" * 10 + "{{ a }}",
    "{% set a = 'xxxxxxxx' %}" + "{% set a = a | replace('', a) %}" * 10 + "{{ a }}",
    "{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}",
    "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    "{{ " + "(" * 20000 + "1" + ")" * 20000 + " }}",
    "{{ " + "[" * 20000 + "]" * 20000 + " }}",
    "{% if 1 %}" * 300 + "{% endif %}" * 300,
    "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "{% for a in [1,2] recursive %}{{ loop([1,2]) }}{% endfor %}",
    "{{ " + "1 + " * 30000 + "1 }}",
    "{{ range(9999) | join('x' * 10) }}",
]


@pytest.mark.parametrize("template", BOMBS, ids=range(len(BOMBS)))
@pytest.mark.timeout(20)
def test_a_template_bomb_is_refused(template: str) -> None:
    assert failure(f"SELECT {template}").code in (
        ErrorCode.TEMPLATE_FORBIDDEN,
        ErrorCode.SPEC_INVALID,
    )


def test_a_place_in_the_text_is_found_again_in_the_template() -> None:
    sql = render("SELECT a,\n  {{ n }} AS q, bad\nFROM {{ ref('a.b') }} WHERE c", n=-5)
    assert sql.text.splitlines()[1] == "  (-5) AS q, bad"
    assert sql.locate(2, 14) == Location("q.sql", 2, 17)
    assert sql.locate(2, 4) == Location("q.sql", 2, 3)
    assert sql.locate(3, 12) == Location("q.sql", 3, 6)
    assert sql.locate(3, len(sql.text.splitlines()[2])) == Location("q.sql", 3, 29)
    assert sql.locate(9, 1) is None


def test_blocks_and_loops_keep_the_places() -> None:
    sql = render(
        "{% if true %}\n  SELECT\n{% endif %}\n{% for c in ['a', 'b'] %}\n  {{ c }},\n{% endfor %}\n1"
    )
    offset = sql.text.index("b")
    assert sql.locate_offset(offset) == Location("q.sql", 5, 3)
    assert sql.locate_offset(sql.text.index("SELECT")) == Location("q.sql", 2, 3)
    assert sql.locate_offset(len(sql.text) - 1) == Location("q.sql", 7, 1)


def test_the_text_of_a_yaml_block_points_into_the_yaml_file() -> None:
    source = SqlSource(text="SELECT 1,\n  {{ 1 }} x", origin=Location("d.yaml", 10, 5), indent=4)
    sql = render_template(source, {}, "duckdb")
    assert sql.locate(1, 8) == Location("d.yaml", 10, 12)
    assert sql.locate(2, 5) == Location("d.yaml", 11, 15)


def test_windows_line_ends_do_not_move_places() -> None:
    assert render("SELECT 1,\r\n  {{ 1 }} x").locate(2, 5) == Location("q.sql", 2, 11)


def test_private_characters_and_nothing_at_all_are_refused() -> None:
    assert "private characters" in failure("SELECT '\ue000'").message
    assert "renders to nothing" in failure("{% if false %}SELECT 1{% endif %}").message


def test_an_unknown_dialect_names_the_known_ones() -> None:
    error = failure("SELECT 1", "oracle")
    assert error.code == ErrorCode.DIALECT_UNSUPPORTED
    assert "trino" in (error.hint or "")


def test_the_same_inputs_give_the_same_text() -> None:
    template = "SELECT {% for c in {'b': 1, 'a': 2}.items() %}'{{ c[0] }}',{% endfor %} {{ ds }}"
    assert render(template).text == render(template).text

"""What the fields of a spec become, and what is said of wrong ones."""

import pytest

from dli_domain.model.problems import Location
from dli_domain.model.spec import ParameterType, QueryType, ResourceKind
from tests.adapters.yaml_specs.conftest import HEAD, Project, findings

FULL = """\
# datasets/shop/dataset.lake.mart.orders_daily.yaml
name: lake.mart.orders_daily
owner: kim@example.com
team: "@shop-data"
type: Dataset
query_type: DML
description: 일별 주문
domains: [shop]
tags: [daily, 2025]
versions:
  - {version: 1.0, started_at: 2025-01-01, ended_at: 2025-02-01}
  - {version: v2, started_at: 2025-02-01, ended_at: null, description: now}
parameters:
  - {name: run_date, type: date, required: true}
  - {name: window_days, type: integer, required: false, default: 3, min: 1, max: 30}
  - {name: code, default: 007, enum: [007, 008]}
  - {name: countries, type: list, items: string, default: [KR, no]}
  - {name: note, required: false, default: null}
query_file: orders_daily.sql
pre_statements:
  - name: drop_day
    sql: DELETE FROM lake.mart.orders_daily WHERE d = DATE '{{ run_date }}'
  - name: load
    file: sql/load.sql
post_statements:
  - {name: stats, sql: ANALYZE lake.mart.orders_daily, continue_on_error: true}
depends_on: [lake.raw.orders]
schema:
  - {name: d, type: date, tests: [not_null]}
  - {name: order_cnt, type: bigint, description: orders}
execution: {timeout_seconds: 900, dialect: trino, retry_count: 0, retry_delay_seconds: 5}
schedule: {cron: "0 2 * * *", timezone: Asia/Seoul}
metadata: {tier: 1}
"""


def test_the_whole_dataset_of_the_reference_is_read(project: Project) -> None:
    folder = "datasets/shop"
    path = f"{folder}/dataset.lake.mart.orders_daily.yaml"
    project.write(path, FULL)
    project.write(f"{folder}/orders_daily.sql", "INSERT INTO x\nSELECT 1\n")
    project.write(f"{folder}/sql/load.sql", "\ufeffSELECT 2")
    spec = project.source().get("lake.mart.orders_daily")
    assert (spec.kind, spec.query_type) == (ResourceKind.DATASET, QueryType.DML)
    assert spec.location == Location(path, 2, 1)
    assert (spec.owner, spec.team, spec.description) == (
        "kim@example.com",
        "@shop-data",
        "일별 주문",
    )
    assert (spec.domains, spec.tags, spec.depends_on) == (
        ("shop",),
        ("daily", "2025"),
        ("lake.raw.orders",),
    )
    assert [(v.version, v.started_at, v.ended_at) for v in spec.versions] == [
        ("1.0", "2025-01-01", "2025-02-01"),
        ("v2", "2025-02-01", None),
    ]
    assert spec.sql.text == "INSERT INTO x\nSELECT 1\n"
    assert (spec.sql.origin, spec.sql.exact) == (Location(f"{folder}/orders_daily.sql"), True)
    assert [
        (s.name, s.continue_on_error) for s in (*spec.pre_statements, *spec.post_statements)
    ] == [
        ("drop_day", False),
        ("load", False),
        ("stats", True),
    ]
    assert spec.pre_statements[0].sql.origin == Location(path, 22, 10)
    assert spec.pre_statements[1].sql.text == "SELECT 2"
    assert [(c.name, c.type, c.description) for c in spec.columns] == [
        ("d", "date", ""),
        ("order_cnt", "bigint", "orders"),
    ]
    execution = spec.execution
    assert (execution.timeout_seconds, execution.dialect) == (900, "trino")
    assert (execution.retry_count, execution.retry_delay_seconds) == (0, 5)


def test_values_of_parameters_stay_as_written(project: Project) -> None:
    project.write("datasets/shop/orders_daily.sql", "SELECT 1")
    project.write("datasets/shop/sql/load.sql", "SELECT 1")
    project.write("datasets/shop/dataset.yaml", FULL)
    spec = project.source().get("lake.mart.orders_daily")
    run_date, window, code, countries, note = spec.parameters
    assert (run_date.type, run_date.required, run_date.has_default) == (
        ParameterType.DATE,
        True,
        False,
    )
    assert (window.default, window.min, window.max) == ("3", "1", "30")
    assert (code.type, code.default, code.enum) == (ParameterType.STRING, "007", ("007", "008"))
    assert (countries.items, countries.default) == (ParameterType.STRING, ("KR", "no"))
    assert (note.default, note.has_default) == (None, True)
    assert code.location == Location("datasets/shop/dataset.yaml", 16, 5)


def test_the_metric_of_the_reference_is_read(project: Project) -> None:
    spec = project.metric(
        "type: METRIC\nquery_type: SELECT\nquery_statement: SELECT 1\nmetrics:\n"
        "  - {name: buyers, aggregation: count_distinct, expression: user_id,\n"
        "     filters: [\"d = '{{ ds }}'\", x > 0]}\n"
        "dimensions:\n  - {name: d, type: time, expression: order_d}\n"
        "  - {name: c, expression: country}\n"
    )
    (measure,) = spec.measures
    assert (measure.name, measure.aggregation, measure.expression) == (
        "buyers",
        "count_distinct",
        "user_id",
    )
    assert measure.filters == ("d = '{{ ds }}'", "x > 0")
    assert measure.location == Location("metrics/metric.a.b.c.yaml", 8, 5)
    assert [(d.name, d.type) for d in spec.dimensions] == [("d", "time"), ("c", "categorical")]
    assert spec.query_type is QueryType.SELECT


def test_defaults_of_the_project_fill_the_gaps(project: Project) -> None:
    project.write("datasets/dataset.yaml", HEAD + "query_statement: SELECT 1\n")
    source = project.source(default_dialect="bigquery", default_timeout_seconds=77)
    execution = source.get("a.b.c").execution
    assert (execution.dialect, execution.timeout_seconds) == ("bigquery", 77)
    assert project.source().get("a.b.c").query_type is QueryType.DML
    project.write(
        "datasets/dataset.yaml", HEAD + "query_statement: x\nexecution: {dialect: DuckDB}"
    )
    execution = source.get("a.b.c").execution
    assert (execution.dialect, execution.timeout_seconds) == ("duckdb", 77)


def test_a_dataset_may_select(project: Project) -> None:
    spec = project.dataset("query_type: select\nquery_statement: SELECT 1\n")
    assert spec.query_type is QueryType.SELECT


def test_a_block_of_sql_is_placed_where_its_text_stands(project: Project) -> None:
    sql = project.dataset("query_statement: |\n    SELECT 1\n      FROM t\n").sql
    assert (str(sql.origin), sql.indent, sql.exact) == ("datasets/dataset.a.b.c.yaml:5:5", 4, True)
    sql = project.dataset("query_statement: >\n  SELECT 1\n  FROM t\n").sql
    assert (str(sql.origin), sql.exact) == ("datasets/dataset.a.b.c.yaml:4:18", False)


OK = "query_statement: SELECT 1\n"
WRONG = [
    ("", "the spec has neither 'query_statement' nor 'query_file'", 1),
    (OK + "query_file: x.sql\n", "the spec has both 'query_statement' and 'query_file'", 5),
    ("query_statement: '  '\n", "'query_statement' is empty", 4),
    ("query_statement:\n", "'query_statement' is empty", 4),
    ("query_statement: [x]\n", "'query_statement' must be a single value", 4),
    ("query_file:\n", "'query_file' is empty", 4),
    (OK + "query_type: UPDATE\n", "'query_type' must be one of SELECT, DML, not 'UPDATE'", 5),
    (OK + "type: View\n", "'type' must be one of dataset, metric, not 'View'", 5),
    (OK + "tags: daily\n", "'tags' must be a list, not 'daily'", 5),
    (OK + "tags: [a, {b: c}]\n", "'tags[2]' must be a text", 5),
    (OK + "owner_: x\n", "unknown key 'owner_'", 5),
    (OK + "schedule: daily\n", "'schedule' must be a map, not 'daily'", 5),
    (OK + "execution: {timeout_seconds: 0}\n", "must be a whole number, 1 or more, not '0'", 5),
    (OK + "execution: {timeout_seconds: 5m}\n", "must be a whole number, 1 or more, not '5m'", 5),
    (OK + "execution: {retry_count: true}\n", "'execution.retry_count' must be a whole number", 5),
    (OK + "versions:\n  - {version: 1, started_at: soon}\n", "must be a day, not 'soon'", 6),
    (OK + "pre_statements:\n  - sql: SELECT 1\n", "'pre_statements[1].name' is missing", 6),
    (OK + "pre_statements:\n  - name: x\n", "has neither 'sql' nor 'file'", 6),
    (OK + "pre_statements:\n  - {name: x, sql: a, file: b}\n", "has both 'sql' and 'file'", 6),
    (OK + "pre_statements: [SELECT 1]\n", "'pre_statements[1]' must be a map", 5),
    (
        OK + "pre_statements:\n  - {name: x, sql: a, continue_on_error: no}\n",
        "must be true or false, not 'no'",
        6,
    ),
    (OK + "metrics: []\n", "'metrics' belongs to a metric; this is a dataset", 5),
    (OK + "apiVersion: v1\n", "'apiVersion' belongs to another form of spec file", 5),
    (OK + "parameters:\n  - type: date\n", "'parameters[1].name' is missing", 6),
    (
        OK + "parameters:\n  - name: run-date\n",
        "must be letters, digits and '_', not 'run-date'",
        6,
    ),
    (OK + "parameters:\n  - {name: a}\n  - {name: a}\n", "stands twice: first on line 6", 7),
    (OK + "parameters:\n  - {name: a, type: int}\n", "must be one of string, integer", 6),
    (OK + "parameters:\n  - {name: a, items: date}\n", "belongs to type list, this is string", 6),
    (OK + "parameters:\n  - {name: a, type: list, items: list}\n", "must not be list", 6),
    (OK + "parameters:\n  - {name: a, default: {x: 1}}\n", "a value or a list of values", 6),
    (OK + "parameters:\n  - {name: a, type: list, default: [[1]]}\n", "default[1]' must be a", 6),
    (OK + "parameters:\n  - {name: a, enum: x}\n", "'parameters[1].enum' must be a list", 6),
    (OK + "parameters:\n  - {name: a, type: integer, default: x}\n", "'a'", 6),
    (OK + "schema:\n  - {type: date}\n", "'schema[1].name' is missing", 6),
    (OK + "schema:\n  - {name: d}\n  - {name: d}\n", "the name 'd' stands twice", 7),
]


@pytest.mark.parametrize(("body", "message", "line"), WRONG)
def test_a_wrong_field_is_told_with_its_place_and_a_fix(
    project: Project, body: str, message: str, line: int
) -> None:
    (problem,) = findings(lambda: project.dataset(body))
    assert message in problem.message
    assert problem.location is not None
    assert (problem.location.path, problem.location.line) == ("datasets/dataset.a.b.c.yaml", line)
    assert problem.code == "DLI-203"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("query_type: DML\n", "a metric's 'query_type' must be SELECT"),
        ("pre_statements: []\n", "'pre_statements' belongs to a dataset; this is a metric"),
        ("metrics:\n  - {name: a, aggregation: median, expression: x}\n", "must be one of count"),
        ("metrics:\n  - {name: a, expression: x}\n", "'metrics[1].aggregation' is missing"),
        ("metrics:\n  - {name: a, aggregation: sum}\n", "'metrics[1].expression' is missing"),
        ("dimensions:\n  - {name: a, expression: x, type: day}\n", "one of categorical, time"),
    ],
)
def test_a_wrong_field_of_a_metric_is_told(project: Project, body: str, message: str) -> None:
    (problem,) = findings(lambda: project.metric(OK + body))
    assert message in problem.message


def test_everything_wrong_in_a_file_is_told_in_one_pass(project: Project) -> None:
    text = "name: a..b\nowner:\ntype: Dataset\ntagz: []\nparameters:\n  - {name: 1a, typ: x}\ntype: x\n"
    project.write("datasets/dataset.yaml", text)
    problems = project.source().list().problems
    assert [(p.location.line if p.location else 0, p.message) for p in problems] == [
        (7, "the key 'type' stands twice: on line 3 and on line 7"),
        (4, "unknown key 'tagz'"),
        (1, "'name': 'a..b' has an empty part"),
        (6, "unknown key 'parameters[1].typ'"),
        (6, "'parameters[1].name' must be letters, digits and '_', not '1a'"),
        (2, "'owner' is empty"),
        (1, "'team' is missing"),
        (1, "the spec has neither 'query_statement' nor 'query_file'"),
    ]
    assert all(problem.fix for problem in problems)


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "the file is empty"), ("- a\n", "a spec must be a map"), ("x", "a spec must be a map")],
)
def test_a_file_that_is_no_map_is_told(project: Project, text: str, message: str) -> None:
    project.write("datasets/dataset.a.b.c.yaml", text)
    (problem,) = findings(lambda: project.source().get("a.b.c"))
    assert message in problem.message


# Row E14, and names that look alike.
@pytest.mark.parametrize(
    "name",
    ["../x", "a/b", ".", "..", "", "a..b", "'a\\b'", "a b", "/etc/passwd", "a:b", "a.b\u0301"],
)
def test_a_name_that_is_none_is_refused(project: Project, name: str) -> None:
    project.write("datasets/dataset.yaml", HEAD.replace("a.b.c", name) + OK)
    (problem,) = project.source().list().problems
    assert problem.code == "DLI-203"
    assert problem.location is not None
    assert (problem.location.path, problem.location.line) == ("datasets/dataset.yaml", 1)


def test_a_decomposed_name_is_no_second_resource(project: Project) -> None:
    composed, decomposed = "a.b.\uac00", "a.b.\u1100\u1161"
    project.write("datasets/1/dataset.yaml", HEAD.replace("a.b.c", composed) + OK)
    project.write("datasets/2/dataset.yaml", HEAD.replace("a.b.c", decomposed) + OK)
    listing = project.source().list()
    assert [str(spec.name) for spec in listing.specs] == [composed]
    (problem,) = listing.problems
    assert "NFD" in problem.message


def test_a_decomposed_file_name_is_found_by_the_composed_name(project: Project) -> None:
    project.write(
        "datasets/dataset.a.b.\u1100\u1161.yaml", HEAD.replace("a.b.c", "a.b.\uac00") + OK
    )
    assert str(project.source().get("a.b.\uac00").name) == "a.b.\uac00"

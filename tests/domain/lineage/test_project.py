"""The lineage of projects: graph, columns across specs, circles, what is not known."""

from collections.abc import Sequence
from datetime import date

import pytest

from dli_adapters.memory.spec_source import MemorySpecSource
from dli_domain.errors import ErrorCode, ParameterError, SpecNotFoundError
from dli_domain.model.lineage import LineageView, Making, NodeType
from dli_domain.model.spec import (
    ColumnSpec,
    ParameterSpec,
    ParameterType,
    ResourceKind,
    ResourceSpec,
    StatementSpec,
)
from dli_domain.usecases.trace_lineage import TraceLineage
from tests.domain.specs import measure, metric, renderer, resource, sql_source


def trace(*specs: ResourceSpec) -> TraceLineage:
    return TraceLineage(render=renderer(*specs))


def edges(view: LineageView) -> set[str]:
    return {f"{edge.source} -> {edge.target}" for edge in view.edges}


def ways(view: LineageView, target: str) -> set[str]:
    """`making source.column -> column` of every column edge into `target`."""
    return {
        f"{e.making} {e.source}.{e.source_column} -> {e.target_column}"
        + (f" {','.join(e.clauses)}" if e.clauses else "")
        for e in view.column_edges
        if e.target == target
    }


CLICKS = resource("lake.stage.clicks", "SELECT user_id, at AS day, cost FROM raw.clicks")
DAILY = resource(
    "lake.mart.daily", "SELECT day, sum(cost) AS cost FROM lake.stage.clicks GROUP BY day"
)
REPORT = resource("lake.mart.report", "SELECT * FROM {{ ref('daily') }}")


def test_a_chain_is_followed_both_ways_with_signed_depths() -> None:
    view = trace(CLICKS, DAILY, REPORT)("lake.mart.daily")
    assert [(node.depth, node.name) for node in view.nodes] == [
        (-2, "raw.clicks"),
        (-1, "lake.stage.clicks"),
        (0, "lake.mart.daily"),
        (1, "lake.mart.report"),
    ]
    assert view.node("raw.clicks").type is NodeType.EXTERNAL
    assert edges(view) == {
        "raw.clicks -> lake.stage.clicks",
        "lake.stage.clicks -> lake.mart.daily",
        "lake.mart.daily -> lake.mart.report",
    }


def test_a_depth_and_a_direction_bound_the_view() -> None:
    ask = trace(CLICKS, DAILY, REPORT)
    up = ask("lake.mart.report", downstream=False, depth=1)
    assert [node.name for node in up.nodes] == ["lake.mart.daily", "lake.mart.report"]
    down = ask("raw.clicks", upstream=False, depth=1)
    assert [node.name for node in down.nodes] == ["raw.clicks", "lake.stage.clicks"]


def test_a_star_is_expanded_by_what_the_upstream_spec_gives() -> None:
    view = trace(CLICKS, DAILY, REPORT)("lake.mart.report")
    report = view.node("lake.mart.report")
    assert [(c.name, c.making) for c in report.columns] == [
        ("day", Making.COPIED),
        ("cost", Making.COPIED),
    ]
    assert report.columns_known
    assert ways(view, "lake.mart.daily") == {
        "copied lake.stage.clicks.day -> day",
        "aggregated lake.stage.clicks.cost -> cost",
        "filter lake.stage.clicks.day -> None group",
    }


def test_a_column_keeps_its_paths_only_and_the_filters_on_them() -> None:
    view = trace(CLICKS, DAILY, REPORT)("lake.mart.report", column="COST")
    assert view.column == "cost"
    assert {f"{e.source}.{e.source_column} {e.making}" for e in view.column_edges} == {
        "raw.clicks.cost copied",
        "lake.stage.clicks.cost aggregated",
        "lake.stage.clicks.day filter",
        "lake.mart.daily.cost copied",
    }


def test_a_column_is_followed_downstream_from_an_external_table() -> None:
    view = trace(CLICKS, DAILY, REPORT)("raw.clicks", column="at")
    assert {f"{e.target}.{e.target_column}" for e in view.column_edges} == {
        "lake.stage.clicks.day",
        "lake.mart.daily.day",
        "lake.mart.daily.None",
        "lake.mart.report.day",
    }


@pytest.mark.parametrize(
    ("name", "column", "hint"),
    [("lake.mart.dayly", None, "lake.mart.daily"), ("lake.mart.daily", "kost", "cost")],
)
def test_an_unknown_name_is_refused_with_the_closest(
    name: str, column: str | None, hint: str
) -> None:
    with pytest.raises(SpecNotFoundError, match="DLI-103") as raised:
        trace(CLICKS, DAILY)(name, column=column)
    assert hint in str(raised.value.hint)


def test_circles_are_named_with_their_path() -> None:
    a = resource("m.s.a", "SELECT x FROM m.s.c")
    b = resource("m.s.b", "SELECT x FROM m.s.a")
    c = resource("m.s.c", "SELECT x FROM m.s.b")
    alone = resource("m.s.alone", "SELECT x FROM m.s.alone")
    view = trace(a, b, c, alone)()
    assert view.cycles == (("m.s.a", "m.s.b", "m.s.c", "m.s.a"), ("m.s.alone", "m.s.alone"))
    assert trace(a, b, c, alone)("m.s.alone").cycles == (("m.s.alone", "m.s.alone"),)


def test_a_change_of_ones_own_table_is_no_circle() -> None:
    text = "INSERT INTO m.s.t (k) SELECT max(k) + 1 FROM m.s.t"
    view = trace(resource("m.s.t", text))("m.s.t")
    assert view.cycles == ()
    assert ways(view, "m.s.t") == {"aggregated m.s.t.k -> k"}


def test_statements_before_the_main_one_make_its_tables() -> None:
    spec = resource(
        "shop.mart.sales",
        "INSERT INTO shop.mart.sales SELECT day, total FROM stage",
        pre_statements=(
            StatementSpec(
                name="table",
                sql=sql_source("CREATE TABLE IF NOT EXISTS shop.mart.sales (d DATE, amount INT)"),
            ),
            StatementSpec(
                name="stage",
                sql=sql_source(
                    "CREATE TEMP TABLE stage AS SELECT day, sum(a) AS total FROM raw.s GROUP BY day"
                ),
            ),
        ),
    )
    view = trace(spec)("shop.mart.sales")
    assert edges(view) == {"raw.s -> shop.mart.sales"}
    assert ways(view, "shop.mart.sales") == {
        "copied raw.s.day -> d",
        "aggregated raw.s.a -> amount",
        "filter raw.s.day -> None group",
    }
    assert [c.name for c in view.node("shop.mart.sales").columns] == ["d", "amount"]


def test_a_table_of_another_name_is_written_through_the_resource() -> None:
    job = resource("jobs.fill", "INSERT INTO lake.t (a) SELECT x FROM raw.r")
    reader = resource("m.s.reader", "SELECT * FROM lake.t")
    view = trace(job, reader)("lake.t")
    assert view.node("lake.t").type is NodeType.TABLE
    assert edges(view) == {"raw.r -> jobs.fill", "jobs.fill -> lake.t", "lake.t -> m.s.reader"}
    paths = trace(job, reader)("m.s.reader", column="a").column_edges
    assert {f"{e.source}.{e.source_column} -> {e.target}.{e.target_column}" for e in paths} == {
        "raw.r.x -> jobs.fill.a",
        "jobs.fill.a -> lake.t.a",
        "lake.t.a -> m.s.reader.a",
    }


def test_depends_on_adds_what_the_sql_does_not_say() -> None:
    spec = resource("m.s.a", "SELECT x FROM raw.t", depends_on=("raw.t", "raw.hidden", "m.s.b"))
    view = trace(spec, resource("m.s.b", "SELECT 1 AS x"))("m.s.a")
    assert {(e.source, e.declared) for e in view.edges} == {
        ("raw.t", False),
        ("raw.hidden", True),
        ("m.s.b", True),
    }


def test_a_metric_leads_to_where_its_measure_is_used() -> None:
    kpi = metric("kpi.sales", measure("revenue", "sum", "amount"), text="SELECT 1 AS one")
    use = resource("m.s.a", "SELECT METRIC(revenue) AS r FROM raw.orders")
    full = resource("m.s.b", "SELECT METRIC(kpi.sales.revenue) AS r FROM raw.orders")
    view = trace(kpi, use, full)()
    assert {(e.source, e.target) for e in view.edges if e.metric} == {
        ("kpi.sales", "m.s.a"),
        ("kpi.sales", "m.s.b"),
    }
    assert ways(view, "m.s.a") == {"aggregated raw.orders.amount -> r"}


def test_a_table_said_without_its_catalog_is_the_one_resource_it_can_be() -> None:
    one = resource("prod.mart.t", "SELECT 1 AS x")
    reader = resource("prod.mart.r", "SELECT x FROM mart.T")
    assert edges(trace(one, reader)()) == {"prod.mart.t -> prod.mart.r"}
    other = resource("dev.mart.t", "SELECT 1 AS x")
    assert edges(trace(one, other, reader)()) == {"mart.T -> prod.mart.r"}


def test_a_required_parameter_is_stood_in_for_and_named() -> None:
    parameters = (ParameterSpec(name="day", type=ParameterType.DATE),)
    spec = resource("m.s.a", "SELECT x FROM t WHERE d = {{ day }}", parameters=parameters)
    assert dict(trace(spec)("m.s.a").node("m.s.a").assumed) == {"day": "2000-01-01"}
    given = trace(spec)("m.s.a", parameters={"day": date(2025, 1, 1)})
    assert dict(given.node("m.s.a").assumed) == {}


def test_a_parameter_that_no_spec_declares_is_refused() -> None:
    with pytest.raises(ParameterError, match="dayy"):
        trace(CLICKS)("raw.clicks", parameters={"dayy": "2025-01-01"})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT {{ nothing }} FROM t", ErrorCode.PARAMETER_INVALID),
        ("SELECT FROM WHERE", ErrorCode.SQL_SYNTAX_ERROR),
        ("SELECT METRIC(nope) FROM t", ErrorCode.TRANSPILE_FAILED),
    ],
)
def test_a_spec_that_cannot_be_read_is_an_unknown_node_with_its_problem(
    text: str, code: ErrorCode
) -> None:
    broken = resource("m.s.broken", text, columns=(ColumnSpec(name="x", type="int"),))
    reader = resource("m.s.reader", "SELECT * FROM m.s.broken")
    view = trace(broken, reader)("m.s.reader")
    node = view.node("m.s.broken")
    assert node.is_unknown
    assert node.problem is not None
    assert node.problem.code == code
    assert not node.columns_known
    assert [problem.code for problem in view.problems] == [code]
    # what the spec declares is what is left to go by
    assert [(c.name, c.making) for c in node.columns] == [("x", Making.DECLARED)]
    assert ways(view, "m.s.reader") == {"copied m.s.broken.x -> x"}


def test_the_columns_of_an_unknown_table_stay_unknown() -> None:
    view = trace(resource("m.s.a", "SELECT *, b + 1 AS c FROM raw.t"))("m.s.a")
    assert not view.node("m.s.a").columns_known
    assert ways(view, "m.s.a") == {"computed raw.t.b -> c", "unknown raw.t.None -> None"}


def test_a_schema_that_somebody_knows_expands_a_star() -> None:
    known: dict[tuple[str, ...], Sequence[str]] = {("raw", "t"): ("a", "b")}
    ask = TraceLineage(
        render=renderer(resource("m.s.a", "SELECT * FROM raw.t")),
        schemas=known.get,
    )
    assert [column.name for column in ask("m.s.a").node("m.s.a").columns] == ["a", "b"]


def test_a_dataset_and_a_metric_of_one_name_are_two_nodes() -> None:
    dataset = resource("m.s.a", "SELECT 1 AS x")
    other = resource("m.s.a", "SELECT x FROM m.s.b", kind=ResourceKind.METRIC)
    view = TraceLineage(render=renderer(dataset, other, resource("m.s.b", "SELECT 2 AS x")))()
    assert {node.name for node in view.nodes} == {"m.s.a", "m.s.a (metric)", "m.s.b"}


def test_a_deep_chain_is_no_matter() -> None:
    specs = [resource("m.s.n0", "SELECT a FROM raw.t")]
    specs += [resource(f"m.s.n{n}", f"SELECT * FROM m.s.n{n - 1}") for n in range(1, 1500)]
    view = trace(*specs)("m.s.n1499", column="a", downstream=False)
    assert len(view.column_edges) == 1500
    assert MemorySpecSource(specs).names() is not None

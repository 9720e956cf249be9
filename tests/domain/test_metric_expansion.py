"""METRIC(name) becomes the aggregate of a declared measure."""

import pytest

from dli_domain.errors import ErrorCode, SqlError
from dli_domain.model.problems import Location
from dli_domain.model.spec import ParameterSpec, ResourceKind, ResourceSpec
from tests.domain.specs import measure, metric, renderer, resource

SALES = metric(
    "shop.kpi.sales",
    measure("revenue", "sum", "amount * quantity"),
    measure("buyers", "count_distinct", "user_id"),
    measure("paid", "count", "*", "status = 'paid'", "amount > {{ low }}"),
    measure("mean", "avg", "amount", "country = '{{ country }}'"),
)
COUNTRY = (
    ParameterSpec(name="country", has_default=True, default="KR"),
    ParameterSpec(name="low", has_default=True, default="x"),
)


def expanded(text: str, *specs: ResourceSpec) -> str:
    dataset = resource("shop.mart.d", text, parameters=COUNTRY)
    return renderer(*(specs or (SALES,)), dataset)(
        "shop.mart.d", ResourceKind.DATASET
    ).main.sql.text


def failure(text: str, *specs: ResourceSpec) -> SqlError:
    with pytest.raises(SqlError) as info:
        expanded(text, *specs)
    return info.value


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ("METRIC(shop.kpi.sales.revenue)", "SUM(amount * quantity)"),
        ("metric ( 'shop.kpi.sales.revenue' )", "SUM(amount * quantity)"),
        ('Metric("buyers")', "COUNT(DISTINCT user_id)"),
        ("METRIC(buyers)", "COUNT(DISTINCT user_id)"),
        ("METRIC(paid)", "COUNT(CASE WHEN (status = 'paid') AND (amount > 'x') THEN 1 END)"),
        ("METRIC(mean)", "AVG(CASE WHEN country = 'KR' THEN amount END)"),
    ],
)
def test_each_form_becomes_its_aggregate_with_its_filters(use: str, expected: str) -> None:
    assert expanded(f"SELECT {use} AS m FROM t") == f"SELECT {expected} AS m FROM t"


def test_any_number_in_one_statement_and_the_rest_stays_as_written() -> None:
    text = "SELECT  METRIC(revenue) /METRIC(buyers) AS a,\n\tMETRIC(revenue)   -- keep\nFROM t"
    assert expanded(text) == (
        "SELECT  SUM(amount * quantity) /COUNT(DISTINCT user_id) AS a,\n"
        "\tSUM(amount * quantity)   -- keep\nFROM t"
    )


def test_strings_comments_and_names_are_left_alone() -> None:
    text = (
        "SELECT 'METRIC(buyers)' AS a, \"METRIC(buyers)\" -- METRIC(buyers)\n"
        ", /* METRIC(buyers) */ symmetric(b), METRIC(buyers) FROM t"
    )
    assert expanded(text).count("METRIC(buyers)") == 4


def test_measures_may_build_on_measures() -> None:
    nested = metric(
        "a.b.m",
        measure("base", "sum", "x", "y > 0"),
        measure("top", "max", "METRIC(a.b.m.base) + METRIC('a.b.m.base')"),
    )
    inner = "SUM(CASE WHEN y > 0 THEN x END)"
    assert expanded("SELECT METRIC(top) FROM t", nested) == f"SELECT MAX({inner} + {inner}) FROM t"


def test_an_unknown_measure_is_an_error_with_its_line_and_a_guess() -> None:
    error = failure("SELECT 1,\n  METRIC(revenu) FROM t")
    assert error.code == ErrorCode.TRANSPILE_FAILED
    assert error.location == Location("shop.mart.d.sql", 2, 3)
    assert error.hint == "Did you mean 'revenue'?"
    assert failure("SELECT METRIC(shop.kpi.sales.byers)").hint == "Did you mean 'buyers'?"
    assert "no metric is named 'shop.kpi.sale'" in failure("SELECT METRIC(shop.kpi.sale.x)").message


def test_a_bare_name_that_two_metrics_declare_is_ambiguous() -> None:
    other = metric("shop.kpi.other", measure("revenue", "sum", "x"))
    error = failure("SELECT METRIC(revenue)", SALES, other)
    assert "shop.kpi.other.revenue or shop.kpi.sales.revenue" in error.message


def test_a_circle_is_named_with_its_path() -> None:
    circle = metric(
        "a.b.m",
        measure("x", "sum", "METRIC(a.b.m.y)"),
        measure("y", "sum", "METRIC(a.b.m.x)", line=9),
    )
    error = failure("SELECT METRIC(x)", circle)
    assert error.code == ErrorCode.LINEAGE_CYCLE_DETECTED
    assert "a.b.m.x → a.b.m.y → a.b.m.x" in error.message
    assert error.location is not None


def test_ten_thousand_measures_are_no_burden_and_a_long_chain_is_refused() -> None:
    many = metric("a.b.many", *(measure(f"m{i}", "sum", f"c{i}") for i in range(10_000)))
    assert expanded("SELECT METRIC(m9999) FROM t", many) == "SELECT SUM(c9999) FROM t"
    chain = metric(
        "a.b.chain", *(measure(f"m{i}", "sum", f"METRIC(a.b.chain.m{i + 1})") for i in range(2000))
    )
    assert "nested more than 20 deep" in failure("SELECT METRIC(m0)", chain).message


def test_places_after_an_expansion_still_point_into_the_template() -> None:
    dataset = resource("shop.mart.d", "SELECT METRIC(buyers), bad FROM t")
    sql = renderer(SALES, dataset)("shop.mart.d", ResourceKind.DATASET).main.sql
    assert sql.locate(1, sql.text.index("bad") + 1) == Location("shop.mart.d.sql", 1, 24)
    assert sql.locate(1, sql.text.index("user_id") + 1) == Location("shop.mart.d.sql", 1, 8)

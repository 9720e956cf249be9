"""Column lineage of a chain of specs, beside what sqlglot's own `lineage()` takes.

    uv run python benchmarks/lineage.py               # a chain of 1,000 specs
    uv run python benchmarks/lineage.py --specs 200

Both sides get the same parsed statements and the columns of the spec before. The library is asked
once for each output column, as its users do, and once for all columns together; it is asked
about every 20th spec only, and the figure is scaled. CPU seconds of this process.
"""

import argparse
import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.lineage import lineage

from dli_domain.lineage.columns import columns_of
from dli_domain.lineage.project import ProjectLineage
from dli_domain.lineage.resource import ResourceSql
from dli_domain.model.names import ResourceName
from dli_domain.model.problems import Location
from dli_domain.model.spec import QueryType, ResourceKind, ResourceSpec, SqlSource
from dli_domain.rendering.rendered import RenderedSql

SAMPLED = 20
COLUMNS = ("day", "shop", "orders", "revenue", "per_order", "best", "rank_in_day", "label")

# 41 lines, CTEs, a join with the chain's first table, windows, a star.
QUERY = """\
WITH recent AS (
    SELECT
        p.day,
        p.shop,
        p.orders,
        p.revenue,
        p.per_order,
        p.best,
        p.label
    FROM {before} AS p
    WHERE p.day >= DATE '2025-01-01'
      AND p.orders > 0
),
totals AS (
    SELECT
        r.day,
        r.shop,
        SUM(r.orders) AS orders,
        SUM(r.revenue) AS revenue,
        MAX(r.best) AS best,
        MIN(r.label) AS label
    FROM recent AS r
    LEFT JOIN lake.raw.shops AS s
        ON s.shop = r.shop
    WHERE s.closed IS NULL
    GROUP BY r.day, r.shop
),
ranked AS (
    SELECT
        t.*,
        t.revenue / NULLIF(t.orders, 0) AS per_order,
        ROW_NUMBER() OVER (PARTITION BY t.day ORDER BY t.revenue DESC) AS rank_in_day
    FROM totals AS t
)
SELECT
    day, shop, orders, revenue,
    CASE WHEN orders > 10 THEN per_order ELSE 0 END AS per_order,
    GREATEST(best, revenue) AS best,
    rank_in_day,
    UPPER(label) AS label
FROM ranked
WHERE rank_in_day <= 100
"""
RAW = {"day": "DATE"} | dict.fromkeys(COLUMNS[1:], "INT")


@dataclass(frozen=True, slots=True)
class Figure:
    """CPU seconds of one way, for the whole chain, and its limit beside another."""

    name: str
    seconds: float
    limit: float | None = None
    beside: str = ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--specs", type=int, default=1000)
    count = parser.parse_args().specs
    texts = [QUERY.format(before=name(number - 1)) for number in range(count)]
    trees: list[exp.Expr] = []
    parsing = cpu(lambda: trees.extend(sqlglot.parse_one(text, read="duckdb") for text in texts))
    figures = [
        Figure("parse", parsing),
        Figure("lineage() for each column", by_column(trees)),
        Figure("lineage() for all columns", all_columns(trees)),
        Figure("dli, columns of each statement", ours(trees), 0.02, "lineage() for each column"),
        Figure("the same", ours(trees), 0.05, "lineage() for all columns"),
        Figure("dli, the project, parsing too", project(texts), 2.0, "parse"),
    ]
    kept = True
    print(f"{'way':34} {'CPU s':>8} {'ms/spec':>8} {'ratio':>7} {'limit':>6}  beside")
    for figure in figures:
        base = next((one.seconds for one in figures if one.name == figure.beside), None)
        ratio = figure.seconds / base if base else None
        kept &= figure.limit is None or ratio is None or ratio <= figure.limit
        shown = f"{ratio:7.3f} {figure.limit:6.2f}" if ratio is not None else f"{'-':>7} {'-':>6}"
        each = figure.seconds / count * 1000
        print(f"{figure.name:34} {figure.seconds:8.2f} {each:8.2f} {shown}  {figure.beside}")
    print("within the limits" if kept else "OUTSIDE THE LIMITS")
    return 0 if kept else 1


def name(number: int) -> str:
    return f"lake.mart.step_{number}" if number >= 0 else "lake.raw.orders"


def schemas(parts: tuple[str, ...]) -> Sequence[str] | None:
    return ("shop", "closed") if parts[-1] == "shops" else COLUMNS


def ours(trees: Sequence[exp.Expr]) -> float:
    def run() -> None:
        for tree in trees:
            found = columns_of(tree, "duckdb", schemas)
            assert len(found.columns) == len(COLUMNS)

    return cpu(run)


def library_schema(number: int) -> dict[str, object]:
    tables = {"raw": {"orders": RAW, "shops": {"shop": "INT", "closed": "DATE"}}}
    return {"lake": {**tables, "mart": {f"step_{number - 1}": RAW}}}


def by_column(trees: Sequence[exp.Expr]) -> float:
    def run() -> None:
        for number in range(0, len(trees), SAMPLED):
            for column in COLUMNS:
                lineage(column, trees[number], library_schema(number), dialect="duckdb")

    return cpu(run) * scale(trees)


def all_columns(trees: Sequence[exp.Expr]) -> float:
    def run() -> None:
        for number in range(0, len(trees), SAMPLED):
            lineage(None, trees[number], library_schema(number), dialect="duckdb")

    return cpu(run) * scale(trees)


def scale(trees: Sequence[exp.Expr]) -> float:
    return len(trees) / len(range(0, len(trees), SAMPLED))


def project(texts: Sequence[str]) -> float:
    """Everything from rendered texts to the graph with its columns."""
    resources = []
    for number, text in enumerate(texts):
        source = SqlSource(text=text, origin=Location("q.sql"))
        spec = ResourceSpec(
            kind=ResourceKind.DATASET,
            name=ResourceName.parse(name(number)),
            owner="kim@example.com",
            team="@shop",
            query_type=QueryType.SELECT,
            sql=source,
            location=Location("q.yaml"),
        )
        rendered = RenderedSql(text=text, source=source)
        resources.append(ResourceSql(spec=spec, dialect="duckdb", statements=[rendered]))

    def run() -> None:
        built = ProjectLineage(resources, schemas=schemas)
        assert len(built.nodes) == len(texts) + 2
        assert not built.problems

    return cpu(run)


def cpu(run: Callable[[], object]) -> float:
    gc.collect()
    before = time.process_time()
    run()
    return time.process_time() - before


if __name__ == "__main__":
    raise SystemExit(main())

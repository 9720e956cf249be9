"""Views as the use case gives them, made by hand."""

from itertools import pairwise

from dli_domain.model.lineage import (
    ColumnEdge,
    LineageColumn,
    LineageEdge,
    LineageNode,
    LineageView,
    Making,
    NodeType,
)
from dli_domain.model.problems import Location, Problem

M = Making
RAW, CRM, ORDERS = "shop.raw.orders", "shop.raw.customers", "shop.staging.orders"
DAILY, REVENUE, BROKEN = "shop.marts.daily_sales", "shop.kpi.revenue", "shop.marts.forecast"


def columns(*named: str) -> tuple[LineageColumn, ...]:
    """`name making type`, the last two optional."""
    made = []
    for text in named:
        name, _, rest = text.partition(" ")
        making, _, kind = rest.partition(" ")
        made.append(LineageColumn(name=name, making=Making(making or "constant"), type=kind))
    return tuple(made)


def flow(source: str, target: str, making: Making, *clauses: str) -> ColumnEdge:
    """`table.column` to `table.column`; `table.*` is all of it, or some column of it."""

    def end(text: str) -> tuple[str, str | None]:
        table, _, column = text.rpartition(".")
        return table, None if column == "*" else column

    return ColumnEdge(
        source=end(source)[0],
        source_column=end(source)[1],
        target=end(target)[0],
        target_column=end(target)[1],
        making=making,
        clauses=clauses,
    )


def shop(root: str | None = DAILY, column: str | None = None) -> LineageView:
    """Two external tables, a staging table, a mart, a metric and a dataset that is broken."""
    return LineageView(
        root=root,
        column=column,
        nodes=(
            LineageNode(
                name=CRM, type=NodeType.EXTERNAL, depth=-2, columns=columns("id", "segment")
            ),
            LineageNode(
                name=RAW,
                type=NodeType.EXTERNAL,
                depth=-2,
                columns=columns("id", "customer_id", "amount", "ordered_at", "status"),
            ),
            LineageNode(
                name=ORDERS,
                type=NodeType.DATASET,
                depth=-1,
                owner="kim@example.com",
                team="@shop-data",
                description="주문 원장\n하나의 행이 하나의 주문",
                tags=("silver",),
                columns=columns(
                    "order_id copied INT64",
                    "day computed DATE",
                    "amount copied NUMERIC",
                    "segment copied STRING",
                ),
                location=Location("datasets/dataset.shop.staging.orders.yaml"),
            ),
            LineageNode(
                name=DAILY,
                type=NodeType.DATASET,
                owner="lee@example.com",
                team="@shop-data",
                description="Sales of each day",
                tags=("gold", "daily"),
                columns=columns(
                    "day copied DATE",
                    "segment copied STRING",
                    "orders aggregated INT64",
                    "sales aggregated NUMERIC",
                    "loaded_by constant STRING",
                ),
                location=Location("datasets/dataset.shop.marts.daily_sales.yaml"),
            ),
            LineageNode(
                name=REVENUE,
                type=NodeType.METRIC,
                depth=1,
                team="@finance",
                columns=columns("revenue aggregated", "share computed"),
                columns_known=False,
            ),
            LineageNode(
                name=BROKEN,
                type=NodeType.DATASET,
                depth=1,
                team="@science",
                columns_known=False,
                problem=Problem(
                    code="DLI-202",
                    message="the SQL does not parse: expecting )",
                    location=Location("datasets/forecast.sql", 3, 14),
                ),
            ),
        ),
        edges=(
            LineageEdge(source=CRM, target=ORDERS),
            LineageEdge(source=DAILY, target=BROKEN, declared=True),
            LineageEdge(source=DAILY, target=REVENUE),
            LineageEdge(source=ORDERS, target=DAILY),
            LineageEdge(source=ORDERS, target=REVENUE),
            LineageEdge(source=RAW, target=ORDERS),
        ),
        column_edges=SALES if column == "sales" else ALL,
        problems=(
            Problem(
                code="DLI-202",
                message="the SQL does not parse: expecting )",
                location=Location("datasets/forecast.sql", 3, 14),
            ),
        ),
    )


ALL = (
    flow(f"{RAW}.id", f"{ORDERS}.order_id", M.COPIED),
    flow(f"{RAW}.ordered_at", f"{ORDERS}.day", M.COMPUTED),
    flow(f"{RAW}.amount", f"{ORDERS}.amount", M.COPIED),
    flow(f"{CRM}.segment", f"{ORDERS}.segment", M.COPIED),
    flow(f"{CRM}.id", f"{ORDERS}.*", M.FILTER, "join"),
    flow(f"{RAW}.customer_id", f"{ORDERS}.*", M.FILTER, "join"),
    flow(f"{RAW}.status", f"{ORDERS}.*", M.FILTER, "where"),
    flow(f"{ORDERS}.day", f"{DAILY}.day", M.COPIED),
    flow(f"{ORDERS}.segment", f"{DAILY}.segment", M.COPIED),
    flow(f"{ORDERS}.order_id", f"{DAILY}.orders", M.AGGREGATED),
    flow(f"{ORDERS}.amount", f"{DAILY}.sales", M.AGGREGATED),
    flow(f"{ORDERS}.day", f"{DAILY}.*", M.FILTER, "group", "where"),
    flow(f"{ORDERS}.segment", f"{DAILY}.*", M.FILTER, "group"),
    flow(f"{DAILY}.sales", f"{REVENUE}.revenue", M.AGGREGATED),
    flow(f"{DAILY}.sales", f"{REVENUE}.share", M.COMPUTED),
    flow(f"{ORDERS}.amount", f"{REVENUE}.share", M.COMPUTED),
    flow(f"{DAILY}.day", f"{REVENUE}.*", M.FILTER, "where"),
)
SALES = (
    flow(f"{RAW}.amount", f"{ORDERS}.amount", M.COPIED),
    flow(f"{ORDERS}.amount", f"{DAILY}.sales", M.AGGREGATED),
    flow(f"{DAILY}.sales", f"{REVENUE}.revenue", M.AGGREGATED),
    flow(f"{DAILY}.sales", f"{REVENUE}.share", M.COMPUTED),
)


def circle() -> LineageView:
    """Three datasets that read each other in a ring."""
    names = ("a.one", "a.two", "a.three")
    return LineageView(
        root="a.one",
        nodes=tuple(
            LineageNode(name=name, type=NodeType.DATASET, columns=columns("x copied"))
            for name in names
        ),
        edges=(
            LineageEdge(source="a.one", target="a.two"),
            LineageEdge(source="a.three", target="a.one"),
            LineageEdge(source="a.two", target="a.three"),
        ),
        column_edges=(
            flow("a.one.x", "a.two.x", M.COPIED),
            flow("a.three.x", "a.one.x", M.COPIED),
            flow("a.two.x", "a.three.x", M.COPIED),
        ),
        cycles=(("a.one", "a.two", "a.three", "a.one"),),
    )


HOSTILE = (
    "</script><script>window.broken = 1</script>",
    '"><img src=x onerror="window.broken = 1">',
    "<!--<script>",
    "a.\u202eb\u2028'`${window.broken = 1}",
    "&lt;b&gt;&#x3c;",
    "\\u003cscript\\u003e\x1b[31m\x00",
    "] --> n0; click n0 javascript:alert(1)",
)


def hostile() -> LineageView:
    """Names, texts and columns that want to be more than text."""
    nodes = tuple(
        LineageNode(
            name=text,
            type=NodeType.DATASET if place else NodeType.EXTERNAL,
            depth=place,
            owner=text,
            team=text,
            description=text,
            tags=(text,),
            columns=(LineageColumn(name=text, making=Making.COPIED, type=text, description=text),),
            location=Location(text),
        )
        for place, text in enumerate(HOSTILE)
    )
    pairs = tuple(pairwise(HOSTILE))
    return LineageView(
        root=HOSTILE[0],
        nodes=nodes,
        edges=tuple(LineageEdge(source=a, target=b) for a, b in pairs),
        column_edges=tuple(
            ColumnEdge(source=a, source_column=a, target=b, target_column=b, making=Making.COPIED)
            for a, b in pairs
        ),
        problems=(Problem(code="DLI-202", message=HOSTILE[0], location=Location(HOSTILE[1])),),
    )


def large(count: int = 1000, width: int = 12) -> LineageView:
    """`count` datasets in layers, each reading up to three of the layer before; ten columns each."""
    names = [f"wh.layer_{n // width:03d}.model_{n:04d}" for n in range(count)]
    ends = [
        (n - width - n % width + (n * k + k) % width, n)
        for n in range(width, count)
        for k in (1, 3, 7)
    ]
    pairs = sorted(set(ends))
    return LineageView(
        root=names[count // 2],
        nodes=tuple(
            LineageNode(
                name=name,
                type=NodeType.DATASET if n >= width else NodeType.EXTERNAL,
                columns=columns(*(f"c{i} copied INT64" for i in range(10))),
            )
            for n, name in enumerate(names)
        ),
        edges=tuple(LineageEdge(source=names[a], target=names[b]) for a, b in pairs),
        column_edges=tuple(
            flow(f"{names[a]}.c{i}", f"{names[b]}.c{i}", M.COPIED)
            for a, b in pairs
            for i in range(10)
        ),
    )

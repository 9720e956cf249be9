"""Projects for the benchmarks: as many specs as asked for, a hundred in each folder."""

from pathlib import Path

DLI_YAML = "defaults: {dialect: duckdb}\nlocal: {engine: duckdb}\n"

_HEAD = """\
name: lake.mart.orders_%(number)d
owner: kim@example.com
team: "@shop-data"
type: Dataset
query_type: SELECT
description: Orders of one day, shop %(number)d
domains: [orders]
tags: [daily, shop-%(number)d]
parameters:
  - {name: run_date, type: date, required: false, default: "2025-01-01"}
  - {name: window_days, type: integer, required: false, default: 3, min: 1}
query_statement: |
"""
_SHORT_SQL = """\
  SELECT
      DATE '{{ run_date }}' AS d,
      %(number)d AS shop,
      count(*) AS orders
  FROM range({{ window_days }}) AS t(i)
schema:
  - {name: d, type: date}
  - {name: shop, type: integer}
  - {name: orders, type: bigint}
"""
# 41 lines of SQL: three CTEs, joins over two upstream specs, eight columns.
_LONG_SQL = """\
  WITH recent AS (
      SELECT
          o.shop_id,
          o.order_day,
          o.orders,
          o.revenue,
          o.customers
      FROM %(left)s AS o
      WHERE o.order_day >= DATE '{{ run_date }}' - INTERVAL '{{ window_days }}' DAY
        AND o.revenue IS NOT NULL
  ),
  other AS (
      SELECT
          p.shop_id,
          p.order_day,
          sum(p.orders) AS orders,
          sum(p.revenue) AS revenue
      FROM %(right)s AS p
      WHERE p.order_day <= DATE '{{ run_date }}'
      GROUP BY p.shop_id, p.order_day
  ),
  joined AS (
      SELECT
          recent.shop_id,
          recent.order_day,
          recent.orders + coalesce(other.orders, 0) AS orders,
          recent.revenue,
          other.revenue AS other_revenue,
          recent.customers
      FROM recent
      LEFT JOIN other
        ON recent.shop_id = other.shop_id AND recent.order_day = other.order_day
  )
  SELECT
      joined.shop_id,
      joined.order_day,
      sum(joined.orders) AS orders,
      sum(CASE WHEN joined.other_revenue > 0 THEN joined.revenue ELSE 0 END) AS revenue,
      max(joined.customers) AS customers,
      count(DISTINCT joined.order_day) AS days,
      upper('shop %(number)d') AS label,
      row_number() OVER (PARTITION BY joined.shop_id ORDER BY joined.order_day) AS place
  FROM joined
  GROUP BY joined.shop_id, joined.order_day
schema:
  - {name: shop_id, type: integer}
  - {name: order_day, type: date}
  - {name: orders, type: bigint}
  - {name: revenue, type: "decimal(18, 2)"}
  - {name: customers, type: bigint}
  - {name: days, type: bigint}
  - {name: label, type: varchar}
  - {name: place, type: bigint}
"""


def small_project(folder: Path, count: int) -> Path:
    """Datasets of five lines of SQL that read no other."""
    return _project(folder, count, _HEAD + _SHORT_SQL)


def woven_project(folder: Path, count: int) -> Path:
    """Datasets of 41 lines of SQL, each reading two of those before it."""
    return _project(folder, count, _HEAD + _LONG_SQL)


def spec_path(folder: Path, number: int) -> Path:
    """The file of one dataset."""
    return folder / "datasets" / f"team_{number // 100}" / f"dataset.lake.mart.orders_{number}.yaml"


def _project(folder: Path, count: int, template: str) -> Path:
    folder.mkdir()
    (folder / "dli.yaml").write_text(DLI_YAML)
    for number in range(count):
        path = spec_path(folder, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            template
            % {
                "number": number,
                "left": _table(number - 1),
                "right": _table((number * 7 + 3) % number if number > 1 else -1),
            }
        )
    return folder


def _table(number: int) -> str:
    return f"lake.mart.orders_{number}" if number >= 0 else "lake.raw.orders"

"""A small shop: a DuckDB file with tables, datasets over some of them, quality tests."""

from pathlib import Path

import duckdb

_DLI_YAML = """\
version: "1"
project: {name: shop}
defaults: {dialect: duckdb}
local:
  engine: duckdb
  duckdb: {path: shop.duckdb}
"""

_ORDERS = """\
name: shop.mart.orders
owner: kim@example.com
team: "@mart"
type: Dataset
query_type: DML
description: Every order of the shop.
tags: [daily, core]
schedule: {cron: "0 6 * * *"}
schema:
  - {name: order_id, type: BIGINT, description: the order's number}
  - {name: buyer_mail, type: VARCHAR, description: "the buyer's address", pii: true}
  - {name: amount, type: "DECIMAL(10,2)"}
  - {name: planned, type: DATE}
query_statement: |
  CREATE OR REPLACE TABLE shop.mart.orders AS
  SELECT id AS order_id, mail AS buyer_mail, amount, day FROM shop.raw.purchases
"""

_DAILY = """\
name: shop.mart.daily
owner: lee@example.com
team: "@finance"
type: Dataset
query_type: DML
description: Income of each day.
tags: [daily]
query_statement: |
  CREATE OR REPLACE TABLE shop.mart.daily AS
  SELECT day, sum(amount) AS income FROM shop.mart.orders GROUP BY day
"""

_HIDDEN = """\
name: shop.secret.plan
owner: boss@example.com
team: "@board"
type: Dataset
query_type: DML
query_statement: CREATE OR REPLACE TABLE shop.secret.plan AS SELECT 1 AS step
"""

_QUALITY = """\
target: {type: dataset, name: shop.mart.orders}
metadata: {owner: tester@example.com, team: "@quality"}
tests:
  - {name: ids, type: not_null, column: order_id}
  - {name: small, type: range_check, column: amount, max: 50}
  - {name: recent, type: freshness, column: day, max_age: 36h}
"""


def write_shop(root: Path) -> Path:
    """The project; `shop.duckdb` has the raw table and the orders, not the daily income."""
    (root / "datasets").mkdir(parents=True)
    (root / "dli.yaml").write_text(_DLI_YAML)
    for name, text in (("orders", _ORDERS), ("daily", _DAILY), ("plan", _HIDDEN)):
        (root / "datasets" / f"dataset.{name}.yaml").write_text(text)
    (root / "quality.orders.yaml").write_text(_QUALITY)
    with duckdb.connect(str(root / "shop.duckdb")) as connection:
        connection.execute(
            "CREATE SCHEMA raw; CREATE SCHEMA mart; CREATE SCHEMA secret;"
            "CREATE TABLE raw.purchases (id BIGINT, mail VARCHAR, amount DECIMAL(10,2), day DATE);"
            "COMMENT ON TABLE raw.purchases IS 'As the till writes them';"
            "INSERT INTO raw.purchases VALUES (1, 'a@x.org', 12.50, DATE '2025-01-01'),"
            " (2, 'b@x.org', 99.00, DATE '2025-01-02');"
            "CREATE TABLE mart.orders AS SELECT id AS order_id, mail AS buyer_mail, amount, day"
            " FROM raw.purchases;"
            "CREATE TABLE mart.주문 (a INTEGER)"
        )
    return root

"""A project with one of each mistake that `dli validate` tells."""

from pathlib import Path

DLI_YAML = "defaults: {dialect: duckdb}\nlocal: {engine: duckdb}\n"
SNAPSHOT = """\
tables:
  - name: lake.raw.orders
    columns:
      - {name: order_id, type: bigint}
      - {name: shop, type: varchar}
      - {name: amount, type: "decimal(18,2)"}
      - {name: day, type: date}
complete: [lake.raw]
"""
_HEAD = 'name: NAME\nowner: kim@example.com\nteam: "@data"\n'
SPECS = {
    "lake.mart.daily": """\
parameters:
  - {name: day, type: date, default: "2020-01-01"}
  - {name: unused, type: string, default: x}
depends_on:
  - lake.raw.orders
  - lake.mart.gone
query_statement: |
  WITH q AS (SELECT * FROM lake.raw.orders WHERE day = DATE '{{ day }}')
  SELECT q.shop, q.nope, sum(amount) AS total, count(*) AS n, CAST(day AS VARCHAR) AS day
  FROM q JOIN lake.raw.orderz AS z ON z.order_id = q.order_id
  GROUP BY ALL
schema:
  - {name: shop, type: integer}
  - {name: total, type: "decimal(38,2)"}
  - {name: n, type: bigint}
  - {name: day, type: date}
  - {name: missing, type: bigint}
""",
    "lake.mart.star": """\
depends_on: [lake.mart.broken]
query_statement: |
  SELECT * FROM lake.mart.daily
  UNION ALL SELECT shop, total, n, day, 1 FROM lake.mart.broken
schema:
  - {name: shop, type: varchar}
""",
    "lake.mart.broken": """\
query_type: DML
pre_statements:
  - {name: clean, sql: "DELETE FROM lake.mart.broken WHERE x = {{ nope }}"}
query_statement: |
  INSERT INTO lake.mart.broken SELEC 1
post_statements:
  - {name: look, sql: "SELECT s.shp FROM lake.mart.star AS s"}
""",
    "lake.mart.writes": """\
query_statement: |
  INSERT INTO x SELECT d.foo FROM lake.mart.ring AS d
""",
    "lake.mart.ring": """\
query_statement: |
  SELECT amnt, f.shop,
    (SELECT max(day) FROM lake.raw.orders WHERE shop = f.shop AND zz = 1) AS last
  FROM lake.mart.gnir AS f, lake.raw.orders AS o
""",
    "lake.mart.gnir": "query_statement: SELECT shop FROM lake.mart.ring\n",
    "lake.mart.dialy_users": "query_statement: SELECT 1 AS a FROM lake.mart.dialy\n",
}
METRIC = """\
query_statement: |
  DELETE FROM lake.raw.orders WHERE amout > 1
metrics:
  - {name: revenue, aggregation: sum, expression: amount}
"""


def write_broken_project(root: Path) -> None:
    (root / "datasets").mkdir()
    (root / "metrics").mkdir()
    (root / "dli.yaml").write_text(DLI_YAML)
    (root / "schema.yaml").write_text(SNAPSHOT)
    for name, body in SPECS.items():
        write_spec(root, name, body)
    twin = _HEAD.replace("NAME", "lake.mart.gnir") + "query_type: SELECT\n"
    (root / "datasets" / "dataset.yaml").write_text(twin + SPECS["lake.mart.gnir"])
    (root / "metrics" / "metric.lake.m.revenue.yaml").write_text(
        _HEAD.replace("NAME", "lake.m.revenue") + METRIC
    )


def write_spec(root: Path, name: str, body: str) -> Path:
    """A dataset that reads, unless its body says otherwise."""
    head = _HEAD.replace("NAME", name)
    if "query_type" not in body:
        head += "query_type: SELECT\n"
    path = root / "datasets" / f"dataset.{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(head + body)
    return path

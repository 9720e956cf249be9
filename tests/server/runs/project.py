"""The project that runs at the server are tested on."""

from pathlib import Path

from tests.projects import write_dataset, write_metric

DLI_YAML = """\
version: "1"
project: {name: runs}
defaults: {dialect: duckdb}
local:
  engine: duckdb
  duckdb:
    path: ":memory:"
    attach:
      lake: lake.duckdb
"""

SPEC = """\
name: lake.marts.{name}
type: {type}
owner: team@example.com
team: "@team"
query_type: {query_type}
{rest}query_statement: |
  {sql}
"""

# Some seconds of work that DuckDB can be interrupted in.
SLOW = (
    "SELECT count(*) AS n FROM range(100000000) a(x), range(1000) b(y) "
    "WHERE hash(a.x + b.y) % 3 = 1"
)

QUALITY = """\
target: {type: dataset, name: lake.marts.orders}
metadata: {owner: team@example.com}
tests:
  - {name: ids are there, type: not_null, columns: [id]}
  - {name: few are large, type: range_check, column: amount, max: 1.5}
"""


def write_runs_project(root: Path) -> Path:
    """Datasets `read`, `slow`, `broken`, `add` (an INSERT), `orders`; the metric `count`."""
    (root / "datasets").mkdir(parents=True)
    (root / "dli.yaml").write_text(DLI_YAML)
    number = "parameters:\n  - {name: n, type: integer, required: true}\n"
    _dataset(root, "read", "SELECT {{ n }}::BIGINT AS n, DATE '2025-01-02' AS d", rest=number)
    _dataset(root, "slow", SLOW)
    _dataset(root, "broken", "SELECT nothing FROM nowhere")
    _dataset(root, "orders", "SELECT 1 AS id, 1.25 AS amount UNION ALL SELECT 2, 2.75")
    _dataset(
        root, "add", "INSERT INTO lake.main.done VALUES ({{ n }})", query_type="DML", rest=number
    )
    metric = SPEC.format(
        name="count", type="Metric", query_type="SELECT", rest="", sql="SELECT 42 AS n"
    )
    write_metric(root, "lake.marts.count", metric)
    (root / "quality.lake.marts.orders.yaml").write_text(QUALITY)
    return root


def _dataset(
    root: Path, name: str, sql: str, *, query_type: str = "SELECT", rest: str = ""
) -> None:
    text = SPEC.format(name=name, type="Dataset", query_type=query_type, rest=rest, sql=sql)
    write_dataset(root, f"lake.marts.{name}", text)

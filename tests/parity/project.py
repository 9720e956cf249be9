"""The project whose every run must come out the same here, through a server, and by name."""

from pathlib import Path

import duckdb

_CONFIG = """\
version: "1"
project: {name: parity}
defaults: {dialect: duckdb}
vars: {region: seoul}
local:
  engine: duckdb
  duckdb: {path: warehouse.duckdb}
"""

_TABLES = """\
CREATE SCHEMA shop;
CREATE TABLE shop.orders AS SELECT * FROM (VALUES
  (1, 'kim', 10.50::DECIMAL(10,2), DATE '2025-01-01', 'new'),
  (2, '이',  20.25, DATE '2025-01-02', 'paid'),
  (3, NULL,  NULL,  DATE '2025-01-03', 'paid'),
  (4, 'park', 5.00, DATE '2025-01-03', 'odd')
) AS t(id, buyer, amount, day, state);
CREATE TABLE shop.nothing (id INTEGER, day DATE);
"""

_HEAD = "name: {name}\nowner: kim@example.com\nteam: '@parity'\n"

# Name → what follows the head of its spec.
DATASETS = {
    "p.select": "query_type: SELECT\nquery_statement: SELECT id, buyer, amount FROM shop.orders ORDER BY id\n",
    "p.한국": "query_type: SELECT\ndescription: 주문\nquery_statement: SELECT '가나다' AS 이름, buyer FROM shop.orders WHERE buyer = '이'\n",
    "p.empty": "query_type: SELECT\nquery_statement: SELECT id, amount FROM shop.orders WHERE false\n",
    "p.twice": "query_type: SELECT\nquery_statement: SELECT 1 AS a, 2 AS a, 3 AS b\n",
    "p.many": "query_type: SELECT\nquery_statement: SELECT range AS n, range::VARCHAR AS t FROM range(30000)\n",
    "p.types": """query_type: SELECT
query_statement: |
  SELECT true AS truth, 1::TINYINT AS tiny, 9223372036854775807 AS big,
    170141183460469231731687303715884105727::HUGEINT AS huge,
    1.5::FLOAT AS single, 'nan'::DOUBLE AS not_number, '-inf'::DOUBLE AS endless,
    123456789.123456789::DECIMAL(38,9) AS exact, 0.1::DECIMAL(3,1) AS small,
    DATE '2024-02-29' AS day, TIME '23:59:59.123456' AS clock,
    TIMESTAMP '2024-03-10 02:30:00.000001' AS moment,
    TIMESTAMPTZ '2024-03-10 02:30:00+09' AS zoned, TIMESTAMP_S '2024-01-01 00:00:00' AS whole,
    'x'::BLOB AS bytes, '\\xAA'::BLOB AS byte, UUID '00000000-0000-0000-0000-000000000001' AS id,
    [1, NULL, 3] AS list, {'a': 1, 'b': {'c': [DATE '2024-01-01']}} AS nested,
    MAP {'k': 1.25::DECIMAL(5,2)} AS map, INTERVAL 1 MONTH AS span,
    NULL AS nothing, NULL::DECIMAL(9,3) AS no_amount, '' AS blank, ' 둘 ' AS text
""",
    "p.typed": """query_type: SELECT
parameters:
  - {name: text, type: string}
  - {name: whole, type: integer, min: 1, max: 100}
  - {name: part, type: float}
  - {name: exact, type: decimal}
  - {name: truth, type: boolean}
  - {name: day, type: date}
  - {name: moment, type: timestamp}
  - {name: texts, type: list}
  - {name: wholes, type: list, items: integer}
  - {name: col, type: identifier}
  - {name: choice, type: string, enum: [a, b], default: a}
  - {name: coded, type: string, pattern: "[A-Z]{2}", default: AB}
  - {name: maybe, type: string, required: false}
query_statement: |
  SELECT {{ text }} AS text, '{{ text }}' AS quoted, {{ whole }} AS whole, {{ part }} AS part,
    {{ exact }} AS exact, {{ truth }} AS truth, {{ day }} AS day, {{ moment }} AS moment,
    {{ choice }} AS choice, {{ coded }} AS coded, {{ maybe }} AS maybe, {{ col }}
  FROM shop.orders WHERE state IN ({{ texts }}) AND id IN ({{ wholes }}) ORDER BY id
""",
    "p.dates": "query_type: SELECT\nquery_statement: SELECT DATE '{{ ds }}' AS day, '{{ ds_nodash }}' AS digits, '{{ var(\"region\") }}' AS region\n",
    "p.ref": "query_type: SELECT\nquery_statement: SELECT count(*) AS n FROM {{ ref('shop.orders') }}\n",
    "p.no_ref": "query_type: SELECT\nquery_statement: SELECT 1 AS n FROM {{ ref('nowhere') }}\n",
    "p.measure": "query_type: SELECT\nquery_statement: SELECT METRIC(p.kpi.revenue) AS r, METRIC(paid) AS p FROM shop.orders\n",
    "p.no_measure": "query_type: SELECT\nquery_statement: |\n  SELECT 1 AS one,\n    METRIC(p.kpi.nothing) AS r FROM shop.orders\n",
    "p.build": """query_type: DML
pre_statements:
  - {name: make, sql: "CREATE OR REPLACE TABLE shop.built (id INTEGER, amount DECIMAL(10,2))"}
  - {name: clean, sql: DELETE FROM shop.built}
  - {name: scratch, sql: CREATE OR REPLACE TEMP TABLE wanted AS SELECT 2 AS id}
query_statement: |
  INSERT INTO shop.built SELECT o.id, o.amount FROM shop.orders o WHERE o.id <> (SELECT id FROM wanted)
post_statements:
  - {name: round, sql: UPDATE shop.built SET amount = round(amount) WHERE amount IS NOT NULL}
""",
    "p.built": "query_type: SELECT\nquery_statement: SELECT * FROM shop.built ORDER BY id\n",
    "p.merge": """query_type: DML
pre_statements:
  - {name: make, sql: "CREATE OR REPLACE TABLE shop.merged AS SELECT 1 AS id, 'old' AS v"}
query_statement: |
  DELETE FROM shop.merged WHERE id = 1
post_statements:
  - {name: drop, sql: DROP TABLE shop.merged}
""",
    "p.lenient": """query_type: SELECT
pre_statements:
  - {name: shaky, sql: DROP TABLE shop.never_there, continue_on_error: true}
query_statement: SELECT 1 AS one
""",
    "p.pre_fails": """query_type: SELECT
pre_statements:
  - {name: shaky, sql: DROP TABLE shop.never_there}
query_statement: SELECT 1 AS one
""",
    "p.post_fails": """query_type: SELECT
query_statement: SELECT 1 AS one
post_statements:
  - name: late
    sql: |
      DELETE FROM
        shop.never_there
""",
    "p.syntax": "query_type: SELECT\nquery_file: sql/syntax.sql\n",
    "p.no_column": "query_type: SELECT\nquery_file: sql/no_column.sql\n",
    "p.no_table": "query_type: SELECT\nquery_statement: SELECT * FROM shop.orderz\n",
    "p.bad_cast": "query_type: SELECT\nquery_statement: SELECT CAST(buyer AS INTEGER) AS n FROM shop.orders\n",
    "p.late_error": "query_type: SELECT\nquery_statement: SELECT CASE WHEN range = 250000 THEN error('row ' || range) ELSE 'x' END AS t FROM range(300000)\n",
    "p.undefined": "query_type: SELECT\nquery_statement: |\n  SELECT 1 AS one,\n    {{ nothing }} AS two\n",
    "p.forbidden": "query_type: SELECT\nquery_statement: \"SELECT {{ ''.__class__ }} AS one\"\n",
    "p.slow": "query_type: SELECT\nquery_statement: SELECT count(*) AS n FROM range(1000000) a, range(1000000) b WHERE (a.range * b.range) % 7 = 3\n",
    "p.slow_write": "query_type: DML\nquery_statement: CREATE OR REPLACE TABLE shop.slow AS SELECT count(*) AS n FROM range(1000000) a, range(1000000) b WHERE (a.range * b.range) % 7 = 3\n",
    "p.trino": "query_type: SELECT\nexecution: {dialect: trino}\nquery_statement: SELECT date_add('day', 1, DATE '2024-02-28') AS d, approx_distinct(id) AS n FROM shop.orders\n",
    "p.brief": "query_type: SELECT\nexecution: {timeout_seconds: 1}\nquery_statement: SELECT count(*) AS n FROM range(1000000) a, range(1000000) b WHERE (a.range * b.range) % 7 = 3\n",
}
BROKEN = {
    "p.broken": "query_type: MAYBE\nquery_statement: SELECT 1\nunknown_key: 1\n",
    "p.no_file": "query_type: SELECT\nquery_file: sql/missing.sql\n",
}
METRICS = {
    "p.kpi": """query_statement: SELECT state, METRIC(p.kpi.revenue) AS revenue FROM shop.orders GROUP BY state ORDER BY state
metrics:
  - {name: revenue, aggregation: sum, expression: amount}
  - {name: paid, aggregation: count, expression: id, filters: ["state = 'paid'"]}
""",
    "p.asked": """parameters:
  - {name: least, type: decimal, default: "1"}
query_statement: SELECT id, amount FROM shop.orders WHERE amount >= {{ least }} ORDER BY id
""",
    "p.writes": "query_statement: DELETE FROM shop.nothing\n",
}
SQL = {
    "sql/syntax.sql": "-- a comment\nSELECT id\nFORM shop.orders\n",
    "sql/no_column.sql": "SELECT id,\n  -- 한국어\n  amuont\nFROM shop.orders\n",
}
_QUALITY_HEAD = "version: 1\nmetadata: {owner: kim@example.com, team: '@parity'}\n"
QUALITIES = {
    "shop.orders": """target: {type: dataset, name: shop.orders}
parameters: [{name: state, type: string, default: paid}]
tests:
  - {name: id_there, type: not_null, column: id}
  - {name: id_once, type: unique, column: id}
  - {name: buyer_there, type: not_null, column: buyer}
  - {name: buyer_mostly, type: not_null, column: buyer, max_failures: 1}
  - {name: known_state, type: accepted_values, column: state, values: [new, paid], severity: warn}
  - {name: amount_range, type: range_check, column: amount, min: 0, max: 15.5}
  - {name: rows, type: row_count, min: 1, max: 10}
  - {name: expr, type: expression, expression: amount > 0, where: "state = '{{ state }}'"}
  - {name: no_such, type: not_null, column: nowhere}
  - {name: alone, type: singular, file: sql/alone.sql}
  - {name: fresh, type: freshness, column: day, max_age: 1d}
  - {name: text, type: pattern, column: buyer, pattern: "^[a-z]+$"}
  - {name: off, type: not_null, column: id, enabled: false}
  - {name: of_nothing, type: relationships, column: id, to: shop.nothing, to_column: id}
  - {name: none_kept, type: not_null, column: id, where: "1 = 0"}
""",
    "shop.nothing": "target: {type: dataset, name: shop.nothing}\ntests: [{name: id_there, type: not_null, column: id}]\n",
    "p.kpi": "target: {type: metric, name: p.kpi}\ntests: [{name: some, type: row_count, min: 1}, {name: there, type: not_null, column: revenue}]\n",
    "p.asked": "target: {type: metric, name: p.asked}\ntests: [{name: few, type: row_count, max: 2}]\n",
    "shop.absent": "target: {type: dataset, name: shop.absent}\ntests: [{name: id_there, type: not_null, column: id}]\n",
}


def write_project(root: Path) -> Path:
    """The project with a database of its own."""
    for folder in ("datasets/sql", "metrics", "sql"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "dli.yaml").write_text(_CONFIG)
    for name, text in {**DATASETS, **BROKEN}.items():
        spec = _HEAD.format(name=name) + "type: Dataset\n" + text
        (root / f"datasets/dataset.{name}.yaml").write_text(spec)
    for name, text in METRICS.items():
        spec = _HEAD.format(name=name) + "type: Metric\n" + text
        (root / f"metrics/metric.{name}.yaml").write_text(spec)
    for path, text in SQL.items():
        (root / "datasets" / path).write_text(text)
    (root / "sql/alone.sql").write_text("SELECT * FROM {{ target }} WHERE amount > 1000\n")
    for name, text in QUALITIES.items():
        (root / f"quality.{name}.yaml").write_text(_QUALITY_HEAD + text)
    with duckdb.connect(str(root / "warehouse.duckdb")) as database:
        database.execute(_TABLES)
    return root

"""A table with defects that are known by construction, and the tests that must find them."""

from datetime import date
from decimal import Decimal

DATASET = "shop"
COLUMNS = (
    ("order_id", "INT64", "BIGINT"),
    ("user-id", "INT64", "BIGINT"),
    ("country", "STRING", "VARCHAR"),
    ("amount", "NUMERIC", "DECIMAL(18,2)"),
    ("price", "FLOAT64", "DOUBLE"),
    ("paid", "BOOL", "BOOLEAN"),
    ("day", "DATE", "DATE"),
)
Row = tuple[int | None, int | None, str | None, Decimal, float, bool | None, date | None]

# 40 good rows, and behind them the defects.
ROWS: tuple[Row, ...] = (
    *(
        (i, i % 8, ("KR", "US")[i % 2], Decimal(i), i * 0.5, i % 3 == 0, date(2025, 1, 1 + i % 20))
        for i in range(40)
    ),
    (7, 1, "KR", Decimal(1), 1.0, True, date(2025, 1, 2)),  # order 7 twice
    (7, 1, "US", Decimal(1), 1.0, True, date(2025, 1, 2)),  # and a third time
    (9, 99, "XX", Decimal("-0.01"), 1.0, None, None),  # 9 twice, no such user, XX, negative
    (None, None, None, Decimal(5), -1.0, None, date(1999, 12, 31)),  # a NULL key
    (None, 98, "kr", Decimal(5), 2.0, True, date(2025, 2, 1)),  # a second NULL key, no user 98
)
USERS = tuple(range(8))

# name, type and fields as YAML, rows tested, rows failed, verdict
EXPECTED: tuple[tuple[str, str, int, int, str], ...] = (
    ("key_once", "type: unique, columns: [order_id]", 41, 3, "fail"),
    ("key_once_where", "type: unique, columns: [order_id], where: order_id < 5", 5, 0, "pass"),
    ("pair_once", "type: unique, columns: [order_id, country]", 44, 1, "fail"),
    ("has_key", "type: not_null, columns: [order_id, day]", 45, 3, "fail"),
    ("has_key_mostly", "type: not_null, column: order_id, max_failures: 2", 45, 2, "pass"),
    ("has_key_rate", "type: not_null, column: order_id, max_failure_rate: 0.04", 45, 2, "fail"),
    ("countries", "type: accepted_values, column: country, values: [KR, US]", 44, 2, "fail"),
    (
        "countries_warn",
        "type: accepted_values, column: country, values: [KR, US], severity: warn",
        44,
        2,
        "warn",
    ),
    (
        "numbers",
        "type: accepted_values, column: user-id, values: [0,1,2,3,4,5,6,7,98]",
        44,
        1,
        "fail",
    ),
    ("truths", "type: accepted_values, column: paid, values: [true, false]", 43, 0, "pass"),
    (
        "users",
        "type: accepted_values, column: user-id, values_query: SELECT id FROM shop.users",
        44,
        2,
        "fail",
    ),
    (
        "user_known",
        "type: relationships, column: user-id, to: shop.users, to_column: id",
        44,
        2,
        "fail",
    ),
    (
        "user_known_here",
        "type: relationships, column: user-id, to: shop.users, to_column: id, where: \"country = 'KR'\"",
        21,
        0,
        "pass",
    ),
    ("amounts", "type: range_check, column: amount, min: 0", 45, 1, "fail"),
    ("amounts_exact", "type: range_check, column: amount, min: -0.01, max: 39", 45, 0, "pass"),
    ("prices", "type: range_check, column: price, min: -0.5, max: 19.5", 45, 1, "fail"),
    ("days", "type: range_check, column: day, min: 2025-01-01, max: 2025-01-31", 44, 2, "fail"),
    ("rows", "type: row_count, min: 45, max: 45", 45, 0, "pass"),
    ("rows_here", "type: row_count, min: 30, where: \"country = 'KR'\"", 21, 1, "fail"),
    ("positive", "type: expression, expression: price >= 0 AND amount >= 0", 45, 2, "fail"),
    ("paid_or_not", "type: expression, expression: paid", 43, 26, "fail"),
    ("fresh", "type: freshness, column: day, max_age: 10d", 44, 0, "pass"),
    ("stale", "type: freshness, column: day, max_age: 36h", 44, 1, "fail"),
    ("codes", "type: pattern, column: country, pattern: '^[A-Z]{2}$'", 44, 1, "fail"),
    (
        "none_before",
        "type: singular, sql: \"SELECT * FROM {{ target }} WHERE day < DATE '2000-01-01'\"",
        45,
        1,
        "fail",
    ),
    (
        "none_below",
        "type: singular, params: {least: -5}, sql: 'SELECT order_id FROM {{ target }} WHERE amount < {{ least }};'",
        45,
        0,
        "pass",
    ),
    ("nothing_there", "type: not_null, column: day, where: order_id > 1000", 0, 0, "vacuous"),
)


def quality_yaml(target: str = "shop.orders", tests: tuple[str, ...] | None = None) -> str:
    """The quality file; only some of its tests where they are named."""
    lines = [
        "version: 1",
        f"target: {{type: dataset, name: {target}}}",
        "metadata: {owner: kim@example.com}",
        "tests:",
    ]
    lines += [
        f"  - {{name: {name}, {fields}}}"
        for name, fields, *_ in EXPECTED
        if tests is None or name in tests
    ]
    return "\n".join(lines) + "\n"


def create_statements(engine: str) -> list[str]:
    """The tables, in the dialect of the engine."""
    quote = "`" if engine == "bigquery" else '"'
    kinds = {name: (big if engine == "bigquery" else duck) for name, big, duck in COLUMNS}
    columns = ", ".join(f"{quote}{name}{quote} {kind}" for name, kind in kinds.items())
    rows = ",\n".join(f"({', '.join(map(_literal, row))})" for row in ROWS)
    users = ", ".join(f"({user})" for user in USERS)
    return [
        f"CREATE TABLE shop.orders ({columns})",
        f"INSERT INTO shop.orders VALUES {rows}",
        f"CREATE TABLE shop.users (id {'INT64' if engine == 'bigquery' else 'BIGINT'})",
        f"INSERT INTO shop.users VALUES {users}",
        f"CREATE TABLE shop.empty ({columns})",
    ]


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return f"'{value}'" if isinstance(value, str) else str(value)

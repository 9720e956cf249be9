"""The queries of a corpus, and a small database that gives most of them rows."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

HERE = Path(__file__).parent
_QUERY = re.compile(r"-- (TPC-\w+ \d+)\n(.*?)\n;\n", re.DOTALL)
_FACTS = ("lineitem", "orders", "partsupp", "sales", "returns", "inventory")
_ROWS, _FACT_ROWS, _DAYS = 60, 3000, 2200
_CALENDAR = """
CREATE TABLE date_dim AS SELECT
    i AS d_date_sk, 'D' || i AS d_date_id, d AS d_date,
    (year(d) - 1900) * 12 + month(d) - 1 AS d_month_seq, (i + 3) // 7 + 5000 AS d_week_seq,
    (year(d) - 1900) * 4 + quarter(d) - 1 AS d_quarter_seq, year(d) AS d_year,
    dayofweek(d) AS d_dow, month(d) AS d_moy, day(d) AS d_dom, quarter(d) AS d_qoy,
    year(d) AS d_fy_year, (year(d) - 1900) * 4 + quarter(d) - 1 AS d_fy_quarter_seq,
    (i + 3) // 7 + 5000 AS d_fy_week_seq, dayname(d) AS d_day_name,
    year(d) || 'Q' || quarter(d) AS d_quarter_name, 'N' AS d_holiday,
    CASE WHEN dayofweek(d) IN (0, 6) THEN 'Y' ELSE 'N' END AS d_weekend,
    'N' AS d_following_holiday, i AS d_first_dom, i AS d_last_dom, i AS d_same_day_ly,
    i AS d_same_day_lq, 'N' AS d_current_day, 'N' AS d_current_week, 'N' AS d_current_month,
    'N' AS d_current_quarter, 'N' AS d_current_year
FROM (SELECT i, DATE '1998-01-01' + i::INT AS d FROM range({days}) AS r(i))
"""


def queries(corpus: str) -> dict[str, str]:
    """Each query's name and text."""
    return dict(_QUERY.findall((HERE / f"{corpus}.sql").read_text()))


def tables(corpus: str) -> dict[str, dict[str, str]]:
    """Each table's columns with their types, as DuckDB writes them."""
    found: dict[str, dict[str, str]] = {}
    for line in (HERE / f"{corpus}_tables.txt").read_text().splitlines():
        name, _, columns = line.partition(": ")
        pairs = re.findall(r"(\w+) ([A-Z]+(?:\(\d+, \d+\))?)", columns)
        found[name] = dict(pairs)
    return found


def database(corpus: str) -> duckdb.DuckDBPyConnection:
    """The corpus's tables in memory; every row follows from its number alone."""
    connection = duckdb.connect(config={"threads": 1})
    asked = _literals(queries(corpus).values())
    for table, columns in tables(corpus).items():
        if table == "date_dim":
            connection.execute(_CALENDAR.format(days=_DAYS))
            continue
        rows = _FACT_ROWS if table.endswith(_FACTS) else _ROWS
        values = [_value(name, kind, n, asked) for n, (name, kind) in enumerate(columns.items())]
        select = ", ".join(f"{v} AS {c}" for v, c in zip(values, columns, strict=True))
        connection.execute(f"CREATE TABLE {table} AS SELECT {select} FROM range({rows}) AS r(i)")
    return connection


def _value(name: str, kind: str, number: int, asked: Mapping[str, Sequence[str]]) -> str:
    drawn = f"(hash(i * 31 + {number}) % 1000003)::BIGINT"
    if name.endswith(("_sk", "key")):
        return _key(name, number, drawn)
    if asked.get(name):
        items = ", ".join(f"CAST({item} AS {kind})" for item in asked[name])
        return f"[{items}, NULL][1 + {drawn} % {len(asked[name]) + 1}]"
    kinds = {
        "DATE": f"DATE '1992-01-01' + ({drawn} % 2500)::INT",
        "VARCHAR": f"'{name[:3]} ' || ({drawn} % 20)",
        "DECIMAL(15, 2)": f"({drawn} % 30000 / 100)::{kind}",
    }
    return kinds.get(kind, f"({drawn} % 100)::{kind}")


def _key(name: str, number: int, drawn: str) -> str:
    if name.endswith("date_sk"):
        return f"CASE WHEN {drawn} % 50 <> 0 THEN {drawn} % {_DAYS} END"
    if number == 0:
        return "i // 4" if name == "l_orderkey" else "i"
    return f"{drawn} % {_ROWS}"


def _literals(texts: object) -> dict[str, list[str]]:
    """The literals that the queries compare each column with: the values worth having."""
    found: dict[str, dict[str, None]] = {}
    comparisons = (exp.EQ, exp.In, exp.Between, exp.LT, exp.GT, exp.LTE, exp.GTE, exp.Like)
    for text in texts:  # type: ignore[attr-defined]  # values of a dict
        for node in sqlglot.parse_one(text, read="duckdb").find_all(*comparisons):
            column = node.this.find(exp.Column) if node.this else None
            rest = [node.args.get(n) for n in ("expression", "low", "high")] + node.expressions
            for item in rest:
                if column is not None and isinstance(item, exp.Literal):
                    said = item.name.replace("%", "a") if item.is_string else item.name
                    literal = exp.Literal(this=said, is_string=item.is_string).sql("duckdb")
                    found.setdefault(column.name.lower(), {})[literal] = None
    return {name: list(values) for name, values in found.items()}

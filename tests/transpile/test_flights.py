"""Real flights asked in DuckDB's words, through Trino or BigQuery and back: equal rows."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.transpile.passing import passed, refused, rows_of, same_rows

DATA = Path(__file__).parents[2] / "examples" / "flights" / "data"
TEXTS = {
    "carriers": """
        SELECT name, count(*) FILTER (WHERE dep_delay > 60) / count(*) AS late
        FROM flights LEFT JOIN airlines USING (carrier) GROUP BY name ORDER BY late, name""",
    "delays": """
        SELECT carrier, count(*) AS n, avg(dep_delay) AS d, sum(arr_delay) / count(*) AS m
        FROM flights GROUP BY ALL ORDER BY n DESC, carrier""",
    "hours": """
        SELECT origin, sum(air_time) // 60 AS hours, sum(distance) / sum(air_time) * 60 AS mph
        FROM flights WHERE air_time IS NOT NULL GROUP BY origin ORDER BY 1""",
    "weekdays": """
        SELECT dayofweek(flight_date) AS w, isodow(flight_date) AS i, count(*)
        FROM flights GROUP BY 1, 2 ORDER BY 1""",
    "weeks": """
        SELECT date_trunc('week', flight_date::TIMESTAMP) AS w, count(*),
            date_diff('day', DATE '2012-12-25', max(flight_date)) AS since,
            date_diff('week', DATE '2012-12-25', max(flight_date)) AS weeks
        FROM flights GROUP BY 1 ORDER BY 1""",
    "latest": """
        SELECT flight_date, flight, dep_delay FROM flights
        QUALIFY row_number() OVER (
            PARTITION BY flight_date ORDER BY dep_delay DESC NULLS LAST, flight, tailnum
        ) <= 3""",
    "running": """
        SELECT flight_date, sum(dep_delay) AS d, sum(sum(dep_delay)) OVER (ORDER BY flight_date)
        FROM flights GROUP BY flight_date ORDER BY flight_date""",
    "tails": """
        SELECT regexp_extract(tailnum, '^N[0-9]+') AS number, count(*) FROM flights
        GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20""",
    "texts": """
        SELECT concat(carrier, '-', flight), upper(origin) || dest, greatest(dep_delay, arr_delay),
            strftime(flight_date, '%d/%m/%Y') AS day
        FROM flights WHERE tailnum LIKE 'N1%'""",
    "seats": """
        SELECT manufacturer, count(*), max(seats), min(planes.year) FROM flights
        JOIN planes USING (tailnum) GROUP BY 1 HAVING count(*) > 50 ORDER BY 2 DESC""",
    "windy": """
        WITH calm AS (SELECT origin, avg(wind_speed) AS usual FROM weather GROUP BY origin)
        SELECT w.origin, count(*) FROM weather AS w JOIN calm USING (origin)
        WHERE w.wind_speed > 2 * usual GROUP BY w.origin ORDER BY ALL""",
}
REFUSED = {("windy", "bigquery"), ("windy", "trino")}


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    for name in ("flights", "planes", "airlines", "weather"):
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM '{DATA / name}.parquet'")
    yield connection
    connection.close()


@pytest.mark.parametrize("other", ["bigquery", "trino"])
@pytest.mark.parametrize("name", TEXTS)
def test_questions_about_flights_give_the_same_rows_after_a_journey(
    name: str, other: str, engine: duckdb.DuckDBPyConnection
) -> None:
    if (name, other) in REFUSED:
        assert refused(TEXTS[name], "duckdb", other).location is not None
        return
    there = passed(TEXTS[name], "duckdb", other).sql.text
    back = passed(there, other, "duckdb").sql.text
    before = rows_of(engine, TEXTS[name])
    assert before
    assert same_rows(before, rows_of(engine, back)), f"{there}\n{back}"

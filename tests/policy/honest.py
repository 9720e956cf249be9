"""Queries that people send: benchmarks, the usual shapes of analysis, what dli itself makes."""

from functools import cache
from itertools import product

import sqlglot
from sqlglot.errors import ErrorLevel

from tests.corpora.data import queries

# In DuckDB's words; the other dialects' texts are translated from these.
_EVERYDAY = """
SELECT * FROM nyc.trips LIMIT 100
SELECT count(*) FROM nyc.trips
SELECT count(DISTINCT rider_id) AS riders, sum(fare) AS fares, avg(fare), min(fare), max(fare) FROM nyc.trips
SELECT date_trunc('month', started_at) AS month, count(*) AS n FROM nyc.trips GROUP BY 1 ORDER BY 1
SELECT CAST(started_at AS DATE) AS day, sum(fare) FROM nyc.trips WHERE started_at >= DATE '2025-01-01' GROUP BY 1
SELECT * FROM nyc.trips WHERE fare BETWEEN 1 AND 10 AND zone IN ('a', 'b') AND note IS NOT NULL AND note LIKE 'x%'
SELECT t.id, z.name FROM nyc.trips AS t JOIN nyc.zones AS z ON t.zone_id = z.id
SELECT t.id, z.name FROM nyc.trips t LEFT JOIN nyc.zones z USING (zone_id) WHERE z.name IS NULL
SELECT * FROM nyc.trips AS a FULL OUTER JOIN nyc.trips AS b ON a.id = b.id
SELECT a.id FROM nyc.trips AS a CROSS JOIN nyc.zones AS b
SELECT id, row_number() OVER (PARTITION BY zone_id ORDER BY fare DESC) AS rank_in_zone FROM nyc.trips
SELECT id, lag(fare) OVER (ORDER BY started_at), lead(fare, 1, 0) OVER (ORDER BY started_at) FROM nyc.trips
SELECT id, sum(fare) OVER (ORDER BY started_at ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) FROM nyc.trips
SELECT id, first_value(fare) OVER w, ntile(4) OVER w FROM nyc.trips WINDOW w AS (PARTITION BY zone_id ORDER BY id)
WITH daily AS (SELECT CAST(started_at AS DATE) AS day, sum(fare) AS fares FROM nyc.trips GROUP BY 1) SELECT avg(fares) FROM daily
WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS x FROM a) SELECT * FROM a UNION ALL SELECT * FROM b
WITH RECURSIVE days AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM days WHERE n < 31) SELECT n FROM days
SELECT CASE WHEN fare > 100 THEN 'high' WHEN fare > 10 THEN 'middle' ELSE 'low' END AS class, count(*) FROM nyc.trips GROUP BY 1
SELECT coalesce(note, ''), nullif(fare, 0), round(fare, 2), abs(fare), ceil(fare), floor(fare), sqrt(fare), ln(fare) FROM nyc.trips
SELECT upper(zone), lower(zone), length(zone), trim(zone), substring(zone, 1, 3), replace(zone, 'a', 'b'), concat(zone, '-', note) FROM nyc.trips
SELECT zone || '/' || note AS both, starts_with(zone, 'a'), strpos(zone, 'b'), reverse(zone) FROM nyc.trips
SELECT year(started_at), month(started_at), day(started_at), hour(started_at), extract(quarter FROM started_at) FROM nyc.trips
SELECT started_at + INTERVAL 1 DAY, date_diff('day', started_at, ended_at) FROM nyc.trips
SELECT stddev(fare), variance(fare), corr(fare, tip), approx_quantile(fare, 0.5) FROM nyc.trips
SELECT zone_id, count(*) FILTER (WHERE fare > 10) AS dear, sum(CASE WHEN tip > 0 THEN 1 ELSE 0 END) FROM nyc.trips GROUP BY zone_id HAVING count(*) > 5
SELECT zone_id, month, sum(fare) FROM nyc.trips GROUP BY ROLLUP (zone_id, month)
SELECT zone_id, month, sum(fare), grouping(zone_id) FROM nyc.trips GROUP BY GROUPING SETS ((zone_id), (month), ())
SELECT zone_id, month, sum(fare) FROM nyc.trips GROUP BY CUBE (zone_id, month)
SELECT * FROM nyc.trips WHERE zone_id IN (SELECT id FROM nyc.zones WHERE borough = 'Queens')
SELECT * FROM nyc.trips t WHERE EXISTS (SELECT 1 FROM nyc.zones z WHERE z.id = t.zone_id)
SELECT *, (SELECT max(fare) FROM nyc.trips) AS dearest FROM nyc.trips
SELECT * FROM nyc.trips WHERE fare > (SELECT avg(fare) FROM nyc.trips)
SELECT id FROM nyc.trips UNION SELECT id FROM nyc.zones
SELECT id FROM nyc.trips EXCEPT SELECT id FROM nyc.zones
SELECT id FROM nyc.trips INTERSECT SELECT id FROM nyc.zones
SELECT "항공사", "운항 수" AS "수" FROM nyc."항공" WHERE "지역" = '서울; DROP TABLE x -- '
SELECT DISTINCT zone FROM nyc.trips ORDER BY zone DESC NULLS LAST LIMIT 10 OFFSET 20
SELECT array_agg(id ORDER BY id) FROM nyc.trips GROUP BY zone_id
SELECT string_agg(zone, ', ') FROM nyc.trips
SELECT regexp_matches(zone, '^a.*z$'), regexp_replace(zone, '[0-9]+', '#') FROM nyc.trips
SELECT id % 10, id / 3, id * 2, -id, id + 1, NOT paid, paid AND NOT late, paid OR late, id <> 3 FROM nyc.trips
SELECT TRY_CAST(note AS INTEGER), CAST(fare AS DECIMAL(18, 2)), CAST(id AS VARCHAR), CAST(note AS TIMESTAMP) FROM nyc.trips
SELECT greatest(fare, tip), least(fare, tip), sign(fare), power(fare, 2), exp(1), mod(id, 2) FROM nyc.trips
SELECT any_value(zone), bool_and(paid), bool_or(paid), arg_max(zone, fare), count_if(paid) FROM nyc.trips
SELECT current_date, current_timestamp FROM nyc.trips
SELECT 1
SELECT 1 AS one, 'text' AS two, NULL AS three, TRUE AS four, 1.5 AS five
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(id, name)
SELECT q.id FROM (SELECT id, fare FROM nyc.trips) AS q WHERE q.fare > 1
SELECT nyc.trips.id FROM nyc.trips
SELECT x.* FROM nyc.trips AS x, nyc.zones AS y WHERE x.zone_id = y.id
SELECT count(*) AS rows_all, count(*) FILTER (WHERE fare IS NULL) AS failed_0 FROM "nyc"."trips"
SELECT "id", count(*) AS _dli_count FROM "nyc"."trips" GROUP BY "id" HAVING count(*) > 1 ORDER BY _dli_count DESC LIMIT 5
SELECT * FROM nyc.trips -- the newest trips; all of them
SELECT /* who; when */ id FROM nyc.trips;
"""

_ONLY = {
    "duckdb": """
FROM nyc.trips SELECT id
FROM nyc.trips
SELECT * EXCLUDE (note) FROM nyc.trips
SELECT * REPLACE (fare / 100 AS fare) FROM nyc.trips
SELECT columns('fare.*') FROM nyc.trips
SELECT id, fare FROM nyc.trips QUALIFY row_number() OVER (PARTITION BY zone_id ORDER BY id) = 1
SELECT zone_id, sum(fare) FROM nyc.trips GROUP BY ALL ORDER BY ALL
SELECT list_transform([1, 2, 3], x -> x + 1), list_filter([1, 2], lambda x: x > 1), [x * 2 for x in [1, 2]]
SELECT {'a': 1, 'b': {'c': 2}}.b.c, [1, 2, 3][1:2], MAP {'a': 1}['a'], struct_pack(a := 1)
SELECT * FROM range(10) AS r(i), generate_series(1, 3) AS g(j)
SELECT unnest([1, 2, 3]) AS n, unnest(tags) FROM nyc.trips
SELECT note->>'$.a', note->'b', json_extract_string(note, '$.c'), json_array_length(note) FROM nyc.trips
SELECT '2025-01-01'::DATE, fare::DOUBLE, id::VARCHAR, 'text'.upper() FROM nyc.trips
SELECT strftime(started_at, '%Y-%m'), epoch(started_at), time_bucket(INTERVAL '1 hour', started_at) FROM nyc.trips
SELECT * FROM nyc.trips ASOF JOIN nyc.zones ON trips.started_at >= zones.since
SELECT * FROM nyc.trips USING SAMPLE 10%
SELECT * FROM nyc.trips WHERE id = $id AND zone = $zone
SELECT quantile_cont(fare, [0.5, 0.9]), median(fare), mode(zone), histogram(zone_id) FROM nyc.trips
SELECT * FROM nyc.trips SEMI JOIN nyc.zones USING (zone_id)
SELECT DISTINCT ON (zone_id) zone_id, fare FROM nyc.trips ORDER BY zone_id, fare
SELECT md5(zone), hash(id), sha256(zone), levenshtein(zone, note), jaccard(zone, note) FROM nyc.trips
SELECT id FROM nyc.trips WHERE zone ILIKE '%x%' OR zone SIMILAR TO 'a.*' OR zone GLOB 'a*'
""",
    "bigquery": """
SELECT * EXCEPT (note) FROM `project-x.nyc.trips`
SELECT t.id, tag FROM nyc.trips AS t, UNNEST(t.tags) AS tag WITH OFFSET AS position
SELECT o.id, i.sku FROM nyc.orders AS o, o.items AS i
SELECT SAFE_DIVIDE(a, b), IFNULL(a, 0), IF(a > 1, 'x', 'y'), SAFE_CAST(note AS INT64) FROM nyc.trips
SELECT FORMAT_DATE('%Y-%m', day), PARSE_DATE('%Y%m%d', note), DATE_ADD(day, INTERVAL 1 DAY), DATE_TRUNC(day, MONTH) FROM nyc.trips
SELECT TIMESTAMP_TRUNC(at, HOUR), TIMESTAMP_DIFF(a, b, SECOND), EXTRACT(DAYOFWEEK FROM at), UNIX_SECONDS(at) FROM nyc.trips
SELECT APPROX_COUNT_DISTINCT(id), APPROX_QUANTILES(fare, 100)[OFFSET(50)], ARRAY_AGG(id IGNORE NULLS ORDER BY id LIMIT 5) FROM nyc.trips
SELECT STRUCT(1 AS a, 'x' AS b), [1, 2, 3], ARRAY(SELECT id FROM nyc.trips), GENERATE_DATE_ARRAY('2025-01-01', '2025-01-31')
SELECT JSON_VALUE(note, '$.a'), JSON_QUERY(note, '$.b'), TO_JSON_STRING(note), REGEXP_CONTAINS(zone, r'^a\\d+$'), REGEXP_EXTRACT(zone, r'(a)') FROM nyc.trips
SELECT NET.HOST(url), SAFE.SUBSTR(zone, 1, 2), FARM_FINGERPRINT(zone), TO_HEX(MD5(zone)) FROM nyc.trips
SELECT id FROM nyc.trips WHERE day BETWEEN @start AND @end AND zone = @zone
SELECT id FROM nyc.trips QUALIFY ROW_NUMBER() OVER (PARTITION BY zone ORDER BY at) = 1
SELECT * FROM nyc.trips FOR SYSTEM_TIME AS OF TIMESTAMP '2025-01-01'
SELECT id FROM `nyc.trips` TABLESAMPLE SYSTEM (10 PERCENT) # some of them
SELECT COUNTIF(paid), LOGICAL_AND(paid), STRING_AGG(zone, ','), ANY_VALUE(zone HAVING MAX fare) FROM nyc.trips
""",
    "trino": """
SELECT approx_distinct(id), approx_percentile(fare, 0.5), max_by(zone, fare), count_if(paid), arbitrary(zone) FROM hive.nyc.trips
SELECT date_format(at, '%Y-%m'), date_parse(note, '%Y'), from_unixtime(1), to_unixtime(at), date_add('day', 1, at) FROM hive.nyc.trips
SELECT t.id, tag FROM hive.nyc.trips AS t CROSS JOIN UNNEST(t.tags) WITH ORDINALITY AS u(tag, n)
SELECT json_extract_scalar(note, '$.a'), regexp_like(zone, '^a'), split_part(zone, '-', 1), element_at(tags, 1) FROM hive.nyc.trips
SELECT transform(tags, x -> upper(x)), filter(tags, x -> x <> 'a'), cardinality(tags), reduce(tags, 0, (s, x) -> s + 1, s -> s) FROM hive.nyc.trips
SELECT try_cast(note AS bigint), try(1 / 0), if(paid, 1, 0), at AT TIME ZONE 'Asia/Seoul', date '2025-01-01' FROM hive.nyc.trips
SELECT zone, count(*) FROM hive.nyc.trips TABLESAMPLE BERNOULLI (10) GROUP BY 1 FETCH FIRST 5 ROWS ONLY
SELECT ROW(1, 'a'), ARRAY[1, 2], MAP(ARRAY['a'], ARRAY[1]), map_agg(zone, fare), sequence(1, 3) FROM hive.nyc.trips
SELECT CAST(ROW(1, 'a') AS ROW(x integer, y varchar)), cast(note as json), url_extract_host(zone) FROM hive.nyc.trips
""",
}

_AGGREGATES = (
    "count(*)",
    "sum(fare)",
    "avg(fare)",
    "max(fare) - min(fare)",
    "round(avg(fare), 2)",
    "count(DISTINCT zone_id)",
)
_GROUPS = ("zone_id", "CAST(started_at AS DATE)", "date_trunc('week', started_at)", "upper(zone)")
_FILTERS = (
    "fare > 0",
    "started_at >= DATE '2025-01-01' AND started_at < DATE '2025-02-01'",
    "zone IN ('a', 'b''c', 'd;e', '--')",
    "coalesce(note, '') <> ''",
    "EXISTS (SELECT 1 FROM nyc.zones AS z WHERE z.id = zone_id)",
)
_ENDS = ("ORDER BY 1", "ORDER BY 2 DESC LIMIT 10", "HAVING count(*) > 1 ORDER BY 1")


@cache
def honest(dialect: str) -> list[str]:
    """At least 500 queries in that dialect."""
    found = [*_texts(_ONLY[dialect])]
    shared = [
        *_texts(_EVERYDAY),
        *_generated(),
        *queries("tpch").values(),
        *queries("tpcds").values(),
    ]
    if dialect == "duckdb":
        return found + shared
    for sql in shared:
        found += sqlglot.transpile(
            sql, read="duckdb", write=dialect, unsupported_level=ErrorLevel.IGNORE
        )
    return found


def _texts(block: str) -> list[str]:
    return [line for line in block.splitlines() if line]


def _generated() -> list[str]:
    return [
        f"SELECT {group} AS g, {value} AS v\nFROM nyc.trips\nWHERE {kept}\nGROUP BY {group}\n{end}"
        for group, value, kept, end in product(_GROUPS, _AGGREGATES, _FILTERS, _ENDS)
    ]

"""Ways out of a read-only query: what harms, in the shapes it may stand in, in odd spellings.

`{secret}` stands for a file that nobody may read, `{source}` for one that a source names.
"""

import random
from collections.abc import Callable, Iterator

FUNCTIONS = {
    "duckdb": """
nextval('ids') | currval('ids') | setseed(0.5) | current_setting('memory_limit') | getvariable('x')
write_log('x') | sleep_ms(1) | pg_sleep(0) | getenv('HOME') | current_user | session_user
version() | current_query() | txid_current() | current_database() | json_serialize_sql('select 1')
json_deserialize_sql('x') | inet_server_addr() | main.upper('x') | memory.main.upper('x')
in_search_path('a', 'b') | has_table_privilege('t', 'select') | pg_get_viewdef(1) | current_schemas(true)
"nextval"('ids') | 'ids'.nextval() | add_parquet_key('a', 'b') | query('select 1')
(SELECT content FROM read_text('{secret}')) | (SELECT nextval('ids')) | user_made(1)
""",
    "bigquery": """
SESSION_USER() | @@project_id | @@script.job_id | ds.udf(1) | `p.ds.udf`(1) | KEYS.NEW_KEYSET('AEAD_AES_GCM_256')
AEAD.ENCRYPT(k, 'a', 'b') | ML.PREDICT(MODEL ds.m, TABLE ds.t) | EXTERNAL_OBJECT_TRANSFORM(x)
ERROR('x') | ds.nested.f(1) | AI.GENERATE('x') | DETERMINISTIC_ENCRYPT(k, 'a', 'b') | OBJ.FETCH_METADATA(r)
OBJ.GET_ACCESS_URL(r, 'r') | VECTOR_SEARCH(TABLE ds.t, 'c', TABLE ds.u) | safe.ds.udf(1) | remote_fn(1)
(SELECT * FROM EXTERNAL_QUERY('c', 'DELETE FROM t')) | BQ.ABORT_SESSION() | SEARCH(t, 'x') | proc()
""",
    "trino": """
current_user | current_catalog | current_schema | version() | catalog.schema.fn(1) | schema.fn(1)
random_secret() | fail('x') | "nextval"('x') | prestosql_fn(1) | query('DROP TABLE t') | current_groups()
(SELECT * FROM TABLE(pg.system.query(query => 'DELETE FROM t'))) | system.now() | kill_query('x', 'y')
current_path | current_role | reduce_plan(1) | read_file('{secret}') | http_get('http://x') | exec('ls')
""",
}

SOURCES = {
    "duckdb": """
read_csv('{secret}') | '{secret}' | "{secret}" | read_text('{secret}') | read_blob('{secret}')
glob('/etc/*') | read_json('{secret}') | read_parquet('{secret}') | parquet_scan('{secret}') | sniff_csv('{secret}')
read_csv_auto(['{secret}']) | query('SELECT 1') | query_table('trips') | duckdb_secrets() | duckdb_settings()
pragma_table_info('trips') | sqlite_master | information_schema.tables | 's3://b/x.parquet' | 'https://x/y.csv'
'data/*.parquet' | 'a.csv' | "b.parquet" | c.json | read_duckdb('{database}') | checkpoint() | force_checkpoint()
enable_logging() | which_secret('s3://x', 's3') | duckdb_tables | duckdb_tables() | (DESCRIBE trips)
(SHOW TABLES) | (SUMMARIZE trips) | postgres_scan('host=x', 's', 't') | sqlite_scan('{secret}', 't') | delta_scan('{secret}')
st_read('{secret}') | pg_catalog.pg_class | main.query('SELECT 1') | truncate_duckdb_logs() | read_ndjson('{secret}')
seq_scan('trips') | pragma_storage_info('trips') | json_execute_serialized_sql('x') | file('{secret}')
enable_profiling() | disable_checkpoint_on_shutdown() | pandas_scan(1) | "read_text"('{secret}') | '..\\x.csv'
import_database('/tmp') | user_macro() | duckdb_logs | create_external_resource('a', 'b') | trips_macro('x')
(DELETE FROM trips RETURNING *) | (INSERT INTO trips VALUES (1) RETURNING *) | (UPDATE trips SET id = 1 RETURNING *)
""",
    "bigquery": """
EXTERNAL_QUERY('c', 'DELETE FROM t') | ds.INFORMATION_SCHEMA.TABLES | INFORMATION_SCHEMA.SCHEMATA | ds.__TABLES__
`region-us`.INFORMATION_SCHEMA.JOBS | `p.ds.INFORMATION_SCHEMA.COLUMNS` | `ds.events_*` | `p.ds.*` | ds.tvf(1)
ML.PREDICT(MODEL ds.m, TABLE ds.t) | ML.FORECAST(MODEL ds.m) | AI.FORECAST(TABLE ds.t) | VECTOR_SEARCH(TABLE ds.t, 'c', TABLE ds.u)
APPENDS(TABLE ds.t) | CHANGES(TABLE ds.t, NULL, NULL) | GAP_FILL(TABLE ds.t) | `gs://b/x.csv` | `a.csv`
(INSERT INTO ds.t VALUES (1)) | (DELETE FROM ds.t WHERE TRUE) | EXTERNAL_QUERY("p.us.c", "SELECT 1") | @table | `{secret}`
RANGE_SESSIONIZE(TABLE ds.t, 'a', ['b']) | TABLE(ds.f(1)) | `ds`.`__TABLES_SUMMARY__` | ds.INFORMATION_SCHEMA.`TABLES`
""",
    "trino": """
TABLE(pg.system.query(query => 'DELETE FROM t')) | TABLE(system.query(query => 'x')) | TABLE(exclude_columns(TABLE(t), DESCRIPTOR(a)))
system.runtime.queries | system.metadata.catalogs | information_schema.tables | hive.information_schema.columns
"t$partitions" | "t$properties" | hive.s."t$history" | "{secret}" | TABLE(jdbc.system.execute('DROP TABLE t'))
system.runtime.nodes | "s3://b/x" | "a.csv" | TABLE(sequence(1, 10)) | (DELETE FROM t) | (SHOW TABLES) | (DESCRIBE t)
JSON_TABLE(x, 'lax $' COLUMNS (a int)) | TABLE(ml.predict(1)) | "system".runtime.tasks | "INFORMATION_SCHEMA".tables
pg.pg_catalog.pg_class | TABLE(builtin.sequence(1, 2)) | TABLE(my_schema.fn(1)) | sys."x$y"
""",
}

_CHANGES = """
DROP TABLE trips | DROP SCHEMA nyc CASCADE | INSERT INTO trips VALUES (1) | UPDATE trips SET id = 1 | DELETE FROM trips
TRUNCATE TABLE trips | ALTER TABLE trips ADD COLUMN z INT | CREATE TABLE z AS SELECT 1 | CREATE OR REPLACE TABLE trips AS SELECT 1
CREATE VIEW z AS SELECT 1 | CREATE OR REPLACE VIEW trips AS SELECT 1 | MERGE INTO trips USING u ON a = b WHEN MATCHED THEN DELETE
GRANT SELECT ON trips TO x | REVOKE SELECT ON trips FROM x | CREATE SCHEMA z | CALL proc() | SET x = 1 | BEGIN | COMMIT | ROLLBACK
EXPLAIN ANALYZE DELETE FROM trips | CREATE FUNCTION f(x INT) RETURNS INT RETURN x | DROP VIEW v | DESCRIBE trips | SHOW TABLES
USE nyc | EXECUTE IMMEDIATE 'DROP TABLE trips' | EXECUTE x | PREPARE x AS DROP TABLE trips | DEALLOCATE PREPARE x | ANALYZE trips | COMMENT ON TABLE trips IS 'x'
"""

STATEMENTS = {
    "duckdb": _CHANGES
    + """
COPY trips TO '{target}' | COPY (SELECT 1) TO '{source}' (use_tmp_file false) | COPY trips FROM '{secret}' | ATTACH '{target}' AS z
DETACH memory | INSTALL httpfs | LOAD httpfs | PRAGMA database_list | PRAGMA memory_limit = '1GB' | CALL pragma_version()
SET memory_limit = '1GB' | RESET memory_limit | SET VARIABLE x = 1 | EXPORT DATABASE '{target}' | IMPORT DATABASE '{target}'
CHECKPOINT | FORCE CHECKPOINT | VACUUM | CREATE SECRET s (TYPE s3) | CREATE MACRO m(a) AS a | CREATE SEQUENCE z | CREATE TEMP TABLE z AS SELECT 1
CREATE TYPE m AS ENUM ('a') | INSERT INTO trips SELECT * FROM trips RETURNING id | SUMMARIZE trips | CREATE INDEX i ON trips (id)
SET enable_external_access = true | SET lock_configuration = false | INSERT OR REPLACE INTO trips VALUES (1)
""",
    "bigquery": _CHANGES
    + """
CREATE TEMP FUNCTION f(x INT64) AS (x) | CREATE TEMP TABLE z AS SELECT 1 | EXPORT DATA OPTIONS(uri='gs://b/*', format='CSV') AS SELECT 1
LOAD DATA INTO ds.t FROM FILES (format='CSV', uris=['gs://b/x']) | DECLARE x INT64 DEFAULT 1 | IF TRUE THEN DROP TABLE trips; END IF
ASSERT FALSE | CREATE MODEL ds.m OPTIONS(model_type='linear_reg') AS SELECT 1 | CREATE EXTERNAL TABLE ds.t OPTIONS(format='CSV') | RAISE
CREATE SNAPSHOT TABLE ds.z CLONE ds.t | CREATE PROCEDURE ds.p() BEGIN SELECT 1; END | LOOP BREAK; END LOOP | CALL BQ.ABORT_SESSION()
EXPORT MODEL ds.m OPTIONS(uri='gs://b') | CREATE ROW ACCESS POLICY p ON ds.t GRANT TO ('x') FILTER USING (TRUE) | UNDROP SCHEMA ds
""",
    "trino": _CHANGES
    + """
WITH FUNCTION f(x int) RETURNS int RETURN x SELECT f(1) | CREATE MATERIALIZED VIEW z AS SELECT 1 | REFRESH MATERIALIZED VIEW z
CALL system.sync_partition_metadata('a', 'b', 'ADD') | ALTER TABLE trips EXECUTE optimize | SET SESSION x = 1 | RESET SESSION x | SET ROLE admin
CALL system.runtime.kill_query('x', 'y') | SHOW CREATE TABLE trips | SHOW GRANTS | START TRANSACTION | SET PATH x | DENY SELECT ON trips TO x
CREATE ROLE r | DROP ROLE r | SHOW SESSION | EXPLAIN SELECT 1 | EXPLAIN ANALYZE SELECT 1 | CREATE CATALOG c USING tpch | SHOW FUNCTIONS
""",
}

_IN_EXPRESSION = (
    "SELECT {0}",
    "SELECT 1 WHERE {0} IS NOT NULL",
    "SELECT id FROM trips ORDER BY {0}",
    "SELECT CASE WHEN id > 1 THEN {0} END FROM trips",
    "WITH a AS (SELECT {0} AS x) SELECT x FROM a",
    "SELECT (SELECT {0})",
    "SELECT * FROM trips AS a JOIN trips AS b ON a.id = {0}",
    "SELECT COALESCE(NULL, {0})",
    "SELECT count(*) FROM trips GROUP BY id HAVING max(id) = {0}",
    "SELECT 1 UNION ALL SELECT {0}",
    "SELECT sum(id) OVER (PARTITION BY {0}) FROM trips",
    "SELECT * FROM (SELECT 1 AS a) AS q WHERE a IN (1, {0})",
)
_IN_FROM = (
    "SELECT * FROM {0}",
    "SELECT * FROM trips, {0}",
    "SELECT * FROM trips CROSS JOIN {0}",
    "SELECT * FROM (SELECT * FROM {0}) AS q",
    "WITH a AS (SELECT * FROM {0}) SELECT * FROM a",
    "SELECT 1 WHERE EXISTS (SELECT * FROM {0})",
    "SELECT 1 IN (SELECT 1 FROM {0})",
    "SELECT 1 UNION ALL SELECT 1 FROM {0}",
    "WITH RECURSIVE a AS (SELECT 1 AS x UNION ALL SELECT 2 FROM {0}) SELECT * FROM a",
    "SELECT (SELECT max(1) FROM {0})",
)
_AS_STATEMENT = (
    "{0}",
    "SELECT 1; {0}",
    "SELECT 1;-- done\n{0}",
    "{0}; SELECT 1",
    "WITH x AS ({0}) SELECT 1",
    "SELECT * FROM ({0}) AS q",
    "BEGIN; {0}; COMMIT",
    "COMMIT; {0}",
    "/* SELECT 1 */ {0}",
    "SELECT 1\n;\n/**/{0};",
)


def escapes(dialect: str, places: dict[str, str] | None = None) -> list[str]:
    """Every escape in every shape."""
    found: dict[str, None] = {}
    for table, shapes in (
        (FUNCTIONS, _IN_EXPRESSION),
        (SOURCES, _IN_FROM),
        (STATEMENTS, _AS_STATEMENT),
    ):
        for harm in _listed(table[dialect]):
            for shape in shapes:
                found[_placed(shape.replace("{0}", harm), places or _NOWHERE)] = None
    return list(found)


_NOWHERE = {
    "secret": "/etc/passwd",
    "source": "/srv/source.csv",
    "target": "/srv/z",
    "database": "/srv/w.duckdb",
}


def _listed(text: str) -> Iterator[str]:
    for line in text.strip().splitlines():
        yield from (piece.strip() for piece in line.split(" | ") if piece.strip())


def _placed(sql: str, places: dict[str, str]) -> str:
    for name, value in places.items():
        sql = sql.replace("{" + name + "}", value)
    return sql


def _swapped(sql: str, draw: random.Random) -> str:
    return "".join(c.swapcase() if draw.random() < 0.5 and c.isascii() else c for c in sql)


def _outside_quotes(sql: str, change: Callable[[str], str]) -> str:
    """Change every other piece: quotes cut the text."""
    pieces, quote, start = [], "", 0
    for index, letter in enumerate(sql):
        if quote and letter == quote:
            pieces.append(sql[start : index + 1])
            quote, start = "", index + 1
        elif not quote and letter in "'\"`":
            pieces.append(change(sql[start:index]))
            quote, start = letter, index
    pieces.append(sql[start:] if quote else change(sql[start:]))
    return "".join(pieces)


SPELLINGS: dict[str, Callable[[str, random.Random], str]] = {
    "case": lambda sql, draw: _outside_quotes(sql, lambda piece: _swapped(piece, draw)),
    "comments": lambda sql, _: _outside_quotes(sql, lambda p: p.replace(" ", " /* x */ ")),
    "lines": lambda sql, _: _outside_quotes(sql, lambda p: p.replace(" ", "\n\t ")),
    "line comments": lambda sql, _: _outside_quotes(sql, lambda p: p.replace(" ", " -- x\n ")),
    "before parenthesis": lambda sql, _: _outside_quotes(sql, lambda p: p.replace("(", " /**/ (")),
    "nested comments": lambda sql, _: f"/* /* */ */ {sql}",
    "hint": lambda sql, _: f"/*+ x */ {sql}",
    "carriage return": lambda sql, _: f"SELECT 1 -- \r; {sql}",
    "no-break space": lambda sql, _: _outside_quotes(sql, lambda p: p.replace(" ", "\u00a0")),
    "zero width": lambda sql, _: _outside_quotes(sql, lambda p: p.replace("(", "\u200b(")),
    "semicolon": lambda sql, _: f"{sql};",
    "comment at end": lambda sql, _: f"{sql} -- SELECT 1",
    "parentheses": lambda sql, _: f"({sql})",
    "full width": lambda sql, _: _outside_quotes(sql, lambda p: p.replace("(", "\uff08")),
}

"""The tables that statements read and change."""

import pytest
import sqlglot

from dli_domain.lineage.tables import tables_of
from dli_domain.model.lineage import TableKind

CASES = [
    ("duckdb", "with a as (select * from b) select * from a join d.a using (x)", "b d.a", ""),
    ("duckdb", "select 1 where exists (select 1 from f) and x in (select y from g)", "f g", ""),
    ("duckdb", ("with recursive r as (select 1 union all select * from r join s using (x)) "
     "select * from r"), "s", ""),
    ("duckdb", "with a as (select * from a) select * from a", "a", ""),
    ("bigquery", "select * from `p-1.d.t` t, unnest(t.arr) as x, t.items", "p-1.d.t", ""),
    ("trino", "insert into c.s.t with q as (select 1 from z) select * from q", "z", "c.s.t insert"),
    ("bigquery", "insert into a.b select * from a.b", "a.b", "a.b insert"),
    ("duckdb", ("merge into t using (select * from s) s on t.a = s.a "
     "when matched then update set b = s.b"), "s", "t merge"),
    ("duckdb", "update t set a = s.a from s where t.k = s.k", "s", "t update"),
    ("bigquery", "delete from a.b where x in (select y from c.d)", "c.d", "a.b delete"),
    ("trino", "create table a.b as select 1 as x from y", "y", "a.b create"),
    ("duckdb", "create or replace view v as select * from y", "y", "v create view"),
    ("bigquery", "create table a.b clone c.d", "c.d", "a.b create"),
    ("duckdb", "create table x (id int references y (id))", "", "x create"),
    ("duckdb", "create schema if not exists a", "", ""),
    ("duckdb", "drop table if exists a.b", "", "a.b drop"),
    ("duckdb", "drop schema a", "", ""),
    ("duckdb", "alter table a rename to b", "", "a alter b alter"),
    ("bigquery", "truncate table a.b", "", "a.b truncate"),
    ("duckdb", "copy t from 'x.csv'", "x.csv", "t copy"),
    ("duckdb", "copy (select * from t) to 'x.csv'", "t", "x.csv copy"),
    ("duckdb", "select * from range(3), unnest([1]), 'y/*.parquet'", "y/*.parquet", ""),
    ("bigquery", "export data options (uri = 'gs://x') as select * from t", "t", ""),
    ("bigquery", "create temp function f(x int64) as (x + 1)", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "sql", "reads", "writes"), CASES)
def test_a_statement_reads_and_changes_these(
    dialect: str, sql: str, reads: str, writes: str
) -> None:
    use = tables_of(sqlglot.parse_one(sql, read=dialect))
    assert [ref.name for ref in use.reads] == reads.split()
    assert " ".join(f"{ref.name} {ref.action}" for ref in use.writes) == writes
    assert use.understood


def test_a_function_and_a_file_are_external() -> None:
    sql = "select * from read_csv('a.csv') r, 'b.parquet' p, external_query('c', 'd') q, t"
    use = tables_of(sqlglot.parse_one(sql, read="duckdb"))
    assert [(ref.kind, ref.is_external) for ref in use.reads] == [
        (TableKind.FUNCTION, True),
        (TableKind.FILE, True),
        (TableKind.FUNCTION, True),
        (TableKind.TABLE, False),
    ]


@pytest.mark.parametrize("written", ["raw.flights", '"Raw"."Flights"', "flights"])
def test_a_mention_tells_where_it_stands(written: str) -> None:
    sql = f"select a\nfrom {written} as f\nwhere a > 1"
    (ref,) = tables_of(sqlglot.parse_one(sql, read="duckdb")).reads
    assert sql[ref.start : ref.end] == written


def test_a_statement_that_is_not_taken_apart_says_so() -> None:
    use = tables_of(sqlglot.parse_one("call p.d.proc(1)", read="bigquery"))
    assert not use.understood

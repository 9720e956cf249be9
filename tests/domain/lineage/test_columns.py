"""Lineage of single statements, each expectation found by reading the statement."""

import pytest

from tests.domain.lineage.said import expected, lineage_of, said

TABLES = {
    "shop.orders": "id customer_id day amount note",
    "shop.customers": "id name city",
    "lines": "order_id sku qty",
    "events": "user_id kind at tags",
}

CASES: dict[str, tuple[str, str, str]] = {
    "copied, renamed and computed": (
        "duckdb",
        "select o.id, o.day as d, upper(o.note) as n, o.amount + 1, 7 as seven from shop.orders o",
        """
        = id <- =shop.orders.id
        = d <- =shop.orders.day
        ~ n <- ~shop.orders.note
        ~ #4 <- ~shop.orders.amount
        . seven <-
        """,
    ),
    "a table said by its path": (
        "duckdb",
        "select shop.orders.id from shop.orders where shop.orders.amount > 1",
        "= id <- =shop.orders.id\n where: shop.orders.amount",
    ),
    "a star of known tables, USING once": (
        "trino",
        "select * from shop.orders o join shop.customers c using (id)",
        """
        = id <- =shop.orders.id
        = customer_id <- =shop.orders.customer_id
        = day <- =shop.orders.day
        = amount <- =shop.orders.amount
        = note <- =shop.orders.note
        = name <- =shop.customers.name
        = city <- =shop.customers.city
        join: shop.orders.id shop.customers.id
        """,
    ),
    "FULL JOIN USING takes either side": (
        "duckdb",
        "select id, name from shop.orders full join shop.customers using (id)",
        """
        ~ id <- ~shop.orders.id ~shop.customers.id
        = name <- =shop.customers.name
        join: shop.orders.id shop.customers.id
        """,
    ),
    "NATURAL JOIN of known tables": (
        "duckdb",
        "select id, city from shop.orders natural join shop.customers",
        """
        = id <- =shop.orders.id
        = city <- =shop.customers.city
        join: shop.orders.id shop.customers.id
        """,
    ),
    "EXCLUDE, REPLACE and RENAME": (
        "duckdb",
        (
            "select * exclude (note, customer_id) replace (amount * 2 as amount) rename (day as d) "
            "from shop.orders"
        ),
        """
        = id <- =shop.orders.id
        = d <- =shop.orders.day
        ~ amount <- ~shop.orders.amount
        """,
    ),
    "a star of an unknown table stays a star": (
        "bigquery",
        "select *, a + 1 as b from `p-1.d.t` where c = 2",
        "~ b <- ~p-1.d.t.a\n rest: p-1.d.t\n where: p-1.d.t.c",
    ),
    "a column is looked for behind a star": (
        "trino",
        "with s as (select * from cat.raw.t) select x, s.y from s",
        "= x <- =cat.raw.t.x\n = y <- =cat.raw.t.y",
    ),
    "two unknown tables leave a bare name in doubt": (
        "trino",
        "select x, t.y from cat.a.t join cat.a.s on t.k = s.k",
        """
        ? x <- ?cat.a.t.x ?cat.a.s.x
        = y <- =cat.a.t.y
        join: cat.a.t.k cat.a.s.k
        """,
    ),
    "a known table decides where another is not known": (
        "duckdb",
        "select note from shop.orders join unknown_one u on u.k = id",
        "= note <- =shop.orders.note\n join: shop.orders.id unknown_one.k",
    ),
    "an inner name may be the outer's where the inner table is not known": (
        "duckdb",
        "select id from shop.orders where id in (select amount from other)",
        "= id <- =shop.orders.id\n where: shop.orders.id ?shop.orders.amount ?other.amount",
    ),
    "CTEs, one of another": (
        "duckdb",
        """
        with a as (select customer_id as c, sum(amount) as total from shop.orders group by 1),
             b as (select c, total / 2 as half from a where total > 10)
        select b.half, cu.name from b join shop.customers cu on cu.id = b.c
        """,
        """
        + half <- +shop.orders.amount
        = name <- =shop.customers.name
        group: shop.orders.customer_id
        where: shop.orders.amount
        join: shop.customers.id shop.orders.customer_id
        """,
    ),
    "a CTE hides a table of its name": (
        "duckdb",
        "with lines as (select id as sku from shop.orders) select sku from lines",
        "= sku <- =shop.orders.id",
    ),
    "a CTE's column list": (
        "trino",
        "with c(x, y) as (select id, day from shop.orders) select y, x from c",
        "= y <- =shop.orders.day\n = x <- =shop.orders.id",
    ),
    "a recursive CTE reaches what its steps add": (
        "duckdb",
        """
        with recursive tree(id, path) as (
            select id, name from shop.customers
            union all
            select l.order_id, tree.path || l.sku from lines l join tree on tree.id = l.order_id)
        select id, path from tree
        """,
        """
        = id <- =lines.order_id =shop.customers.id
        ~ path <- ~lines.sku ~shop.customers.name
        join: lines.order_id shop.customers.id
        """,
    ),
    "a scalar subquery, correlated": (
        "duckdb",
        """
        select c.name, (select max(o.amount) from shop.orders o where o.customer_id = c.id) as most
        from shop.customers c
        """,
        """
        = name <- =shop.customers.name
        + most <- +shop.orders.amount
        where: shop.orders.customer_id shop.customers.id
        """,
    ),
    "EXISTS as a value depends on what decides it": (
        "duckdb",
        "select exists (select 1 from lines l where l.order_id = o.id) as has from shop.orders o",
        """
        ~ has <- ~lines.order_id ~shop.orders.id
        where: lines.order_id shop.orders.id
        """,
    ),
    "UNION goes by position, names from the left": (
        "trino",
        "select id, name as label from shop.customers union all select order_id, upper(sku) from lines",
        """
        = id <- =lines.order_id =shop.customers.id
        ~ label <- ~lines.sku =shop.customers.name
        """,
    ),
    "UNION BY NAME goes by names": (
        "duckdb",
        "select id, name from shop.customers union all by name select sku as name, qty from lines",
        """
        = id <- =shop.customers.id
        = name <- =lines.sku =shop.customers.name
        = qty <- =lines.qty
        """,
    ),
    "EXCEPT only takes away": (
        "trino",
        "select id from shop.orders except select order_id from lines",
        "= id <- =shop.orders.id\n except: lines.order_id",
    ),
    "UNION of stars over unknown tables": (
        "duckdb",
        "select * from x.a union all select * from x.b",
        "rest: x.a x.b",
    ),
    "windows: an aggregate, a rank, a neighbour, a named one": (
        "duckdb",
        """
        select sum(amount) over (partition by customer_id) as s,
            row_number() over (partition by customer_id order by day) as rn,
            lag(amount) over w as before
        from shop.orders window w as (order by day)
        qualify rn = 1
        """,
        """
        + s <- +shop.orders.amount ~shop.orders.customer_id
        ~ rn <- ~shop.orders.customer_id ~shop.orders.day
        ~ before <- ~shop.orders.amount ~shop.orders.day
        qualify: shop.orders.customer_id shop.orders.day
        """,
    ),
    "CASE is computed of all its parts": (
        "bigquery",
        "select case when day > '2025' then amount else customer_id end as v from shop.orders",
        "~ v <- ~shop.orders.amount ~shop.orders.customer_id ~shop.orders.day",
    ),
    "FILTER and DISTINCT in an aggregate": (
        "duckdb",
        "select count(distinct sku) filter (where qty > 1) as n from lines",
        "+ n <- +lines.qty +lines.sku",
    ),
    "GROUP BY a position and a name of the list": (
        "duckdb",
        "select day as d, customer_id % 7 as c, count(*) as n from shop.orders group by 1, c",
        """
        = d <- =shop.orders.day
        ~ c <- ~shop.orders.customer_id
        + n <-
        group: shop.orders.customer_id shop.orders.day
        """,
    ),
    "GROUP BY ALL": (
        "duckdb",
        "select day, sum(amount) as s from shop.orders group by all having s > 1",
        """
        = day <- =shop.orders.day
        + s <- +shop.orders.amount
        group: shop.orders.day
        having: shop.orders.amount
        """,
    ),
    "DISTINCT ON": (
        "duckdb",
        "select distinct on (customer_id) id from shop.orders order by day",
        "= id <- =shop.orders.id\n distinct: shop.orders.customer_id\n order: shop.orders.day",
    ),
    "VALUES with names": (
        "trino",
        "select v.a, o.id from shop.orders o cross join (values (1, 'x')) as v(a, b)",
        ". a <-\n = id <- =shop.orders.id",
    ),
    "UNNEST in BigQuery": (
        "bigquery",
        "select e.user_id, tag, pos from events e, unnest(e.tags) as tag with offset as pos",
        "= user_id <- =events.user_id\n ~ tag <- ~events.tags\n ~ pos <-",
    ),
    "UNNEST in Trino": (
        "trino",
        "select user_id, t.tag from events cross join unnest(tags) with ordinality as t(tag, n)",
        "= user_id <- =events.user_id\n ~ tag <- ~events.tags",
    ),
    "LATERAL sees what stands before it": (
        "duckdb",
        "select o.id, l.twice from shop.orders o, lateral (select o.amount * 2 as twice) l",
        "= id <- =shop.orders.id\n ~ twice <- ~shop.orders.amount",
    ),
    "a struct's field": (
        "bigquery",
        "select user_id, tags.first.name as first from events",
        "= user_id <- =events.user_id\n ~ first <- ~events.tags",
    ),
    "a lambda's own name is no column": (
        "duckdb",
        "select list_transform(tags, x -> x || kind) as t from events",
        "~ t <- ~events.kind ~events.tags",
    ),
    "PIVOT with its values written out": (
        "duckdb",
        "select * from lines pivot (sum(qty) for sku in ('a', 'b'))",
        """
        = order_id <- =lines.order_id
        + a <- +lines.qty +lines.sku
        + b <- +lines.qty +lines.sku
        pivot: lines.sku
        """,
    ),
    "PIVOT whose columns the data decides": (
        "duckdb",
        "pivot lines on sku using sum(qty)",
        "rest: lines",
    ),
    "UNPIVOT": (
        "duckdb",
        "select * from shop.customers unpivot (word for which in (name, city))",
        """
        = id <- =shop.customers.id
        . which <-
        = word <- =shop.customers.city =shop.customers.name
        """,
    ),
    "SEMI JOIN gives no columns of its right side": (
        "duckdb",
        "select * from shop.customers c semi join shop.orders o on o.customer_id = c.id",
        """
        = id <- =shop.customers.id
        = name <- =shop.customers.name
        = city <- =shop.customers.city
        join: shop.customers.id shop.orders.customer_id
        """,
    ),
    "a file and a function of the engine": (
        "duckdb",
        "select r.a, p.b from read_csv('in.csv') r join 'x.parquet' p on p.k = r.k",
        """
        = a <- =READ_CSV('in.csv').a
        = b <- =x.parquet.b
        join: READ_CSV('in.csv').k x.parquet.k
        """,
    ),
    "range() makes rows of nothing": (
        "duckdb",
        "select i, date '2025-01-01' + i as d from range(7) t(i)",
        ". i <-\n . d <-",
    ),
    "brackets around a join": (
        "duckdb",
        "select j.id, j.name from (shop.orders o join shop.customers c using (id)) as j",
        """
        = id <- =shop.orders.id
        = name <- =shop.customers.name
        join: shop.orders.id shop.customers.id
        """,
    ),
    "INSERT with a column list": (
        "trino",
        "insert into shop.customers (name, id) select upper(sku), order_id from lines",
        "~ name <- ~lines.sku\n = id <- =lines.order_id",
    ),
    "INSERT without one goes by the target's columns": (
        "duckdb",
        "insert into lines select id, note, amount from shop.orders where day = '2025-01-01'",
        """
        = order_id <- =shop.orders.id
        = sku <- =shop.orders.note
        = qty <- =shop.orders.amount
        where: shop.orders.day
        """,
    ),
    "INSERT into an unknown table goes by position": (
        "bigquery",
        "insert into d.t select id, amount * 2 from shop.orders",
        "= #1 <- =shop.orders.id\n ~ #2 <- ~shop.orders.amount",
    ),
    "INSERT of an unknown star into known columns": (
        "duckdb",
        "insert into lines select * from raw.t",
        "? order_id <- ?raw.t.*\n ? sku <- ?raw.t.*\n ? qty <- ?raw.t.*",
    ),
    "INSERT BY NAME": (
        "duckdb",
        "insert into lines by name select id as order_id, note as sku from shop.orders",
        "= order_id <- =shop.orders.id\n = sku <- =shop.orders.note",
    ),
    "ON CONFLICT DO UPDATE": (
        "duckdb",
        (
            "insert into lines (order_id, qty) select id, amount from shop.orders "
            "on conflict (order_id) do update set qty = lines.qty + excluded.qty"
        ),
        """
        = order_id <- =shop.orders.id
        ~ qty <- ~lines.qty ~shop.orders.amount
        """,
    ),
    "MERGE": (
        "bigquery",
        """
        merge into shop.customers t using (select customer_id as k, max(note) as n
            from shop.orders group by 1) s
        on t.id = s.k
        when matched and s.n is not null then update set name = s.n
        when not matched then insert (id, name) values (s.k, upper(s.n))
        """,
        """
        + name <- +shop.orders.note
        = id <- =shop.orders.customer_id
        group: shop.orders.customer_id
        merge: shop.customers.id shop.orders.customer_id shop.orders.note
        """,
    ),
    "UPDATE": (
        "duckdb",
        (
            "update shop.customers c set name = upper(c.name), city = l.sku from lines l "
            "where l.order_id = c.id"
        ),
        """
        ~ name <- ~shop.customers.name
        = city <- =lines.sku
        where: lines.order_id shop.customers.id
        """,
    ),
    "DELETE": (
        "trino",
        "delete from lines where order_id in (select id from shop.orders where amount = 0)",
        "where: lines.order_id shop.orders.amount shop.orders.id",
    ),
    "CREATE TABLE AS with names of its own": (
        "duckdb",
        "create or replace table t (a, b) as select id, amount / 2 from shop.orders",
        "= a <- =shop.orders.id\n ~ b <- ~shop.orders.amount",
    ),
    "CREATE VIEW": (
        "bigquery",
        "create view d.v as select id, sum(amount) as s from shop.orders group by id",
        "= id <- =shop.orders.id\n + s <- +shop.orders.amount\n group: shop.orders.id",
    ),
    "CREATE TABLE CLONE": (
        "bigquery",
        "create table d.c clone lines",
        "= order_id <- =lines.order_id\n = sku <- =lines.sku\n = qty <- =lines.qty",
    ),
    "MATCH_RECOGNIZE is not known": (
        "trino",
        (
            "select * from lines match_recognize (partition by sku measures qty as q "
            "pattern (x) define x as true)"
        ),
        "rest: lines",
    ),
    "COPY of a query": (
        "duckdb",
        "copy (select id, day from shop.orders) to 'out.parquet'",
        "= id <- =shop.orders.id\n = day <- =shop.orders.day",
    ),
    "a statement that the parser does not take apart": ("duckdb", "vacuum lines", "rest:"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_statement_has_the_lineage_that_a_reader_finds(case: str) -> None:
    dialect, sql, wanted = CASES[case]
    assert said(lineage_of(sql, dialect, TABLES)) == expected(wanted)


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("select x from A join b on true", "it cannot be told whether x is a column of A or b"),
        ("select o.nothing from (select 1 as one) o", "nothing here has the column o.nothing"),
        ("select columns('a.*') from t", "which columns COLUMNS() gives is not known"),
        (
            "insert into t select 1",
            "the target's columns are not known: values are told by position",
        ),
        ("select * from a natural join b", "the columns of a NATURAL JOIN are not known"),
        ("call do_it()", "what CALL does is not known"),
    ],
)
def test_what_cannot_be_told_is_said_in_a_sentence(sql: str, sentence: str) -> None:
    assert sentence in lineage_of(sql).unknown


def test_an_export_of_nothing_is_not_known() -> None:
    assert lineage_of("export nothing = 1", "bigquery").unknown == (
        "what EXPORT writes is not known",
    )


def test_a_name_of_the_select_list_is_no_column_inside_an_aggregate() -> None:
    lineage = lineage_of("select sum(x) as x from t group by k having sum(x) > 1")
    assert said(lineage) == expected("+ x <- +t.x\n group: t.k\n having: t.x")


def test_the_same_column_by_two_ways_is_no_doubt() -> None:
    lineage = lineage_of("with c as (select k from t) select k from c a join c b using (k)")
    assert said(lineage) == expected("= k <- =t.k\n join: t.k")


def test_names_differ_in_case_alone_and_are_shown_as_the_schema_writes_them() -> None:
    tables = {"shop.orders": "Id Amount"}
    lineage = lineage_of('select ID, "amount" as a from Shop.Orders', tables=tables)
    assert said(lineage) == ["= ID <- =Shop.Orders.Id", "= a <- =Shop.Orders.Amount"]


def test_a_chain_of_thousands_of_unions_is_read() -> None:
    lineage = lineage_of(" union all ".join(f"select c{n} as c from t{n}" for n in range(2000)))
    assert len(lineage.column("c").sources) == 2000


def test_a_long_sum_is_read() -> None:
    lineage = lineage_of("select " + " + ".join(f"c{n}" for n in range(5000)) + " as s from t")
    assert len(lineage.column("s").sources) == 5000

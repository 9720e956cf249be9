"""The 22 query shapes of TPC-H with their lineage, found by reading them.

The texts follow the published queries of the TPC-H specification with fixed parameters, in the
words that DuckDB, Trino and BigQuery share.
"""

TABLES = {
    "region": "r_regionkey r_name r_comment",
    "nation": "n_nationkey n_name n_regionkey n_comment",
    "supplier": "s_suppkey s_name s_address s_nationkey s_phone s_acctbal s_comment",
    "customer": "c_custkey c_name c_address c_nationkey c_phone c_acctbal c_mktsegment c_comment",
    "part": "p_partkey p_name p_mfgr p_brand p_type p_size p_container p_retailprice p_comment",
    "partsupp": "ps_partkey ps_suppkey ps_availqty ps_supplycost ps_comment",
    "orders": "o_orderkey o_custkey o_orderstatus o_totalprice o_orderdate o_orderpriority "
    "o_clerk o_shippriority o_comment",
    "lineitem": "l_orderkey l_partkey l_suppkey l_linenumber l_quantity l_extendedprice "
    "l_discount l_tax l_returnflag l_linestatus l_shipdate l_commitdate l_receiptdate "
    "l_shipinstruct l_shipmode l_comment",
}

QUERIES: dict[str, tuple[str, str]] = {
    "q01": (
        """
        select l_returnflag, l_linestatus, sum(l_quantity) as sum_qty,
            sum(l_extendedprice) as sum_base_price,
            sum(l_extendedprice * (1 - l_discount)) as sum_disc_price,
            sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) as sum_charge,
            avg(l_quantity) as avg_qty, avg(l_extendedprice) as avg_price,
            avg(l_discount) as avg_disc, count(*) as count_order
        from lineitem where l_shipdate <= date '1998-09-02'
        group by l_returnflag, l_linestatus order by l_returnflag, l_linestatus
        """,
        """
        = l_returnflag <- =lineitem.l_returnflag
        = l_linestatus <- =lineitem.l_linestatus
        + sum_qty <- +lineitem.l_quantity
        + sum_base_price <- +lineitem.l_extendedprice
        + sum_disc_price <- +lineitem.l_extendedprice +lineitem.l_discount
        + sum_charge <- +lineitem.l_extendedprice +lineitem.l_discount +lineitem.l_tax
        + avg_qty <- +lineitem.l_quantity
        + avg_price <- +lineitem.l_extendedprice
        + avg_disc <- +lineitem.l_discount
        + count_order <-
        where: lineitem.l_shipdate
        group: lineitem.l_returnflag lineitem.l_linestatus
        order: lineitem.l_returnflag lineitem.l_linestatus
        """,
    ),
    "q02": (
        """
        select s_acctbal, s_name, n_name, p_partkey, p_mfgr, s_address, s_phone, s_comment
        from part, supplier, partsupp, nation, region
        where p_partkey = ps_partkey and s_suppkey = ps_suppkey and p_size = 15
          and p_type like '%BRASS' and s_nationkey = n_nationkey
          and n_regionkey = r_regionkey and r_name = 'EUROPE'
          and ps_supplycost = (
            select min(ps_supplycost) from partsupp, supplier, nation, region
            where p_partkey = ps_partkey and s_suppkey = ps_suppkey
              and s_nationkey = n_nationkey and n_regionkey = r_regionkey and r_name = 'EUROPE')
        order by s_acctbal desc, n_name, s_name, p_partkey limit 100
        """,
        """
        = s_acctbal <- =supplier.s_acctbal
        = s_name <- =supplier.s_name
        = n_name <- =nation.n_name
        = p_partkey <- =part.p_partkey
        = p_mfgr <- =part.p_mfgr
        = s_address <- =supplier.s_address
        = s_phone <- =supplier.s_phone
        = s_comment <- =supplier.s_comment
        where: part.p_partkey partsupp.ps_partkey supplier.s_suppkey partsupp.ps_suppkey part.p_size part.p_type supplier.s_nationkey nation.n_nationkey nation.n_regionkey region.r_regionkey region.r_name partsupp.ps_supplycost
        order: supplier.s_acctbal nation.n_name supplier.s_name part.p_partkey
        """,
    ),
    "q03": (
        """
        select l_orderkey, sum(l_extendedprice * (1 - l_discount)) as revenue, o_orderdate,
            o_shippriority
        from customer, orders, lineitem
        where c_mktsegment = 'BUILDING' and c_custkey = o_custkey and l_orderkey = o_orderkey
          and o_orderdate < date '1995-03-15' and l_shipdate > date '1995-03-15'
        group by l_orderkey, o_orderdate, o_shippriority order by revenue desc, o_orderdate limit 10
        """,
        """
        = l_orderkey <- =lineitem.l_orderkey
        + revenue <- +lineitem.l_extendedprice +lineitem.l_discount
        = o_orderdate <- =orders.o_orderdate
        = o_shippriority <- =orders.o_shippriority
        where: customer.c_mktsegment customer.c_custkey orders.o_custkey lineitem.l_orderkey orders.o_orderkey orders.o_orderdate lineitem.l_shipdate
        group: lineitem.l_orderkey orders.o_orderdate orders.o_shippriority
        order: lineitem.l_extendedprice lineitem.l_discount orders.o_orderdate
        """,
    ),
    "q04": (
        """
        select o_orderpriority, count(*) as order_count from orders
        where o_orderdate >= date '1993-07-01' and exists (
            select * from lineitem where l_orderkey = o_orderkey and l_commitdate < l_receiptdate)
        group by o_orderpriority order by o_orderpriority
        """,
        """
        = o_orderpriority <- =orders.o_orderpriority
        + order_count <-
        where: orders.o_orderdate lineitem.l_orderkey orders.o_orderkey lineitem.l_commitdate lineitem.l_receiptdate
        group: orders.o_orderpriority
        order: orders.o_orderpriority
        """,
    ),
    "q05": (
        """
        select n_name, sum(l_extendedprice * (1 - l_discount)) as revenue
        from customer, orders, lineitem, supplier, nation, region
        where c_custkey = o_custkey and l_orderkey = o_orderkey and l_suppkey = s_suppkey
          and c_nationkey = s_nationkey and s_nationkey = n_nationkey
          and n_regionkey = r_regionkey and r_name = 'ASIA' and o_orderdate >= date '1994-01-01'
        group by n_name order by revenue desc
        """,
        """
        = n_name <- =nation.n_name
        + revenue <- +lineitem.l_extendedprice +lineitem.l_discount
        where: customer.c_custkey orders.o_custkey lineitem.l_orderkey orders.o_orderkey lineitem.l_suppkey supplier.s_suppkey customer.c_nationkey supplier.s_nationkey nation.n_nationkey nation.n_regionkey region.r_regionkey region.r_name orders.o_orderdate
        group: nation.n_name
        order: lineitem.l_extendedprice lineitem.l_discount
        """,
    ),
    "q06": (
        """
        select sum(l_extendedprice * l_discount) as revenue from lineitem
        where l_shipdate >= date '1994-01-01' and l_discount between 0.05 and 0.07
          and l_quantity < 24
        """,
        """
        + revenue <- +lineitem.l_extendedprice +lineitem.l_discount
        where: lineitem.l_shipdate lineitem.l_discount lineitem.l_quantity
        """,
    ),
    "q07": (
        """
        select supp_nation, cust_nation, l_year, sum(volume) as revenue from (
            select n1.n_name as supp_nation, n2.n_name as cust_nation,
                extract(year from l_shipdate) as l_year,
                l_extendedprice * (1 - l_discount) as volume
            from supplier, lineitem, orders, customer, nation n1, nation n2
            where s_suppkey = l_suppkey and o_orderkey = l_orderkey and c_custkey = o_custkey
              and s_nationkey = n1.n_nationkey and c_nationkey = n2.n_nationkey
              and n1.n_name = 'FRANCE' and n2.n_name = 'GERMANY') as shipping
        group by supp_nation, cust_nation, l_year order by supp_nation, cust_nation, l_year
        """,
        """
        = supp_nation <- =nation.n_name
        = cust_nation <- =nation.n_name
        ~ l_year <- ~lineitem.l_shipdate
        + revenue <- +lineitem.l_extendedprice +lineitem.l_discount
        where: supplier.s_suppkey lineitem.l_suppkey orders.o_orderkey lineitem.l_orderkey customer.c_custkey orders.o_custkey supplier.s_nationkey nation.n_nationkey customer.c_nationkey nation.n_name
        group: nation.n_name lineitem.l_shipdate
        order: nation.n_name lineitem.l_shipdate
        """,
    ),
    "q08": (
        """
        select o_year, sum(case when nation = 'BRAZIL' then volume else 0 end) / sum(volume)
            as mkt_share
        from (
            select extract(year from o_orderdate) as o_year,
                l_extendedprice * (1 - l_discount) as volume, n2.n_name as nation
            from part, supplier, lineitem, orders, customer, nation n1, nation n2, region
            where p_partkey = l_partkey and s_suppkey = l_suppkey and l_orderkey = o_orderkey
              and o_custkey = c_custkey and c_nationkey = n1.n_nationkey
              and n1.n_regionkey = r_regionkey and r_name = 'AMERICA'
              and s_nationkey = n2.n_nationkey and p_type = 'ECONOMY') as all_nations
        group by o_year order by o_year
        """,
        """
        ~ o_year <- ~orders.o_orderdate
        + mkt_share <- +nation.n_name +lineitem.l_extendedprice +lineitem.l_discount
        where: part.p_partkey lineitem.l_partkey supplier.s_suppkey lineitem.l_suppkey lineitem.l_orderkey orders.o_orderkey orders.o_custkey customer.c_custkey customer.c_nationkey nation.n_nationkey nation.n_regionkey region.r_regionkey region.r_name supplier.s_nationkey part.p_type
        group: orders.o_orderdate
        order: orders.o_orderdate
        """,
    ),
    "q09": (
        """
        select nation, o_year, sum(amount) as sum_profit from (
            select n_name as nation, extract(year from o_orderdate) as o_year,
                l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity as amount
            from part, supplier, lineitem, partsupp, orders, nation
            where s_suppkey = l_suppkey and ps_suppkey = l_suppkey and ps_partkey = l_partkey
              and p_partkey = l_partkey and o_orderkey = l_orderkey
              and s_nationkey = n_nationkey and p_name like '%green%') as profit
        group by nation, o_year order by nation, o_year desc
        """,
        """
        = nation <- =nation.n_name
        ~ o_year <- ~orders.o_orderdate
        + sum_profit <- +lineitem.l_extendedprice +lineitem.l_discount +partsupp.ps_supplycost +lineitem.l_quantity
        where: supplier.s_suppkey lineitem.l_suppkey partsupp.ps_suppkey partsupp.ps_partkey lineitem.l_partkey part.p_partkey orders.o_orderkey lineitem.l_orderkey supplier.s_nationkey nation.n_nationkey part.p_name
        group: nation.n_name orders.o_orderdate
        order: nation.n_name orders.o_orderdate
        """,
    ),
    "q10": (
        """
        select c_custkey, c_name, sum(l_extendedprice * (1 - l_discount)) as revenue, n_name
        from customer, orders, lineitem, nation
        where c_custkey = o_custkey and l_orderkey = o_orderkey
          and o_orderdate >= date '1993-10-01' and l_returnflag = 'R' and c_nationkey = n_nationkey
        group by c_custkey, c_name, n_name order by revenue desc limit 20
        """,
        """
        = c_custkey <- =customer.c_custkey
        = c_name <- =customer.c_name
        + revenue <- +lineitem.l_extendedprice +lineitem.l_discount
        = n_name <- =nation.n_name
        where: customer.c_custkey orders.o_custkey lineitem.l_orderkey orders.o_orderkey orders.o_orderdate lineitem.l_returnflag customer.c_nationkey nation.n_nationkey
        group: customer.c_custkey customer.c_name nation.n_name
        order: lineitem.l_extendedprice lineitem.l_discount
        """,
    ),
    "q11": (
        """
        select ps_partkey, sum(ps_supplycost * ps_availqty) as stock_value
        from partsupp, supplier, nation
        where ps_suppkey = s_suppkey and s_nationkey = n_nationkey and n_name = 'GERMANY'
        group by ps_partkey
        having sum(ps_supplycost * ps_availqty) > (
            select sum(ps_supplycost * ps_availqty) * 0.0001 from partsupp, supplier, nation
            where ps_suppkey = s_suppkey and s_nationkey = n_nationkey and n_name = 'GERMANY')
        order by stock_value desc
        """,
        """
        = ps_partkey <- =partsupp.ps_partkey
        + stock_value <- +partsupp.ps_supplycost +partsupp.ps_availqty
        where: partsupp.ps_suppkey supplier.s_suppkey supplier.s_nationkey nation.n_nationkey nation.n_name
        group: partsupp.ps_partkey
        having: partsupp.ps_supplycost partsupp.ps_availqty
        order: partsupp.ps_supplycost partsupp.ps_availqty
        """,
    ),
    "q12": (
        """
        select l_shipmode,
            sum(case when o_orderpriority = '1-URGENT' then 1 else 0 end) as high_line_count,
            sum(case when o_orderpriority <> '1-URGENT' then 1 else 0 end) as low_line_count
        from orders join lineitem on o_orderkey = l_orderkey
        where l_shipmode in ('MAIL', 'SHIP') and l_commitdate < l_receiptdate
        group by l_shipmode order by l_shipmode
        """,
        """
        = l_shipmode <- =lineitem.l_shipmode
        + high_line_count <- +orders.o_orderpriority
        + low_line_count <- +orders.o_orderpriority
        join: orders.o_orderkey lineitem.l_orderkey
        where: lineitem.l_shipmode lineitem.l_commitdate lineitem.l_receiptdate
        group: lineitem.l_shipmode
        order: lineitem.l_shipmode
        """,
    ),
    "q13": (
        """
        with c_orders as (
            select c_custkey, count(o_orderkey) as c_count
            from customer left outer join orders
                on c_custkey = o_custkey and o_comment not like '%special%requests%'
            group by c_custkey)
        select c_count, count(*) as custdist from c_orders
        group by c_count order by custdist desc, c_count desc
        """,
        """
        + c_count <- +orders.o_orderkey
        + custdist <-
        join: customer.c_custkey orders.o_custkey orders.o_comment
        group: customer.c_custkey orders.o_orderkey
        order: orders.o_orderkey
        """,
    ),
    "q14": (
        """
        select 100.00 * sum(case when p_type like 'PROMO%' then l_extendedprice * (1 - l_discount)
            else 0 end) / sum(l_extendedprice * (1 - l_discount)) as promo_revenue
        from lineitem, part where l_partkey = p_partkey and l_shipdate >= date '1995-09-01'
        """,
        """
        + promo_revenue <- +part.p_type +lineitem.l_extendedprice +lineitem.l_discount
        where: lineitem.l_partkey part.p_partkey lineitem.l_shipdate
        """,
    ),
    "q15": (
        """
        with revenue as (
            select l_suppkey as supplier_no, sum(l_extendedprice * (1 - l_discount)) as total_revenue
            from lineitem where l_shipdate >= date '1996-01-01' group by l_suppkey)
        select s_suppkey, s_name, total_revenue from supplier, revenue
        where s_suppkey = supplier_no
          and total_revenue = (select max(total_revenue) from revenue)
        order by s_suppkey
        """,
        """
        = s_suppkey <- =supplier.s_suppkey
        = s_name <- =supplier.s_name
        + total_revenue <- +lineitem.l_extendedprice +lineitem.l_discount
        where: lineitem.l_shipdate supplier.s_suppkey lineitem.l_suppkey lineitem.l_extendedprice lineitem.l_discount
        group: lineitem.l_suppkey
        order: supplier.s_suppkey
        """,
    ),
    "q16": (
        """
        select p_brand, p_type, p_size, count(distinct ps_suppkey) as supplier_cnt
        from partsupp, part
        where p_partkey = ps_partkey and p_brand <> 'Brand#45' and p_size in (49, 14)
          and ps_suppkey not in (select s_suppkey from supplier where s_comment like '%Complaints%')
        group by p_brand, p_type, p_size order by supplier_cnt desc, p_brand, p_type, p_size
        """,
        """
        = p_brand <- =part.p_brand
        = p_type <- =part.p_type
        = p_size <- =part.p_size
        + supplier_cnt <- +partsupp.ps_suppkey
        where: part.p_partkey partsupp.ps_partkey part.p_brand part.p_size partsupp.ps_suppkey supplier.s_suppkey supplier.s_comment
        group: part.p_brand part.p_type part.p_size
        order: partsupp.ps_suppkey part.p_brand part.p_type part.p_size
        """,
    ),
    "q17": (
        """
        select sum(l_extendedprice) / 7.0 as avg_yearly from lineitem, part
        where p_partkey = l_partkey and p_brand = 'Brand#23' and l_quantity < (
            select 0.2 * avg(l_quantity) from lineitem where l_partkey = p_partkey)
        """,
        """
        + avg_yearly <- +lineitem.l_extendedprice
        where: part.p_partkey lineitem.l_partkey part.p_brand lineitem.l_quantity
        """,
    ),
    "q18": (
        """
        select c_name, o_orderkey, o_totalprice, sum(l_quantity) as quantity
        from customer, orders, lineitem
        where o_orderkey in (
            select l_orderkey from lineitem group by l_orderkey having sum(l_quantity) > 300)
          and c_custkey = o_custkey and o_orderkey = l_orderkey
        group by c_name, o_orderkey, o_totalprice order by o_totalprice desc limit 100
        """,
        """
        = c_name <- =customer.c_name
        = o_orderkey <- =orders.o_orderkey
        = o_totalprice <- =orders.o_totalprice
        + quantity <- +lineitem.l_quantity
        where: orders.o_orderkey lineitem.l_orderkey customer.c_custkey orders.o_custkey
        having: lineitem.l_quantity
        group: lineitem.l_orderkey customer.c_name orders.o_orderkey orders.o_totalprice
        order: orders.o_totalprice
        """,
    ),
    "q19": (
        """
        select sum(l_extendedprice * (1 - l_discount)) as revenue from lineitem, part
        where (p_partkey = l_partkey and p_brand = 'Brand#12' and l_quantity between 1 and 11
            and p_size between 1 and 5 and l_shipmode in ('AIR', 'AIR REG'))
          or (p_partkey = l_partkey and p_container in ('MED BAG') and l_shipinstruct = 'X')
        """,
        """
        + revenue <- +lineitem.l_extendedprice +lineitem.l_discount
        where: part.p_partkey lineitem.l_partkey part.p_brand lineitem.l_quantity part.p_size lineitem.l_shipmode part.p_container lineitem.l_shipinstruct
        """,
    ),
    "q20": (
        """
        select s_name, s_address from supplier, nation
        where s_suppkey in (
            select ps_suppkey from partsupp
            where ps_partkey in (select p_partkey from part where p_name like 'forest%')
              and ps_availqty > (
                select 0.5 * sum(l_quantity) from lineitem
                where l_partkey = ps_partkey and l_suppkey = ps_suppkey
                  and l_shipdate >= date '1994-01-01'))
          and s_nationkey = n_nationkey and n_name = 'CANADA'
        order by s_name
        """,
        """
        = s_name <- =supplier.s_name
        = s_address <- =supplier.s_address
        where: supplier.s_suppkey partsupp.ps_suppkey partsupp.ps_partkey part.p_partkey part.p_name partsupp.ps_availqty lineitem.l_quantity lineitem.l_partkey lineitem.l_suppkey lineitem.l_shipdate supplier.s_nationkey nation.n_nationkey nation.n_name
        order: supplier.s_name
        """,
    ),
    "q21": (
        """
        select s_name, count(*) as numwait from supplier, lineitem l1, orders, nation
        where s_suppkey = l1.l_suppkey and o_orderkey = l1.l_orderkey and o_orderstatus = 'F'
          and l1.l_receiptdate > l1.l_commitdate
          and exists (select * from lineitem l2
            where l2.l_orderkey = l1.l_orderkey and l2.l_suppkey <> l1.l_suppkey)
          and not exists (select * from lineitem l3
            where l3.l_orderkey = l1.l_orderkey and l3.l_receiptdate > l3.l_commitdate)
          and s_nationkey = n_nationkey and n_name = 'SAUDI ARABIA'
        group by s_name order by numwait desc, s_name limit 100
        """,
        """
        = s_name <- =supplier.s_name
        + numwait <-
        where: supplier.s_suppkey lineitem.l_suppkey orders.o_orderkey lineitem.l_orderkey orders.o_orderstatus lineitem.l_receiptdate lineitem.l_commitdate supplier.s_nationkey nation.n_nationkey nation.n_name
        group: supplier.s_name
        order: supplier.s_name
        """,
    ),
    "q22": (
        """
        select cntrycode, count(*) as numcust, sum(c_acctbal) as totacctbal from (
            select substr(c_phone, 1, 2) as cntrycode, c_acctbal from customer
            where substr(c_phone, 1, 2) in ('13', '31')
              and c_acctbal > (select avg(c_acctbal) from customer where c_acctbal > 0.00)
              and not exists (select * from orders where o_custkey = c_custkey)) as custsale
        group by cntrycode order by cntrycode
        """,
        """
        ~ cntrycode <- ~customer.c_phone
        + numcust <-
        + totacctbal <- +customer.c_acctbal
        where: customer.c_phone customer.c_acctbal orders.o_custkey customer.c_custkey
        group: customer.c_phone
        order: customer.c_phone
        """,
    ),
}

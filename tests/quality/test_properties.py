"""Laws: counts equal a naive count, hostile texts stay texts, proposals hold on their data."""

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dli_adapters.clock.system import SystemClock
from dli_adapters.duckdb.executor import DuckDbExecutor
from dli_adapters.memory.quality_source import MemoryQualitySource
from dli_adapters.memory.spec_source import MemorySpecSource
from dli_adapters.yaml_specs.quality_source import YamlQualitySource
from dli_cli.quality.suggesting import yaml_lines
from dli_domain.model.names import ResourceName
from dli_domain.model.problems import Location
from dli_domain.model.quality import (
    QualityReport,
    QualitySpec,
    QualityTarget,
    QualityTest,
    QualityTestType,
    Verdict,
)
from dli_domain.model.requests import QualityRequest
from dli_domain.model.run import ExecutionMode
from dli_domain.model.settings import ProjectSettings
from dli_domain.model.spec import ResourceKind, SqlSource
from dli_domain.ports.quality_source import QualitySource
from dli_domain.quality.judging import exceeds, judge
from dli_domain.usecases.render_resource import RenderResource
from dli_domain.usecases.run_quality import RunQuality
from dli_domain.usecases.suggest_quality import SuggestQuality

T = QualityTestType
HERE = Location("quality.t.yaml")
TARGET = QualityTarget(kind=ResourceKind.DATASET, name=ResourceName(("t",)))
HOSTILE = st.one_of(
    st.sampled_from(
        ["'", '"', "`", "\\", "a'; DROP TABLE t; --", '" OR 1=1 --', "/*", "*/", "{{ x }}", "$$"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
)
ROWS = st.lists(
    st.tuples(st.none() | st.integers(-3, 5), st.none() | HOSTILE, st.none() | st.integers(-5, 5)),
    max_size=25,
)


def make(name: str, kind: QualityTestType, **fields: object) -> QualityTest:
    return QualityTest(name=name, type=kind, location=HERE, **fields)  # type: ignore[arg-type]  # a test's own keywords


def sql(text: str) -> SqlSource:
    return SqlSource(text=text, origin=HERE)


def run_on(
    connection: duckdb.DuckDBPyConnection, source: QualitySource, **rest: object
) -> QualityReport:
    clock = SystemClock()
    return RunQuality(
        render=RenderResource(
            specs=MemorySpecSource(), clock=clock, engine="duckdb", default_dialect="duckdb"
        ),
        source=source,
        open_executor=lambda _: nullcontext(DuckDbExecutor(connection)),
        clock=clock,
        mode=ExecutionMode.LOCAL,
        new_run_id=lambda: "r",
    )(QualityRequest(reference="t", **rest))  # type: ignore[arg-type]  # as above


def table(rows: Sequence[tuple[object, ...]]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute('CREATE TABLE t (k BIGINT, s VARCHAR, "v-1" BIGINT)')
    for row in rows:
        connection.execute("INSERT INTO t VALUES (?, ?, ?)", list(row))
    return connection


@given(ROWS, st.lists(HOSTILE, min_size=1, max_size=4))
@settings(max_examples=40)
def test_counts_equal_a_naive_count(
    rows: list[tuple[int | None, str | None, int | None]], accepted: list[str]
) -> None:
    tests = (
        make("null", T.NOT_NULL, columns=("k", "v-1")),
        make("once", T.UNIQUE, columns=("k",)),
        make("pair", T.UNIQUE, columns=("k", "s")),
        make("in", T.ACCEPTED_VALUES, columns=("s",), values=tuple(accepted)),
        make("range", T.RANGE_CHECK, columns=("v-1",), min=-2, max=Decimal(3)),
        make("where", T.RANGE_CHECK, columns=("v-1",), min=0, where=sql("k > 0 -- note")),
        make("expr", T.EXPRESSION, expression=sql('k <= "v-1"')),
        make("self", T.RELATIONSHIPS, columns=("k",), to="t", to_column="v-1"),
        make("sql", T.SINGULAR, sql=sql("SELECT k FROM {{ target }} WHERE k = 1")),
        make("rows", T.ROW_COUNT, min=1),
    )
    spec = QualitySpec(target=TARGET, owner="o", location=HERE, tests=tests, dialect="duckdb")
    with table(rows) as connection:
        report = run_on(connection, MemoryQualitySource([spec]), samples=2)
    ks, pairs = Counter(r[0] for r in rows), Counter((r[0], r[1]) for r in rows)
    vs = [r[2] for r in rows if r[2] is not None]
    kept = [r[2] for r in rows if r[2] is not None and r[0] is not None and r[0] > 0]
    both = [(r[0], r[2]) for r in rows if r[0] is not None and r[2] is not None]
    known = [r[0] for r in rows if r[0] is not None]
    texts = [r[1] for r in rows if r[1] is not None]
    wanted = {
        "null": (len(rows), sum(r[0] is None or r[2] is None for r in rows)),
        "once": (len(ks), sum(n > 1 for n in ks.values())),
        "pair": (len(pairs), sum(n > 1 for n in pairs.values())),
        "in": (len(texts), sum(one not in accepted for one in texts)),
        "range": (len(vs), sum(not -2 <= v <= 3 for v in vs)),
        "where": (len(kept), sum(v < 0 for v in kept)),
        "expr": (len(both), sum(k > v for k, v in both)),
        "self": (len(known), sum(k not in vs for k in known)),
        "sql": (len(rows), sum(k == 1 for k in known)),
        "rows": (len(rows), int(not rows)),
    }
    assert {o.test.name: (o.rows_tested, o.rows_failed) for o in report.outcomes} == wanted
    for one in report.outcomes:
        if one.rows_passed is not None and one.test.type is not T.SINGULAR:
            assert one.rows_passed + (one.rows_failed or 0) == one.rows_tested
    assert sum(report.count(verdict) for verdict in Verdict) == len(tests)


@given(HOSTILE.filter(lambda s: all(p.strip() for p in s.split("."))), HOSTILE, HOSTILE)
@settings(max_examples=60)
def test_hostile_names_and_values_reach_nothing_but_themselves(
    column: str, value: str, pattern: str
) -> None:
    tests = (
        make(column, T.NOT_NULL, columns=(column,)),
        make("in", T.ACCEPTED_VALUES, columns=("s",), values=(value,)),
        make("re", T.PATTERN, columns=("s",), pattern=re.escape(pattern) or "x"),
        make(
            "p",
            T.SINGULAR,
            sql=sql("SELECT * FROM {{ target }} WHERE s = {{ p }}"),
            params={"p": value},
        ),
    )
    spec = QualitySpec(target=TARGET, owner="o", location=HERE, tests=tests, dialect="duckdb")
    with table([(1, value, 1)]) as connection:
        report = run_on(connection, MemoryQualitySource([spec]))
        assert connection.execute("SELECT count(*) FROM t").fetchall() == [(1,)]
    by_name = {one.test.name: one for one in report.outcomes[1:]}
    assert by_name["in"].verdict is Verdict.PASS
    assert by_name["p"].rows_failed == 1
    # a column that is not there is an error of its own test only
    known = column.lower() in ("k", "s", "v-1")
    assert (report.outcomes[0].verdict is Verdict.ERROR) is not known


@given(
    st.integers(0, 1000),
    st.integers(0, 1000),
    st.none() | st.integers(0, 10),
    st.none() | st.decimals(0, 1, places=2),
)
def test_a_threshold_is_kept_exactly(
    tested: int, failed: int, most: int | None, rate: Decimal | None
) -> None:
    test = make("x", T.NOT_NULL, columns=("k",), max_failures=most, max_failure_rate=rate)
    failed = min(failed, tested)
    found = judge(test, tested, failed)
    above = failed > (most if most is not None else tested if rate is not None else 0)
    above |= rate is not None and Decimal(failed) > rate * tested
    assert exceeds(test, tested, failed) is above
    assert (found.verdict is Verdict.FAIL) is above
    assert (found.verdict is Verdict.VACUOUS) is (not above and tested == 0)


@given(ROWS.filter(bool))
@settings(max_examples=25)
def test_what_is_proposed_from_data_passes_on_it(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int | None, str | None, int | None]],
) -> None:
    folder: Path = tmp_path_factory.mktemp("proposed")
    with table(rows) as connection:
        found = SuggestQuality(
            engine="duckdb",
            open_executor=lambda _: nullcontext(DuckDbExecutor(connection)),
            clock=SystemClock(),
            mode=ExecutionMode.LOCAL,
            new_run_id=lambda: "r",
        )("t")
        assert len(found.statements) <= 3
        (folder / "quality.t.yaml").write_text("\n".join(yaml_lines(found)), encoding="utf-8")
        report = run_on(connection, YamlQualitySource(ProjectSettings(root=str(folder))))
    assert [o for o in report.outcomes if o.verdict is not Verdict.PASS] == []


def test_an_age_is_judged_by_the_newest_value() -> None:
    test = make("f", T.FRESHNESS, columns=("d",), max_age=timedelta(days=2))
    spec = QualitySpec(target=TARGET, owner="o", location=HERE, tests=(test,), dialect="duckdb")
    for made, verdict in (
        ("now() - INTERVAL 1 HOUR", Verdict.PASS),
        ("now() - INTERVAL 3 DAY", Verdict.FAIL),
        ("now() + INTERVAL 30 DAY", Verdict.FAIL),
        ("NULL::TIMESTAMP", Verdict.VACUOUS),
        ("'soon'", Verdict.ERROR),
    ):
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE t AS SELECT {made} AS d")
            report = run_on(connection, MemoryQualitySource([spec]))
        assert report.outcomes[0].verdict is verdict, made

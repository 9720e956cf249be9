"""The library's facade over datasets and metrics."""

import csv
import json
import logging
from datetime import date
from pathlib import Path

import duckdb
import pytest

from dli import (
    ConfigError,
    DatasetAPI,
    DliError,
    ExecutionContext,
    ExecutionLimitError,
    ExecutionMode,
    ExecutionQueryError,
    MetricAPI,
    MockExecutor,
    OutputError,
    ParameterError,
    QueryResult,
    ResultStatus,
    ServerUnreachableError,
    SpecInvalidError,
    SpecNotFoundError,
)
from tests.projects import SEED_SPEC, write_dataset, write_metric, write_project

METRIC = """\
name: shop.kpi.ids
owner: lee@example.com
team: "@seed"
type: Metric
query_type: SELECT
tags: [kpi]
query_statement: SELECT METRIC(ids) AS ids FROM range(5) AS t(id)
metrics:
  - {name: ids, aggregation: count, expression: id}
"""


@pytest.fixture(autouse=True)
def project() -> Path:
    return write_project(Path.cwd())


def test_run_with_mock_executor() -> None:
    """Mock executor 주입으로 단위 테스트."""
    mock_executor = MockExecutor(return_value=QueryResult(rows=[{"id": 1}], row_count=1))

    api = DatasetAPI(
        context=ExecutionContext(execution_mode=ExecutionMode.LOCAL),
        executor=mock_executor,
    )

    result = api.run("test.schema.dataset")

    assert result.status == ResultStatus.SUCCESS
    assert mock_executor.call_count == 1


def test_a_run_gives_rows_columns_and_the_sql_that_ran() -> None:
    result = DatasetAPI().run("my_dataset", parameters={"date": "2025-01-01"})
    assert result.data == [{"id": 1, "d": date(2025, 1, 1)}]
    assert result.row_count == len(result) == 1
    assert [(column.name, column.type) for column in result.columns] == [
        ("id", "INTEGER"),
        ("d", "DATE"),
    ]
    assert (result.engine, result.mode, str(result.name)) == ("duckdb", "local", "my_dataset")
    assert result.sql == "SELECT 1 AS id, DATE '2025-01-01' AS d"
    assert result.duration_ms >= 0


def test_a_result_speaks_arrow() -> None:
    result = DatasetAPI().run("my_dataset")
    assert result.to_arrow().column_names == ["id", "d"]
    with duckdb.connect() as connection:
        assert connection.execute("SELECT id FROM result").fetchall() == [(1,)]


def test_a_result_can_be_read_as_often_as_one_likes() -> None:
    result = DatasetAPI().run("my_dataset")
    assert list(result) == list(result) == result.data


def test_a_metric_runs_the_same_way() -> None:
    write_metric(Path(), "shop.kpi.ids", METRIC)
    assert MetricAPI().run("shop.kpi.ids").data == [{"ids": 5}]
    assert [str(spec.name) for spec in MetricAPI().list_metrics(tags=["kpi"])] == ["shop.kpi.ids"]


@pytest.mark.parametrize("through", ["argument", "context", "variable"])
def test_a_dry_run_renders_and_opens_no_engine(
    through: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mock = MockExecutor()
    context = ExecutionContext(dry_run=True) if through == "context" else None
    if through == "variable":
        monkeypatch.setenv("DLI_DRY_RUN", "true")
    api = DatasetAPI(context=context, executor=mock)
    result = api.run("my_dataset", dry_run=through == "argument")
    assert (result.status, result.row_count) == (ResultStatus.SKIPPED, None)
    assert result.sql == "SELECT 1 AS id, DATE '2024-12-31' AS d"
    assert [one.status for one in result.statements] == [ResultStatus.SKIPPED]
    assert mock.call_count == 0


def test_parameters_of_a_call_beat_those_of_the_context() -> None:
    context = ExecutionContext(parameters={"date": "2024-01-01", "meant_for_others": 1})
    api = DatasetAPI(context=context)
    assert "2024-01-01" in api.render_sql("my_dataset")
    assert "2024-02-02" in api.render_sql("my_dataset", parameters={"date": date(2024, 2, 2)})


def test_an_unknown_or_ill_typed_parameter_stops_before_any_engine() -> None:
    mock = MockExecutor()
    api = DatasetAPI(executor=mock)
    with pytest.raises(ParameterError, match="datee") as unknown:
        api.run("my_dataset", parameters={"datee": "2025-01-01"})
    assert unknown.value.hint == "Did you mean 'date'?"
    with pytest.raises(ParameterError) as wrong:
        api.run("my_dataset", parameters={"date": "soon"})
    assert str(wrong.value.location) == "datasets/dataset.my_dataset.yaml:9:5"
    assert mock.call_count == 0


def test_ds_is_the_day_that_was_asked_for() -> None:
    spec = SEED_SPEC.replace("NAME", "daily").replace("{{ date }}", "{{ ds }}")
    write_dataset(Path(), "daily", spec)
    api = DatasetAPI()
    assert "'2025-03-04'" in api.render_sql("daily", ds="2025-03-04")
    assert "'2025-03-04'" in api.run("daily", ds=date(2025, 3, 4)).sql
    with pytest.raises(ParameterError, match="no date"):
        api.run("daily", ds="tomorrow")


def test_a_missing_dataset_names_the_closest() -> None:
    assert DatasetAPI().get("my_datasett") is None
    with pytest.raises(SpecNotFoundError) as caught:
        DatasetAPI().run("my_datasett")
    assert (caught.value.code, caught.value.hint) == ("DLI-101", "Did you mean 'my_dataset'?")


def test_every_filter_of_the_list_works() -> None:
    write_dataset(
        Path(),
        "lake.mart.orders",
        SEED_SPEC.replace("NAME", "lake.mart.orders")
        .replace("kim@", "lee@")
        .replace("[shop]", "[web]")
        .replace("[daily, seed]", "[daily, hourly]"),
    )
    api = DatasetAPI()

    def names(**filters: object) -> list[str]:
        return [str(s.name) for s in api.list_datasets(**filters)]  # type: ignore[arg-type]  # one keyword each

    assert names() == ["lake.mart.orders", "my_dataset", "test.schema.dataset", "test_dataset"]
    assert names(domain="web") == ["lake.mart.orders"]
    assert names(owner="lee@example.com") == ["lake.mart.orders"]
    assert names(tags=["daily", "hourly"]) == ["lake.mart.orders"]
    assert names(tags=["daily", "nope"]) == []
    assert names(catalog="test") == ["test.schema.dataset"]
    assert names(schema="mart") == ["lake.mart.orders"]
    assert names(domain="web", owner="kim@example.com") == []


def test_a_list_of_another_project(tmp_path: Path) -> None:
    other = write_project(tmp_path / "other")
    (other / "datasets" / "dataset.my_dataset.yaml").unlink()
    names = [str(spec.name) for spec in DatasetAPI().list_datasets(other)]
    assert names == ["test.schema.dataset", "test_dataset"]


def test_a_broken_spec_does_not_hide_from_the_list() -> None:
    write_dataset(Path(), "broken", "name: broken\nowner: [\n")
    with pytest.raises(SpecInvalidError, match=r"dataset\.broken\.yaml"):
        DatasetAPI().list_datasets()


def test_specs_of_a_server_are_not_pretended() -> None:
    with pytest.raises(ServerUnreachableError):
        DatasetAPI().list_datasets(source="server")
    with pytest.raises(ConfigError, match="source"):
        DatasetAPI().list_datasets(source="cloud")


def test_get_gives_the_spec() -> None:
    spec = DatasetAPI().get("my_dataset")
    assert spec is not None
    assert (spec.owner, [parameter.name for parameter in spec.parameters]) == (
        "kim@example.com",
        ["date"],
    )
    assert MetricAPI().get("my_dataset") is None


@pytest.mark.parametrize("name", ["rows.csv", "rows.json", "rows.ndjson", "rows.parquet"])
def test_output_takes_every_row_to_a_file(name: str) -> None:
    result = DatasetAPI().run("my_dataset", output=name)
    assert (result.row_count, result.output_path) == (1, name)
    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT id FROM '{name}'").fetchall() == [(1,)]
    for read in (result.to_arrow, lambda: result.data):
        with pytest.raises(ValueError, match=f"wrote them to '{name}'"):
            read()


def test_format_beats_the_ending() -> None:
    DatasetAPI().run("my_dataset", output=Path("rows.txt"), format="json")
    assert json.loads(Path("rows.txt").read_text()) == [{"id": 1, "d": "2024-12-31"}]
    DatasetAPI().run("my_dataset", output="other.txt")
    assert list(csv.reader(Path("other.txt").read_text().splitlines())) == [
        ["id", "d"],
        ["1", "2024-12-31"],
    ]


def test_an_output_that_cannot_be_written_stops_before_any_engine() -> None:
    mock = MockExecutor()
    with pytest.raises(OutputError):
        DatasetAPI(executor=mock).run("my_dataset", output="no/such/folder/rows.csv")
    with pytest.raises(DliError, match="format"):
        DatasetAPI(executor=mock).run("my_dataset", format="csv")
    assert mock.call_count == 0


def test_a_stream_gives_rows_while_they_come() -> None:
    spec = SEED_SPEC.replace("NAME", "many").replace(
        "SELECT 1 AS id, DATE '{{ date }}' AS d", "SELECT range AS id FROM range(3000000)"
    )
    write_dataset(Path(), "many", spec)
    with DatasetAPI().stream("many") as stream:
        assert [column.name for column in stream.columns] == ["id"]
        assert [row["id"] for row, _ in zip(stream.rows(), range(3), strict=False)] == [0, 1, 2]
    with DatasetAPI().stream("many") as stream, duckdb.connect() as connection:
        assert connection.execute("SELECT count(*), max(id) FROM stream").fetchall() == [
            (3_000_000, 2_999_999)
        ]


def test_a_stream_of_a_mock_reads_like_any_other() -> None:
    mock = MockExecutor(return_value=QueryResult(rows=[{"id": 1}, {"id": 2}]))
    with DatasetAPI(executor=mock).stream("my_dataset") as stream:
        assert list(stream.rows()) == [{"id": 1}, {"id": 2}]


def test_a_failure_in_the_block_stops_the_run_before_the_post_statements() -> None:
    write_dataset(
        Path(),
        "posted",
        SEED_SPEC.replace("NAME", "posted") + "post_statements: [{name: add, sql: SELECT 2}]\n",
    )
    mock = MockExecutor(return_value=QueryResult(rows=[{"id": 1}]))
    with pytest.raises(ZeroDivisionError), DatasetAPI(executor=mock).stream("posted"):
        raise ZeroDivisionError
    assert mock.call_count == 1
    with DatasetAPI(executor=mock).stream("posted"):
        pass
    assert mock.call_count == 3


def test_a_stream_runs_the_post_statements_after_the_block() -> None:
    steps = (
        "pre_statements: [{name: make, sql: CREATE TABLE db.t AS SELECT 1 AS id}]\n"
        "post_statements: [{name: add, sql: INSERT INTO db.t VALUES (2)}]\n"
    )
    write_dataset(Path(), "staged", SEED_SPEC.replace("NAME", "staged") + steps)
    Path("dli.yaml").write_text(
        "defaults: {dialect: duckdb}\n"
        "local: {engine: duckdb, duckdb: {attach: {db: file.duckdb}}}\n"
    )
    with DatasetAPI().stream("staged") as stream:
        assert [row["id"] for row in stream.rows()] == [1]
    with duckdb.connect("file.duckdb") as connection:
        assert connection.execute("FROM t ORDER BY id").fetchall() == [(1,), (2,)]


def test_an_error_of_the_engine_points_into_the_spec() -> None:
    spec = SEED_SPEC.replace("NAME", "wrong").replace("1 AS id", "nothing AS id")
    write_dataset(Path(), "wrong", spec)
    with pytest.raises(ExecutionQueryError) as caught:
        DatasetAPI().run("wrong")
    assert str(caught.value.location) == "datasets/dataset.wrong.yaml:11:10"


def test_run_sql_places_values_by_their_type() -> None:
    result = DatasetAPI().run_sql(
        "SELECT {{ n }} AS n, '{{ text }}' AS text, {{ day }} AS day WHERE 1 IN {{ ids | sql_list }}",
        parameters={"n": 1.5, "text": "it's", "day": date(2025, 1, 1), "ids": [1, 2]},
    )
    assert result.data == [{"n": 1.5, "text": "it's", "day": date(2025, 1, 1)}]


def test_run_sql_speaks_another_dialect_and_needs_no_project(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    context = ExecutionContext(engine="duckdb")
    Path("dli.yaml").unlink()
    result = DatasetAPI(context=context).run_sql(
        "SELECT DATE_ADD(DATE '2025-01-31', INTERVAL 1 MONTH) AS d", dialect="bigquery"
    )
    assert str(result.data[0]["d"]).startswith("2025-02-28")
    with pytest.raises(ConfigError) as caught:
        DatasetAPI(context=context).run("my_dataset")
    assert caught.value.code == "DLI-003"


def test_run_sql_refuses_a_value_that_has_no_place_in_sql() -> None:
    with pytest.raises(ParameterError, match="object"):
        DatasetAPI().run_sql("SELECT {{ it }}", parameters={"it": object()})


def test_validate_finds_what_is_wrong_without_an_engine() -> None:
    api = DatasetAPI(executor=MockExecutor())
    assert api.validate("my_dataset").valid
    write_dataset(
        Path(),
        "wrong",
        SEED_SPEC.replace("NAME", "wrong").replace("{{ date }}", "{{ dat }}"),
    )
    verdict = api.validate("wrong")
    assert not verdict.valid
    assert verdict.has_errors
    assert "dat" in verdict.errors[0].message
    assert str(verdict.errors[0].location).startswith("datasets/dataset.wrong.yaml:11:")
    with pytest.raises(SpecNotFoundError):
        api.validate("nope")


def test_validate_stands_in_for_required_parameters() -> None:
    spec = SEED_SPEC.replace("NAME", "required").replace(
        'required: false, default: "2024-12-31"', "required: true"
    )
    write_dataset(Path(), "required", spec)
    verdict = DatasetAPI().validate("required")
    assert (verdict.valid, dict(verdict.assumed)) == (True, {"date": "2000-01-01"})


def test_estimate_asks_the_engine_and_runs_nothing() -> None:
    spec = SEED_SPEC.replace("NAME", "big").replace("1 AS id", "range AS id FROM range(10) --")
    write_dataset(Path(), "big", spec)
    found = DatasetAPI().estimate("big")
    assert found.engine == "duckdb"
    assert found.estimate.plan


def test_max_bytes_refuses_before_submission(tmp_path: Path) -> None:
    with duckdb.connect("big.duckdb") as connection:
        connection.execute("CREATE TABLE t AS SELECT range AS id FROM range(100000)")
    Path("dli.yaml").write_text(
        "defaults: {dialect: duckdb}\nlocal: {engine: duckdb, duckdb: {path: big.duckdb}}\n"
    )
    spec = SEED_SPEC.replace("NAME", "big").replace(
        "SELECT 1 AS id, DATE '{{ date }}' AS d", "SELECT id FROM t"
    )
    write_dataset(Path(), "big", spec)
    with pytest.raises(ExecutionLimitError) as caught:
        DatasetAPI().run("big", max_bytes=1)
    assert caught.value.code == "DLI-408"
    assert DatasetAPI().run("big", max_bytes=10**9).row_count == 100_000


@pytest.mark.parametrize("timeout", [0, 3601, -5])
def test_a_timeout_out_of_bounds_is_refused(timeout: int) -> None:
    with pytest.raises(ConfigError, match="3600"):
        DatasetAPI().run("my_dataset", timeout=timeout)


def test_test_connection_answers_yes_or_no(caplog: pytest.LogCaptureFixture) -> None:
    assert DatasetAPI().test_connection() is True
    server = ExecutionContext(execution_mode=ExecutionMode.SERVER)
    assert DatasetAPI(context=server).test_connection() is False
    assert "DLI-501" in caplog.text


def test_verbose_and_show_sql_log_what_is_sent(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="dli")
    DatasetAPI().run("my_dataset")
    assert caplog.messages == []
    DatasetAPI().run("my_dataset", show_sql=True)
    assert caplog.messages == [
        "my_dataset: main · my_dataset\nSELECT 1 AS id, DATE '2024-12-31' AS d"
    ]
    DatasetAPI(context=ExecutionContext(verbose=True)).run("my_dataset")
    assert caplog.messages[1:] == ["my_dataset: main · my_dataset"]

"""The pure parts: types, rows, parameters, labels, waits. No server."""

import base64
import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
import requests
from google.api_core import exceptions as api
from google.cloud.bigquery import SchemaField
from hypothesis import given
from hypothesis import strategies as st

from dli_adapters.bigquery.calls import retry_after
from dli_adapters.bigquery.parameters import query_parameters
from dli_adapters.bigquery.rows import batch_of
from dli_adapters.bigquery.statements import label_value, leaves_state
from dli_adapters.bigquery.storage import as_declared
from dli_adapters.bigquery.types import arrow_schema, columns_of, type_name
from dli_domain.errors import ExecutionQueryError, ResultInvalidError


def cells(*values: Any) -> dict[str, Any]:
    return {"f": [{"v": value} for value in values]}


def one(kind: str, value: Any, mode: str = "NULLABLE") -> Any:
    schema = [SchemaField("c", kind, mode)]
    return batch_of([cells(value)], schema).column(0).to_pylist()[0]


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (SchemaField("c", "NUMERIC", precision=10, scale=2), "NUMERIC(10,2)"),
        (SchemaField("c", "NUMERIC", precision=10), "NUMERIC(10)"),
        (SchemaField("c", "STRING", max_length=5), "STRING(5)"),
        (SchemaField("c", "INTEGER", "REPEATED"), "ARRAY<INT64>"),
        (SchemaField("c", "RANGE", range_element_type="TIMESTAMP"), "RANGE<TIMESTAMP>"),
        (
            SchemaField("c", "RECORD", "REPEATED", fields=[SchemaField("a", "FLOAT")]),
            "ARRAY<STRUCT<a FLOAT64>>",
        ),
    ],
)
def test_types_are_named_as_sql_writes_them(field: SchemaField, name: str) -> None:
    assert type_name(field) == name
    assert columns_of([field])[0].type == name


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_are_exact(value: int) -> None:
    assert one("INT64", str(value)) == value


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=9).filter(lambda d: abs(d) < 10**29)
)
def test_numerics_are_exact(value: Decimal) -> None:
    assert one("NUMERIC", f"{value:f}") == value


@given(st.integers(-(10**76) + 1, 10**76 - 1))
def test_bignumerics_are_exact_up_to_76_digits(digits: int) -> None:
    value = Decimal(digits).scaleb(-38) if abs(digits) < 10**28 else None
    text = f"{'-' if digits < 0 else ''}{abs(digits) // 10**38}.{abs(digits) % 10**38:038d}"
    held = one("BIGNUMERIC", text)
    assert f"{held:f}" == text
    assert value is None or held == value


@given(st.floats())
def test_floats_are_exact(value: float) -> None:
    text = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(repr(value), repr(value))
    held = one("FLOAT64", text)
    assert (
        math.isnan(held)
        if math.isnan(value)
        else (held, math.copysign(1, held))
        == (
            value,
            math.copysign(1, value),
        )
    )


@given(st.datetimes())
def test_datetimes_and_timestamps_keep_their_microseconds(value: datetime) -> None:
    assert one("DATETIME", value.isoformat()) == value
    micros = int((value - datetime(1970, 1, 1)).total_seconds()) * 10**6  # noqa: DTZ001 - wall time
    micros += (
        value.microsecond
        if value.year >= 1970
        else value.microsecond - (10**6 if value.microsecond else 0)
    )
    held = one("TIMESTAMP", str(micros))
    assert held.tzinfo is not None
    assert held.microsecond == value.microsecond


@given(st.times())
def test_times_keep_their_microseconds(value: Any) -> None:
    assert one("TIME", value.isoformat()) == value


@given(st.binary())
def test_bytes_are_exact(value: bytes) -> None:
    assert one("BYTES", base64.b64encode(value).decode()) == value


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_texts_are_exact(value: str) -> None:
    assert one("STRING", value) == value


def test_nulls_stay_nulls_in_every_type() -> None:
    kinds = "STRING BYTES INT64 FLOAT64 BOOL NUMERIC BIGNUMERIC DATE TIME DATETIME TIMESTAMP"
    for kind in (*kinds.split(" "), "JSON", "GEOGRAPHY", "INTERVAL", "RANGE"):
        assert one(kind, None) is None
    struct = SchemaField("c", "STRUCT", fields=[SchemaField("a", "INT64")])
    assert batch_of([cells(None)], [struct]).column(0).to_pylist() == [None]


def test_a_value_beyond_what_can_be_held_is_an_error_not_a_rounding() -> None:
    widest = "578960446186580977117854925043439539266.34992332820282019728792003956564819967"
    with pytest.raises(ResultInvalidError, match=r"column 'c' .BIGNUMERIC. holds a value"):
        one("BIGNUMERIC", widest)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("INT64", "1.5"),
        ("INT64", "9223372036854775808"),
        ("INT64", 7),
        ("BYTES", "%%%"),
        ("DATE", "2020-13-01"),
        ("TIME", "25:00:00"),
        ("RANGE", "2020-01-01"),
        ("STRING", "\ud800"),
        ("BRAND_NEW", "x"),
    ],
)
def test_a_cell_that_is_not_of_its_type_is_an_error(kind: str, value: Any) -> None:
    with pytest.raises(ResultInvalidError):
        one(kind, value)


def test_rows_that_do_not_fit_the_columns_are_an_error() -> None:
    schema = [SchemaField("a", "INT64"), SchemaField("b", "INT64")]
    with pytest.raises(ResultInvalidError, match="1 cells for 2 columns"):
        batch_of([cells("1", "2"), cells("1")], schema)
    with pytest.raises(ResultInvalidError):
        batch_of([{"f": None}], schema)


def test_storage_batches_take_the_same_form_as_pages() -> None:
    schema = [
        SchemaField("i", "INTERVAL"),
        SchemaField("r", "RANGE", range_element_type="DATE"),
        SchemaField("l", "INTEGER", "REPEATED"),
        SchemaField("n", "BIGNUMERIC"),
    ]
    months = pa.array([(14, 3, 14706700000000), (-14, -3, -1), None], pa.month_day_nano_interval())
    bounds = pa.struct([("start", pa.date32()), ("end", pa.date32())])
    ranges = pa.array([{"start": 1, "end": None}, None, {"start": None, "end": 2}], bounds)
    lists = pa.array([[1, 2], [], [3]], pa.list_(pa.field("item", pa.int64(), nullable=False)))
    numbers = pa.array([Decimal("1.5"), None, Decimal(-1)], pa.decimal256(77 - 1, 38))
    sent = pa.record_batch([months, ranges, lists, numbers], names=["i", "r", "l", "n"])
    batch = as_declared(sent.slice(0, 3), arrow_schema(schema))
    assert batch.schema == arrow_schema(schema)
    assert batch.column(0).to_pylist() == ["1-2 3 4:5:6.7", "-1-2 -3 -0:0:0.000000001", None]
    assert batch.column(2).to_pylist() == [[1, 2], [], [3]]
    assert as_declared(sent.slice(1, 2), arrow_schema(schema)).column(2).to_pylist() == [[], [3]]


def test_storage_batches_with_other_columns_are_an_error() -> None:
    sent = pa.record_batch([pa.array([1])], names=["a"])
    with pytest.raises(ResultInvalidError):
        as_declared(sent, arrow_schema([SchemaField("a", "INT64"), SchemaField("b", "INT64")]))
    with pytest.raises(ResultInvalidError):
        as_declared(sent, arrow_schema([SchemaField("a", "BYTES")]))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (2**63, "NUMERIC"),
        (10**30, "BIGNUMERIC"),
        (Decimal("1e-9"), "NUMERIC"),
        (Decimal("1e-10"), "BIGNUMERIC"),
        ([], "STRING"),
        ([1, Decimal("0.5")], "NUMERIC"),
        ([1, 0.5], "FLOAT64"),
    ],
)
def test_parameters_take_the_narrowest_type_that_holds_them(value: object, kind: str) -> None:
    (parameter,) = query_parameters({"p": value})
    sent = parameter.to_api_repr()["parameterType"]
    assert sent.get("arrayType", sent)["type"] == kind


@pytest.mark.parametrize(
    "value",
    [[1, None], [1, "a"], object(), Decimal("NaN"), Decimal("1e40"), Decimal("1e-40"), 10**39],
)
def test_parameters_without_a_type_are_refused(value: object) -> None:
    with pytest.raises(ExecutionQueryError, match="parameter 'p'"):
        query_parameters({"p": value})


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        ("SELECT 1", False),
        ("-- why\n/* a\nb */ # c\n ((SELECT 1))", False),
        ("with a as (select 1) select * from a;", False),
        ("INSERT INTO t VALUES (1)", False),
        ("SELECT 1; SELECT 2", True),
        ("CREATE TEMP TABLE t AS SELECT 1", True),
        ("DECLARE x INT64", True),
        ("SET x = 1", True),
        ("CALL p()", True),
        ("", True),
    ],
)
def test_a_session_is_opened_where_state_may_stay(sql: str, *, state: bool) -> None:
    assert leaves_state(sql) is state


@given(st.text())
def test_labels_hold_only_what_bigquery_takes(text: str) -> None:
    label = label_value(text)
    assert len(label) <= 63
    assert all(c in "-_" or (c.isalnum() and not c.isupper()) for c in label)


def test_long_names_keep_labels_apart() -> None:
    assert label_value("a" * 100) != label_value("a" * 101)
    assert label_value("카탈로그.분석.일별_클릭") == "카탈로그_분석_일별_클릭"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("1.5", 1.5),
        (" 2 ", 2),
        ("99999", 99999),
        ("-1", None),
        ("abc", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("1e400", None),
        ("Mon, 23 Nov 2026 12:00:05 GMT", 5),
        ("Mon, 23 Nov 2026 12:00:05 -0000", 5),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0),
        ("Mon, 99 Nov 2026 11:00:00 GMT", None),
        (None, None),
    ],
)
def test_retry_after_is_understood_or_left_aside(text: str | None, seconds: float | None) -> None:
    answer = requests.Response()
    if text is not None:
        answer.headers["Retry-After"] = text
    error = api.TooManyRequests("busy", response=answer)  # type: ignore[no-untyped-call]  # no annotations
    assert retry_after(error, datetime(2026, 11, 23, 12, tzinfo=UTC)) == seconds

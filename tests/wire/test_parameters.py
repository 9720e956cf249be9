"""Values keep their types on the wire."""

import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli_adapters.wire.parameters import decoded, encoded
from dli_domain.errors import ParameterError

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.datetimes().map(lambda value: value.replace(fold=0))
    | st.times().map(lambda value: value.replace(fold=0))
    | st.timedeltas()
    | st.uuids()
)
VALUES = st.recursive(
    SCALARS, lambda of: st.lists(of, max_size=4) | st.dictionaries(st.text(), of, max_size=3)
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_what_is_sent_is_what_arrives(params: dict[str, object]) -> None:
    sent = json.loads(json.dumps(encoded(params), allow_nan=False))
    found = decoded(sent)
    assert found == params
    assert repr(found) == repr(params)


@pytest.mark.parametrize(
    "value",
    [
        date(2025, 1, 1),
        datetime.fromisoformat("2025-01-01T00:00:00.000001+09:00"),
        time(23, 59, 59, 999999),
        timedelta(days=-1, microseconds=1),
        Decimal("1.20"),
        Decimal("1E+30"),
        UUID(int=7),
        b"\x00\xff",
        2**70,
        float("inf"),
    ],
)
def test_no_type_becomes_another(value: object) -> None:
    found = decoded(json.loads(json.dumps(encoded({"a": value}))))["a"]
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    "sent", [{}, {"$date": "x"}, {"$date": 1}, {"$no": "x"}, {"a": 1, "b": 2}, {"$bytes": "*"}]
)
def test_what_nobody_sends_is_refused(sent: object) -> None:
    with pytest.raises(ParameterError):
        decoded({"a": sent})


def test_a_type_that_no_engine_binds_is_refused() -> None:
    with pytest.raises(ParameterError, match="object"):
        encoded({"a": object()})

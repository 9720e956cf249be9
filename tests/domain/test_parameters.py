"""Given values against declared parameters."""

import contextlib
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli_domain.errors import ErrorCode, ParameterError
from dli_domain.model.problems import Location
from dli_domain.model.spec import ParameterSpec, ParameterType
from dli_domain.model.values import Identifier
from dli_domain.parameters import check_declarations, resolve_parameters

T = ParameterType


def value(kind: ParameterType, raw: object, **rest: object) -> object:
    declared = ParameterSpec(name="x", type=kind, **rest)  # type: ignore[arg-type]
    return resolve_parameters([declared], {"x": raw})["x"]


def refusal(kind: ParameterType, raw: object, **rest: object) -> ParameterError:
    with pytest.raises(ParameterError) as info:
        value(kind, raw, location=Location("d.yaml", 7, 5), **rest)
    return info.value


@pytest.mark.parametrize(
    ("kind", "raw", "expected"),
    [
        (T.STRING, "007", "007"),
        (T.STRING, "a,b", "a,b"),
        (T.STRING, "", ""),
        (T.STRING, "true", "true"),
        (T.INTEGER, "-5", -5),
        (T.INTEGER, "+5", 5),
        (T.INTEGER, 5, 5),
        (T.INTEGER, "007", 7),
        (T.FLOAT, "-1e3", -1000.0),
        (T.FLOAT, 2, 2.0),
        (T.DECIMAL, "1.50", Decimal("1.50")),
        (T.DECIMAL, 0.1, Decimal("0.1")),
        (T.BOOLEAN, "yes", True),
        (T.BOOLEAN, "NO", False),
        (T.BOOLEAN, "1", True),
        (T.BOOLEAN, 0, False),
        (T.DATE, "2024-02-29", date(2024, 2, 29)),
        (T.DATE, date(2025, 1, 1), date(2025, 1, 1)),
        (T.TIMESTAMP, "2025-01-01T10:00:00Z", datetime(2025, 1, 1, 10, tzinfo=UTC)),
        (T.TIMESTAMP, "2025-01-01 10:00:00.5", datetime(2025, 1, 1, 10, 0, 0, 500000)),  # noqa: DTZ001
        (T.IDENTIFIER, "raw.이벤트", Identifier("raw.이벤트")),
    ],
)
def test_a_value_becomes_its_declared_type(
    kind: ParameterType, raw: object, expected: object
) -> None:
    got = value(kind, raw)
    assert got == expected
    assert type(got) is type(expected)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (T.STRING, 5),
        (T.STRING, "a\x00b"),
        (T.STRING, "\ud800"),
        (T.INTEGER, "1.0"),
        (T.INTEGER, "1_000"),
        (T.INTEGER, ""),
        (T.INTEGER, True),
        (T.INTEGER, "9" * 39),
        (T.INTEGER, 10**38),
        (T.INTEGER, "٣"),
        (T.FLOAT, "nan"),
        (T.FLOAT, float("inf")),
        (T.FLOAT, "1e999"),
        (T.DECIMAL, "1e5"),
        (T.DECIMAL, Decimal("NaN")),
        (T.DECIMAL, "1" * 77),
        (T.BOOLEAN, "ture"),
        (T.BOOLEAN, "on"),
        (T.BOOLEAN, 2),
        (T.DATE, "2025-13-01"),
        (T.DATE, "20250101"),
        (T.DATE, "2025-02-29"),
        (T.DATE, datetime(2025, 1, 1)),  # noqa: DTZ001
        (T.TIMESTAMP, "yesterday"),
        (T.IDENTIFIER, "x; DROP TABLE t"),
        (T.IDENTIFIER, "a`b"),
        (T.IDENTIFIER, "a..b"),
        (T.IDENTIFIER, "1a"),
        (T.LIST, 5),
        (T.LIST, "[1, 2"),
    ],
)
def test_an_ill_typed_value_is_refused_with_the_place_of_its_declaration(
    kind: ParameterType, raw: object
) -> None:
    error = refusal(kind, raw)
    assert error.code == ErrorCode.PARAMETER_INVALID
    assert error.location == Location("d.yaml", 7, 5)
    assert "'x'" in error.message


def test_a_comma_makes_a_list_only_where_a_list_is_declared() -> None:
    assert value(T.LIST, "a, b") == ("a", "b")
    assert value(T.LIST, "1,-2", items=T.INTEGER) == (1, -2)
    assert value(T.LIST, '["a,b", "c"]') == ("a,b", "c")
    assert value(T.LIST, ["a", "b"]) == ("a", "b")
    assert value(T.LIST, "") == ()
    assert value(T.LIST, "007") == ("007",)
    assert "whole number" in refusal(T.LIST, "1,x", items=T.INTEGER).message


def test_choices_bounds_and_patterns_are_kept() -> None:
    assert value(T.STRING, "KR", enum=("KR", "US")) == "KR"
    assert "none of KR, US" in refusal(T.STRING, "JP", enum=("KR", "US")).message
    assert "less than" in refusal(T.INTEGER, "0", min="1").message
    assert "more than" in refusal(T.DATE, "2025-02-01", max="2025-01-31").message
    assert "does not match" in refusal(T.STRING, "ab", pattern="a").message
    assert "less than" in refusal(T.LIST, "1,0", items=T.INTEGER, min="1").message
    assert (
        "cannot be compared"
        in refusal(T.TIMESTAMP, "2025-01-01T00:00:00Z", min="2025-01-01T00:00:00").message
    )


def test_missing_unknown_and_ill_typed_are_all_told_at_once() -> None:
    declared = [
        ParameterSpec(name="run_date", type=T.DATE, location=Location("d.yaml", 3, 5)),
        ParameterSpec(name="days", type=T.INTEGER, location=Location("d.yaml", 4, 5)),
    ]
    with pytest.raises(ParameterError) as info:
        resolve_parameters(declared, {"run_dat": "2025-01-01", "days": "x"})
    texts = [str(problem) for problem in info.value.problems]
    assert len(texts) == 3
    assert "Did you mean 'run_date'?" in texts[0]
    assert "d.yaml:3:5" in texts[0]
    assert "d.yaml:3:5" in texts[1]
    assert "is required and was not given" in texts[1]
    assert "d.yaml:4:5" in texts[2]
    assert info.value.message.endswith("(and 2 more)")


def test_defaults_are_converted_and_an_optional_one_may_be_absent() -> None:
    declared = [
        ParameterSpec(
            name="d", type=T.DATE, required=False, has_default=True, default="2025-01-01"
        ),
        ParameterSpec(name="o", required=False),
        ParameterSpec(name="l", type=T.LIST, has_default=True, default=("a", "b")),
    ]
    assert resolve_parameters(declared, {}) == {"d": date(2025, 1, 1), "o": None, "l": ("a", "b")}


def test_declarations_themselves_are_checked() -> None:
    declared = [
        ParameterSpec(name="a", type=T.INTEGER, has_default=True, default="x"),
        ParameterSpec(name="b", type=T.INTEGER, min="5", max="1"),
        ParameterSpec(name="c", pattern="("),
        ParameterSpec(name="d", type=T.DATE, enum=("2025-01-01", "soon")),
        ParameterSpec(name="e", type=T.BOOLEAN, min="1"),
        ParameterSpec(name="f", type=T.INTEGER, has_default=True, default="9", max="5"),
        ParameterSpec(name="ok", type=T.INTEGER, has_default=True, default="3", min="1", max="5"),
    ]
    messages = [problem.message for problem in check_declarations(declared)]
    assert [message.split("'")[1] for message in messages] == ["a", "b", "c", "d", "e", "f"]


@given(
    kind=st.sampled_from(list(T)),
    raw=st.one_of(
        st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.binary(),
        st.dates(), st.datetimes(), st.decimals(), st.lists(st.text() | st.integers()),
        st.dictionaries(st.text(), st.text()),
    ),
)  # fmt: skip
def test_whatever_is_given_only_our_error_comes_out(kind: ParameterType, raw: object) -> None:
    with contextlib.suppress(ParameterError):
        value(kind, raw)

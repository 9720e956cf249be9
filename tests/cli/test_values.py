"""Texts of the command line as values."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dli_cli.usage import UsageError
from dli_cli.values import parse_bytes, parse_day, parse_parameters


def test_the_first_equals_sign_splits_and_the_rest_is_the_value() -> None:
    assert parse_parameters(["a=1", "b=x=y", "c=", "d=-5", "e=007"]) == {
        "a": "1",
        "b": "x=y",
        "c": "",
        "d": "-5",
        "e": "007",
    }


@pytest.mark.parametrize("token", ["a", "=1", " =1", ""])
def test_a_token_that_is_no_pair_is_named(token: str) -> None:
    with pytest.raises(UsageError, match="takes key=value"):
        parse_parameters([token])


def test_a_key_given_twice_is_refused_because_one_value_would_be_lost() -> None:
    with pytest.raises(UsageError, match="given twice"):
        parse_parameters(["a=1", "a=2"])


def test_a_value_comes_from_a_json_file_with_every_digit() -> None:
    Path("v.json").write_text('["가", 1, 0.10000000000000000001]', encoding="utf-8")
    assert parse_parameters(["a=@v.json"]) == {"a": ["가", 1, Decimal("0.10000000000000000001")]}


def test_two_at_signs_are_a_text_that_starts_with_one() -> None:
    assert parse_parameters(["a=@@kim"]) == {"a": "@kim"}


def test_a_file_that_cannot_be_read_says_how_to_write_an_at_sign() -> None:
    with pytest.raises(UsageError, match="write a=@@kim"):
        parse_parameters(["a=@kim"])


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "\x00"])
def test_a_file_that_is_no_json_is_refused(text: str) -> None:
    Path("v.json").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="is no JSON"):
        parse_parameters(["a=@v.json"])


@pytest.mark.parametrize(
    ("text", "count"),
    [("1", 1), ("10GB", 10**10), ("2GiB", 2**31), ("5 kb", 5000), ("3T", 3 * 10**12)],
)
def test_sizes_read_as_people_write_them(text: str, count: int) -> None:
    assert parse_bytes(text) == count


@pytest.mark.parametrize("text", ["0", "-1", "1.5GB", "ten", "", "1e9", "10XB", "１"])
def test_a_size_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--max-bytes"):
        parse_bytes(text)


def test_a_day_is_read_in_one_form_only() -> None:
    assert parse_day("2024-02-29") == date(2024, 2, 29)
    for text in ("2025-02-30", "20250101", "2025-1-1", "today", "2025-01-01T00:00"):
        with pytest.raises(UsageError, match="--ds"):
            parse_day(text)

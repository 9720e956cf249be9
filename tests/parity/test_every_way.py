"""Each scenario gives the same rows, types, verdicts, texts and exit code in every way."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.parity.comparing import comparable, comparable_text
from tests.parity.conftest import WAYS, Ask
from tests.parity.scenarios import SCENARIOS, Scenario

_BY_NAME, _THROUGH, _SPEC_HERE = "by name", "through the server", "the server's spec here"
_INVALID = 3


def _cases() -> Iterator[Any]:
    """Every scenario in every way; in the gate by name all of them, otherwise not those that
    end before an engine is asked, and of the fourth way every sixth.
    """
    for number, scenario in enumerate(SCENARIOS):
        for way in (_THROUGH, _BY_NAME, _SPEC_HERE):
            late = (way == _THROUGH and scenario.code == _INVALID and number % 3) or (
                way == _SPEC_HERE and number % 6
            )
            marks = [pytest.mark.deep] if late else []
            yield pytest.param(scenario, way, id=f"{scenario.name} {way}", marks=marks)


def _answers(ask: Ask, scenario: Scenario, way: str) -> list[tuple[int, Any, list[str]]]:
    found = []
    for step in scenario.steps:
        answer = ask(*step, *WAYS[way], "--json", "--show-sql")
        found.append((answer.code, comparable(answer.out), comparable_text(answer.err)))
    return found


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    """What came out locally, by scenario; each is run once."""
    return {}


@pytest.mark.parametrize(("scenario", "way"), list(_cases()))
def test_it_comes_out_as_it_does_locally(
    scenario: Scenario, way: str, ask: Ask, expected: dict[str, Any]
) -> None:
    if scenario.name not in expected:
        expected[scenario.name] = _answers(ask, scenario, "local")
    local = expected[scenario.name]
    assert local[-1][0] == scenario.code, json.dumps(local[-1], ensure_ascii=False, indent=1)
    assert _answers(ask, scenario, way) == local

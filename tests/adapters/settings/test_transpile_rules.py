"""`transpile.rules` as written in dli.yaml."""

from pathlib import Path

import pytest

from dli_adapters.settings.inputs import SettingsInputs
from dli_adapters.settings.loader import load_settings
from dli_domain.errors import ConfigError


def loaded(text: str) -> object:
    Path("dli.yaml").write_text(text)
    return load_settings(SettingsInputs.of_process()).settings.transpile_rules


def test_rules_are_read_with_their_place() -> None:
    rules = loaded(
        "transpile:\n  rules:\n    - {id: ev, source: raw.events, target: wh.events}\n"
        "    - {source: a.b.c, target: d, description: gone, enabled: false}\n"
    )
    assert [
        (one.id, one.source, one.target, one.description, one.enabled)
        for one in rules  # type: ignore[attr-defined]  # a tuple of rules
    ] == [("ev", "raw.events", "wh.events", "", True), ("", "a.b.c", "d", "gone", False)]
    assert all(one.location and one.location.line == 3 for one in rules)  # type: ignore[attr-defined]  # same


def test_no_rules_are_none() -> None:
    assert loaded("version: '1'\n") == ()


@pytest.mark.parametrize(
    ("rules", "word"),
    [
        ("{a: b}", "list of maps"),
        ("[x]", "list of maps"),
        ("[{source: a}]", "list of maps"),
        ("[{source: a, target: 1}]", "'target' is not a text"),
        ("[{source: '', target: b}]", "'source' is not a text"),
        ("[{source: a, target: b, enabled: maybe}]", "'enabled' is not true or false"),
        ("[{source: a, target: b, sorce: c}]", "'sorce'"),
    ],
)
def test_a_wrong_rule_is_told(rules: str, word: str) -> None:
    with pytest.raises(ConfigError) as info:
        loaded(f"transpile:\n  rules: {rules}\n")
    assert any(word in problem.message for problem in info.value.problems)

"""Table-substitution rules: whole names, once, never a CTE's or an alias."""

import pytest

from dli_domain.errors import ConfigError, ErrorCode
from dli_domain.model.transpile import TableRule
from dli_domain.transpiling.rules import TableRules
from dli_domain.transpiling.substitution import substitute
from tests.transpile.passing import rendered


def rules(*pairs: tuple[str, str]) -> TableRules:
    return TableRules.of([TableRule(source=source, target=target) for source, target in pairs])


EVENTS = rules(("raw.events", "wh.events_v2"))


def renamed(text: str, known: TableRules = EVENTS, dialect: str = "trino") -> str:
    return substitute(rendered(text), dialect, known)[0].text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1 FROM raw.events", "SELECT 1 FROM wh.events_v2"),
        ("SELECT 1 FROM  RAW . Events  e", "SELECT 1 FROM  wh.events_v2  e"),
        ('SELECT 1 FROM "raw"."events" -- raw.events', "SELECT 1 FROM wh.events_v2 -- raw.events"),
        ("SELECT 'raw.events' FROM raw.events", "SELECT 'raw.events' FROM wh.events_v2"),
        ("SELECT 1 FROM cat.raw.events", "SELECT 1 FROM cat.raw.events"),
        ("SELECT 1 FROM events", "SELECT 1 FROM events"),
        ("DELETE FROM raw.events WHERE x = 1", "DELETE FROM wh.events_v2 WHERE x = 1"),
        ("INSERT INTO raw.events SELECT 1", "INSERT INTO wh.events_v2 SELECT 1"),
        (
            "SELECT 1 FROM raw.events; SELECT 2 FROM raw.events",
            "SELECT 1 FROM wh.events_v2; SELECT 2 FROM wh.events_v2",
        ),
        (
            "SELECT events.x FROM raw.events WHERE events.x > 1",
            "SELECT events.x FROM wh.events_v2 AS events WHERE events.x > 1",
        ),
        (
            "SELECT 1 FROM a WHERE x IN (SELECT x FROM raw.events)",
            "SELECT 1 FROM a WHERE x IN (SELECT x FROM wh.events_v2)",
        ),
    ],
)
def test_only_tables_of_exactly_that_name_are_renamed(text: str, expected: str) -> None:
    assert renamed(text) == expected


def test_the_name_of_a_cte_and_an_alias_are_no_tables() -> None:
    known = rules(("events", "wh.events"))
    text = "WITH events AS (SELECT 1 AS x FROM events) SELECT events.x FROM events JOIN b AS events"
    assert renamed(text, known) == text.replace("FROM events)", "FROM wh.events)")


def test_a_rule_of_three_parts_beats_none_of_two() -> None:
    known = rules(("raw.events", "two"), ("cat.raw.events", "a.b.three"))
    assert renamed("SELECT 1 FROM cat.raw.events, raw.events", known) == (
        "SELECT 1 FROM a.b.three, two"
    )


def test_no_rule_applies_to_what_another_rule_gave() -> None:
    known = rules(("a.x", "b.x"), ("b.x", "c.x"))
    assert renamed("SELECT 1 FROM a.x, b.x", known) == "SELECT 1 FROM b.x, c.x"


def test_bigquery_tells_the_case_of_tables_apart() -> None:
    assert renamed("SELECT 1 FROM RAW.events", dialect="bigquery") == "SELECT 1 FROM RAW.events"
    known = rules(("raw.events", "my-project.wh.events"))
    assert renamed("SELECT 1 FROM `raw.events` e", known, "bigquery") == (
        "SELECT 1 FROM `my-project`.wh.events e"
    )


def test_what_applied_is_told_with_its_places() -> None:
    _, applied = substitute(
        rendered("SELECT 1 FROM raw.events e\nJOIN raw.events f ON TRUE"), "trino", EVENTS
    )
    assert [one.rule.target for one in applied] == ["wh.events_v2"]
    assert [(p.line, p.column) for p in applied[0].places] == [(1, 15), (2, 6)]


def test_a_column_that_cannot_follow_is_refused() -> None:
    with pytest.raises(Exception, match="columns are written with that name"):
        renamed("SELECT raw.events.x FROM raw.events")


def test_two_rules_for_one_name_are_an_error() -> None:
    with pytest.raises(ConfigError) as info:
        rules(("raw.events", "a"), ("RAW.Events", "b"))
    assert info.value.code == ErrorCode.RULE_CONFLICT
    TableRules.of(
        [
            TableRule(source="a", target="b"),
            TableRule(source="a", target="c", enabled=False),
        ]
    )


@pytest.mark.parametrize("target", ["a.b.c.d", "a..b", "a b", ""])
def test_a_target_must_be_a_name_of_at_most_three_parts(target: str) -> None:
    with pytest.raises(ConfigError) as info:
        rules(("raw.events", target))
    assert info.value.code == ErrorCode.CONFIG_VALIDATION_FAILED

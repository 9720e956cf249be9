"""Reports for other tools, judged by the published schemas."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from dli_cli.reports import github, junit, sarif
from dli_cli.reports.items import Outcome, ReportItem, renderer, seen_from
from dli_domain.model.problems import Location

SCHEMAS = Path(__file__).parents[2] / "schemas"
SARIF = jsonschema.Draft4Validator(json.loads((SCHEMAS / "sarif-2.1.0-rtm.5.json").read_text()))
JUNIT = xmlschema.XMLSchema(str(SCHEMAS / "junit-10.xsd"))

FINDING = ReportItem(
    rule="DLI-202",
    name="lake.mart.orders",
    message="The SQL is not valid trino: 100%, near ','",
    outcome=Outcome.FAILED,
    location=Location("datasets/주문 1.yaml", 7, 3),
    duration_ms=12,
    details="a\nb",
    fix="Check it: twice, or more.",
)
PASSED = ReportItem(rule="not_null", name="id", message="", outcome=Outcome.PASSED)

# Text a user can have in names and messages: control characters, quotes, lone surrogates.
ANY_TEXT = st.text(st.characters(codec=None), max_size=30)
ITEMS = st.lists(
    st.builds(
        ReportItem,
        rule=ANY_TEXT | st.sampled_from(["DLI-202", "DLI-103"]),
        name=ANY_TEXT,
        message=ANY_TEXT,
        outcome=st.sampled_from(Outcome),
        location=st.none()
        | st.builds(
            Location,
            st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
            st.integers(1, 10**6),
            st.integers(1, 10**6),
        ),
        duration_ms=st.none() | st.integers(0, 10**7),
        details=ANY_TEXT,
        fix=st.none() | ANY_TEXT,
    ),
    max_size=5,
)


def sarif_of(*items: ReportItem) -> dict[str, object]:
    document = json.loads(sarif.render(items, suite="dli validate"))
    SARIF.validate(document)
    return document["runs"][0]  # type: ignore[no-any-return]


@given(ITEMS, ANY_TEXT)
def test_any_items_make_valid_sarif(items: list[ReportItem], suite: str) -> None:
    SARIF.validate(json.loads(sarif.render(items, suite=suite)))


@given(ITEMS, ANY_TEXT)
def test_any_items_make_valid_junit(items: list[ReportItem], suite: str) -> None:
    text = junit.render(items, suite=suite)
    JUNIT.validate(text)
    cases = ET.fromstring(text).findall(".//testcase")  # noqa: S314 - our own text
    assert len(cases) == len(items)


@given(ITEMS, ANY_TEXT)
def test_any_items_make_one_github_command_a_line(items: list[ReportItem], suite: str) -> None:
    lines = github.render(items, suite=suite).split("\n")
    told = [i for i in items if i.outcome not in (Outcome.PASSED, Outcome.SKIPPED)]
    assert len(lines) == len(told) + 1
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)
    assert all("\r" not in line for line in lines)


def test_sarif_places_a_finding_and_explains_its_rule() -> None:
    run = sarif_of(FINDING, PASSED)
    assert len(run["results"]) == 1  # type: ignore[arg-type]
    result = run["results"][0]  # type: ignore[index]
    physical = result["locations"][0]["physicalLocation"]
    assert physical["region"] == {"startLine": 7, "startColumn": 3}
    assert physical["artifactLocation"]["uri"] == "datasets/%EC%A3%BC%EB%AC%B8%201.yaml"
    assert result["level"] == "error"
    rule = run["tool"]["driver"]["rules"][0]  # type: ignore[index]
    assert rule["name"] == "SqlSyntaxError"
    assert "What to do" in rule["help"]["text"]


def test_sarif_says_that_a_judgement_could_not_be_made() -> None:
    failed = ReportItem(rule="DLI-403", name="x", message="no engine", outcome=Outcome.ERROR)
    assert sarif_of(failed)["invocations"][0]["executionSuccessful"] is False  # type: ignore[index]


def test_junit_counts_what_failed_and_what_was_left_out() -> None:
    skipped = ReportItem(rule="unique", name="id", message="disabled", outcome=Outcome.SKIPPED)
    root = ET.fromstring(junit.render([FINDING, PASSED, skipped], suite="s"))  # noqa: S314 - ours
    assert root.attrib["tests"] == "3"
    assert root.attrib["failures"] == "1"
    assert root[0].attrib["skipped"] == "1"
    assert root[0].attrib["time"] == "0.012"


def test_github_names_file_line_and_column() -> None:
    first = github.render([FINDING], suite="dli validate").split("\n")[0]
    assert first == (
        "::error file=datasets/주문 1.yaml,line=7,col=3,title=DLI-202 lake.mart.orders::"
        "The SQL is not valid trino: 100%25, near ','%0AFix: Check it: twice, or more.%0Aa%0Ab"
    )


def test_paths_are_told_from_the_working_directory(tmp_path: Path) -> None:
    inner = Path.cwd() / "project"
    assert seen_from(Location("a.yaml", 2, 3), str(inner)) == Location("project/a.yaml", 2, 3)
    outside = seen_from(Location("a.yaml"), str(tmp_path / "elsewhere"))
    assert outside == Location(str(tmp_path / "elsewhere" / "a.yaml"))


@pytest.mark.parametrize("name", ["sarif", "junit", "github"])
def test_every_format_renders_nothing_as_a_whole_document(name: str) -> None:
    assert renderer(name)([], suite="dli validate").strip()

"""`dli lineage` on real projects: forms, files, refusals and exit codes."""

import json
import socket
from pathlib import Path

import pytest

from tests.cli.conftest import Dli, Process, add_dataset


@pytest.fixture
def chain(project: Path) -> Path:
    """Three datasets in a row over a table that no spec builds."""
    add_dataset("lake.bronze", "SELECT id, amount, day FROM raw.orders WHERE status = 'paid'")
    add_dataset("lake.silver", "SELECT day, amount * 2 AS amount FROM lake.bronze")
    add_dataset(
        "lake.gold",
        "SELECT day, sum(amount) AS total FROM lake.silver GROUP BY day",
        head="tags: [gold]\ndescription: 매출 집계\n",
    )
    return project


def document(dli: Dli, *tokens: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(dli("lineage", *tokens).out)
    return found


def names(found: dict[str, object]) -> list[tuple[str, int]]:
    nodes = found["nodes"]
    assert isinstance(nodes, list)
    return [(node["name"], node["depth"]) for node in nodes]


def test_a_tree_goes_both_ways(chain: Path, dli: Dli) -> None:
    shown = dli("lineage", "lake.silver", width=80)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.splitlines() == [
        "lake.silver  dataset, @data",
        "",
        "upstream",
        "└─ lake.bronze  dataset, @data",
        "   └─ raw.orders  external",
        "",
        "downstream",
        "└─ lake.gold  dataset, @data",
        "",
        "columns",
        "  day     copied    lake.bronze.day",
        "  amount  computed  lake.bronze.amount",
        "",
        "3 datasets · 1 external",
    ]


def test_directions_depth_and_column_choose_a_part(chain: Path, dli: Dli) -> None:
    every = [("raw.orders", -2), ("lake.bronze", -1), ("lake.silver", 0), ("lake.gold", 1)]
    assert names(document(dli, "lake.silver", "--json")) == every
    assert names(document(dli, "lake.silver", "--json", "--upstream", "--downstream")) == every
    assert names(document(dli, "lake.silver", "--json", "--upstream")) == every[:3]
    assert names(document(dli, "lake.silver", "--json", "--downstream")) == every[2:]
    assert names(document(dli, "lake.silver", "--json", "--depth", "1")) == every[1:]
    assert names(document(dli, "lake.silver", "--json", "--depth", "0")) == every[2:3]
    found = document(dli, "lake.gold", "--column", "total", "--format", "json")
    assert found["column"] == "total"
    edges = found["column_edges"]
    assert isinstance(edges, list)
    assert sorted(
        (e["source"], e["source_column"], e["making"]) for e in edges if e["target_column"]
    ) == [
        ("lake.bronze", "amount", "computed"),
        ("lake.silver", "amount", "aggregated"),
        ("raw.orders", "amount", "copied"),
    ]


def test_a_table_that_no_spec_builds_has_lineage_too(chain: Path, dli: Dli) -> None:
    found = document(dli, "raw.orders", "--json")
    assert names(found)[0] == ("raw.orders", 0)
    assert names(found)[-1] == ("lake.gold", 3)


@pytest.mark.parametrize(
    ("file", "start"),
    [
        ("graph.html", "<!doctype html>"),
        ("graph.mmd", "flowchart LR"),
        ("graph.dot", "digraph lineage {"),
        ("graph.json", "{"),
        ("graph.txt", "lake.silver"),
    ],
)
def test_the_ending_of_a_file_says_its_form(chain: Path, dli: Dli, file: str, start: str) -> None:
    shown = dli("lineage", "lake.silver", "-o", file)
    assert (shown.code, shown.out, shown.err) == (0, "", f"Written: {file}\n")
    assert Path(file).read_text(encoding="utf-8").startswith(start)


def test_a_file_and_an_object_about_it(chain: Path, dli: Dli) -> None:
    found = document(dli, "lake.silver", "-o", "graph.html", "--json")
    assert (found["format"], found["output"], found["nodes"]) == ("html", "graph.html", 4)


def test_a_file_that_cannot_be_written_is_an_output_failure(chain: Path, dli: Dli) -> None:
    shown = dli("lineage", "lake.silver", "-o", "none/graph.html")
    assert shown.code == 8
    assert "DLI-414" in shown.err


def test_without_a_name_the_project_is_drawn(chain: Path, dli: Dli) -> None:
    assert "lake.gold" in dli("lineage", "--format", "mermaid").out
    assert "lake.gold" in dli("lineage", "--format", "dot").out
    assert "<title>Lineage of the project</title>" in dli("lineage", "--format", "html").out
    found = document(dli, "--json")
    assert found["root"] is None
    assert {"lake.gold", "demo.daily_clicks"} <= {name for name, _ in names(found)}


def test_openlineage_tells_whole_jobs_even_of_a_part(chain: Path, dli: Dli) -> None:
    lines = dli("lineage", "lake.gold", "--upstream", "--depth", "1", "--format", "openlineage").out
    events = {event["job"]["name"]: event for event in map(json.loads, lines.splitlines())}
    assert set(events) == {"lake.gold", "lake.silver"}
    assert [one["name"] for one in events["lake.silver"]["inputs"]] == ["lake.bronze"]
    assert events["lake.gold"]["job"]["namespace"] == "demo"
    assert events["lake.gold"]["outputs"][0]["namespace"] == "duckdb"


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        (("lake.gold", "--server"), "local files"),
        (("lake.gold", "--depth", "-2"), "--depth takes"),
        ((), "needs the name"),
        (("--json", "--upstream"), "--upstream needs the name"),
        (("--json", "--depth", "2"), "--depth needs the name"),
        (("--json", "--column", "x"), "--column needs the name"),
        (("lake.gold", "--json", "--format", "html"), "--output"),
        (("lake.gold", "--format", "openlineage", "--column", "total"), "leave --column out"),
        (("lake.gold", "--format", "svg"), "svg"),
        (("lake.gold", "-p", "x"), "key=value"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    chain: Path, dli: Dli, tokens: tuple[str, ...], says: str
) -> None:
    shown = dli("lineage", *tokens)
    assert shown.code == 2
    assert says in shown.err


def test_a_name_that_is_nowhere_gets_a_suggestion(chain: Path, dli: Dli) -> None:
    shown = dli("lineage", "lake.glod")
    assert shown.code == 3
    assert "lake.gold" in shown.err
    shown = dli("lineage", "lake.gold", "--column", "totl")
    assert shown.code == 3
    assert "total" in shown.err
    shown = dli("lineage", "lake.gold", "-p", "nobody=1")
    assert shown.code == 3
    assert "nobody" in shown.err


def test_a_cycle_is_shown_with_its_path_and_is_a_failure(chain: Path, dli: Dli) -> None:
    add_dataset("lake.bronze", "SELECT id, amount, day FROM lake.gold")
    shown = dli("lineage", "lake.silver")
    assert shown.code == 3
    assert "a cycle" in shown.out
    assert "[DLI-902]" in shown.err
    assert shown.err.count("→") == 3
    found = document(dli, "lake.silver", "--json")
    assert (found["status"], found["exit_code"]) == ("failure", 3)
    error = found["error"]
    assert isinstance(error, dict)
    assert error["code"] == "DLI-902"
    cycles = found["cycles"]
    assert isinstance(cycles, list)
    assert len(cycles[0]) == 4
    assert names(found)


def test_sql_that_is_not_read_is_unknown_and_a_failure(chain: Path, dli: Dli) -> None:
    add_dataset("lake.silver", "SELECT day, (amount FROM lake.bronze")
    shown = dli("lineage", "lake.gold", width=100)
    assert shown.code == 3
    assert "lake.silver  dataset, @data, unknown: " in shown.out
    assert "datasets/dataset.lake.silver.yaml" in shown.err
    assert document(dli, "lake.gold", "--json")["status"] == "failure"


def test_what_is_broken_elsewhere_is_a_warning(chain: Path, dli: Dli) -> None:
    Path("datasets/dataset.demo.bad.yaml").write_text("name: demo.bad\nownr: x\n", encoding="utf-8")
    shown = dli("lineage", "lake.gold")
    assert shown.code == 0
    assert "in other files; what they tell may be missing here" in shown.err
    found = document(dli, "lake.gold", "--json")
    assert found["status"] == "success"
    assert found["problems_elsewhere"]


def test_a_parameter_that_nobody_gives_has_a_sample_value_and_says_so(
    chain: Path, dli: Dli
) -> None:
    add_dataset(
        "lake.day",
        "SELECT amount FROM lake.bronze WHERE day = {{ run_date }}",
        head="parameters: [{name: run_date, type: date}]\n",
    )
    assert "Sample values stood in for: run_date" in dli("lineage", "lake.day").out
    given = dli("lineage", "lake.day", "-p", "run_date=2025-01-31")
    assert given.code == 0
    assert "Sample values" not in given.out


def test_a_star_over_a_table_of_schema_yaml_is_expanded(chain: Path, dli: Dli) -> None:
    add_dataset("lake.all", "SELECT * FROM raw.events")
    assert "and more columns, not known which" in dli("lineage", "lake.all").out
    Path("schema.yaml").write_text(
        "tables:\n  - name: raw.events\n    columns: [{name: id}, {name: 시각}]\n", encoding="utf-8"
    )
    shown = dli("lineage", "lake.all").out
    assert "  id    copied  raw.events.id\n" in shown
    assert "  시각  copied  raw.events.시각\n" in shown


def test_no_socket_opens(chain: Path, dli: Dli, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    for form in ("tree", "json", "mermaid", "dot", "html", "openlineage"):
        assert dli("lineage", "lake.gold", "--format", form).code == 0


def test_the_page_of_help_has_examples(process: Process) -> None:
    shown = process("lineage", "--help")
    assert shown.returncode == 0
    assert "dli lineage lake.mart.orders --column revenue --upstream" in shown.stdout
    assert "--server" not in shown.stdout


def test_an_ending_that_says_no_form_is_a_usage_error(dli: Dli, chain: Path) -> None:
    outcome = dli("lineage", "-o", "lineage.svg")
    assert outcome.code == 2
    assert ".html" in outcome.err
    assert not (chain / "lineage.svg").exists()

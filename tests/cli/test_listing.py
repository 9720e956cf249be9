"""`list`, `get`, `validate`, `render` and `init` on real projects."""

import json
import os
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.cli.conftest import Dli, Process, add_dataset


def names(dli: Dli, *tokens: str) -> list[str]:
    return [
        item["name"] for item in json.loads(dli("dataset", "list", *tokens, "--json").out)["items"]
    ]


@pytest.fixture
def three(project: Path) -> Path:
    add_dataset("demo.gold", "SELECT 1", head="tags: [gold, daily]\ndescription: 매출 집계\n")
    add_dataset("demo.silver", "SELECT 1", head="tags: [silver, daily]\n")
    return project


def test_a_list_is_a_table_and_rows_of_json(three: Path, dli: Dli, page: SnapshotAssertion) -> None:
    shown = dli("dataset", "list", width=100)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == page
    row = json.loads(dli("dataset", "list", "--json").out)["items"][1]
    assert row == {
        "name": "demo.gold",
        "type": "Dataset",
        "owner": "kim@example.com",
        "team": "@data",
        "description": "매출 집계",
        "tags": ["gold", "daily"],
    }


def test_a_name_is_never_cut(three: Path, dli: Dli) -> None:
    name = "demo.a_very_long_name_of_a_dataset"
    add_dataset(name, "SELECT 1", head="description: and a long description of it as well\n")
    shown = dli("dataset", "list", width=80).out
    assert name in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


def test_every_filter_filters(three: Path, dli: Dli) -> None:
    assert names(dli) == ["demo.daily_clicks", "demo.gold", "demo.silver"]
    assert names(dli, "--tag", "daily") == ["demo.daily_clicks", "demo.gold", "demo.silver"]
    assert names(dli, "--tag", "daily", "-t", "gold") == ["demo.gold"]
    assert names(dli, "--owner", "KIM@example.com") == ["demo.gold", "demo.silver"]
    assert names(dli, "--search", "매출") == ["demo.gold"]
    assert names(dli, "--search", "SILV") == ["demo.silver"]
    assert dli("dataset", "list", "--search", "none").out == "No readable dataset fits.\n"


def test_a_broken_spec_is_reported_below_and_hides_nothing(three: Path, dli: Dli) -> None:
    Path("datasets/dataset.demo.bad.yaml").write_text("name: demo.bad\nownr: x\n", encoding="utf-8")
    shown = dli("dataset", "list")
    assert shown.code == 3
    assert "demo.gold" in shown.out
    assert "datasets/dataset.demo.bad.yaml:2:1: [DLI-203] unknown key 'ownr'" in shown.err
    assert "Fix: Did you mean 'owner'?" in shown.err
    found = json.loads(dli("dataset", "list", "--json").out)
    assert (found["status"], found["exit_code"], len(found["items"])) == ("failure", 3, 3)
    assert found["problems"][0]["location"]["line"] == 2


def test_one_resource_is_shown_whole(project: Path, dli: Dli, page: SnapshotAssertion) -> None:
    assert dli("dataset", "get", "demo.daily_clicks", width=100).out == page
    found = json.loads(dli("dataset", "get", "demo.daily_clicks", "--json").out)
    assert set(found) >= {"name", "type", "owner", "team", "description", "tags", "domains", "sql"}
    assert found["parameters"][0] == {
        "name": "from_day",
        "type": "date",
        "required": False,
        "default": "2025-01-01",
        "description": "The first day",
    }
    assert found["sql"].startswith("SELECT\n    day,")


def test_columns_of_a_spec_do_not_hide_the_version_of_the_object(project: Path, dli: Dli) -> None:
    add_dataset("demo.typed", "SELECT 1 AS d", head="schema:\n  - {name: d, type: date}\n")
    found = json.loads(dli("dataset", "get", "demo.typed", "--json").out)
    assert found["schema"] == "dli/v1"
    assert found["columns"] == [{"name": "d", "type": "date", "description": ""}]


def test_a_parameter_with_a_default_is_not_shown_as_required(project: Path, dli: Dli) -> None:
    head = "parameters:\n  - {name: 기간, default: 7일}\n  - {name: country}\n"
    add_dataset("demo.asked", "SELECT {{ 기간 }}, {{ country }}", head=head)
    found = json.loads(dli("dataset", "get", "demo.asked", "--json").out)["parameters"]
    assert [(p["name"], p["required"]) for p in found] == [("기간", False), ("country", True)]
    shown = dli("dataset", "get", "demo.asked", width=100).out.splitlines()
    assert next(line.split()[:4] for line in shown if "기간" in line) == [
        *("기간", "string", "no", "7일"),
    ]


def test_a_metric_is_no_dataset(project: Path, dli: Dli) -> None:
    shown = dli("dataset", "get", "demo.clicks_per_user")
    assert shown.code == 3
    assert shown.err.startswith("[DLI-101] ")


def test_validate_tells_every_problem_in_one_pass(three: Path, dli: Dli) -> None:
    Path("datasets/dataset.demo.bad.yaml").write_text("name: demo.bad\nownr: x\n", encoding="utf-8")
    add_dataset("demo.syntax", "SELECT (1")
    add_dataset("demo.undefined", "SELECT {{ nothing }}")
    for tokens in ((), ("--all",)):
        shown = dli("dataset", "validate", *tokens)
        assert shown.code == 1
        assert "✓ demo.gold" in shown.out
        assert "✗ demo.syntax" in shown.out
        assert "✗ demo.undefined" in shown.out
        assert "datasets/dataset.demo.bad.yaml:2:1: [DLI-203]" in shown.out
        assert "datasets/dataset.demo.syntax.yaml:6:" in shown.out
        assert "[DLI-202]" in shown.out
    found = json.loads(dli("dataset", "validate", "--json").out)
    assert (found["valid"], found["exit_code"]) == (False, 1)
    assert [r["name"] for r in found["results"] if not r["valid"]] == [
        "demo.syntax",
        "demo.undefined",
    ]


def test_validate_checks_one_with_the_values_given(project: Path, dli: Dli) -> None:
    head = """parameters:
  - {name: day, type: date}
  - {name: code, type: string, pattern: "[A-Z]{3}"}
"""
    add_dataset("demo.needs", "SELECT {{ day }}, {{ code }}", head=head)
    shown = dli("dataset", "validate", "demo.needs")
    assert shown.code == 0
    assert "SQL not rendered: no value for code; give one with -p code=…" in shown.out
    assert dli("dataset", "validate", "demo.needs", "--strict").code == 1
    given = dli("dataset", "validate", "demo.needs", "-p", "code=ABC")
    assert given.code == 0
    assert "Sample values stood in for: day" in given.out
    assert dli("dataset", "validate", "demo.needs", "-p", "code=abc").code == 1


def test_validate_refuses_what_it_cannot_mean(project: Path, dli: Dli) -> None:
    assert dli("dataset", "validate", "demo.daily_clicks", "--all").code == 2
    assert dli("dataset", "validate", "-p", "a=1").code == 2
    assert dli("dataset", "validate", "demo.none").code == 3


def test_nothing_to_validate_is_no_good_verdict(project: Path, dli: Dli) -> None:
    Path("metrics/metric.demo.clicks_per_user.yaml").unlink()
    shown = dli("metric", "validate")
    assert shown.code == 3
    assert shown.err.startswith("[DLI-102] There is no metric to validate")


def test_rendered_sql_is_alone_on_stdout(project: Path, dli: Dli) -> None:
    shown = dli("dataset", "render", "demo.daily_clicks", "-p", "from_day=2025-01-03")
    assert (shown.code, shown.err) == (0, "")
    assert "WHERE day >= DATE '2025-01-03'" in shown.out
    found = json.loads(dli("dataset", "render", "demo.daily_clicks", "--json").out)
    main = found["statements"][0]
    assert main["source"] == {"path": "datasets/daily_clicks.sql", "line": 1, "column": 1}
    mapped = [s for s in main["source_map"] if not s["literal"]]
    assert [(s["line"], main["sql"][s["start"] :][:4]) for s in mapped] == [
        (7, "DATE"),
        (8, "'hom"),
    ]


def test_rendering_for_another_engine_says_it_in_its_dialect(project: Path, dli: Dli) -> None:
    shown = dli("metric", "render", "demo.clicks_per_user", "--engine", "bigquery")
    assert shown.code == 0
    assert "ROUND(IEEE_DIVIDE(SUM(clicks), SUM(users)), 2)" in shown.out


def test_a_new_project_runs_at_once(process: Process) -> None:
    made = process("init", "내 프로젝트")
    assert made.returncode == 0
    assert made.stdout.endswith(
        "Next:\n  cd '내 프로젝트'\n  dli dataset run demo.daily_clicks\n"
        "  dli metric run demo.clicks_per_user\n  dli quality run demo.daily_clicks\n"
    )
    os.chdir("내 프로젝트")
    assert 'name: "내 프로젝트"' in Path("dli.yaml").read_text(encoding="utf-8")
    for tokens in (
        ("dataset", "run", "demo.daily_clicks"),
        ("metric", "run", "demo.clicks_per_user"),
        ("quality", "run", "demo.daily_clicks"),
        ("dataset", "validate"),
        ("metric", "validate"),
        ("config", "check"),
    ):
        done = process(*tokens)
        assert (tokens, done.returncode, done.stderr) == (tokens, 0, "")


def test_init_overwrites_nothing(dli: Dli) -> None:
    Path("metrics").mkdir()
    mine = Path("metrics/metric.demo.clicks_per_user.yaml")
    mine.write_text("mine", encoding="utf-8")
    shown = dli("init")
    assert shown.code == 3
    assert shown.err.startswith("[DLI-007] 'metrics/metric.demo.clicks_per_user.yaml' exists")
    assert mine.read_text(encoding="utf-8") == "mine"
    assert not Path("dli.yaml").exists()


def test_init_as_json_names_its_files(dli: Dli) -> None:
    found = json.loads(dli("init", "--name", "shop", "--json").out)
    assert all(Path(file).exists() for file in found["files"])
    assert found["next"][0] == "dli dataset run demo.daily_clicks"
    assert 'name: "shop"' in Path("dli.yaml").read_text(encoding="utf-8")


def test_the_start_that_the_readme_shows_runs(dli: Dli, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    start = readme.partition("## Start a project")[2].partition("```console\n")[2]
    init, run = start.partition("```")[0].splitlines()[1:3]
    assert dli(*init.partition(" && ")[0].split()[1:]).code == 0
    monkeypatch.chdir("shop")
    assert dli(*run.split()[1:]).code == 0

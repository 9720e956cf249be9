"""`dli validate`: every finding in one pass, in every format, from the cache or not."""

import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import duckdb
import pytest
from syrupy.assertion import SnapshotAssertion

from tests.cli.broken_project import DLI_YAML, write_broken_project, write_spec
from tests.cli.conftest import Dli, Process
from tests.cli.reports.test_report_formats import JUNIT, SARIF


@pytest.fixture
def broken() -> Path:
    write_broken_project(Path.cwd())
    return Path.cwd()


@pytest.fixture
def sound() -> Path:
    """Three datasets in a chain, and one beside it."""
    root = Path.cwd()
    (root / "dli.yaml").write_text(DLI_YAML)
    write_spec(root, "lake.a", "query_statement: SELECT 1 AS x, 2 AS y\n")
    write_spec(root, "lake.b", "query_statement: SELECT x, y FROM lake.a\n")
    write_spec(root, "lake.c", "query_statement: SELECT x FROM lake.b\n")
    write_spec(root, "lake.z", "query_statement: SELECT 1 AS z\n")
    return root


def report(dli: Dli, *tokens: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(dli("validate", *tokens, "--json").out)
    return found


def test_every_mistake_is_told_at_its_place_with_a_fix(
    broken: Path, dli: Dli, page: SnapshotAssertion
) -> None:
    shown = dli("validate")
    assert (shown.code, shown.err) == (1, "")
    assert shown.out == page
    findings = report(dli)["findings"]
    assert all(one["fix"] and one["code"].startswith("DLI-") for one in findings)
    places = [
        (f["location"]["path"], f["location"]["line"], f["location"]["column"]) for f in findings
    ]
    assert places == sorted(places)


def test_every_format_tells_the_same_findings(broken: Path, dli: Dli) -> None:
    findings = report(dli)["findings"]
    sarif = json.loads(dli("validate", "--format", "sarif").out)
    SARIF.validate(sarif)
    results = sarif["runs"][0]["results"]
    assert [one["ruleId"] for one in results] == [one["code"] for one in findings]
    junit = dli("validate", "--format", "junit").out
    JUNIT.validate(junit)
    failed = ET.fromstring(junit).findall(".//failure")  # noqa: S314 - our own text
    assert len(failed) == sum(one["severity"] == "error" for one in findings)
    github = dli("validate", "--format", "github").out.splitlines()
    assert len(github) == len(findings) + 1
    assert github[0].startswith(
        "::error file=datasets/dataset.lake.mart.broken.yaml,line=6,col=67,title=DLI-204 "
    )


def test_no_socket_is_opened(broken: Path, dli: Dli, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("validate made a socket")

    monkeypatch.setattr(socket.socket, "__init__", refuse)
    assert dli("validate", "--prove-safe").code == 1


def test_there_is_no_server_for_it(sound: Path, dli: Dli) -> None:
    shown = dli("validate", "--server")
    assert shown.code == 2
    assert "dli validate checks the local files; there is no --server for it." in shown.err


def test_a_sound_project_has_exit_code_0_and_passed_cases(sound: Path, dli: Dli) -> None:
    assert dli("validate").out == "4 specs, 0 errors, 0 warnings\n"
    junit = ET.fromstring(dli("validate", "--format", "junit").out)  # noqa: S314 - our own text
    assert (junit.get("tests"), junit.get("failures")) == ("4", "0")


def test_warnings_fail_only_under_strict(sound: Path, dli: Dli) -> None:
    head = "parameters: [{name: unused, type: string, default: x}]\n"
    write_spec(sound, "lake.w", head + "query_statement: SELECT 1 AS w\n")
    assert dli("validate").code == 0
    assert dli("validate", "--strict").code == 1
    failed = ET.fromstring(dli("validate", "--strict", "--format", "junit").out)  # noqa: S314 - ours
    assert failed.get("failures") == "1"


def test_only_the_named_are_told_and_unknown_names_are_no_success(broken: Path, dli: Dli) -> None:
    shown = dli("validate", "lake.mart.writes")
    assert shown.out.startswith("✗ lake.mart.writes\n")
    assert "daily" not in shown.out
    missing = dli("validate", "lake.mart.writez")
    assert missing.code == 3
    assert "Did you mean 'lake.mart.writes'?" in missing.err


def test_a_parameter_with_a_pattern_needs_a_value_to_be_checked(sound: Path, dli: Dli) -> None:
    head = "parameters: [{name: p, type: string, pattern: 'a+'}]\n"
    write_spec(
        sound, "lake.p", head + "query_statement: SELECT nope FROM lake.a WHERE y = '{{ p }}'\n"
    )
    assert "The SQL is not checked" in dli("validate", "lake.p").out
    given = dli("validate", "lake.p", "-p", "p=aa")
    assert given.code == 1
    assert "'lake.a' has no column 'nope'" in given.out


@pytest.mark.parametrize(
    "tokens",
    [
        ("--all", "lake.a"),
        ("--changed", "a", "b"),
        ("-p", "x=1"),
        ("--json", "--format", "sarif"),
        ("--format", "html"),
        ("--server",),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(
    sound: Path, dli: Dli, tokens: tuple[str, ...]
) -> None:
    assert dli("validate", *tokens).code == 2


def test_an_empty_project_is_no_success(dli: Dli) -> None:
    Path("dli.yaml").write_text(DLI_YAML)
    assert dli("validate").code == 3


def test_a_second_run_examines_only_what_changed(sound: Path, dli: Dli) -> None:
    assert report(dli)["examined"] == 4
    assert report(dli)["examined"] == 0
    os.utime(sound / "datasets" / "dataset.lake.a.yaml")
    assert report(dli)["examined"] == 0
    write_spec(sound, "lake.a", "query_statement: SELECT 1 AS x, 3 AS y\n")
    assert report(dli)["examined"] == 1
    assert report(dli, "--no-cache")["examined"] == 4


def test_a_column_renamed_upstream_is_told_downstream(sound: Path, dli: Dli) -> None:
    assert dli("validate").code == 0
    write_spec(sound, "lake.a", "query_statement: SELECT 1 AS x, 2 AS yy\n")
    told = report(dli)
    assert told["examined"] == 1
    assert [(f["name"], f["code"]) for f in told["findings"]] == [("lake.b", "DLI-208")]
    assert told["findings"][0]["fix"] == "Did you mean 'yy'?"


def test_sql_files_metrics_and_the_snapshot_count_as_changes(sound: Path, dli: Dli) -> None:
    write_spec(sound, "lake.f", "query_file: f.sql\n")
    assert "does not exist" in dli("validate").out
    (sound / "datasets" / "f.sql").write_text("SELECT METRIC(lake.m.total) AS t FROM lake.a\n")
    assert "no metric is named" in dli("validate").out
    metric = 'name: lake.m\nowner: kim@example.com\nteam: "@d"\nquery_statement: SELECT 1 AS one\n'
    measure = "metrics: [{name: total, aggregation: sum, expression: x}]\n"
    (sound / "metrics").mkdir()
    (sound / "metrics" / "metric.lake.m.yaml").write_text(metric + measure)
    assert dli("validate").code == 0
    (sound / "metrics" / "metric.lake.m.yaml").write_text(metric + measure.replace("x}", "q}"))
    assert "'lake.a' has no column 'q'" in dli("validate").out
    (sound / "metrics" / "metric.lake.m.yaml").write_text(metric + measure)
    (sound / "schema.yaml").write_text("complete: [lake]\ntables: []\n")
    write_spec(sound, "lake.g", "query_statement: SELECT 1 AS a FROM lake.nothing\n")
    assert "There is no table 'lake.nothing'" in dli("validate").out
    (sound / "schema.yaml").unlink()
    assert dli("validate").code == 0


def test_a_damaged_cache_is_set_aside_and_changes_no_verdict(broken: Path, dli: Dli) -> None:
    first = dli("validate")
    (cache,) = Path.home().glob(".cache/dli/facts/*.bin")
    whole = cache.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:-1] + b"\x00", b"", b"x" * 500):
        cache.write_bytes(damaged)
        again = dli("validate")
        assert (again.code, again.out) == (first.code, first.out)
        assert "set aside" in again.err
        assert cache.read_bytes() != damaged


def test_runs_side_by_side_agree_and_leave_a_whole_cache(
    broken: Path, process: Process, dli: Dli
) -> None:
    command = [os.path.join(os.path.dirname(os.sys.executable), "dli"), "validate"]  # type: ignore[attr-defined]  # noqa: PTH118, PTH120
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    said = {one.communicate(timeout=60)[0] for one in running}
    assert len(said) == 1
    assert report(dli)["examined"] == 0


def test_a_cache_that_cannot_be_written_is_said_and_hurts_nothing(
    sound: Path, process: Process
) -> None:
    Path("nowhere").write_text("a file, not a folder")
    ran = process("validate", XDG_CACHE_HOME=str(Path("nowhere").absolute()))
    assert ran.returncode == 0
    assert "cannot be written" in ran.stderr


def git(*tokens: str) -> None:
    identity = [
        "-c",
        "user.name=k",
        "-c",
        "user.email=k@example.com",
        "-c",
        "init.defaultBranch=main",
    ]
    subprocess.run(["git", *identity, *tokens], check=True, capture_output=True)


def test_changed_means_differing_files_and_all_that_rest_on_them(sound: Path, dli: Dli) -> None:
    assert "git failed" in dli("validate", "--changed").err
    git("init")
    assert "no revision" in dli("validate", "--changed").err
    git("add", ".")
    git("commit", "-m", "all")
    assert dli("validate", "--changed").out.startswith("No spec differs from HEAD.\n")
    write_spec(sound, "lake.b", "query_statement: SELECT x, y, 1 AS w FROM lake.a\n")
    assert report(dli, "--changed")["specs"] == 2
    write_spec(sound, "lake.new", "query_statement: SELECT 1 AS n\n")
    assert report(dli, "--changed")["specs"] == 3
    git("add", ".")
    git("commit", "-m", "more")
    assert report(dli, "--changed")["specs"] == 0
    assert report(dli, "--changed", "HEAD~1")["specs"] == 3
    assert dli("validate", "--changed", "--output=x").code == 2
    assert "no revision" in dli("validate", "--changed", "--", "--output=x").err


def test_a_project_is_proved_safe_or_says_why_not(sound: Path, dli: Dli) -> None:
    write_spec(
        sound,
        "lake.s",
        "parameters:\n  - {name: s, type: string}\n  - {name: n, type: integer, max: 10}\n"
        "query_statement: |\n  SELECT '{{ s }}' AS a, {{ s }} AS b, -{{ n }} AS c -- {{ s }}\n",
    )
    shown = dli("validate", "lake.s", "--prove-safe")
    assert shown.code == 0
    assert "lake.s proved safe: " in shown.out
    assert "duckdb" in shown.out
    write_spec(
        sound,
        "lake.u",
        "parameters: [{name: t, type: string}]\nquery_statement: SELECT a FROM {{ t }}\n",
    )
    unsafe = report(dli, "lake.u", "--prove-safe")
    assert unsafe["proofs"][0]["proved"] is False
    assert {one["code"] for one in unsafe["findings"]} == {"DLI-207", "DLI-214"}
    assert "type: identifier" in unsafe["findings"][-1]["fix"]


def test_a_finding_that_several_specs_meet_is_told_once(sound: Path, dli: Dli) -> None:
    (sound / "metrics").mkdir()
    (sound / "metrics" / "metric.lake.m.yaml").write_text(
        'name: lake.m\nowner: kim@example.com\nteam: "@d"\nquery_statement: SELECT 1 AS one\n'
        "metrics: [{name: total, aggregation: summ, expression: x}]\n"
    )
    for name in ("lake.f", "lake.g"):
        write_spec(sound, name, "query_statement: SELECT METRIC(lake.m.total) AS t FROM lake.a\n")
    told = report(dli)
    places = [(f["code"], str(f["location"]), f["message"]) for f in told["findings"]]
    assert len(places) == len(set(places)) == told["errors"] + told["warnings"] > 0
    assert dli("validate").out.count("metric.lake.m.yaml:") == 1


def test_without_a_payload_nothing_is_called_proved(sound: Path, dli: Dli) -> None:
    shown = dli("validate", "lake.a", "--prove-safe")
    assert shown.code == 0
    assert "proved safe" not in shown.out
    assert "nothing to prove: 1 spec, 0 payloads\n" in shown.out
    (proof,) = report(dli, "lake.a", "--prove-safe")["proofs"]
    assert (proof["proved"], proof["nothing_to_prove"], proof["payloads"]) == (False, True, 0)
    head = "parameters: [{name: s, type: string}]\n"
    write_spec(sound, "lake.s", head + "query_statement: SELECT '{{ s }}' AS s\n")
    both = dli("validate", "--prove-safe").out
    assert "proved safe: 1 of 1 spec, " in both
    assert "nothing to prove: 4 specs, 0 payloads\n" in both


def write_quality(
    root: Path, target: str, test: str, owner: str = "owner: kim@example.com"
) -> Path:
    path = root / "quality" / f"quality.{target}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        f"target: {{type: dataset, name: {target}}}\nmetadata: {{{owner}}}\ntests:\n  - {{{test}}}\n"
    )
    return path


KEYS = "name: keys, type: not_null, columns: [x]"


def test_quality_files_are_checked_in_the_same_pass(sound: Path, dli: Dli) -> None:
    write_quality(sound, "lake.a", KEYS)
    assert dli("validate").out == "4 specs, 1 quality file, 0 errors, 0 warnings\n"
    write_quality(sound, "lake.b", "name: odd, type: not_nul, columns: [x]")
    write_quality(sound, "lake.c", KEYS, owner="")
    write_quality(sound, "lake.z", 'name: bad, type: expression, expression: "x +"')
    (sound / "quality" / "quality.lake.y.yaml").write_text("target: [\n")
    write_spec(sound, "lake.w", "query_statement: SELECT nope FROM lake.a\n")
    told = report(dli, "--all")
    places = [(f["location"]["path"], f["location"]["line"]) for f in told["findings"]]
    assert places == sorted(places)
    assert {Path(path).name for path, _ in places} == {
        "dataset.lake.w.yaml",
        "quality.lake.b.yaml",
        "quality.lake.c.yaml",
        "quality.lake.y.yaml",
        "quality.lake.z.yaml",
    }
    assert (told["exit_code"], told["quality_files"]) == (1, 5)
    assert told["errors"] == len(told["findings"]) == len(set(places))


def test_a_name_selects_the_quality_files_that_test_it(sound: Path, dli: Dli) -> None:
    write_quality(sound, "lake.a", KEYS)
    write_quality(sound, "lake.b", "name: odd, type: not_nul, columns: [x]")
    assert dli("validate", "lake.a").out == (
        "✓ lake.a\n✓ quality/quality.lake.a.yaml\n1 spec, 1 quality file, 0 errors, 0 warnings\n"
    )
    (sound / "quality" / "quality.lake.b.yaml").rename(sound / "quality" / "quality.keys.yaml")
    shown = dli("validate", "lake.b")
    assert (shown.code, "not_nul" in shown.out) == (1, True)


def test_changed_selects_quality_files_that_differ_or_test_what_does(sound: Path, dli: Dli) -> None:
    write_quality(sound, "lake.b", KEYS)
    write_quality(sound, "lake.z", KEYS.replace("[x]", "[z]"))
    git("init")
    git("add", ".")
    git("commit", "-m", "all")
    assert report(dli, "--changed")["quality_files"] == 0
    write_spec(sound, "lake.a", "query_statement: SELECT 1 AS x, 2 AS y, 3 AS w\n")
    assert report(dli, "--changed")["quality_files"] == 1
    write_quality(sound, "lake.z", "name: odd, type: not_nul, columns: [z]")
    told = report(dli, "--changed")
    assert (told["quality_files"], told["exit_code"]) == (2, 1)


def test_the_tables_of_the_configured_duckdb_are_known_where_asked(
    dli: Dli, tmp_path: Path
) -> None:
    connection = duckdb.connect("wh.duckdb")
    connection.execute("CREATE SCHEMA core; CREATE TABLE core.users (user_id BIGINT, 이름 VARCHAR)")
    connection.close()
    Path("dli.yaml").write_text(
        "defaults: {dialect: duckdb}\n"
        "local: {engine: duckdb, duckdb: {attach: {w: wh.duckdb}, sources: {raw.days: days.csv}}}\n"
    )
    Path("days.csv").write_text("day,n\n2025-01-01,1\n")
    Path("datasets").mkdir()
    for name, sql in (
        ("w.mart.bad", "SELECT user_idd FROM w.core.users"),
        (
            "w.mart.good",
            'SELECT u.user_id, u."이름", d.n FROM w.core.users u JOIN raw.days d ON true',
        ),
        ("w.mart.late", "SELECT dy FROM raw.days"),
    ):
        Path(f"datasets/dataset.{name}.yaml").write_text(
            f"name: {name}\nowner: a@b.c\nteam: t\nquery_type: SELECT\nquery_statement: {sql}\n"
        )
    assert dli("validate").code == 0
    outcome = dli("validate", "--engine-tables", "--json")
    found = json.loads(outcome.out)["findings"]
    assert outcome.code == 1
    assert [(one["name"], one["location"]["column"]) for one in found] == [
        ("w.mart.bad", 25),
        ("w.mart.late", 25),
    ]
    assert "user_id" in found[0]["fix"]


def test_the_tables_of_bigquery_are_not_asked_for(dli: Dli) -> None:
    Path("dli.yaml").write_text("local: {engine: bigquery}\n")
    outcome = dli("validate", "--engine-tables")
    assert (outcome.code, "reads the tables of DuckDB" in outcome.err) == (2, True)

"""Failures as a user sees them: the layout, the codes, and no bug's traceback."""

import json
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from dli_cli.crash import masked_tokens, redacted
from dli_cli.errors import error_lines, guarded
from dli_cli.output import Screen, Stream
from dli_domain.errors import ConfigError, ErrorCode, ExecutionConnectionError, SpecInvalidError
from dli_domain.model.problems import Location, Problem
from tests.cli.conftest import Dli, add_dataset


def screen() -> Screen:
    return Screen(Stream(None, "out", colour=False), Stream(None, "err", colour=False), None)


def test_the_layout_is_the_one_of_the_contract() -> None:
    error = ExecutionConnectionError(
        "Failed to connect to BigQuery",
        context={"Project": "my-gcp-project", "Location": "US"},
        causes=(
            "Missing GOOGLE_APPLICATION_CREDENTIALS",
            "Invalid project ID",
            "Network connectivity issues",
        ),
        hint="Run 'dli config check' to verify your configuration.",
    )
    assert "\n".join(error_lines(error, screen())) == (
        """\
[DLI-403] Failed to connect to BigQuery
  Project: my-gcp-project
  Location: US

  Possible causes:
  - Missing GOOGLE_APPLICATION_CREDENTIALS
  - Invalid project ID
  - Network connectivity issues

  Run 'dli config check' to verify your configuration."""
    )


def test_every_problem_has_its_place_its_code_and_its_fix(page: SnapshotAssertion) -> None:
    problems = tuple(
        Problem(
            code=ErrorCode.SPEC_INVALID,
            message=f"unknown key 'ownr{n}'",
            location=Location("datasets/dataset.a.yaml", n, 3),
            fix="Did you mean 'owner'?",
        )
        for n in (1, 2)
    )
    error = SpecInvalidError("2 problems", problems=problems, location=problems[0].location)
    assert "\n".join(error_lines(error, screen())) == page


def test_control_characters_in_a_message_are_shown_and_never_obeyed() -> None:
    error = ConfigError(
        "a\x1b[2Jb", context={"x": "\x07"}, causes=("\x9b",), hint="\x08", location=Location("\x1b")
    )
    text = "\n".join(error_lines(error, screen()))
    assert all(ord(char) >= 32 or char == "\n" for char in text)
    assert "\x9b" not in text
    assert r"a\x1b[2Jb" in text


def test_an_engines_error_points_into_the_template(project: Path, dli: Dli) -> None:
    add_dataset("demo.broken", "SELECT\n  no_such_column\nFROM raw.visits")
    shown = dli("dataset", "run", "demo.broken")
    assert shown.code == 4
    assert shown.err.startswith("[DLI-405] ")
    assert "  At: datasets/dataset.demo.broken.yaml:7:5\n" in shown.err


def test_a_failure_under_json_is_one_object_on_stdout_too(project: Path, dli: Dli) -> None:
    shown = dli("dataset", "run", "demo.daily_click", "--json")
    assert shown.code == 3
    found = json.loads(shown.out)
    assert (found["schema"], found["command"], found["status"], found["exit_code"]) == (
        "dli/v1",
        "dataset run",
        "failure",
        3,
    )
    assert found["error"]["code"] == "DLI-101"
    assert "demo.daily_clicks" in found["error"]["hint"]
    assert shown.err.startswith("[DLI-101] ")
    usage = json.loads(dli("dataset", "run", "--json").out)
    assert (usage["error"]["code"], usage["exit_code"]) == ("USAGE", 2)


@pytest.mark.parametrize(
    ("tokens", "code", "message"),
    [
        (("-p", "nope=1"), 3, "[DLI-204] Unknown parameter 'nope'"),
        (("-p", "from_day=soon"), 3, "[DLI-204] "),
        (("-p", "page=home"), 3, "Did you mean 'pages'?"),
    ],
)
def test_a_wrong_parameter_fails_before_any_connection(
    tokens: tuple[str, ...], code: int, message: str, project: Path, dli: Dli
) -> None:
    shown = dli("dataset", "run", "demo.daily_clicks", *tokens)
    assert shown.code == code
    assert message in shown.err


def test_a_bug_shows_no_traceback_and_keeps_a_file_without_secrets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BASECAMP_API_KEY", "s3cr3t-canary")

    def bug() -> None:
        raise RuntimeError(
            "boom s3cr3t-canary Bearer abcdefgh https://kim:pw1234@host/ api_key=zzzz"
        )

    environ = {"BASECAMP_API_KEY": "s3cr3t-canary"}
    code = guarded(bug, Screen.of_process({}), ["dataset", "run", "-p", "who=kim"], environ)
    assert code == 70
    shown = capsys.readouterr().err
    assert shown.startswith("[DLI-999] A bug in dli: RuntimeError\n  Crash file: ")
    assert "Traceback" not in shown
    kept = Path(shown.split("Crash file: ")[1].splitlines()[0])
    assert kept.stat().st_mode & 0o777 == 0o600
    text = kept.read_text(encoding="utf-8")
    assert "Traceback" in text
    assert "dataset run -p who=***" in text
    for secret in ("s3cr3t-canary", "abcdefgh", "pw1234", "zzzz", "kim"):
        assert secret not in text


def test_a_crash_file_goes_elsewhere_where_home_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", "/dev/null")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def bug() -> None:
        raise KeyError("x")

    assert guarded(bug, Screen.of_process({}), [], {}) == 70
    assert f"Crash file: {tmp_path}/dli-crash-" in capsys.readouterr().err


def test_redaction_masks_values_of_secret_variables_and_keeps_the_rest() -> None:
    environ = {"MY_TOKEN": "abcd1234", "LANG": "C.UTF-8", "KEY": "ab"}
    text = redacted("abcd1234 C.UTF-8 ab token: 'qwerty' password=hunter2,", environ)
    assert text == "*** C.UTF-8 ab token: '***' password=***,"
    assert masked_tokens(["-p", "a=b=c", "name"]) == ["-p", "a=***", "name"]

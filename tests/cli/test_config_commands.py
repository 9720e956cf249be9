"""`dli config` as a user sees it: what is printed, which file holds what, which code it ends in."""

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.cli.conftest import Dli, Process

CANARY = "c4n4ry-t0ken"


@pytest.fixture
def home() -> Path:
    folder = Path(os.environ["HOME"]) / ".dli"
    folder.mkdir()
    return folder


class _Basecamp(HTTPServer):
    """Answers its health and remembers what was asked with which headers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: _Basecamp

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers)))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def basecamp() -> Iterator[_Basecamp]:
    server = _Basecamp()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_show_tells_each_value_and_who_says_it(
    dli: Dli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "config.yaml").write_text("execution:\n  timeout: 60\n")
    Path("dli.yaml").write_text("local: {engine: duckdb}\nvars: {지역: 서울}\n")
    Path(".env").write_text("DLI_DIALECT=trino\n")
    monkeypatch.setenv("DLI_EXECUTION_MODE", "mock")
    outcome = dli("config", "show", "--show-source")
    lines = {line.split()[0]: " ".join(line.split()[1:]) for line in outcome.out.splitlines()}
    assert outcome.code == 0
    assert lines["execution.timeout"].startswith("60 global: ")
    assert lines["execution.timeout"].endswith("/.dli/config.yaml:2:12")
    assert lines["local.engine"] == "duckdb project: dli.yaml:1:17"
    assert lines["vars.지역"] == "서울 project: dli.yaml:2:12"
    assert lines["execution.dialect"] == "trino dotenv: DLI_DIALECT in .env:1:1"
    assert lines["execution.default_mode"] == "mock env: DLI_EXECUTION_MODE"
    assert lines["server.timeout"] == "30 default"
    assert "global" not in dli("config", "show").out


def test_show_as_json_tells_what_is_beaten(
    dli: Dli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "config.yaml").write_text("execution: {timeout: 60}\n")
    monkeypatch.setenv("DLI_TIMEOUT", "70")
    found = json.loads(dli("config", "show", "--json", "--section", "execution").out)
    assert (found["schema"], found["command"]) == ("dli/v1", "config show")
    timeout = found["settings"]["execution.timeout"]
    assert (timeout["value"], timeout["source"], timeout["place"]) == (70, "env", "DLI_TIMEOUT")
    assert [(b["value"], b["source"]) for b in timeout["beats"]] == [(60, "global")]
    assert set(found["settings"]) == {"execution.timeout", "execution.default_mode"}


@pytest.mark.parametrize("form", [(), ("--json",), ("--show-source",), ("--section", "server")])
def test_no_secret_is_shown(
    dli: Dli, home: Path, monkeypatch: pytest.MonkeyPatch, form: tuple[str, ...]
) -> None:
    (home / "config.yaml").write_text(
        f"server: {{url: https://x.example.com, api_key: {CANARY}}}\n"
        f"vars: {{db: {{password: {CANARY}, hosts: [a]}}, tokens: [{CANARY}], list: "
        f"[{{api_key: {CANARY}}}], plain: '${{DLI_SECRET_X}}', mixed: ['${{SOME_KEY}}']}}\n"
        "environments: {e: {api_key: " + CANARY + "}}\n"
    )
    monkeypatch.setenv("DLI_SECRET_X", CANARY)
    monkeypatch.setenv("SOME_KEY", CANARY)
    outcome = dli("config", "show", *form)
    assert outcome.code == 0
    assert "***" in outcome.out
    assert CANARY not in outcome.out + outcome.err


def test_secrets_are_shown_to_who_asks_for_it_and_confirms(dli: Dli, home: Path) -> None:
    (home / "config.yaml").write_text(f"server: {{url: https://x.y, api_key: {CANARY}}}\n")
    asked = dli("config", "show", "--show-secrets")
    assert (asked.code, asked.out) == (2, "")
    assert "--yes" in asked.err
    assert CANARY in dli("config", "show", "--show-secrets", "--yes").out


def test_a_section_that_is_not_there_is_a_usage_error(dli: Dli) -> None:
    outcome = dli("config", "show", "--section", "locl")
    assert outcome.code == 2
    assert "Did you mean 'local'?" in outcome.err


def test_a_wrong_file_ends_in_3_with_its_place(dli: Dli) -> None:
    Path("dli.yaml").write_text("executon: {}\n")
    for command in ("show", "check", "trust"):
        outcome = dli("config", command)
        assert outcome.code == 3
        assert "dli.yaml:1:1" in outcome.err
        assert "Did you mean 'execution'?" in outcome.err


def test_set_writes_the_personal_file_and_says_which(dli: Dli) -> None:
    Path("dli.yaml").write_text("# team\nexecution: {timeout: 5}\n")
    outcome = dli("config", "set", "execution.timeout", "60")
    assert outcome.code == 0
    assert outcome.out == f"execution.timeout = 60  ({Path.cwd()}/.dli.local.yaml)\n"
    assert Path(".dli.local.yaml").read_text() == "execution:\n  timeout: 60\n"
    assert Path(".dli.local.yaml").stat().st_mode & 0o777 == 0o600
    assert Path("dli.yaml").read_text() == "# team\nexecution: {timeout: 5}\n"


def test_set_in_the_project_keeps_comments_and_mode(dli: Dli) -> None:
    path = Path("dli.yaml")
    path.write_text("# team\nexecution:\n  timeout: 5  # short\n")
    path.chmod(0o644)
    assert dli("config", "set", "--project", "execution.timeout", "60").code == 0
    assert path.read_text() == "# team\nexecution:\n  timeout: 60  # short\n"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [file.name for file in Path.cwd().iterdir()] == ["dli.yaml"]


def test_set_tells_when_another_source_decides(dli: Dli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLI_TIMEOUT", "7")
    outcome = dli("config", "set", "--global", "execution.timeout", "60", "--json")
    assert json.loads(outcome.out)["overridden_by"] == "env: DLI_TIMEOUT"
    assert "env: DLI_TIMEOUT decides execution.timeout here" in outcome.err


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("execution.timeot", "60", "Did you mean 'execution.timeout'?"),
        ("execution", "60", "There is no setting 'execution'"),
        ("execution.timeout", "0", "must be a whole number of at least 1"),
        ("execution.timeout", "", "is empty"),
        ("execution.default_mode", "remote", "must be one of local, server, mock"),
        ("execution.dry_run", "true", "There is no setting"),
        ("defaults.retry_count", "3", "has no effect"),
        ("local.bigquery.project", "${A:-${B}}", "a placeholder that cannot be read"),
    ],
)
def test_set_checks_key_and_value_before_it_writes(
    dli: Dli, key: str, value: str, message: str
) -> None:
    outcome = dli("config", "set", "--global", key, value)
    assert outcome.code == 3
    assert message in outcome.err
    assert not (Path(os.environ["HOME"]) / ".dli").exists()


def test_set_without_a_project_says_so(dli: Dli) -> None:
    outcome = dli("config", "set", "execution.timeout", "60")
    assert outcome.code == 3
    assert "[DLI-003]" in outcome.err


def test_two_files_at_once_are_a_usage_error(dli: Dli) -> None:
    assert dli("config", "set", "--global", "--project", "execution.timeout", "6").code == 2


def test_a_secret_goes_neither_on_a_command_line_nor_into_a_project(dli: Dli, home: Path) -> None:
    Path("dli.yaml").write_text("")
    shown = dli("config", "set", "--global", "server.api_key", CANARY)
    assert shown.code == 3
    assert "dli config set --global server.api_key -" in shown.err
    for where in ("--project", "--local"):
        outcome = dli("config", "set", where, "server.api_key", CANARY)
        assert outcome.code == 3
        assert "does not go into a file of the project" in outcome.err
        assert CANARY not in outcome.err + outcome.out
    assert Path("dli.yaml").read_text() == ""
    assert not (home / "config.yaml").exists()
    placeholder = dli("config", "set", "--project", "server.api_key", "${BASECAMP_API_KEY}")
    assert placeholder.code == 0
    assert 'api_key: "${BASECAMP_API_KEY}"' in Path("dli.yaml").read_text()


def test_a_secret_from_standard_input_makes_the_file_private(home: Path, process: Process) -> None:
    import subprocess  # noqa: PLC0415 - the fixture closes stdin
    import sys  # noqa: PLC0415

    config = home / "config.yaml"
    config.write_text("# mine\n")
    config.chmod(0o644)
    done = subprocess.run(
        [sys.executable, "-m", "dli_cli.main", "config", "set", "-g", "server.api_key", "-"],
        input=f"{CANARY}\n",
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, f"server.api_key = ***  ({config})\n")
    assert config.read_text() == f"# mine\nserver:\n  api_key: {CANARY}\n"
    assert config.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_is_dli_007(dli: Dli) -> None:
    (Path(os.environ["HOME"]) / ".dli").write_text("a file, not a folder")
    outcome = dli("config", "init", "--global")
    assert outcome.code == 3
    assert "[DLI-007]" in outcome.err


def test_init_writes_files_that_load_and_refuses_to_overwrite(dli: Dli, home: Path) -> None:
    assert dli("config", "init").out == f"Wrote {Path.cwd()}/dli.yaml\n"
    assert dli("config", "init", "--global").code == 0
    assert (home / "config.yaml").stat().st_mode & 0o777 == 0o600
    assert "local.engine" in dli("config", "show").out
    again = dli("config", "init")
    assert again.code == 3
    assert "exists already; nothing was written" in again.err
    Path("dli.yaml").write_text("x")
    assert dli("config", "init", "--force").code == 0
    assert "duckdb" in Path("dli.yaml").read_text()
    assert dli("config", "set", "--global", "execution.timeout", "9").code == 0
    assert (home / "config.yaml").read_text().startswith("# Your own settings.")


def test_check_walks_every_leg(dli: Dli, project: Path, home: Path, basecamp: _Basecamp) -> None:
    (home / "config.yaml").write_text(f"server: {{url: '{basecamp.url}', api_key: {CANARY}}}\n")
    (home / "config.yaml").chmod(0o600)
    outcome = dli("config", "check", "--json")
    found = json.loads(outcome.out)
    legs = {leg["name"]: leg for leg in found["legs"]}
    assert (outcome.code, found["exit_code"], found["status"]) == (0, 0, "success")
    assert {name: leg["status"] for name, leg in legs.items()} == dict.fromkeys(
        ("files", "settings", "project", "engine", "server"), "ok"
    )
    assert legs["project"]["detail"] == f"{project}: 1 datasets, 1 metrics"
    assert legs["engine"]["detail"] == "duckdb ran a query"
    assert all(isinstance(leg["duration_ms"], int) for leg in legs.values())
    assert [path for path, _ in basecamp.seen] == ["/api/v1/run/policy", "/api/v1/health"]
    assert all(sent["Authorization"] == f"Bearer {CANARY}" for _, sent in basecamp.seen)
    assert CANARY not in outcome.out + outcome.err
    assert CANARY not in outcome.out


@pytest.mark.parametrize(("status", "words"), [(500, "answered 500"), (302, "answered 302")])
def test_check_fails_where_the_server_is_not_healthy(
    dli: Dli, project: Path, basecamp: _Basecamp, status: int, words: str
) -> None:
    basecamp.status = status
    Path("dli.yaml").write_text(f"local: {{engine: duckdb}}\nserver: {{url: '{basecamp.url}'}}\n")
    outcome = dli("config", "check")
    assert outcome.code == 6
    assert words in outcome.err
    assert [path for path, _ in basecamp.seen] == ["/api/v1/run/policy", "/api/v1/health"]


def test_check_fails_honestly_and_still_walks_the_rest(dli: Dli, project: Path) -> None:
    Path("dli.yaml").write_text(
        "local: {engine: duckdb, duckdb: {path: missing/x.duckdb, read_only: true}}\n"
        "server: {url: 'http://127.0.0.1:1'}\n"
    )
    Path("datasets/dataset.a.b.yaml").write_text("name: a.b\nownr: x\n")
    outcome = dli("config", "check")
    marks = {line.split()[1]: line.split()[0] for line in outcome.out.splitlines()}
    assert marks == {"files": "✓", "settings": "✓", "project": "✗", "engine": "✗", "server": "✗"}
    assert outcome.code == 3
    for code in ("[DLI-203]", "[DLI-403]", "[DLI-501]"):
        assert code in outcome.err


def test_check_skips_what_there_is_no_reason_to_try(
    dli: Dli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLI_EXECUTION_MODE", "mock")
    outcome = dli("config", "check", "--json")
    legs = {leg["name"]: (leg["status"], leg["detail"]) for leg in json.loads(outcome.out)["legs"]}
    assert outcome.code == 0
    assert legs["engine"] == ("skipped", "the mode is mock")
    assert legs["server"] == ("skipped", "no server is configured")
    assert legs["project"] == ("skipped", "no dli.yaml here or above")


def test_check_in_server_mode_without_a_server_fails(
    dli: Dli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLI_EXECUTION_MODE", "server")
    outcome = dli("config", "check")
    assert outcome.code == 3
    assert "no server is configured" in outcome.err


def test_check_says_that_trino_is_not_there_yet(dli: Dli, project: Path) -> None:
    Path("dli.yaml").write_text("local: {engine: trino}\n")
    outcome = dli("config", "check")
    assert outcome.code == 3
    assert "'trino' is not available in this version" in outcome.err


def test_check_tells_warnings(dli: Dli, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLI_TIMEOT", "3")
    (project / ".git").mkdir()
    Path(".dli.local.yaml").write_text("defaults: {retry_count: 3}\n")
    outcome = dli("config", "check")
    assert outcome.code == 0
    assert "Unknown variable DLI_TIMEOT" in outcome.err
    assert "'defaults.retry_count' has no effect" in outcome.err
    assert "Add .dli.local.yaml to .gitignore" in outcome.err
    Path(".gitignore").write_text(".dli.local.yaml\n")
    assert ".gitignore" not in dli("config", "check").err


def test_an_untrusted_server_gets_nothing_until_trust_is_given(
    dli: Dli, project: Path, home: Path, basecamp: _Basecamp
) -> None:
    (home / "config.yaml").write_text(f"server: {{api_key: {CANARY}}}\n")
    (home / "config.yaml").chmod(0o600)
    Path("dli.yaml").write_text(f"local: {{engine: duckdb}}\nserver: {{url: '{basecamp.url}'}}\n")
    refused = dli("config", "check")
    assert refused.code == 3
    assert "[DLI-008]" in refused.err
    assert f"dli config trust {project}" in refused.err
    assert basecamp.seen == []
    run = dli("dataset", "run", "demo.daily_clicks", "--server")
    assert (run.code, "[DLI-008]" in run.err) == (3, True)

    asked = dli("config", "trust")
    assert asked.code == 2
    assert f"server.url = {basecamp.url}  (" in asked.err
    assert "your token is sent to this server" in asked.err
    assert not (home / "trust.yaml").exists()

    given = dli("config", "trust", str(project), "--yes", "--json")
    assert json.loads(given.out)["allowed"] == [f"server.url = {basecamp.url}"]
    assert dli("config", "check").code == 0
    assert [path for path, _ in basecamp.seen] == ["/api/v1/run/policy", "/api/v1/health"]

    assert dli("config", "trust", "--revoke").code == 0
    assert dli("config", "check").code == 3
    assert CANARY not in asked.err + given.out + refused.err


def test_trust_in_a_checkout_that_asks_for_nothing_says_so(dli: Dli, project: Path) -> None:
    outcome = dli("config", "trust")
    assert outcome.code == 0
    assert "asks for nothing" in outcome.out


def test_the_active_environment_can_be_chosen(dli: Dli) -> None:
    Path("dli.yaml").write_text("environments: {prod: {timeout_seconds: 9}}\n")
    outcome = dli("config", "show", "-e", "prod", "--show-source", "--section", "execution")
    assert "execution.timeout       9      environment: dli.yaml:1:40" in outcome.out
    assert dli("config", "show", "-e", "prd").code == 3


@pytest.mark.parametrize("command", ["show", "set", "check", "init", "trust"])
def test_every_command_has_help_with_an_example(dli: Dli, command: str) -> None:
    outcome = dli("config", command, "--help", width=100)
    assert outcome.code == 0
    assert f"Example: dli config {command}" in outcome.out
    assert "--json" in outcome.out

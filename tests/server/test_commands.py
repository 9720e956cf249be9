"""`dli server` as an operator uses it."""

import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
import trustme

from dli_cli.commands.server import ScopeName
from dli_server.http.scopes import Scope
from tests.projects import write_project


def dli(*words: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dli_cli.main", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **(env or {})},
    )


@contextmanager
def started(*words: str | Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server started by the command; what it printed up to its last line."""
    with subprocess.Popen(
        [sys.executable, "-m", "dli_cli.main", "server", "start", "--port", "0", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            text = ""
            for line in process.stdout:
                text += line
                if "--server" in line or "Make a key" in line or line == "}\n":
                    break
            yield process, text
        finally:
            process.terminate()
            process.communicate(timeout=30)


def test_the_scopes_of_the_command_are_those_of_the_server() -> None:
    assert list(get_args(ScopeName)) == [scope.value for scope in Scope]


def test_one_command_gives_a_server_that_runs_a_dataset() -> None:
    with started("--demo") as (process, text):
        said = re.search(r"export DLI_SERVER_URL=(\S+) DLI_API_TOKEN=(\S+)", text)
        assert said is not None, text
        env = {"DLI_SERVER_URL": said[1], "DLI_API_TOKEN": said[2]}
        command = text.strip().splitlines()[-1].split()[1:]
        ran = dli(*command, "--json", env=env)
        assert ran.returncode == 0, ran.stderr
        document = json.loads(ran.stdout)
        judged = dli("quality", "run", "demo.daily_clicks", "--server", env=env)
        assert (judged.returncode, "3 passed" in judged.stdout) == (0, True), judged.stderr
        shown = dli("catalog", "demo.daily_clicks", env=env)
        assert "Quality: 3 of 3 tests passed" in shown.stdout, shown.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert document["status"] == "success"
    assert len(document["rows"]) == 3
    state = Path.home() / ".dli" / "demo"
    assert said[2].split("_")[2] not in (state / "audit" / "audit.jsonl").read_text()
    verdict = dli("server", "audit", "verify", "--state", state, "--json")
    assert json.loads(verdict.stdout)["lines"] >= 2


def test_keys_are_made_listed_and_revoked_while_it_runs(tmp_path: Path) -> None:
    project, state = write_project(tmp_path / "project"), tmp_path / "state"
    with started("--project", project, "--state", state, "--json") as (_, text):
        url = json.loads(text)["url"]
        made = dli(
            *("server", "key", "create", "--owner", "kim", "--scope", "catalog"),
            *("--spec", "nyc.*", "--days", "7", "--state", state),
        )
        key = made.stdout.strip()
        headers = {"Authorization": f"Bearer {key}"}
        assert httpx.get(f"{url}/api/v1/health", headers=headers).status_code == 200
        listed = json.loads(dli("server", "key", "list", "--state", state, "--json").stdout)
        assert key not in json.dumps(listed)
        only = listed["keys"][0]
        assert (only["owner"], only["scopes"], only["specs"]) == ("kim", ["catalog"], ["nyc.*"])
        gone = dli("server", "key", "revoke", only["key_id"], "--state", state)
        assert gone.returncode == 0
        assert httpx.get(f"{url}/api/v1/health", headers=headers).status_code in (200, 401)
        again = dli("server", "key", "revoke", only["key_id"], "--state", state)
        assert again.returncode == 3
        assert "DLI-002" in again.stderr
    assert "revoked" in dli("server", "key", "list", "--state", state).stdout


def test_an_altered_audit_log_is_told_by_its_exit_code(tmp_path: Path) -> None:
    words = ("--owner", "kim", "--scope", "catalog", "--state", tmp_path)
    assert dli("server", "key", "create", *words).returncode == 0
    log = tmp_path / "audit" / "audit.jsonl"
    log.write_text(log.read_text().replace("kim", "lee"))
    found = dli("server", "audit", "verify", "--state", tmp_path)
    assert found.returncode == 1
    assert "missing or altered" in found.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--host", "0.0.0.0"), "without TLS"),  # noqa: S104 - it is refused
        (("--host", "::"), "without TLS"),
        (("--host", "example.org"), "without TLS"),
        (("--demo", "--config", "proxy.yaml"), "this machine only"),
        (("--config", "unknown.yaml"), "unknown field `prot`"),
        (("--config", "limit.yaml"), "'rows' must be more than 0"),
        (("--config", "half.yaml"), "both 'tls_certificate' and 'tls_key'"),
        (("--config", "unset.yaml"), "'NO_SUCH_VARIABLE'"),
        (("--config", "nothing.yaml"), "cannot be read"),
    ],
)
def test_what_would_be_unsafe_or_is_wrong_does_not_start(
    tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    project = write_project(Path("project"))
    files = {
        "proxy.yaml": "host: 0.0.0.0\nbehind_proxy: true\n",
        "unknown.yaml": "prot: 1\n",
        "limit.yaml": "limits: {rows: 0}\n",
        "half.yaml": "tls_certificate: cert.pem\n",
        "unset.yaml": "database_url: ${NO_SUCH_VARIABLE}\n",
    }
    for name, text in files.items():
        Path(name).write_text(text)
    found = dli("server", "start", "--project", project, *words)
    assert found.returncode == 3, found.stderr
    assert told in found.stderr
    assert "Traceback" not in found.stderr


def test_two_servers_do_not_share_a_folder(tmp_path: Path) -> None:
    project = write_project(tmp_path / "project")
    with started("--project", project, "--state", tmp_path / "state"):
        second = dli(
            *("server", "start", "--port", "0", "--project", project),
            *("--state", tmp_path / "state"),
        )
    assert second.returncode == 3
    assert "Another server" in second.stderr


def test_a_second_demo_leaves_the_key_of_the_first_alone() -> None:
    with started("--demo", "--json") as (_, text):
        told = json.loads(text)
        second = dli("server", "start", "--demo", "--port", "0")
        assert (second.returncode, "Another server" in second.stderr) == (3, True)
        time.sleep(0.6)  # What the server remembers of a key is older then.
        headers = {"Authorization": f"Bearer {told['key']}"}
        assert httpx.get(f"{told['url']}/api/v1/health", headers=headers).status_code == 200


def test_it_speaks_tls_and_then_listens_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    with (tmp_path / "cert.pem").open("wb") as file:
        for blob in certificate.cert_chain_pems:
            file.write(blob.bytes())
    config = tmp_path / "server.yaml"
    config.write_text(
        "host: 0.0.0.0\ntls_certificate: cert.pem\ntls_key: key.pem\nstate: ${DLI_TEST_STATE}\n"
    )
    monkeypatch.setenv("DLI_TEST_STATE", str(tmp_path / "state"))
    project = write_project(tmp_path / "project")
    with started("--project", project, "--config", config, "--json") as (_, text):
        said: dict[str, Any] = json.loads(text)
        context = ssl.create_default_context()
        authority.configure_trust(context)
        port = said["url"].rpartition(":")[2]
        answer = httpx.get(f"https://localhost:{port}/api/health", verify=context)
    assert said["url"].startswith("https://")
    assert said["state"] == str(tmp_path / "state")
    assert answer.status_code == 200


def test_the_figures_are_for_who_operates_it_and_answers_name_no_path(tmp_path: Path) -> None:
    project = write_project(tmp_path / "project")
    state = tmp_path / "state"
    scopes = ("--scope", "admin", "--scope", "run:spec")
    key = dli("server", "key", "create", "--owner", "kim", *scopes, "--state", state).stdout
    headers = {"Authorization": f"Bearer {key.strip()}", "Idempotency-Key": "a"}
    with started("--project", project, "--state", state, "--json") as (_, text):
        url = json.loads(text)["url"]
        (project / "datasets" / "dataset.test_dataset.yaml").write_text("name: [")
        body = {"resource": {"kind": "dataset", "name": "test_dataset"}}
        wrong = httpx.post(f"{url}/api/v1/runs", headers=headers, json=body).text
        run = json.loads(wrong).get("run_id")
        if run:
            wrong += httpx.get(f"{url}/api/v1/runs/{run}?wait=10", headers=headers).text
        figures = httpx.get(f"{url}/metrics", headers=headers).text
    assert 'dli_requests_total{method="POST",route="/api/v1/runs"' in figures
    assert 'dli_runs{state="DONE"}' in figures
    for hidden in (str(tmp_path), "Traceback", os.uname().nodename):
        assert hidden not in wrong

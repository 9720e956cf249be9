"""A real Airflow on 127.0.0.1, in an environment of its own, with our packages in it.

Airflow pins what we do not, so it is built once into `.peers/` (Python 3.12) and started as
processes: api-server, scheduler, dag-processor. `dli`, `dli_adapters` and `dli_domain` are
installed there from this checkout, editable, so DAG files can import them and tasks run them.
Tests that use it carry `pytest.mark.xdist_group("airflow")`.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.engines.peers import (
    PeerUnavailableError,
    Shared,
    answers,
    built,
    called,
    free_port,
    interpreter,
    outside,
    uv,
)

ROOT = Path(__file__).parents[2]
PYTHON = "3.12"
REQUIREMENTS = ("apache-airflow==3.3.2",)
PACKAGES = ("packages/domain", "packages/adapters", "packages/api")
EXTRAS = {"packages/api": "[duckdb]"}
PASSWORDS = {"admin": "admin-secret", "viewer": "viewer-secret"}
_START_LIMIT = 180.0
# only against waiting for ever: how busy the machine is must not matter
_WAIT_LIMIT = 180.0

# Starts the three pieces in one process group, and ends them when its standard input closes:
# also when the tests themselves are killed.
_KEEPER = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
python, home = sys.argv[1], sys.argv[2]
pieces = []
for words in (["api-server"], ["scheduler", "--skip-serve-logs"], ["dag-processor"]):
    log = open(os.path.join(home, words[0] + ".log"), "wb")
    call = [python, "-m", "airflow", *words]
    reset = lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL)
    pieces.append(
        subprocess.Popen(
            call, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=home, preexec_fn=reset
        )
    )
sys.stdin.read()
os.killpg(0, signal.SIGTERM)
limit = time.monotonic() + 1.5
for piece in pieces:
    try:
        piece.wait(max(0.1, limit - time.monotonic()))
    except subprocess.TimeoutExpired:
        pass
os.killpg(0, signal.SIGKILL)
"""


class AirflowAnswerError(AssertionError):
    """Airflow answered something else than asked for."""


@dataclass(frozen=True, slots=True)
class RunningAirflow:
    """A running Airflow. `username` may do all; the user `viewer` may only read."""

    url: str
    username: str
    password: str
    dags_folder: Path
    home: Path
    python: str
    viewer: str = "viewer"
    viewer_password: str = PASSWORDS["viewer"]
    _tokens: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def request(
        self, method: str, path: str, body: object = None, *, token: str | None = None
    ) -> tuple[int, Any]:
        """Status and decoded body of one call as the admin, or with the token given."""
        if token is None and path != "/auth/token":
            token = self.token()
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        # always our own server on loopback
        call = urllib.request.Request(self.url + path, data, headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(call, timeout=120) as answer:  # noqa: S310 - as above
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                status, text = refused.code, refused.read()
        try:
            return status, json.loads(text) if text else None
        except ValueError:
            return status, text.decode(errors="replace")

    def token(self, username: str | None = None) -> str:
        """A bearer token of the admin, or of the user named."""
        user = username or self.username
        if user not in self._tokens:
            credentials = {"username": user, "password": PASSWORDS[user]}
            status, answer = self.request("POST", "/auth/token", credentials)
            if status != 201:
                raise AirflowAnswerError(f"no token for {user}: {status} {answer}")
            self._tokens[user] = str(answer["access_token"])
        return self._tokens[user]

    def get(self, path: str) -> Any:
        """The body of a GET that must answer 200; `path` follows `/api/v2/`."""
        status, answer = self.request("GET", f"/api/v2/{path}")
        if status != 200:
            raise AirflowAnswerError(f"GET {path}: {status} {answer}")
        return answer

    def write_dag_file(self, name: str, text: str) -> Path:
        """Put a DAG file where Airflow reads it; whole at once."""
        target = self.dags_folder / name
        fresh = target.with_suffix(".part")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(target)
        return target

    def wait_for_dag(self, dag_id: str, timeout: float = _WAIT_LIMIT) -> dict[str, Any]:
        """The DAG as the API tells it, once it is there; else its import errors are raised."""

        def seen() -> dict[str, Any] | None:
            status, answer = self.request("GET", f"/api/v2/dags/{dag_id}")
            return answer if status == 200 else None

        found: dict[str, Any] = self._until(seen, timeout, f"DAG {dag_id} is not visible")
        return found

    def trigger(self, dag_id: str, logical_date: str | None = None, **body: object) -> str:
        """Trigger a run; its id."""
        request = {"logical_date": logical_date, **body}
        status, answer = self.request("POST", f"/api/v2/dags/{dag_id}/dagRuns", request)
        if status != 200:
            raise AirflowAnswerError(f"trigger {dag_id}: {status} {answer}")
        return str(answer["dag_run_id"])

    def wait_for_run(
        self, dag_id: str, run_id: str, timeout: float = _WAIT_LIMIT
    ) -> dict[str, Any]:
        """The run once it has ended, whichever way."""

        def ended() -> dict[str, Any] | None:
            run: dict[str, Any] = self.get(f"dags/{dag_id}/dagRuns/{run_id}")
            return run if run["state"] in {"success", "failed"} else None

        try:
            found: dict[str, Any] = self._until(ended, timeout, f"{dag_id} {run_id} does not end")
        except AirflowAnswerError as error:
            states = {name: task["state"] for name, task in self.tasks(dag_id, run_id).items()}
            raise AirflowAnswerError(f"{error}; tasks: {states}") from None
        return found

    def tasks(self, dag_id: str, run_id: str) -> dict[str, dict[str, Any]]:
        """The task instances of a run, by task id."""
        listed = self.get(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances")
        return {task["task_id"]: task for task in listed["task_instances"]}

    def log_of(self, dag_id: str, run_id: str, task_id: str, attempt: int = 1) -> str:
        """The log of one attempt of a task, as one text; empty where there is none yet."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{attempt}"
        status, answer = self.request("GET", f"/api/v2/{path}")
        return json.dumps(answer) if status == 200 else ""

    def _until(self, look: Callable[[], Any], timeout: float, complaint: str) -> Any:
        limit = time.monotonic() + timeout
        while True:
            found = look()
            if found is not None:
                return found
            if time.monotonic() > limit:
                errors = self.get("importErrors")["import_errors"]
                raise AirflowAnswerError(f"{complaint} after {timeout:.0f} s; imports: {errors}")
            time.sleep(0.2)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def built_airflow() -> Path:
    """The peer's folder, with our packages as they are declared."""
    declared = _digest(*((ROOT / name / "pyproject.toml").read_text() for name in PACKAGES))

    def renew(folder: Path) -> None:
        installed = folder / "packages"
        if not installed.exists() or installed.read_text() != declared:
            _install_packages(folder)
            installed.write_text(declared)

    return built(f"airflow-{_digest(*REQUIREMENTS, PYTHON)}", _build, renew)


def _build(folder: Path) -> None:
    folder.mkdir(parents=True)
    python = str(folder / "venv" / "bin" / "python")
    called(
        [*uv(), "venv", "--no-project", "--python", interpreter(PYTHON), f"{folder}/venv"],
        outside(),
    )
    install = [*uv(), "pip", "install", "--python", python, "--compile-bytecode"]
    called([*install, *REQUIREMENTS], outside())
    # An empty database once: each start copies it.
    with tempfile.TemporaryDirectory(prefix="airflow-") as home:
        called(
            [python, "-m", "airflow", "db", "migrate"], airflow_environment(folder, Path(home), 1)
        )
        shutil.copy(Path(home) / "airflow.db", folder / "airflow.db")


def _install_packages(folder: Path) -> None:
    wanted = [word for name in PACKAGES for word in ("-e", f"{ROOT / name}{EXTRAS.get(name, '')}")]
    python = str(folder / "venv" / "bin" / "python")
    # as the folder is outside of the workspace, nothing of the workspace's own pins is read
    command = [*uv(), "pip", "install", "--python", python, "--compile-bytecode", *wanted]
    called([*command, *REQUIREMENTS], outside())


def airflow_environment(folder: Path, home: Path, port: int) -> dict[str, str]:
    """The whole environment of Airflow's processes: quick, quiet, on loopback."""
    url = f"http://127.0.0.1:{port}"
    # an own (empty) file: otherwise three processes would write their defaults at once
    (home / "airflow.cfg").touch()
    users = ",".join(f"{name}:{name}" for name in PASSWORDS)
    settings = {
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": "2",
        "CORE__DAGS_FOLDER": str(home / "dags"),
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "CORE__DAGBAG_IMPORT_TIMEOUT": "60",
        "CORE__FERNET_KEY": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": users,
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "API__HOST": "127.0.0.1",
        "API__PORT": str(port),
        "API__WORKERS": "1",
        "API__BASE_URL": url,
        "API__SECRET_KEY": "only-for-tests-only-for-tests-only",
        "API_AUTH__JWT_SECRET": "only-for-tests-only-for-tests-only-for-tests-only-for-tests-0000",
        "DAG_PROCESSOR__REFRESH_INTERVAL": "1",
        "DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "1",
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "2",
        "DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
        "USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    return {
        "HOME": str(home),
        "AIRFLOW_HOME": str(home),
        "PATH": f"{folder}/venv/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        **{f"AIRFLOW__{key}": value for key, value in settings.items()},
    }


def _logs(home: Path) -> str:
    return "\n".join(f"{log.name}: {log.read_text()[-600:]}" for log in sorted(home.glob("*.log")))


@contextmanager
def running_airflow() -> Iterator[RunningAirflow]:
    """An Airflow with an empty database and no DAGs, ended by its own process group."""
    folder, port = built_airflow(), free_port()
    python = str(folder / "venv" / "bin" / "python")
    with tempfile.TemporaryDirectory(prefix="airflow-", ignore_cleanup_errors=True) as place:
        home = Path(place)
        (home / "dags").mkdir()
        (home / "passwords.json").write_text(json.dumps(PASSWORDS))
        shutil.copy(folder / "airflow.db", home / "airflow.db")
        keeper = subprocess.Popen(
            [python, "-c", _KEEPER, python, str(home)],
            env=airflow_environment(folder, home, port),
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            limit = time.monotonic() + _START_LIMIT
            while not answers(f"{url}/api/v2/version"):
                if keeper.poll() is not None or time.monotonic() > limit:
                    raise PeerUnavailableError(f"it does not start: {_logs(home)}")
                time.sleep(0.2)
            yield RunningAirflow(url, "admin", PASSWORDS["admin"], home / "dags", home, python)
        finally:
            _end(keeper)


def _end(keeper: subprocess.Popen[bytes]) -> None:
    if keeper.stdin is not None:
        keeper.stdin.close()
    try:
        keeper.wait(15)
    except subprocess.TimeoutExpired:
        # start_new_session: the group is the keeper's own, and it still lives
        os.killpg(keeper.pid, signal.SIGKILL)
        keeper.wait()


_SHARED = Shared("Airflow", running_airflow)


@pytest.fixture(scope="session")
def airflow() -> Iterator[RunningAirflow]:
    """A real Airflow, or a reason why there is none."""
    yield from _SHARED.lent()

"""A BigQuery of others on 127.0.0.1: `local-bigquery` from PyPI, in an environment of its own.

It needs Python 3.13 and pins that differ from ours, so it is built once into `.peers/` and
started as a process. Tests that use it carry `pytest.mark.xdist_group("bigquery")`.
"""

import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from dli_domain.model.settings import BigQueryTarget

PEERS = Path(__file__).parents[2] / ".peers"
# The DuckDB of 1.5.5 is the last whose extensions are on PyPI: the peer's own pin (>= 2.0) is
# overridden, so that it starts without any other download.
OVERRIDE = "duckdb==1.5.5"
REQUIREMENTS = (
    "local-bigquery==0.4.0",
    "duckdb-extension-ducklake==1.5.5",
    "duckdb-extension-icu==1.5.5",
    "duckdb-extension-spatial==1.5.5",
    "pytz",
)
PYTHON = "3.13"
# Read when the file is imported: the tests' isolation hides these variables later.
_ENVIRONMENT = dict(os.environ)
_REQUIRED = _ENVIRONMENT.get("DLI_TEST_REQUIRE_PEERS") == "1"

_INSTALL_EXTENSIONS = """
import duckdb, glob, sysconfig
wheels = sysconfig.get_path("purelib") + "/duckdb_extension_*/extensions/v*/*.duckdb_extension"
for file in glob.glob(wheels):
    duckdb.execute(f"INSTALL '{file}'")
"""
# Ends with us, however we end: the pipe on its standard input closes.
_SERVE = """
import os, sys, threading
def leave():
    sys.stdin.read()
    os._exit(0)
threading.Thread(target=leave, daemon=True).start()
from local_bigquery.cli import main
main()
"""


class PeerUnavailableError(Exception):
    """The emulator cannot be had here; the text says why."""


@dataclass(frozen=True, slots=True)
class BigQueryServer:
    """A running emulator."""

    rest_port: int
    grpc_port: int
    pid: int
    project: str = "local"

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.rest_port}"

    def target(self, endpoint: str | None = None, *, storage: bool = True) -> BigQueryTarget:
        """The settings that reach it, or that reach it through a proxy at `endpoint`."""
        return BigQueryTarget(
            project=self.project,
            endpoint=endpoint or self.endpoint,
            storage_endpoint=f"127.0.0.1:{self.grpc_port}" if storage else None,
        )

    @contextmanager
    def client(self) -> Iterator[bigquery.Client]:
        """The official client, to prepare tables and to see what the engine received."""
        client = bigquery.Client(
            project=self.project,
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]  # no annotations
            client_options={"api_endpoint": self.endpoint},
        )
        try:
            yield client
        finally:
            client.close()  # type: ignore[no-untyped-call]  # no annotations

    def jobs(self, run_id: str) -> list[Any]:
        """The jobs of one run, as the engine lists them, oldest first."""
        with self.client() as client:
            found = [
                client.get_job(job.job_id)
                for job in client.list_jobs(max_results=1000)
                if str(job.job_id).startswith(f"dli_{run_id}_")
            ]
        return sorted(found, key=lambda job: str(job.job_id))


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _uv() -> list[str]:
    for found in (_ENVIRONMENT.get("UV"), shutil.which("uv", path=_ENVIRONMENT.get("PATH"))):
        if found:
            return [found]
    probe = [sys.executable, "-m", "uv"]
    if subprocess.run([*probe, "--version"], capture_output=True, check=False).returncode == 0:
        return probe
    raise PeerUnavailableError("uv is not installed, neither as a program nor as a module")


def _python() -> str:
    """An interpreter that pyenv holds (uv does not look there), else the version to find."""
    root = Path(_ENVIRONMENT.get("PYENV_ROOT", str(Path(_ENVIRONMENT.get("HOME", "/")) / ".pyenv")))
    found = sorted(root.glob(f"versions/{PYTHON}.*/bin/python"))
    return str(found[-1]) if found else PYTHON


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    if done.returncode != 0:
        raise PeerUnavailableError(f"{Path(command[0]).name} failed: {done.stderr.strip()[-800:]}")


def _built() -> Path:
    """The peer's folder, built by whoever comes first."""
    key = hashlib.sha256(repr((OVERRIDE, REQUIREMENTS, PYTHON)).encode()).hexdigest()[:12]
    folder = PEERS / f"local-bigquery-{key}"
    PEERS.mkdir(exist_ok=True)
    with (PEERS / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _build(folder)
            (folder / "ready").touch()
    return folder


def _build(folder: Path) -> None:
    environment = {k: v for k, v in _ENVIRONMENT.items() if k not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    (folder / "home").mkdir(parents=True)
    (folder / "override.txt").write_text(OVERRIDE)
    uv, python = _uv(), str(folder / "venv" / "bin" / "python")
    _run([*uv, "venv", "--no-project", "--python", _python(), str(folder / "venv")], environment)
    _run(
        [
            *uv,
            "pip",
            "install",
            "--python",
            python,
            "--override",
            str(folder / "override.txt"),
            OVERRIDE,
            *REQUIREMENTS,
        ],
        environment,
    )
    _run([python, "-c", _INSTALL_EXTENSIONS], environment | {"HOME": str(folder / "home")})


def _answers(port: int) -> bool:
    url = f"http://127.0.0.1:{port}/bigquery/v2/projects/local/datasets"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def running_server() -> Iterator[BigQueryServer]:
    """An emulator with empty data, ended by its own process id."""
    folder = _built()
    rest_port, grpc_port = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="local-bigquery-") as data:
        log = Path(data) / "log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [
                    str(folder / "venv" / "bin" / "python"),
                    "-c",
                    _SERVE,
                    "--host",
                    "127.0.0.1",
                    "--port",
                    str(rest_port),
                    "--grpc-port",
                    str(grpc_port),
                    "--data-dir",
                    f"{data}/data",
                    "serve",
                ],
                env={"HOME": str(folder / "home"), "PATH": "/usr/bin:/bin"},
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
            )
        try:
            limit = time.monotonic() + 90
            while not _answers(rest_port):
                if process.poll() is not None or time.monotonic() > limit:
                    raise PeerUnavailableError(f"it does not start: {log.read_text()[-800:]}")
                time.sleep(0.2)
            yield BigQueryServer(rest_port, grpc_port, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin is not None:
                process.stdin.close()


class _Shared:
    """One server a process, however many conftest files import the fixture."""

    def __init__(self) -> None:
        self._users = 0
        self._open: Any = None
        self._server: BigQueryServer | None = None

    def acquire(self) -> BigQueryServer:
        if self._server is None:
            self._open = running_server()
            self._server = self._open.__enter__()
        self._users += 1
        return self._server

    def release(self) -> None:
        self._users -= 1
        if self._users == 0:
            self._server = None
            self._open.__exit__(None, None, None)


_SHARED = _Shared()


@pytest.fixture(scope="session")
def bigquery_server() -> Iterator[BigQueryServer]:
    """The emulator; without it the test is skipped, or fails where CI demands its peers."""
    try:
        server = _SHARED.acquire()
    except (PeerUnavailableError, subprocess.SubprocessError, OSError) as reason:
        if _REQUIRED:
            pytest.fail(f"the BigQuery emulator is demanded and cannot be had: {reason}")
        pytest.skip(f"no BigQuery emulator: {reason}")
    yield server
    _SHARED.release()

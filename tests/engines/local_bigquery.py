"""A BigQuery of others on 127.0.0.1: `local-bigquery` from PyPI, in an environment of its own.

It needs Python 3.13 and pins that differ from ours, so it is built once into `.peers/` and
started as a process. Tests that use it carry `pytest.mark.xdist_group("bigquery")`.
"""

import hashlib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from dli_domain.model.settings import BigQueryTarget
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
_KEY = hashlib.sha256(repr((OVERRIDE, REQUIREMENTS, PYTHON)).encode()).hexdigest()[:12]
_FOLDER = f"local-bigquery-{_KEY}"

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


def _build(folder: Path) -> None:
    (folder / "home").mkdir(parents=True)
    (folder / "override.txt").write_text(OVERRIDE)
    python = str(folder / "venv" / "bin" / "python")
    called(
        [*uv(), "venv", "--no-project", "--python", interpreter(PYTHON), str(folder / "venv")],
        outside(),
    )
    called(
        [
            *uv(),
            "pip",
            "install",
            "--python",
            python,
            "--override",
            str(folder / "override.txt"),
            OVERRIDE,
            *REQUIREMENTS,
        ],
        outside(),
    )
    called([python, "-c", _INSTALL_EXTENSIONS], outside() | {"HOME": str(folder / "home")})


@contextmanager
def running_server() -> Iterator[BigQueryServer]:
    """An emulator with empty data, ended by its own process id."""
    folder = built(_FOLDER, _build)
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
            url = f"http://127.0.0.1:{rest_port}/bigquery/v2/projects/local/datasets"
            while not answers(url):
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


_SHARED = Shared("BigQuery emulator", running_server)


@pytest.fixture(scope="session")
def bigquery_server() -> Iterator[BigQueryServer]:
    """The emulator, or a reason why there is none."""
    yield from _SHARED.lent()

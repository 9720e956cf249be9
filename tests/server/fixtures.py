"""A real server on a free port of 127.0.0.1, for any test.

    with running_server(project) as server:
        httpx.get(f"{server.url}/api/v1/health", headers=server.headers())

The server is a process of its own, ended by its pid. Its engine is that of the project's
`dli.yaml`. `server.key(Scope.RUN_SPEC)` makes a key with those scopes, also while it runs;
without scopes it has all of them.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from dli_adapters.clock.system import SystemClock
from dli_server.configuration import ServerConfig
from dli_server.http.scopes import Scope
from dli_server.keys.ring import KeyRing
from dli_server.storage.opening import connect, open_database

# Tests send many requests with one key.
GENEROUS = {"requests_per_second": 10_000.0, "burst": 100_000}


@dataclass
class RunningServer:
    """A server that answers at `url`; its files are in `state`."""

    url: str
    state: Path
    project: Path
    process: subprocess.Popen[str]
    _keys: dict[Any, str] = field(default_factory=dict)

    def key(
        self, *scopes: Scope, specs: tuple[str, ...] | None = None, owner: str | None = None
    ) -> str:
        """The text of a key with these scopes (all of them by default)."""
        wanted = frozenset(scopes or Scope)
        name = (wanted, specs, owner)
        if name not in self._keys:
            engine = connect(f"sqlite:///{self.state / 'server.db'}")
            ring = KeyRing(engine, SystemClock())
            made, _ = ring.create(owner or f"test-{len(self._keys)}", wanted, specs=specs)
            engine.dispose()
            self._keys[name] = made.text
        return self._keys[name]

    def headers(self, *scopes: Scope, **options: Any) -> dict[str, str]:
        """What a request with such a key carries."""
        return {"Authorization": f"Bearer {self.key(*scopes, **options)}"}

    def environ(self, *scopes: Scope, **options: Any) -> dict[str, str]:
        """The variables by which the command `dli` finds this server."""
        return {"DLI_SERVER_URL": self.url, "DLI_API_TOKEN": self.key(*scopes, **options)}

    def stop(self, sent: signal.Signals = signal.SIGTERM, timeout: float = 30) -> int:
        """End it by its pid; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(sent)
        code = self.process.wait(timeout)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


def start_server(
    project: Path,
    state: Path,
    *,
    limits: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    **config: Any,
) -> RunningServer:
    """A server over the project; `limits` and `config` are fields of `ServerConfig`.

    Whoever calls it ends it with `stop`. Started again on the same `state` it goes on with the
    runs, keys and specs of before. Its log is `state`/server.log.
    """
    state = state.absolute()
    open_database(state).dispose()
    told = {
        "state": str(state),
        "port": 0,
        "limits": {**GENEROUS, **(limits or {})},
        **config,
    }
    said = state / "config.json"
    said.write_bytes(msgspec.json.encode(msgspec.convert(told, ServerConfig)))
    with (state / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dli_server", str(said), str(project)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, **(environ or {})},
        )
    assert process.stdout is not None
    alarm = threading.Timer(180, process.kill)
    alarm.start()
    url = process.stdout.readline().strip()
    alarm.cancel()
    if not url:
        process.stdout.close()
        process.wait(10)
        raise AssertionError(f"the server did not start: {(state / 'server.log').read_text()}")
    return RunningServer(url=url, state=state, project=project, process=process)


@contextmanager
def running_server(
    project: Path, state: Path | None = None, **options: Any
) -> Iterator[RunningServer]:
    """`start_server`, stopped at the end; the state is beside the project unless given."""
    server = start_server(project, state or project.parent / f"{project.name}-state", **options)
    try:
        yield server
    finally:
        try:
            server.stop()
        except subprocess.TimeoutExpired:
            server.stop(signal.SIGKILL)

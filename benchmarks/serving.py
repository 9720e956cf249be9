"""A server for the benchmarks: a process of its own on a free port of this machine."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from dli_adapters.clock.system import SystemClock
from dli_domain.model.secret import Secret
from dli_domain.model.settings import ServerTarget
from dli_server.configuration import ServerConfig
from dli_server.http.scopes import Scope
from dli_server.keys.ring import KeyRing
from dli_server.storage.opening import open_database

UNBOUNDED: Mapping[str, float] = {"requests_per_second": 1e6, "burst": 1_000_000}
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that answers at `url`, the keys of its callers, and its process."""

    url: str
    keys: tuple[str, ...]
    pid: int
    home: Path

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    def target(self, key: int = 0) -> ServerTarget:
        """What the library needs to find it."""
        return ServerTarget(url=self.url, api_key=Secret(self.keys[key]))

    def environ(self) -> dict[str, str]:
        """What the command needs to find it."""
        found = {
            **os.environ,
            "DLI_SERVER_URL": self.url,
            "DLI_API_TOKEN": self.keys[0],
            "HOME": str(self.home),
            "NO_COLOR": "1",
            "PYTHONPATH": str(self._without_trio()),
        }
        # An installed package has its bytecode; compiling it anew would double every figure.
        found.pop("PYTHONDONTWRITEBYTECODE", None)
        return found

    def _without_trio(self) -> Path:
        """Hide trio: httpcore imports it where it is (0.1 s), and only our tests bring it."""
        folder = self.home / "hidden"
        folder.mkdir(exist_ok=True)
        (folder / "trio.py").write_text("raise ImportError\n")
        return folder

    def cpu_seconds(self) -> float:
        """User and system time of the server until now, to a hundredth."""
        return cpu_of(self.pid)

    def peak_memory(self) -> float:
        """MiB of the server at its peak."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        peak = next(line for line in lines if line.startswith("VmHWM:"))
        return int(peak.split()[1]) / 1024


def cpu_of(pid: int) -> float:
    """User and system time of a process and all its threads until now, to a hundredth."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


@contextmanager
def serving(
    project: Path,
    *,
    limits: Mapping[str, float] | None = None,
    callers: int = 1,
    held: float = 0.0,
) -> Iterator[Serving]:
    """A server over the project, with a key that may do everything for each of its callers.

    Args:
        project: Its folder.
        limits: Of the server, where not unbounded.
        callers: How many keys.
        held: Seconds for which a DuckDB file stays open after a run.
    """
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder, "state")
        told: dict[str, object] = {"state": str(state), "port": 0, "engine_idle_seconds": held}
        told |= {"limits": {**UNBOUNDED, **(limits or {})}}
        database = open_database(state)
        ring = KeyRing(database, SystemClock())
        made = [ring.create(f"caller-{number}", frozenset(Scope))[0] for number in range(callers)]
        database.dispose()
        said = state / "config.json"
        said.write_bytes(msgspec.json.encode(msgspec.convert(told, ServerConfig)))
        with (state / "server.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dli_server", str(said), str(project)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            if not url:
                raise SystemExit((state / "server.log").read_text())
            keys = tuple(one.text for one in made)
            yield Serving(url=url, keys=keys, pid=process.pid, home=Path(folder))
        finally:
            process.terminate()
            process.wait(30)

"""Programs of others that tests run against: built once into `.peers/`, started once a process."""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Generic, TypeVar

import pytest

T = TypeVar("T")
PEERS = Path(__file__).parents[2] / ".peers"
# Read when the file is imported: the tests' isolation hides these variables later.
_ENVIRONMENT = dict(os.environ)
REQUIRED = _ENVIRONMENT.get("DLI_TEST_REQUIRE_PEERS") == "1"


class PeerUnavailableError(Exception):
    """The peer cannot be had here; the text says why."""


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def answers(url: str) -> bool:
    """Whether a GET of a URL on loopback is answered well."""
    try:
        # always our own server on loopback
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def outside() -> dict[str, str]:
    """The environment of the machine, without the virtual environment of the tests."""
    return {k: v for k, v in _ENVIRONMENT.items() if k not in {"VIRTUAL_ENV", "PYTHONPATH"}}


def uv() -> list[str]:
    """The words that start uv.

    Raises:
        PeerUnavailableError: it is not here.
    """
    for found in (_ENVIRONMENT.get("UV"), shutil.which("uv", path=_ENVIRONMENT.get("PATH"))):
        if found:
            return [found]
    probe = [sys.executable, "-m", "uv"]
    if subprocess.run([*probe, "--version"], capture_output=True, check=False).returncode == 0:
        return probe
    raise PeerUnavailableError("uv is not installed, neither as a program nor as a module")


def interpreter(version: str) -> str:
    """An interpreter that pyenv holds (uv does not look there), else the version to find."""
    root = Path(_ENVIRONMENT.get("PYENV_ROOT", str(Path(_ENVIRONMENT.get("HOME", "/")) / ".pyenv")))
    found = sorted(root.glob(f"versions/{version}.*/bin/python"))
    return str(found[-1]) if found else version


def called(command: list[str], environment: Mapping[str, str]) -> None:
    """Run a step of a build.

    Raises:
        PeerUnavailableError: it failed; with what it said.
    """
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    if done.returncode != 0:
        told = (done.stderr.strip() or done.stdout.strip())[-800:]
        raise PeerUnavailableError(f"{' '.join(command[:4])} failed: {told}")


def built(
    name: str, build: Callable[[Path], None], renew: Callable[[Path], None] | None = None
) -> Path:
    """The peer's folder, built by whoever comes first; then `renew` looks at it each time."""
    folder = PEERS / name
    PEERS.mkdir(exist_ok=True)
    with (PEERS / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            build(folder)
            (folder / "ready").touch()
        if renew is not None:
            renew(folder)
    return folder


class Shared(Generic[T]):
    """One peer a process, however many conftest files import the fixture."""

    def __init__(self, name: str, start: Callable[[], AbstractContextManager[T]]) -> None:
        self._name = name
        self._start = start
        self._users = 0
        self._running: tuple[AbstractContextManager[T], T] | None = None

    def lent(self) -> Iterator[T]:
        """The running peer; without it the test is skipped, or fails where CI demands its peers."""
        try:
            peer = self._acquired()
        except (PeerUnavailableError, subprocess.SubprocessError, OSError) as reason:
            if REQUIRED:
                pytest.fail(f"{self._name} is demanded and cannot be had: {reason}")
            pytest.skip(f"no {self._name}: {reason}")
        try:
            yield peer
        finally:
            self._release()

    def _acquired(self) -> T:
        if self._running is None:
            opened = self._start()
            self._running = opened, opened.__enter__()
        self._users += 1
        return self._running[1]

    def _release(self) -> None:
        self._users -= 1
        if self._users == 0 and self._running is not None:
            opened, _ = self._running
            self._running = None
            opened.__exit__(None, None, None)

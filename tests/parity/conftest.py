"""The command in three ways, on equal projects."""

import io
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dli_cli.app import run
from dli_cli.output import Screen, Stream
from tests.parity.project import write_project
from tests.server.fixtures import RunningServer, running_server

_HERE = Path(__file__).parent
WAYS = {
    "local": ("--local", "--source", "local"),
    "through the server": ("--server", "--source", "local"),
    "by name": ("--server", "--source", "server"),
    "the server's spec here": ("--local", "--source", "server"),
}


@dataclass(frozen=True)
class Answer:
    """What a user gets of one command."""

    code: int
    out: str
    err: str


Ask = Callable[..., Answer]


@pytest.fixture(scope="session")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of who runs locally."""
    return write_project(tmp_path_factory.mktemp("here") / "project")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server on an equal project with a database of its own."""
    with running_server(write_project(tmp_path_factory.mktemp("there") / "project")) as found:
        yield found


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The deep part runs where `-m` asks for it."""
    if "deep" in config.option.markexpr:
        return
    late = [one for one in items if one.path.parent == _HERE and one.get_closest_marker("deep")]
    config.hook.pytest_deselected(items=late)
    items[:] = [one for one in items if one not in late]


def _too_long(_: int, __: object) -> None:
    raise AssertionError("a command did not end in a minute")


@pytest.fixture(autouse=True)
def _ends() -> Iterator[None]:
    """What hangs fails instead."""
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


@pytest.fixture
def ask(here: Path, server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Give the command in this process, in the local project, the server configured."""
    monkeypatch.chdir(here)
    for name, value in server.environ().items():
        monkeypatch.setenv(name, value)

    def call(*tokens: str) -> Answer:
        out, err = io.StringIO(), io.StringIO()
        screen = Screen(
            Stream(out, "standard output", colour=False),
            Stream(err, "standard error", colour=False),
            100,
            json="--json" in tokens,
        )
        code = run(tokens, screen)
        return Answer(int(code), out.getvalue(), err.getvalue())

    return call

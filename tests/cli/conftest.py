"""The command in this process with captured streams, and as a process of its own."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from dli_cli.app import run
from dli_cli.output import Screen, Stream
from dli_cli.scaffold import project_files


@dataclass(frozen=True)
class Outcome:
    """What a user sees of one command."""

    code: int
    out: str
    err: str


Dli = Callable[..., Outcome]
Process = Callable[..., "subprocess.CompletedProcess[str]"]


class Pages(SingleFileSnapshotExtension):
    """Snapshots as text files that a reviewer reads."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def page(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(Pages)


@pytest.fixture
def dli() -> Dli:
    """Run a command in this process; no terminal, no colours, any width."""

    def call(*tokens: str, width: int | None = None) -> Outcome:
        out, err = io.StringIO(), io.StringIO()
        screen = Screen(
            Stream(out, "standard output", colour=False),
            Stream(err, "standard error", colour=False),
            width,
            json="--json" in tokens,
        )
        code = run(tokens, screen)
        return Outcome(int(code), out.getvalue(), err.getvalue())

    return call


def command(*tokens: str) -> list[str]:
    return [sys.executable, "-m", "dli_cli.main", *tokens]


@pytest.fixture
def process() -> Process:
    """Run a command as a process of its own, in the working directory of the test."""

    def call(*tokens: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command(*tokens),
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, **environ},
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=60,
        )

    return call


@pytest.fixture
def project() -> Path:
    """The project that `dli init` writes, in the working directory."""
    for path, text in project_files("demo").items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")
    return Path.cwd()


def add_dataset(name: str, sql: str, *, head: str = "", query_type: str = "SELECT") -> None:
    """Another dataset in the working directory's project."""
    body = "\n".join(f"  {line}" for line in sql.splitlines())
    Path(f"datasets/dataset.{name}.yaml").write_text(
        f"name: {name}\nowner: kim@example.com\nteam: '@data'\nquery_type: {query_type}\n{head}"
        f"query_statement: |\n{body}\n",
        encoding="utf-8",
    )

"""The command `dli workflow`, as a user runs it."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from dli_cli.app import run
from dli_cli.output import Screen, Stream


@dataclass
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def dli(environ: Mapping[str, str], *words: str) -> Said:
    """Run `dli workflow ...` in this process, with these variables beside the test's own."""
    out, err = io.StringIO(), io.StringIO()
    screen = Screen(
        Stream(out, "standard output", colour=False),
        Stream(err, "standard error", colour=False),
        None,
        json="--json" in words,
    )
    with pytest.MonkeyPatch.context() as environment:
        for name, value in environ.items():
            environment.setenv(name, value)
        code = run(["workflow", *words], screen)
    return Said(int(code), out.getvalue(), err.getvalue())


def dli_process(environ: Mapping[str, str], *words: str) -> Said:
    """The same as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "dli_cli.main", "workflow", *words],
        env={**os.environ, **environ},
        capture_output=True,
        encoding="utf-8",
        timeout=240,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)

"""One process: its streams, its signals, and how it ends."""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from dli_cli.app import run
from dli_cli.exit_codes import ExitCode
from dli_cli.output import Screen


def run_and_leave(tokens: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Run, then end the process: with an exit code, or by the signal that stopped it."""
    screen = Screen.of_process(environ, json="--json" in tokens)
    try:
        code = run(tokens, screen, environ)
    except BrokenPipeError:
        _die_by(signal.SIGPIPE)
    except KeyboardInterrupt:
        _die_by(signal.SIGINT)
    if code == ExitCode.OUTPUT_FAILED:
        _drop_buffers()
    sys.exit(code)


def _die_by(number: signal.Signals) -> NoReturn:
    # A shell loop stops only when its child died by the signal (Cracauer).
    _drop_buffers()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    sys.exit(128 + number)


def _drop_buffers() -> None:
    """Send what is still buffered nowhere; the interpreter would fail on it again and exit 120."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            os.dup2(nowhere, stream.fileno())

"""One process: its streams, its signals, and how it ends."""

import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from dli_adapters.supervision.interrupted import RunInterrupted
from dli_adapters.supervision.signals import die_by, signals_cancel
from dli_cli.app import run
from dli_cli.errors import report
from dli_cli.exit_codes import ExitCode
from dli_cli.output import Screen
from dli_domain.errors import ExecutionCancelledError


def run_and_leave(tokens: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Run, then end the process: with an exit code, or by the signal that stopped it."""
    # It warns with the text of the SQL; what is wrong with it, our own messages say.
    logging.getLogger("sqlglot").disabled = True
    screen = Screen.of_process(environ, json="--json" in tokens)
    with signals_cancel() as received:
        try:
            code = run(tokens, screen, environ)
        except BrokenPipeError:
            _drop_buffers()
            die_by(signal.SIGPIPE)
        except RunInterrupted as stop:
            # It came where no engine was at work; where one was, the executor has told it.
            code = report(_stopped(stop), screen)
    if received.signum is not None:
        # A shell loop stops only when its child died by the signal (Cracauer).
        _drop_buffers()
        die_by(received.signum)
    if code == ExitCode.OUTPUT_FAILED:
        _drop_buffers()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Nothing is left to cancel; Python's own end would show a traceback of the interrupt.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(code)


def _stopped(stop: RunInterrupted) -> ExecutionCancelledError:
    return ExecutionCancelledError(f"Stopped by {stop}; nothing was running at an engine")


def _drop_buffers() -> None:
    """Send what is still buffered nowhere; the interpreter would fail on it again and exit 120."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            os.dup2(nowhere, stream.fileno())

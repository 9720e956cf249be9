"""Many commands as processes of their own, each ready at once and to be killed at any moment."""

import os
import signal
import sys
from collections.abc import Mapping
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from dli_cli.main import main

_FORKS = get_context("forkserver")
# What each of them would import; so a thousand of them cost no thousand starts of Python.
_FORKS.set_forkserver_preload(
    [
        "dli_cli.process",
        "dli_cli.app",
        "dli_cli.running",
        "dli_cli.commands.resource",
        "dli_adapters.server.executor",
        "dli_adapters.server.registered_runs",
        "dli_adapters.yaml_specs",
        "dli_domain.usecases.run_resource",
        "sqlglot",
        "pyarrow",
    ]
)


def begin(
    tokens: tuple[str, ...], folder: Path, environ: Mapping[str, str], told: Path
) -> ForkServerProcess:
    """Begin a command in a folder; what it says goes to the file `told`."""
    process = _FORKS.Process(target=_command, args=(tokens, folder, dict(environ), told))
    process.start()
    return process


def _command(tokens: tuple[str, ...], folder: Path, environ: Mapping[str, str], told: Path) -> None:
    # A fork server minds no Ctrl-C; a command does.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.update(environ)
    os.chdir(folder)
    with told.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.argv = ["dli", *tokens]
    main()

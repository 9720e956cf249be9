"""The tree of commands. Nothing below it is imported before it is called."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from cyclopts import App, CycloptsError

from dli_cli import __version__
from dli_cli.errors import guarded
from dli_cli.output import Screen
from dli_cli.usage import UsageError

_COMMANDS: Mapping[str, tuple[str, str]] = {
    "dataset": ("dli_cli.commands.resource:dataset", "List, check, render and run datasets."),
    "metric": ("dli_cli.commands.resource:metric", "List, check, render and run metrics."),
    "validate": (
        "dli_cli.commands.validate:validate",
        "Check the whole project, or a part of it, and report every problem.",
    ),
    "quality": ("dli_cli.commands.quality:app", "Test data and report verdicts with evidence."),
    "lineage": (
        "dli_cli.commands.lineage:app",
        "Show what a table or column is made of, and what is made of it.",
    ),
    "catalog": (
        "dli_cli.commands.catalog:app",
        "Show the tables that the server knows, and all about one of them.",
    ),
    "query": (
        "dli_cli.commands.query:app",
        "List what was run at the server, show one query, stop one.",
    ),
    "transpile": (
        "dli_cli.commands.transpile:transpile",
        "Print SQL in another dialect, or say what would be lost.",
    ),
    "server": ("dli_cli.commands.server:app", "Start a server of dli, and keep its keys."),
    "workflow": (
        "dli_cli.commands.workflow:app",
        "Run datasets on Airflow, and fill days, through the server.",
    ),
    "config": ("dli_cli.commands.config:app", "Show, change and check the configuration."),
    "init": ("dli_cli.commands.init:init", "Write a small project that runs at once."),
    "explain": ("dli_cli.commands.explain:explain", "Print the page about an error code."),
    "version": ("dli_cli.commands.version:version", "Print the versions of dli and its engines."),
    "completion": (
        "dli_cli.commands.completion:completion",
        "Print the completion script of a shell.",
    ),
}


def build_app() -> App:
    """The `dli` command with its subcommands, each registered by import path."""
    app = App(
        name="dli",
        help="Datasets, metrics and quality tests in YAML + SQL, run the same way everywhere.",
        version=__version__,
        version_flags=["--version", "-v"],
        suppress_keyboard_interrupt=False,
    )
    for name, (path, help_text) in _COMMANDS.items():
        app.command(path, name=name, help=help_text)
    return app


def run(tokens: Sequence[str], screen: Screen, environ: Mapping[str, str] | None = None) -> int:
    """Parse, call one command, give the exit code."""
    app = build_app()
    seen = os.environ if environ is None else environ
    return guarded(lambda: _call(app, tokens, screen), screen, tokens, seen)


def _call(app: App, tokens: Sequence[str], screen: Screen) -> int | None:
    # A closed stdout is told before anything is opened that would take its descriptor.
    screen.out.write("")
    try:
        screen.command = " ".join(t for t in app.parse_commands(tokens)[0] if t[:1] != "-")
        command, bound, ignored = app.parse_args(tokens, print_error=False, exit_on_error=False)
    except CycloptsError as error:
        raise UsageError(str(error)) from error
    if "console" in bound.arguments:
        # A page of help or the version: the only commands that are cyclopts' own.
        bound.arguments["console"] = screen.console()
    given: dict[str, Any] = dict.fromkeys(ignored, screen)
    result: int | None = command(*bound.args, **bound.kwargs, **given)
    return result

"""The tree of commands: all there, nothing imported too early, every word of it true."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App
from cyclopts.command_spec import CommandSpec
from syrupy.assertion import SnapshotAssertion

import dli_cli
from dli_cli.app import build_app
from dli_cli.pages import markdown
from tests.cli.conftest import Dli

PACKAGES = Path(__file__).parents[2] / "packages"


def leaves(app: App, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name in app:
        if not name.startswith("-"):
            below = app[name]
            yield (*path, name)
            yield from leaves(below, (*path, name))


COMMANDS = sorted(leaves(build_app()))


def test_every_lazy_command_resolves() -> None:
    app = build_app()
    lazy = [c for c in app._commands.values() if isinstance(c, CommandSpec)]
    assert len(lazy) == 15
    assert all(isinstance(c.resolve(app), App) for c in lazy)


def test_the_commands_are_those_of_the_contract() -> None:
    resource = {"list", "get", "run", "validate", "render"}
    expected: set[tuple[str, ...]] = {
        (kind, verb) for kind in ("dataset", "metric") for verb in resource
    }
    expected |= {("config", verb) for verb in ("show", "set", "check", "init", "trust")}
    expected |= {(name,) for name in ("dataset", "metric", "config", "init", "explain", "version")}
    expected |= {("completion",)}
    assert expected <= set(COMMANDS)


@pytest.mark.parametrize("command", [(), *COMMANDS], ids=" ".join)
def test_every_help_page_reads_as_recorded(
    command: tuple[str, ...], dli: Dli, page: SnapshotAssertion
) -> None:
    shown = dli(*command, "--help", width=100)
    assert (shown.code, shown.err) == (0, "")
    if command[:1] != ("config",):
        assert shown.out == page


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_option_has_a_help_text(command: tuple[str, ...]) -> None:
    app = build_app()
    for word in command:
        app = app[word]
    if app.default_command is None:
        return
    shown = [a for a in app.assemble_argument_collection() if a.show and a.parameter.parse]
    assert [a.name for a in shown if not a.parameter.help] == []


def modules_after(*tokens: str) -> set[str]:
    code = (
        "import sys; sys.argv = ['dli', *sys.argv[1:]]\n"
        "from dli_cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *tokens], capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in done.stderr.split()}


ENGINES = {"sqlglot", "duckdb", "httpx", "google", "jinja2", "pyarrow", "pydantic"}


def test_help_imports_no_engine_and_no_parser_of_sql() -> None:
    assert modules_after("--help") & ENGINES == set()


def test_the_version_imports_next_to_nothing() -> None:
    for flag in ("--version", "-v"):
        modules = modules_after(flag)
        assert modules & (ENGINES | {"cyclopts", "rich", "attrs", "msgspec", "yaml"}) == set()
        assert "dataclasses" not in modules


def test_listing_imports_no_engine_and_rendering_no_driver(project: Path) -> None:
    listing = modules_after("dataset", "list")
    assert listing & (ENGINES - {"google"}) == set()
    rendering = modules_after("dataset", "run", "demo.daily_clicks", "--dry-run")
    assert rendering & {"duckdb", "google", "pyarrow", "httpx", "pydantic"} == set()


def test_the_version_is_that_of_the_distribution(dli: Dli) -> None:
    text = (PACKAGES / "cli" / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{dli_cli.__version__}"' in text
    assert dli("version").out.startswith(f"dli {dli_cli.__version__}\nPython 3.")
    assert dli("--version").out == f"{dli_cli.__version__}\n"


def named_commands() -> set[tuple[str, ...]]:
    texts = [path.read_text(encoding="utf-8") for path in PACKAGES.rglob("*.py")]
    found = re.findall(r"'dli ([a-z]+)(?: ([a-z]+))?", "\n".join([*texts, markdown()]))
    return {tuple(word for word in pair if word) for pair in found}


@pytest.mark.parametrize("command", sorted(named_commands()), ids=" ".join)
def test_every_command_that_a_message_names_exists(command: tuple[str, ...]) -> None:
    assert command in COMMANDS


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_know_the_commands(shell: str, dli: Dli) -> None:
    shown = dli("completion", shell)
    assert shown.code == 0
    assert "dataset" in shown.out
    assert "validate" in shown.out
    document = json.loads(dli("completion", shell, "--json").out)
    assert (document["schema"], document["script"]) == ("dli/v1", shown.out.rstrip("\n"))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_takes_json(command: tuple[str, ...]) -> None:
    app = build_app()
    for word in command:
        app = app[word]
    if app.default_command is None:
        return
    names = {name for argument in app.assemble_argument_collection() for name in argument.names}
    assert "--json" in names


def test_the_bash_completion_is_a_script_that_bash_takes(dli: Dli) -> None:
    script = dli("completion", "bash").out
    done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("tokens", [("datset",), ("dataset", "rn"), ("--frobnicate",)])
def test_an_unknown_word_is_a_usage_error(tokens: tuple[str, ...], dli: Dli) -> None:
    shown = dli(*tokens)
    assert shown.code == 2
    assert shown.out == ""
    assert shown.err.startswith("Usage error: ")
    assert "--help' to see what it takes." in shown.err

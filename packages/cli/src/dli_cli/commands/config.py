"""`dli config`: show, change and check the configuration, and trust a checkout."""

import sys
from getpass import getpass
from pathlib import Path
from typing import Annotated, TypeAlias

from cyclopts import App, Group, Parameter
from cyclopts.validators import mutually_exclusive

from dli_adapters.settings.changing import (
    GLOBAL_TEMPLATE,
    PROJECT_TEMPLATE,
    apply_change,
    layer_file,
    plan_change,
    unignored_local_file,
    write_template,
)
from dli_adapters.settings.inputs import PROJECT_FILE, SettingsInputs
from dli_adapters.settings.loader import read_configuration
from dli_adapters.settings.secrecy import MASK, is_secret_path
from dli_adapters.settings.targets import asked_by_checkout
from dli_adapters.settings.trust_file import record_trust
from dli_cli.config_check import run_check
from dli_cli.errors import problem_lines
from dli_cli.options import Common, Json, OnScreen, whole
from dli_cli.output import Screen
from dli_cli.settings_screen import chosen_keys, show_fields, show_lines, source_of, text_of
from dli_cli.text import safe_line
from dli_cli.usage import UsageError
from dli_domain.precedence import Layer

_COMMON = Common()
_FILE = Group("Which file", validator=mutually_exclusive, sort_key=1)
_NO_NEGATIVE = Parameter(negative="", show_default=False)
Flag: TypeAlias = Annotated[bool, _NO_NEGATIVE]
Yes: TypeAlias = Annotated[bool, Parameter(name=("--yes", "-y"), negative="", show_default=False)]
Environment: TypeAlias = Annotated[str | None, Parameter(name=("--environment", "-e"))]
FileFlag: TypeAlias = Annotated[bool, Parameter(negative="", show_default=False, group=_FILE)]

app = App(name="config", help="Show, change and check the configuration.", version_flags=[])


@app.command(version_flags=[])
def show(
    *,
    show_source: Flag = False,
    show_secrets: Flag = False,
    section: str | None = None,
    environment: Environment = None,
    yes: Yes = False,
    options: Common = _COMMON,
    screen: OnScreen,
) -> None:
    """Print the settings that count here.

    Example: dli config show --show-source --section local

    Args:
        show_source: Say who decides each value: the layer, and the file's line or the variable.
        show_secrets: Print secrets as they are; asks first.
        section: Only this section, such as local or local.bigquery.
        environment: As if this environment were active.
        yes: Do not ask.
        options: Where the project is, and the form of the output.
        screen: Where it goes.
    """
    if show_secrets and not yes:
        _confirm(screen, "Print secrets on this screen?")
    configuration = read_configuration(_inputs(options.project, environment))
    keys = chosen_keys(configuration, section)
    if options.json:
        screen.envelope(**show_fields(configuration, keys, reveal=show_secrets))
        return
    for problem in (*configuration.warnings, *configuration.notices):
        for line in problem_lines(problem):
            screen.note(line)
    for line in show_lines(configuration, keys, reveal=show_secrets, source=show_source):
        screen.print(line)


@app.command(name="set", version_flags=[])
def set_(  # noqa: PLR0913 - each is an option of the command
    key: str,
    value: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    /,
    *,
    local: FileFlag = False,
    project: FileFlag = False,
    global_: Annotated[FileFlag, Parameter(name=("--global", "-g"))] = False,
    path: str | None = None,
    json: Json = False,
    screen: OnScreen,
) -> None:
    """Set one value in a configuration file; comments and layout stay.

    Example: dli config set --global local.engine duckdb

    Args:
        key: The dotted key, such as execution.timeout.
        value: Its value; - reads it from standard input, as secrets must be.
        local: In .dli.local.yaml of the project, your own and not committed (the default).
        project: In dli.yaml of the project.
        global_: In ~/.dli/config.yaml.
        path: The project's folder, instead of searching upwards.
        json: Print one JSON object on stdout.
        screen: Where it goes.
    """
    said = ((global_, Layer.GLOBAL), (project, Layer.PROJECT), (local, Layer.LOCAL))
    layer = next((layer for chosen, layer in said if chosen), Layer.LOCAL)
    inputs = _inputs(path, None)
    found = read_configuration(inputs).project
    file = layer_file(inputs, layer, found.root if found else None)
    typed_in = value not in (None, "-")
    text = _given(key, value)
    change = plan_change(key, text, file, layer, typed_in=typed_in)
    apply_change(change)
    after = read_configuration(inputs)
    winner = after.values.get(change.key)
    shown = MASK if change.secret else change.value
    beaten = winner is not None and winner.layer > layer
    if json:
        by = source_of(winner) if winner is not None and beaten else None
        screen.envelope(key=change.name, value=shown, file=str(file), overridden_by=by)
    else:
        screen.print(f"{change.name} = {safe_line(text_of(shown))}  ({safe_line(str(file))})")
    if winner is not None and beaten:
        screen.note(f"Note: {source_of(winner)} decides {change.name} here, not this file.")
    if layer is Layer.LOCAL and found is not None and unignored_local_file(found.root):
        screen.note(f"Note: add {file.name} to .gitignore; it holds personal settings.")


@app.command(version_flags=[])
def check(
    *,
    environment: Environment = None,
    timeout: Annotated[int, Parameter(converter=whole(1, 3600))] = 30,
    options: Common = _COMMON,
    screen: OnScreen,
) -> int:
    """Try everything the configuration names: files, specs, a query on the engine, the server.

    Example: dli config check --json

    Args:
        environment: As if this environment were active.
        timeout: Seconds that the engine or the server may take.
        options: Where the project is, and the form of the output.
        screen: Where it goes.
    """
    return run_check(_inputs(options.project, environment), timeout, screen)


@app.command(version_flags=[])
def init(
    *,
    project: FileFlag = False,
    global_: Annotated[FileFlag, Parameter(name=("--global", "-g"))] = False,
    path: str = ".",
    force: Flag = False,
    json: Json = False,
    screen: OnScreen,
) -> None:
    """Write a commented configuration file to start from.

    Example: dli config init --global

    Args:
        project: dli.yaml in the folder (the default).
        global_: ~/.dli/config.yaml.
        path: The folder of the project.
        force: Replace a file that is there.
        json: Print one JSON object on stdout.
        screen: Where it goes.
    """
    del project
    inputs = SettingsInputs.of_process()
    if global_:
        file, text = inputs.global_file, GLOBAL_TEMPLATE
    else:
        file, text = inputs.absolute(Path(path)) / PROJECT_FILE, PROJECT_TEMPLATE
    write_template(file, text, force=force)
    if json:
        screen.envelope(file=str(file))
    else:
        screen.print(f"Wrote {safe_line(str(file))}")


@app.command(version_flags=[])
def trust(
    path: str | None = None,
    /,
    *,
    revoke: Flag = False,
    yes: Yes = False,
    environment: Environment = None,
    json: Json = False,
    screen: OnScreen,
) -> None:
    """Allow a checkout what it asks for with your credentials; asked again when that changes.

    Example: dli config trust .

    Args:
        path: The project's folder; searched upwards without it.
        revoke: Take everything back instead.
        yes: Do not ask.
        environment: As if this environment were active.
        json: Print one JSON object on stdout.
        screen: Where it goes.
    """
    configuration = read_configuration(_inputs(path, environment))
    root, file = configuration.checkout, configuration.inputs.trust_file
    asked = () if revoke else asked_by_checkout(configuration)
    for grant in asked:
        screen.note(f"{safe_line(str(grant))}  ({safe_line(grant.place)})\n  {grant.gets}")
    if asked and not yes:
        _confirm(screen, f"Allow this to {root}?")
    record_trust(file, root, [str(grant) for grant in asked])
    if json:
        screen.envelope(checkout=str(root), allowed=[str(grant) for grant in asked])
    elif revoke:
        screen.print(f"Nothing is allowed to {safe_line(str(root))} any more.")
    elif asked:
        screen.print(f"Allowed to {safe_line(str(root))}; recorded in {safe_line(str(file))}.")
    else:
        screen.print(f"{safe_line(str(root))} asks for nothing; there is nothing to allow.")


def _inputs(project: str | None, environment: str | None) -> SettingsInputs:
    return SettingsInputs.of_process(
        project=Path(project) if project else None, environment=environment
    )


def _given(key: str, value: str | None) -> str:
    if value == "-":
        return sys.stdin.readline().rstrip("\r\n")
    if value is not None:
        return value
    if not sys.stdin.isatty():
        raise UsageError(f"the value of {key} is missing; - reads it from standard input")
    if is_secret_path(tuple(key.split("."))):
        return getpass(f"{key}: ")
    raise UsageError(f"the value of {key} is missing")


def _confirm(screen: Screen, question: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError("this asks first, and there is no terminal to ask on; say --yes")
    screen.draw(f"{safe_line(question)} [y/N] ")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageError("not confirmed; nothing was done")

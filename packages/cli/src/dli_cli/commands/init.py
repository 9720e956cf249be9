"""A new project that runs at once."""

import shlex
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from dli_cli.options import Json, OnScreen
from dli_cli.scaffold import DATASET, METRIC, project_files
from dli_cli.text import safe_line
from dli_domain.errors import ConfigError, ErrorCode


def init(
    path: str = ".",
    /,
    *,
    name: Annotated[
        str | None, Parameter(help="The project's name; by default the folder's.")
    ] = None,
    json: Json = False,
    screen: OnScreen,
) -> None:
    """Write a small project with a dataset, a metric, tests and data; it runs on DuckDB at once.

    Args:
        path: The folder; it is made where it does not exist.
        name: The project's name.
        json: Print one JSON object on stdout.
        screen: Where it goes.
    """
    folder = Path(path)
    files = project_files(name or folder.absolute().name or "project")
    _refuse_existing(folder, list(files))
    written = [_write(folder / file, text) for file, text in files.items()]
    commands = [
        f"dli dataset run {DATASET}",
        f"dli metric run {METRIC}",
        f"dli quality run {DATASET}",
    ]
    if folder.absolute() != Path.cwd():
        commands.insert(0, f"cd {shlex.quote(path)}")
    if json:
        screen.envelope(project=str(folder.absolute()), files=written, next=commands)
        return
    for file in written:
        screen.print(f"{screen.out.style('✓', 'green')} {safe_line(file)}")
    screen.print("")
    screen.print("Next:")
    for command in commands:
        screen.print(f"  {safe_line(command)}")


def _refuse_existing(folder: Path, files: list[str]) -> None:
    found = [file for file in files if (folder / file).exists()]
    if found:
        raise ConfigError(
            f"{found[0]!r} exists already; nothing was written",
            code=ErrorCode.CONFIG_WRITE_ERROR,
            context={"Folder": str(folder.absolute()), "Existing": ", ".join(found)},
            hint="Name another folder: dli init my_project",
        )


def _write(path: Path, text: str) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Never over a file that came in the meantime.
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise ConfigError(
            f"Cannot write {str(path)!r}: {error.strerror}",
            code=ErrorCode.CONFIG_WRITE_ERROR,
            hint="Check the folder's permissions and the space on the disk.",
        ) from error
    return str(path)

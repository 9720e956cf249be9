"""Options that `dli catalog` and `dli query` share; both ask the server, and nobody else."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from cyclopts import Parameter

from dli_cli.options import Json, flag, whole
from dli_cli.output import Screen
from dli_cli.usage import UsageError

Limit: TypeAlias = Annotated[
    int | None,
    Parameter(
        name=("--limit", "-n"),
        converter=whole(1, 10_000),
        help="The most to show; 50 by default.",
    ),
]
Offset: TypeAlias = Annotated[
    int,
    Parameter(converter=whole(0), help="How many to pass over."),
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Asking:
    """What every command takes that asks the server.

    `path` is the folder of the project that names the server: `--project` means a project of
    the catalog.
    """

    path: Annotated[
        str | None,
        Parameter(help="The folder of the project that names the server, instead of searching."),
    ] = None
    json: Json = False
    format: Annotated[
        Literal["table", "json"] | None,
        Parameter(name=("--format", "-f"), help="table, or json, which is the same as --json."),
    ] = None
    server: Annotated[bool, flag("It is always the server that is asked.")] = False
    local: Annotated[bool, Parameter(negative="", show=False)] = False


def refuse_local(options: Asking, command: str) -> None:
    """Say why there is no `--local`.

    Raises:
        UsageError: it is asked for.
    """
    if options.local:
        raise UsageError(
            f"dli {command} asks the server, which knows engine, specs and runs together; "
            "there is no --local for it."
        )


def wants_json(options: Asking, screen: Screen) -> bool:
    """Whether the answer is one JSON object; failures are then too."""
    if options.json and options.format == "table":
        raise UsageError("Say --json or --format table, not both.")
    screen.json = options.json or options.format == "json"
    return screen.json

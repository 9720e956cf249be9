"""Options that several commands share. None means "not said", so that settings can speak."""

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from cyclopts import Parameter

from dli_cli.output import Screen

# The screen is handed in by the caller, never parsed.
OnScreen: TypeAlias = Annotated[Screen, Parameter(parse=False)]
Json: TypeAlias = Annotated[
    bool, Parameter(name="--json", negative="", help="Print one JSON object on stdout.")
]
Project: TypeAlias = Annotated[
    str | None,
    Parameter(name="--project", help="The project's folder, instead of searching upwards."),
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Common:
    """What every command takes that reads a project."""

    project: Project = None
    json: Json = False

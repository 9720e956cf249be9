"""Options that several commands share. None means "not said", so that settings can speak."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from cyclopts import Group, Parameter, Token
from cyclopts.validators import mutually_exclusive

from dli_cli.output import Screen
from dli_cli.text import safe_line

# Outside of the lazy command modules: cyclopts wants one object for the whole tree.
WHERE = Group("Where it runs", validator=mutually_exclusive, sort_key=1)
WHAT = Group("What it runs", sort_key=2)
LIMITS = Group("Limits", sort_key=3)
RESULT = Group("Result", sort_key=4)

# The screen is handed in by the caller, never parsed.
OnScreen: TypeAlias = Annotated[Screen, Parameter(parse=False)]
Source: TypeAlias = Literal["local", "server"]
Format: TypeAlias = Literal["csv", "json", "ndjson", "parquet"]


def whole(least: int, most: int | None = None) -> Callable[[object, Sequence[Token]], int]:
    """A converter that takes digits only: cyclopts would take 1.5 for 1 and 1_0 for 10."""
    bounds = f"of {least} or more" if most is None else f"from {least:,} to {most:,}"

    def converted(_: object, tokens: Sequence[Token]) -> int:
        text = tokens[0].value
        number = int(text) if text.isascii() and text.isdigit() else -1
        if number < least or (most is not None and number > most):
            raise ValueError(f"{safe_line(text)!r} is not a whole number {bounds}.")
        return number

    return converted


def flag(help_text: str, group: Group | None = None) -> Parameter:
    """An option without a value, and without a `--no-` form."""
    option = Parameter(help=help_text, negative="", show_default=False)
    return option if group is None else Parameter.combine(option, Parameter(group=group))


Json: TypeAlias = Annotated[bool, flag("Print one JSON object on stdout.")]


Timeout: TypeAlias = Annotated[
    int | None,
    Parameter(
        group=LIMITS,
        converter=whole(1, 3600),
        help="Seconds until the run is cancelled, 1 to 3600; 300 by default.",
    ),
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Common:
    """What every command takes that reads a project."""

    project: Annotated[
        str | None, Parameter(help="The project's folder, instead of searching upwards.")
    ] = None
    json: Json = False


ReadFrom: TypeAlias = Annotated[
    Source | None,
    Parameter(
        name=("--source", "-s"),
        help="Where specs are read: local files, or the server. By default execution.source, "
        "else local in a project.",
    ),
]


Parameters: TypeAlias = Annotated[
    list[str] | None,
    Parameter(
        name=("--param", "-p"),
        negative="",
        group=WHAT,
        help="A parameter as key=value; repeat it for more. key=@file.json reads a file.",
    ),
]
# Those that run; configuration files may name a planned one too.
Engine: TypeAlias = Annotated[
    Literal["bigquery", "duckdb"] | None, Parameter(help="The engine that it is for.")
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Reading(Common):
    """Where specs are read."""

    source: ReadFrom = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Checking(Common):
    """What decides the SQL, but for the day."""

    param: Parameters = None
    engine: Annotated[Engine, Parameter(group=WHAT)] = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Rendering(Checking):
    """What decides the SQL."""

    ds: Annotated[
        str | None,
        Parameter(group=WHAT, help="The day that ds means, as YYYY-MM-DD; today by default."),
    ] = None
    source: ReadFrom = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Running(Rendering):
    """What decides where a run happens, how far it goes, and where its rows end."""

    local: Annotated[bool | None, flag("Run it on the engine directly.", WHERE)] = None
    server: Annotated[bool | None, flag("Run it through the server.", WHERE)] = None
    skip_pre: Annotated[bool, flag("Leave the pre statements out.", WHAT)] = False
    skip_post: Annotated[bool, flag("Leave the post statements out.", WHAT)] = False
    dry_run: Annotated[bool, flag("Print the SQL; run nothing.", WHAT)] = False
    estimate: Annotated[
        bool, flag("Ask the engine what the main statement would read; run nothing.", WHAT)
    ] = False
    timeout: Timeout = None
    max_bytes: Annotated[
        str | None,
        Parameter(group=LIMITS, help="Refuse to read more than this, such as 10GB."),
    ] = None
    max_rows: Annotated[
        int | None,
        Parameter(
            group=LIMITS,
            converter=whole(1),
            help="Stop a run whose result has more rows than this; no file is written then.",
        ),
    ] = None
    truncate: Annotated[
        bool, flag("Keep the first --max-rows rows instead, and say that they are cut.", LIMITS)
    ] = False
    output: Annotated[
        str | None,
        Parameter(
            name=("--output", "-o"),
            group=RESULT,
            allow_leading_hyphen=True,
            help="Write all rows to this file; - is stdout. A FIFO or device is written directly.",
        ),
    ] = None
    format: Annotated[
        Format | None,
        Parameter(
            group=RESULT, help="The format of --output; by default its ending decides, else csv."
        ),
    ] = None
    csv_safe: Annotated[
        bool, flag("Keep spreadsheets from taking texts for formulas (csv).", RESULT)
    ] = False
    rows: Annotated[
        int | None,
        Parameter(
            group=RESULT,
            converter=whole(0),
            help="How many rows to show; 20 by default, and all of them under --json.",
        ),
    ] = None
    show_sql: Annotated[bool, flag("Show the SQL that was sent.", RESULT)] = False
    quiet: Annotated[
        bool, flag("Show no panel and no progress; warnings and errors only.", RESULT)
    ] = False

"""Options of `dli workflow`."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from cyclopts import Parameter

from dli_cli.options import LIMITS, WHAT, WHERE, Common, Parameters, flag, whole

Source: TypeAlias = Literal["code", "manual", "all"]
Status: TypeAlias = Literal[
    "PENDING", "RUNNING", "SUCCESS", "COMPLETED", "FAILED", "STOPPED", "KILLED"
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class AtServer(Common):
    """Where workflows are: at the server."""

    server: Annotated[bool | None, flag("At the server, which is where workflows are.", WHERE)] = (
        None
    )
    local: Annotated[bool | None, flag("Refused: Airflow runs workflows, not dli.", WHERE)] = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Starting(AtServer):
    """With what runs start, and whether they are followed."""

    param: Parameters = None
    again: Annotated[bool, flag("Also run again what has succeeded.", WHAT)] = False
    dry_run: Annotated[bool, flag("Say what would be done; start nothing.", WHAT)] = False
    wait: Annotated[bool, flag("Follow it to its end; the exit code tells how it ended.")] = False
    timeout: Annotated[
        int,
        Parameter(
            group=LIMITS,
            converter=whole(1, 604_800),
            help="Seconds to follow it with --wait; it goes on after that.",
        ),
    ] = 3600
    quiet: Annotated[bool, flag("Show no progress.")] = False


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Newest(AtServer):
    """Which runs are listed."""

    dataset: Annotated[
        str | None, Parameter(name=("--dataset", "-d"), help="Only runs of this dataset.")
    ] = None
    source: Annotated[Source, Parameter(help="Declared by specs, or registered.")] = "all"
    limit: Annotated[
        int,
        Parameter(
            name=("--limit", "-n"),
            converter=whole(1, 1000),
            help="How many runs at most.",
        ),
    ] = 20
    status: Annotated[
        Status | None, Parameter(name=("--status", "-s"), help="Only runs that stand so.")
    ] = None
    start: Annotated[str | None, Parameter(help="Only runs from this day on (UTC).")] = None
    end: Annotated[str | None, Parameter(help="Only runs until this day (UTC).")] = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Registering(AtServer):
    """How a dataset is registered."""

    timezone: Annotated[
        str, Parameter(name=("--timezone", "-tz"), help="The zone whose clocks are meant.")
    ] = "UTC"
    enabled: Annotated[
        bool, Parameter(negative="--disabled", help="Whether the schedule makes runs.")
    ] = True
    retry_max: Annotated[
        int,
        Parameter(converter=whole(0, 100), help="Tries after the first."),
    ] = 1
    retry_delay: Annotated[
        int,
        Parameter(converter=whole(0, 86_400), help="Seconds between tries."),
    ] = 300
    force: Annotated[
        bool, Parameter(name=("--force", "-f"), negative="", help="Replace a registered one.")
    ] = False

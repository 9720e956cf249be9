"""`dli workflow`: run, fill, follow, stop and register what Airflow runs by schedule."""

from typing import Annotated

from cyclopts import App, Parameter

from dli_cli.options import LIMITS, WHAT, OnScreen, flag, whole
from dli_cli.workflows.options import AtServer, Newest, Registering, Source, Starting

_AT_SERVER, _STARTING, _NEWEST, _REGISTERING = AtServer(), Starting(), Newest(), Registering()

app = App(
    name="workflow",
    help=(
        "Run datasets on Airflow, through the server.\n\n"
        "Example: dli workflow run lake.mart.orders --wait"
    ),
    version_flags=[],
)


@app.command(version_flags=[])
def run(
    name: str,
    /,
    *,
    ds: Annotated[
        str | None,
        Parameter(group=WHAT, help="The day of the schedule to run, as YYYY-MM-DD."),
    ] = None,
    options: Starting = _STARTING,
    screen: OnScreen,
) -> int:
    """Start a run and print its id.

    With --ds there is one run of that day, however often it is asked for. Example:
    dli workflow run lake.mart.orders --ds 2025-01-31 --wait

    Args:
        name: The dataset.
        ds: The day.
        options: Parameters, and whether it is followed.
        screen: Where it goes.
    """
    from dli_cli.workflows import acting  # noqa: PLC0415 - the HTTP client comes with it

    return acting.run(name, ds, options, screen)


@app.command(version_flags=[])
def backfill(
    name: str,
    /,
    *,
    start: Annotated[str, Parameter(name=("--start", "-s"), group=WHAT, help="The first day.")],
    end: Annotated[
        str, Parameter(name=("--end", "-e"), group=WHAT, help="The last day, included.")
    ],
    parallel: Annotated[
        int,
        Parameter(
            group=LIMITS,
            converter=whole(1, 64),
            help="How many runs may be active at a time.",
        ),
    ] = 1,
    yes: Annotated[bool, flag("Fill more than 366 runs.", LIMITS)] = False,
    options: Starting = _STARTING,
    screen: OnScreen,
) -> int:
    """Run every interval of the schedule in a range of days that is missing or has failed.

    Example: dli workflow backfill lake.mart.orders --start 2025-01-01 --end 2025-01-07 --wait

    Args:
        name: The dataset.
        start: The first day.
        end: The last day.
        parallel: How many at a time.
        yes: Allow many.
        options: Parameters, and whether it is followed.
        screen: Where it goes.
    """
    from dli_cli.workflows import acting  # noqa: PLC0415 - as above

    wanted = acting.Range(start=start, end=end, parallel=parallel, confirmed=yes)
    return acting.backfill(name, wanted, options, screen)


@app.command(version_flags=[])
def status(run_id: str, /, *, options: AtServer = _AT_SERVER, screen: OnScreen) -> int:
    """Show how far a run or a backfill is.

    Args:
        run_id: The id that run or backfill printed, or one of the history.
        options: Where the server is set.
        screen: Where it goes.
    """
    from dli_cli.workflows import acting  # noqa: PLC0415 - as above

    return acting.status(run_id, options, screen)


@app.command(version_flags=[])
def stop(
    run_id: str,
    /,
    *,
    reason: Annotated[str | None, Parameter(help="Why; Airflow shows it at the run.")] = None,
    options: AtServer = _AT_SERVER,
    screen: OnScreen,
) -> int:
    """Stop a run, or a backfill with its active runs.

    Args:
        run_id: The run's or the backfill's id.
        reason: Why.
        options: Where the server is set.
        screen: Where it goes.
    """
    from dli_cli.workflows import acting  # noqa: PLC0415 - as above

    return acting.stop(run_id, reason, options, screen)


@app.command(name="list", version_flags=[])
def list_(
    *,
    source: Annotated[Source, Parameter(help="Declared by specs, or registered.")] = "all",
    running: Annotated[bool, flag("Only workflows with an active run.")] = False,
    enabled_only: Annotated[bool, flag("Only workflows whose schedule makes runs.")] = False,
    dataset: Annotated[
        str | None, Parameter(name=("--dataset", "-d"), help="Only names that hold this text.")
    ] = None,
    options: AtServer = _AT_SERVER,
    screen: OnScreen,
) -> None:
    """List the workflows.

    Args:
        source: Where they are declared.
        running: Only active ones.
        enabled_only: Only ones that are on.
        dataset: Part of the name.
        options: Where the server is set.
        screen: Where it goes.
    """
    from dli_cli.workflows import showing  # noqa: PLC0415 - as above

    showing.show_list(
        showing.filtered(source, dataset, running=running, enabled_only=enabled_only),
        options,
        screen,
    )


@app.command(version_flags=[])
def history(*, options: Newest = _NEWEST, screen: OnScreen) -> None:
    """List the newest runs.

    Example: dli workflow history -d lake.mart.orders --status FAILED

    Args:
        options: Which runs.
        screen: Where it goes.
    """
    from dli_cli.workflows import showing  # noqa: PLC0415 - as above

    showing.show_history(options, screen)


@app.command(version_flags=[])
def pause(name: str, /, *, options: AtServer = _AT_SERVER, screen: OnScreen) -> None:
    """Let the schedule make no more runs.

    Args:
        name: The dataset.
        options: Where the server is set.
        screen: Where it goes.
    """
    from dli_cli.workflows import acting  # noqa: PLC0415 - as above

    acting.pause(name, options, screen, paused=True)


@app.command(version_flags=[])
def unpause(name: str, /, *, options: AtServer = _AT_SERVER, screen: OnScreen) -> None:
    """Let the schedule make runs again.

    Args:
        name: The dataset.
        options: Where the server is set.
        screen: Where it goes.
    """
    from dli_cli.workflows import acting  # noqa: PLC0415 - as above

    acting.pause(name, options, screen, paused=False)


@app.command(version_flags=[])
def register(
    name: str,
    /,
    *,
    cron: Annotated[
        str, Parameter(name=("--cron", "-c"), help="Five fields, such as '0 6 * * *'.")
    ],
    options: Registering = _REGISTERING,
    screen: OnScreen,
) -> None:
    """Have Airflow run a dataset by a schedule.

    Example: dli workflow register lake.mart.orders --cron '0 6 * * *' --timezone Asia/Seoul

    Args:
        name: The dataset.
        cron: When.
        options: Whose clocks, and what happens after a failure.
        screen: Where it goes.
    """
    from dli_cli.workflows import registering  # noqa: PLC0415 - as above

    registering.register(name, cron, options, screen)


@app.command(version_flags=[])
def unregister(
    name: str,
    /,
    *,
    force: Annotated[
        bool, Parameter(name=("--force", "-f"), negative="", help="Also while a run is active.")
    ] = False,
    options: AtServer = _AT_SERVER,
    screen: OnScreen,
) -> None:
    """Take a registered workflow back; Airflow makes no more runs of it.

    Args:
        name: The dataset.
        force: Even with active runs.
        options: Where the server is set.
        screen: Where it goes.
    """
    from dli_cli.workflows import registering  # noqa: PLC0415 - as above

    registering.unregister(name, options, screen, force=force)

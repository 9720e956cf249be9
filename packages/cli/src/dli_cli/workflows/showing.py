"""Lists of workflows and of runs."""

from dli_cli.output import Screen
from dli_cli.usage import UsageError
from dli_cli.values import parse_day
from dli_cli.workflows.opening import opened
from dli_cli.workflows.options import AtServer, Newest
from dli_cli.workflows.telling import run_fields, run_table, workflow_fields, workflow_table
from dli_domain.ports.workflows import HistoryFilter, WorkflowFilter

_ALL = "all"
_MOST = 10_000


def filtered(
    source: str, dataset: str | None, *, running: bool, enabled_only: bool
) -> WorkflowFilter:
    """The filter that the options say."""
    return WorkflowFilter(
        source_type=_source(source),
        dataset=dataset,
        running=running,
        enabled_only=enabled_only,
        limit=_MOST,
    )


def show_list(wanted: WorkflowFilter, options: AtServer, screen: Screen) -> None:
    """The workflows."""
    with opened(options, screen) as (workflows, _):
        found = workflows.list(wanted)
    if screen.json:
        screen.envelope(items=[workflow_fields(one) for one in found])
        return
    if not found:
        screen.print("No workflows.")
        return
    for line in workflow_table(found, screen.width):
        screen.print(line)
    screen.print(f"{len(found):,} workflow{'' if len(found) == 1 else 's'}")


def show_history(options: Newest, screen: Screen) -> None:
    """The runs."""
    start, end = parse_day(options.start), parse_day(options.end)
    if start is not None and end is not None and start > end:
        raise UsageError(f"--start {start} is after --end {end}.")
    wanted = HistoryFilter(
        dataset=options.dataset,
        source_type=_source(options.source),
        status=options.status,
        start=start,
        end=end,
        limit=options.limit,
    )
    with opened(options, screen) as (workflows, _):
        found = workflows.history(wanted)
    if screen.json:
        screen.envelope(items=[run_fields(run) for run in found])
        return
    if not found:
        screen.print("No runs.")
        return
    for line in run_table(found, screen.width):
        screen.print(line)


def _source(source: str) -> str | None:
    return None if source == _ALL else source.upper()

"""Start, follow, stop and pause."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import uuid4

from dli_adapters.supervision.interrupted import RunInterrupted
from dli_cli.exit_codes import ExitCode
from dli_cli.output import Screen
from dli_cli.progress import progress_line
from dli_cli.text import safe, safe_line
from dli_cli.usage import UsageError
from dli_cli.values import parse_day, parse_parameters
from dli_cli.workflows.opening import opened
from dli_cli.workflows.options import AtServer, Starting
from dli_cli.workflows.outcome import code_of, code_of_backfill
from dli_cli.workflows.telling import (
    backfill_fields,
    backfill_lines,
    run_fields,
    run_lines,
    workflow_fields,
)
from dli_domain.errors import ErrorCode, ParameterError
from dli_domain.model.run import Deadline
from dli_domain.model.workflow import Backfill, WorkflowRun
from dli_domain.ports.clock import Clock
from dli_domain.ports.workflows import BackfillAsked, RunAsked, Workflows
from dli_domain.scheduling.backfill import backfill_days
from dli_domain.usecases.watch_workflow import WatchWorkflow

T = TypeVar("T")
_BACKFILL_ID = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The days of a backfill, as the command line says them."""

    start: str
    end: str
    parallel: int
    confirmed: bool


def run(name: str, ds: str | None, options: Starting, screen: Screen) -> int:
    """Start a run; with `--wait` its end gives the exit code."""
    parameters, day = parse_parameters(options.param), parse_day(ds)
    if options.again and day is None:
        raise UsageError("--again runs the run of a day again; give the day with --ds.")
    _check_wait(options)
    asked = RunAsked(
        workflow=name,
        key=uuid4().hex,
        parameters=parameters,
        day=day,
        again=options.again,
        dry_run=options.dry_run,
    )
    with opened(options, screen) as (workflows, clock):
        found = workflows.run(asked)
        if options.wait:
            existing = found.existing
            found = _followed(
                found.run_id,
                options,
                screen,
                clock,
                lambda deadline, say: _watch(workflows, clock).run(found, deadline, say),
            )
            return _show_run(found, screen, existing=existing, ended=code_of(found.status))
    return _show_run(found, screen, existing=found.existing)


def backfill(name: str, wanted: Range, options: Starting, screen: Screen) -> int:
    """Fill days, or show the plan; with `--wait` the worst end gives the exit code."""
    try:
        start, end = backfill_days(wanted.start, wanted.end)
    except ParameterError as error:
        raise UsageError(f"{error.message}. {error.hint or ''}".rstrip()) from error
    if start > end:
        raise UsageError(
            f"--start {start} is after --end {end}; swap them to fill the days between."
        )
    _check_wait(options)
    asked = BackfillAsked(
        workflow=name,
        key=uuid4().hex,
        start=start,
        end=end,
        parameters=parse_parameters(options.param),
        parallel=wanted.parallel,
        again=options.again,
        confirmed=wanted.confirmed,
        dry_run=options.dry_run,
    )
    with opened(options, screen) as (workflows, clock):
        found = workflows.backfill(asked)
        if options.wait:
            found = _followed(
                found.backfill_id,
                options,
                screen,
                clock,
                lambda deadline, say: _watch(workflows, clock).backfill(found, deadline, say),
            )
            return _show_backfill(found, screen, ended=code_of_backfill(found))
    return _show_backfill(found, screen)


def status(run_id: str, options: AtServer, screen: Screen) -> int:
    """How far it is; a run that failed is no failure of the look."""
    with opened(options, screen) as (workflows, _):
        found: WorkflowRun | Backfill
        if _is_backfill(run_id):
            found = workflows.backfill_status(run_id)
        else:
            found = workflows.status(run_id)
    if isinstance(found, Backfill):
        return _show_backfill(found, screen, hints=False)
    return _show_run(found, screen, hints=False)


def stop(run_id: str, reason: str | None, options: AtServer, screen: Screen) -> int:
    """Stop it."""
    with opened(options, screen) as (workflows, _):
        if _is_backfill(run_id):
            return _show_backfill(workflows.stop_backfill(run_id), screen, hints=False)
        return _show_run(workflows.stop(run_id, reason), screen, hints=False)


def pause(name: str, options: AtServer, screen: Screen, *, paused: bool) -> None:
    """Let the schedule make runs, or not."""
    with opened(options, screen) as (workflows, _):
        found = workflows.pause(name) if paused else workflows.unpause(name)
    if screen.json:
        screen.envelope(**{**workflow_fields(found), "status": "success"}, state=found.status)
        return
    word = "paused: its schedule makes no runs" if paused else "active again"
    screen.print(f"{screen.out.style('✓', 'green')} {safe_line(found.name)} is {word}")


def _watch(workflows: Workflows, clock: Clock) -> WatchWorkflow:
    return WatchWorkflow(workflows=workflows, clock=clock, sleep=time.sleep)


def _followed(
    what: str,
    options: Starting,
    screen: Screen,
    clock: Clock,
    follow: Callable[[Deadline, Callable[[str], None]], T],
) -> T:
    deadline = Deadline(clock.monotonic() + options.timeout, options.timeout)
    screen.quiet = screen.quiet or options.quiet
    screen.note(f"Started {what}; it goes on if this command ends.")
    try:
        with progress_line(screen) as line:
            return follow(deadline, (lambda _: None) if line is None else line.say)
    except RunInterrupted:
        screen.warn(f"{what} goes on. Look with 'dli workflow status {what}',")
        screen.warn(f"  or end it with 'dli workflow stop {what}'.")
        raise


def _show_run(
    run: WorkflowRun,
    screen: Screen,
    *,
    existing: bool = False,
    ended: ExitCode | None = None,
    hints: bool = True,
) -> int:
    code = ExitCode.OK if ended is None else ended
    if screen.json:
        fields = {**run_fields(run), "existing": existing}
        _envelope(screen, code, fields)
    else:
        if run.dry_run:
            screen.print("Nothing is started (--dry-run); this run would be:")
        for line in run_lines(run, screen):
            screen.print(line)
        if existing and hints:
            screen.note("This run was there before; no other one was started.")
        if hints and ended is None and not run.dry_run:
            screen.note(f"Follow it with 'dli workflow status {run.run_id}'.")
    _say_outcome(code, run.status.value, run.run_id, run.error, screen)
    return code


def _show_backfill(
    backfill: Backfill, screen: Screen, *, ended: ExitCode | None = None, hints: bool = True
) -> int:
    code = ExitCode.OK if ended is None else ended
    if screen.json:
        _envelope(screen, code, backfill_fields(backfill))
    else:
        for line in backfill_lines(backfill, screen):
            screen.print(line)
        if backfill.trouble:
            screen.warn(f"Warning: it does not go on now: {safe_line(backfill.trouble)}")
        if hints and not backfill.ended and not backfill.dry_run:
            screen.note(f"Follow it with 'dli workflow status {backfill.backfill_id}'.")
    _say_outcome(code, backfill.state, backfill.backfill_id, None, screen)
    return code


def _envelope(screen: Screen, code: ExitCode, fields: dict[str, object]) -> None:
    if code is ExitCode.OK:
        screen.envelope(**fields)
    else:
        screen.envelope(status="failure", exit_code=int(code), **fields)


def _say_outcome(code: ExitCode, state: str, what: str, error: str | None, screen: Screen) -> None:
    if code is ExitCode.OK:
        return
    if code is ExitCode.UNKNOWN:
        told = ErrorCode.EXECUTION_UNKNOWN
        text = f"{what} has not ended in the time given; it goes on ({state})"
    elif code is ExitCode.TIMEOUT:
        told, text = ErrorCode.EXECUTION_CANCELLED, f"{what} was stopped ({state})"
    else:
        told = ErrorCode.WORKFLOW_EXECUTION_FAILED
        text = f"{what} failed" + (f": {error}" if error else "")
    screen.warn(f"{screen.err.style(f'[{told}]', 'red', 'bold')} {safe(text)}")


def _check_wait(options: Starting) -> None:
    if options.wait and options.dry_run:
        raise UsageError("--dry-run starts nothing, so there is nothing to --wait for.")


def _is_backfill(run_id: str) -> bool:
    """A backfill's id is 32 hexadecimal digits; no run's id is."""
    return len(run_id) == _BACKFILL_ID and all(sign in "0123456789abcdef" for sign in run_id)

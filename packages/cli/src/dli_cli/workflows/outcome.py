"""How runs end, as exit codes; several end in the worst."""

from collections.abc import Iterable

from dli_cli.exit_codes import ExitCode
from dli_domain.model.workflow import Backfill, RunStatus

_CODES = {
    RunStatus.SUCCESS: ExitCode.OK,
    RunStatus.FAILED: ExitCode.QUERY_FAILED,
    RunStatus.TIMEOUT: ExitCode.QUERY_FAILED,
    RunStatus.STOPPED: ExitCode.TIMEOUT,
    RunStatus.SKIPPED: ExitCode.TIMEOUT,
}
_WORST_FIRST = (ExitCode.UNKNOWN, ExitCode.TIMEOUT, ExitCode.QUERY_FAILED, ExitCode.OK)


def code_of(status: RunStatus | None) -> ExitCode:
    """0 for success, 4 for failure, 7 where it was stopped, 10 where its end is not known."""
    return ExitCode.UNKNOWN if status is None else _CODES.get(status, ExitCode.UNKNOWN)


def code_of_backfill(backfill: Backfill) -> ExitCode:
    """The worst of its days; days that are not due yet are no outcome."""
    codes = {
        code_of(day.status)
        for day in backfill.days
        if not (day.action == "not due" or (backfill.state == "STOPPED" and day.status is None))
    }
    if backfill.state == "STOPPED":
        codes.add(ExitCode.TIMEOUT)
    return worst(codes)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """What is least known first."""
    found = set(codes)
    return next((code for code in _WORST_FIRST if code in found), ExitCode.OK)

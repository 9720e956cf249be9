"""The only place that catches: every failure becomes a message and an exit code."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence

from dli_cli.exit_codes import ExitCode, exit_code
from dli_cli.output import Screen
from dli_cli.text import safe, safe_line
from dli_cli.usage import UsageError
from dli_domain.errors import DliError, ErrorCode
from dli_domain.model.problems import Location, Problem


def guarded(
    work: Callable[[], int | None],
    screen: Screen,
    tokens: Sequence[str],
    environ: Mapping[str, str],
) -> int:
    """Do the work; give its exit code, after saying what went wrong where it did.

    A `BrokenPipeError` of stdout and `KeyboardInterrupt` pass: the process dies by their signal.
    """
    try:
        return int(work() or ExitCode.OK)
    except BrokenPipeError:
        raise
    except UsageError as error:
        return _usage(error, screen)
    except DliError as error:
        return report(error, screen)
    except Exception as error:  # noqa: BLE001 - the last resort: a bug must not show a traceback
        return report(_crashed(error, tokens, environ), screen)


def report(error: DliError, screen: Screen) -> int:
    """Show a failure on stderr, and on stdout as an object under `--json`."""
    code = exit_code(error.code)
    screen.warn("\n".join(error_lines(error, screen)))
    if screen.json and error.code is not ErrorCode.OUTPUT_FAILED:
        _json_failure(screen, error_fields(error), code)
    return code


def error_lines(error: DliError, screen: Screen) -> Iterator[str]:
    """The layout that users know: code and message, facts, causes, what to do next."""
    style = screen.err.style
    head, *rest = safe(error.message).split("\n")
    yield f"{style(f'[{error.code}]', 'red', 'bold')} {head}"
    yield from (f"  {line}" for line in rest)
    if error.location is not None:
        yield f"  At: {place(error.location, screen.root)}"
    for name, value in error.context.items():
        yield f"  {name}: {safe(value).replace(chr(10), chr(10) + '    ')}"
    if error.causes:
        yield ""
        yield "  Possible causes:"
        yield from (f"  - {safe_line(cause)}" for cause in error.causes)
    if _problems(error):
        yield ""
        for problem in _problems(error):
            yield from problem_lines(problem, screen.root)
    if error.hint:
        yield ""
        yield from (f"  {line}" for line in safe(error.hint).split("\n"))


def problem_lines(problem: Problem, root: str = "") -> Iterator[str]:
    """One finding and its fix."""
    where = f"{place(problem.location, root)}: " if problem.location else ""
    yield f"  {where}[{problem.code}] {safe_line(problem.message)}"
    if problem.fix:
        yield f"    Fix: {safe_line(problem.fix)}"


def place(location: Location, root: str = "") -> str:
    """The place as an editor opens it from the working directory.

    Args:
        location: A path below `root`, or an absolute one.
        root: The project's folder, where it is known.
    """
    path = os.path.join(root, location.path)  # noqa: PTH118 - an absolute path must win
    try:
        near = os.path.relpath(path)
    except (OSError, ValueError):
        near = path
    return f"{safe_line(min(near, path, key=len))}:{location.line}:{location.column}"


def error_fields(error: DliError) -> dict[str, object]:
    """The failure as `--json` shows it."""
    return {
        "code": error.code.value,
        "name": error.code.name,
        "message": error.message,
        "context": error.context,
        "causes": error.causes,
        "hint": error.hint,
        "location": location_fields(error.location),
        "problems": [problem_fields(problem) for problem in error.problems],
    }


def problem_fields(problem: Problem) -> dict[str, object]:
    """One finding as `--json` shows it."""
    return {
        "code": problem.code,
        "severity": problem.severity.value,
        "message": problem.message,
        "location": location_fields(problem.location),
        "fix": problem.fix,
    }


def location_fields(location: Location | None) -> dict[str, object] | None:
    """A place as `--json` shows it."""
    if location is None:
        return None
    return {"path": location.path, "line": location.line, "column": location.column}


def _problems(error: DliError) -> tuple[Problem, ...]:
    # One finding that says only what the message says already is not said twice.
    if len(error.problems) == 1:
        only = error.problems[0]
        said = only.message.casefold() in error.message.casefold()
        if said and (only.fix is None or only.fix == error.hint):
            return ()
    return error.problems


def _usage(error: UsageError, screen: Screen) -> int:
    command = f"dli {screen.command}".rstrip()
    screen.warn(f"{screen.err.style('Usage error:', 'red', 'bold')} {safe(str(error))}")
    screen.warn(f"  Run '{command} --help' to see what it takes.")
    if screen.json:
        fields = {"code": "USAGE", "name": "USAGE", "message": str(error)}
        _json_failure(screen, fields, ExitCode.USAGE)
    return ExitCode.USAGE


def _json_failure(screen: Screen, fields: Mapping[str, object], code: ExitCode) -> None:
    try:
        screen.envelope(status="failure", exit_code=int(code), error=fields)
    except DliError:
        # stdout is lost as well; the message on stderr and the exit code remain.
        return


def _crashed(error: Exception, tokens: Sequence[str], environ: Mapping[str, str]) -> DliError:
    # Imported in the one case that needs it: it costs every other start several milliseconds.
    from dli_cli.crash import write_crash  # noqa: PLC0415

    try:
        kept = write_crash(error, tokens, environ)
    except OSError as failure:
        kept = f"could not be written: {failure.strerror}"
    return DliError(
        f"A bug in dli: {type(error).__name__}",
        context={"Crash file": kept},
        hint="Please report it with the crash file; parameter values in it are masked.",
    )

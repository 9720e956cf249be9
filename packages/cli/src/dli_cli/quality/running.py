"""`quality run`: judge, report, and end with the code that the verdicts earn."""

from collections.abc import Sequence
from pathlib import Path

from dli_cli.commands.quality import QualityRunning
from dli_cli.compose import compose
from dli_cli.exit_codes import ExitCode, exit_code
from dli_cli.output import Screen
from dli_cli.progress import progress_line
from dli_cli.quality.fields import report_fields, report_json
from dli_cli.quality.items import report_items
from dli_cli.quality.table import report_lines
from dli_cli.reports.items import renderer
from dli_cli.text import safe_line
from dli_cli.usage import UsageError
from dli_cli.values import parse_day, parse_parameters
from dli_domain.errors import ErrorCode
from dli_domain.model.quality import QualityReport, Verdict
from dli_domain.model.requests import QualityRequest
from dli_domain.model.run import ExecutionMode

STDOUT = "-"
_ENDINGS = {".json": "json", ".xml": "junit", ".sarif": "sarif"}
# Several reasons end in the worst: what is least known first, what is safe to repeat last.
_WORST_FIRST = (
    ExitCode.INTERNAL,
    ExitCode.UNKNOWN,
    ExitCode.OUTPUT_FAILED,
    ExitCode.LIMIT,
    ExitCode.UNAVAILABLE,
    ExitCode.TIMEOUT,
    ExitCode.NOT_ALLOWED,
    ExitCode.QUERY_FAILED,
    ExitCode.INVALID,
    ExitCode.NEGATIVE,
)


def run(reference: str, options: QualityRunning, screen: Screen) -> int:
    """Judge the data; give the exit code.

    Raises:
        UsageError: two options contradict each other.
        DliError: nothing could be judged at all.
    """
    form = _format(options)
    parameters, ds = parse_parameters(options.param), parse_day(options.ds)
    dli = compose(
        screen,
        project=options.project,
        local__engine=options.engine,
        execution__source=options.source,
        execution__default_mode=mode_of(local=options.local, server=options.server),
        execution__timeout=options.timeout,
    )
    dli.refuse_engine(options.engine)
    runner = dli.quality_runner()
    if options.output not in (None, STDOUT):
        _prepare(options.output or "")
    request = QualityRequest(
        reference=reference,
        tests=tuple(options.test or ()),
        parameters=parameters,
        shared=dli.settings.parameters,
        ds=ds,
        fail_fast=options.fail_fast,
        samples=options.samples,
        allow_empty=options.allow_empty,
        timeout=dli.settings.timeout,
        max_bytes=dli.settings.max_bytes,
    )
    with progress_line(screen) as line:
        report = runner(request, *(() if line is None else (line.say,)))
    for warning in report.warnings:
        screen.warn(f"Warning: {safe_line(warning)}")
    code = exit_of(report)
    _show(report, form, options, screen, code)
    return code


def mode_of(*, local: bool | None, server: bool | None) -> str | None:
    """The mode that the flags say; None where they say nothing."""
    if server:
        return ExecutionMode.SERVER.value
    return ExecutionMode.LOCAL.value if local else None


def exit_of(report: QualityReport) -> ExitCode:
    """0 where every test passed or only warned, else the worst of what stood in the way."""
    if report.ok:
        return ExitCode.OK
    codes = {
        exit_code(ErrorCode(outcome.problem.code))
        for outcome in report.outcomes
        if outcome.verdict is Verdict.ERROR and outcome.problem is not None
    }
    return next((code for code in _WORST_FIRST if code in codes), ExitCode.NEGATIVE)


def _format(options: QualityRunning) -> str:
    if options.json and options.format not in (None, "json"):
        raise UsageError(f"--json and --format {options.format} contradict each other.")
    if options.json and options.output == STDOUT:
        raise UsageError("--json and --output - both want stdout; give a file to --output.")
    if options.output is not None and options.output != STDOUT and options.output[:1] == "-":
        raise UsageError(f"--output takes a file or -, not {options.output!r}; write ./-name.")
    if options.format is not None:
        return options.format
    ending = Path(options.output).suffix.lower() if options.output else ""
    return "json" if options.json else _ENDINGS.get(ending, "table")


def _show(
    report: QualityReport, form: str, options: QualityRunning, screen: Screen, code: ExitCode
) -> None:
    to_file = options.output not in (None, STDOUT)
    if to_file:
        for warning in _write(options.output or "", _text(report, form, options, screen, code)):
            screen.warn(f"Warning: {safe_line(warning)}")
        if options.json:
            screen.envelope(**report_fields(report, code, show_sql=options.show_sql))
            return
        for line in report_lines(report, screen, show_sql=options.show_sql):
            screen.print(line)
        screen.print(f"Report saved to: {safe_line(options.output or '')}")
    elif form == "json":
        screen.envelope(**report_fields(report, code, show_sql=options.show_sql))
    else:
        screen.print(_text(report, form, options, screen, code).rstrip("\n"))


def _text(
    report: QualityReport, form: str, options: QualityRunning, screen: Screen, code: ExitCode
) -> str:
    if form == "json":
        return report_json(report, code, show_sql=options.show_sql)
    if form == "table":
        return "\n".join(report_lines(report, screen, show_sql=options.show_sql)) + "\n"
    text = renderer(form)(report_items(report, screen.root), suite=f"dli quality {report.name}")
    return text if text.endswith("\n") else f"{text}\n"


def _prepare(path: str) -> None:
    # What cannot be written must be known before anything runs.
    from dli_cli.quality.files import target_of  # noqa: PLC0415 - only with --output

    target_of(path).prepare()


def _write(path: str, text: str) -> Sequence[str]:
    from dli_cli.quality.files import write_whole  # noqa: PLC0415 - only with --output

    return write_whole(path, text)

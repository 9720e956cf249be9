"""`run`: one resource on an engine, its rows to a file or a screen."""

from collections.abc import Iterator
from dataclasses import replace

from dli_cli.compose import Dli, compose, writer_for
from dli_cli.options import Running
from dli_cli.output import Screen
from dli_cli.panel import execution_line, in_bytes, panel
from dli_cli.progress import Line, progress_line
from dli_cli.results import result_fields
from dli_cli.scripts import show_script
from dli_cli.text import safe, safe_line
from dli_cli.usage import UsageError
from dli_cli.values import parse_bytes, parse_day, parse_parameters
from dli_domain.errors import ExecutionLimitError
from dli_domain.model.requests import RunRequest
from dli_domain.model.run import ExecutionMode, ExecutionResult, ResultStatus
from dli_domain.model.spec import ResourceKind
from dli_domain.ports.result_writer import ResultWriter
from dli_domain.usecases.estimate_resource import ResourceEstimate
from dli_domain.usecases.render_resource import RenderedResource
from dli_domain.usecases.run_registered import RunRegistered
from dli_domain.usecases.run_resource import RunResource

_SHOWN = 20
STDOUT = "-"


def run(kind: ResourceKind, name: str, options: Running, screen: Screen) -> None:
    """Do what the options ask for: render, estimate, or run and show.

    Raises:
        UsageError: two options contradict each other.
        DliError: whatever went wrong.
    """
    _check(options)
    parameters, ds = parse_parameters(options.param), parse_day(options.ds)
    dli = compose(
        screen,
        project=options.project,
        local__engine=options.engine,
        execution__source=options.source,
        execution__default_mode=_mode(options),
        execution__timeout=options.timeout,
        execution__max_bytes=parse_bytes(options.max_bytes),
    )
    dli.refuse_engine(options.engine)
    if options.truncate and options.max_rows is None and not dli.at_server:
        raise UsageError("--truncate cuts at --max-rows; give --max-rows as well.")
    request = RunRequest(
        name=name,
        kind=kind,
        parameters=dli.parameters(name, kind, parameters),
        ds=ds,
        timeout=dli.settings.timeout,
        max_bytes=dli.settings.max_bytes,
        skip_pre=options.skip_pre,
        skip_post=options.skip_post,
    )
    if options.dry_run or dli.settings.dry_run:
        rendered = dli.renderer()(name, kind, parameters=request.parameters, ds=ds)
        show_script(_stages(rendered, options), screen, as_json=options.json)
    elif options.estimate:
        _estimate(dli, request, options, screen)
    else:
        _run(dli, request, options, screen)


def _check(options: Running) -> None:
    nothing_runs = "--dry-run" if options.dry_run else "--estimate" if options.estimate else None
    if options.dry_run and options.estimate:
        raise UsageError("Give --dry-run or --estimate, not both.")
    if nothing_runs and options.output is not None:
        raise UsageError(f"{nothing_runs} runs nothing, so there is nothing for --output.")
    if options.output is None and (options.format is not None or options.csv_safe):
        option = "--csv-safe" if options.format is None else "--format"
        raise UsageError(f"{option} says how --output is written; give --output as well.")
    if options.csv_safe and options.format not in (None, "csv"):
        raise UsageError(f"--csv-safe changes csv only, not --format {options.format}.")
    if options.output is not None and options.output != STDOUT and options.output[:1] == "-":
        raise UsageError(f"--output takes a file or -, not {options.output!r}; write ./-name.")
    if options.output == STDOUT and options.json:
        raise UsageError("--json and --output - both want stdout; give a file to --output.")


def _mode(options: Running) -> str | None:
    if options.server:
        return ExecutionMode.SERVER.value
    return ExecutionMode.LOCAL.value if options.local else None


def _stages(rendered: RenderedResource, options: Running) -> RenderedResource:
    return replace(
        rendered,
        pre=() if options.skip_pre else rendered.pre,
        post=() if options.skip_post else rendered.post,
    )


def _estimate(dli: Dli, request: RunRequest, options: Running, screen: Screen) -> None:
    found = dli.estimator()(request)
    _refuse_above(request.max_bytes, found)
    if options.json:
        screen.envelope(**_estimate_fields(found, options))
        return
    for line in _estimate_lines(found, request.kind, dli.settings.mode, options):
        screen.print(line)


def _refuse_above(limit: int | None, found: ResourceEstimate) -> None:
    count = found.estimate.bytes_processed
    if limit is not None and count is not None and count > limit:
        raise ExecutionLimitError(
            f"{str(found.name)!r} would read {count:,} bytes, more than the {limit:,} allowed",
            hint="Narrow the query, or raise --max-bytes.",
        )


def _estimate_fields(found: ResourceEstimate, options: Running) -> dict[str, object]:
    return {
        "name": str(found.name),
        "engine": found.engine,
        "bytes_processed": found.estimate.bytes_processed,
        "plan": found.estimate.plan,
        "details": dict(found.estimate.details),
        **({"sql": found.sql} if options.show_sql else {}),
    }


def _estimate_lines(
    found: ResourceEstimate, kind: ResourceKind, mode: ExecutionMode, options: Running
) -> Iterator[str]:
    if options.show_sql:
        yield f"{safe(found.sql)}\n"
    yield f"{kind.value.capitalize()}: {found.name}"
    yield f"Execution: {execution_line(mode, found.engine)}, estimate only"
    count = found.estimate.bytes_processed
    said = "the engine cannot tell" if count is None else in_bytes(count)
    yield f"Would read: {said}" + (f" ({count:,} bytes)" if count and count >= 1000 else "")
    yield from (f"{name}: {safe_line(text)}" for name, text in found.estimate.details.items())


def _run(dli: Dli, request: RunRequest, options: Running, screen: Screen) -> None:
    shown = _SHOWN if options.rows is None else options.rows
    writer = writer_for(
        screen,
        output=options.output,
        format=options.format,
        csv_safe=options.csv_safe,
        keep=options.rows if options.json else shown,
    )
    if options.max_rows is not None:
        # Only a run with a limit pays for it.
        from dli_adapters.writers.limited import LimitedWriter  # noqa: PLC0415

        writer = LimitedWriter(writer, options.max_rows, truncate=options.truncate)
    runner = dli.runner(truncate=options.truncate)
    with progress_line(screen) as line:
        result = _followed(runner, request, writer, line)
    _warn(result, screen)
    if options.json:
        fields = result_fields(result, request.kind, rows=options.rows, show_sql=options.show_sql)
        screen.envelope(**fields)
        return
    # With the data on stdout, what is said about it goes beside it.
    say = screen.note if options.output == STDOUT else screen.print
    if options.show_sql:
        say("\n".join(_sent(result)))
    if not options.quiet:
        for text in panel(result, request.kind, rows=shown, width=screen.width):
            say(text)
        if result.output_path is not None and options.output != STDOUT:
            say("")
            say(f"{screen.out.style('✓', 'green')} Results saved to: {safe(result.output_path)}")


def _followed(
    runner: RunResource | RunRegistered,
    request: RunRequest,
    writer: ResultWriter,
    line: Line | None,
) -> ExecutionResult:
    if line is None:
        return runner(request, writer)
    # Only a terminal pays for the counting.
    from dli_adapters.writers.counting import CountingWriter  # noqa: PLC0415

    return runner(request, CountingWriter(writer, line.rows), line.say)


def _warn(result: ExecutionResult, screen: Screen) -> None:
    for warning in (*result.warnings, *result.stats.notes):
        screen.warn(f"Warning: {safe_line(warning)}")
    for report in result.statements:
        # In the panel it would be said as well, but not every run has one.
        if report.status is ResultStatus.FAILURE:
            what = safe_line(f"{report.phase.value} · {report.name}")
            error = safe(report.error or "").replace("\n", "\n  ")
            screen.warn(f"Warning: {what} failed and was passed over: {error}")


def _sent(result: ExecutionResult) -> Iterator[str]:
    for report in result.statements:
        yield f"-- {report.phase.value} · {safe_line(report.name)}"
        yield safe(report.sql.strip())
        yield ""

"""`quality validate`: every problem of quality files, in one pass."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from dli_cli.compose import Dli, compose
from dli_cli.errors import problem_fields, problem_lines
from dli_cli.exit_codes import ExitCode
from dli_cli.options import Checking
from dli_cli.output import Screen
from dli_cli.text import safe_line
from dli_cli.values import parse_parameters
from dli_domain.errors import ErrorCode, SpecInvalidError, SpecNotFoundError
from dli_domain.model.names import did_you_mean
from dli_domain.model.problems import Problem, Severity
from dli_domain.ports.quality_source import QualityListing
from dli_domain.usecases.validate_quality import QualityValidation


def validate(
    reference: str | None,
    tests: Sequence[str],
    options: Checking,
    screen: Screen,
    *,
    strict: bool,
) -> int:
    """Check the files of one resource, or all; 1 where anything is wrong.

    Raises:
        SpecNotFoundError: there is nothing to check: that is no good verdict.
    """
    parameters = parse_parameters(options.param)
    dli = compose(screen, project=options.project, local__engine=options.engine)
    found = _found(dli, reference)
    _refuse_missing(tests, found)
    by_path: defaultdict[str, list[Problem]] = defaultdict(list)
    for problem in found.problems:
        by_path[problem.location.path if problem.location else ""].append(problem)
    check = dli.quality_validator()
    results = [
        check(
            spec,
            tests=tests,
            parameters=parameters,
            found=by_path.pop(spec.location.path, ()),
        )
        for spec in found.specs
    ]
    others = [problem for problems in by_path.values() for problem in problems]
    if not results and not others:
        raise SpecNotFoundError(
            "There is no quality file to validate",
            code=ErrorCode.QUALITY_SPEC_NOT_FOUND,
            hint="Run 'dli quality suggest TABLE' to have one proposed.",
        )
    bad = any(_is_bad(result, strict=strict) for result in results) or any(
        strict or problem.severity is Severity.ERROR for problem in others
    )
    code = ExitCode.NEGATIVE if bad else ExitCode.OK
    if options.json:
        screen.envelope(
            status="failure" if bad else "success",
            valid=not bad,
            exit_code=int(code),
            results=[_fields(result) for result in results],
            problems=[problem_fields(problem) for problem in others],
        )
    else:
        for line in _lines(results, others, screen, strict=strict):
            screen.print(line)
    return code


def _found(dli: Dli, reference: str | None) -> QualityListing:
    if reference is None:
        return dli.qualities().list()
    try:
        return dli.qualities().find(reference)
    except SpecInvalidError as error:
        if not error.problems:
            raise
        return QualityListing(specs=(), problems=error.problems)


def _refuse_missing(tests: Sequence[str], found: QualityListing) -> None:
    known = [test.name for spec in found.specs for test in spec.tests]
    for name in tests:
        if found.specs and name not in known:
            raise SpecNotFoundError(
                f"There is no test {name!r}",
                code=ErrorCode.QUALITY_NOT_FOUND,
                hint=did_you_mean(name, known) or f"There are {', '.join(known) or 'none'}.",
            )


def _is_bad(result: QualityValidation, *, strict: bool) -> bool:
    return bool(result.errors) or (strict and bool(result.warnings or result.unchecked))


def _lines(
    results: Sequence[QualityValidation],
    others: Sequence[Problem],
    screen: Screen,
    *,
    strict: bool,
) -> Iterator[str]:
    style = screen.out.style
    for result in results:
        bad = _is_bad(result, strict=strict)
        mark = style("✗", "red") if bad else style("✓", "green")
        count = len(result.tests)
        word = "test" if count == 1 else "tests"
        yield f"{mark} {safe_line(result.path)} ({safe_line(result.target)}, {count:,} {word})"
        for problem in result.problems:
            yield from problem_lines(problem, screen.root)
        if result.unchecked:
            names = ", ".join(result.unchecked)
            yield f"  SQL not rendered: no value for {names}; give one with -p {result.unchecked[0]}=…"
        if result.assumed:
            yield f"  Sample values stood in for: {', '.join(result.assumed)}"
    if others:
        yield f"{style('✗', 'red')} files that could not be read as quality files"
        for problem in others:
            yield from problem_lines(problem, screen.root)
    valid = sum(not _is_bad(result, strict=strict) for result in results)
    count = sum(len(result.errors) for result in results)
    count += sum(problem.severity is Severity.ERROR for problem in others)
    yield f"{valid:,} valid, {count:,} error{'' if count == 1 else 's'}"


def _fields(result: QualityValidation) -> dict[str, object]:
    return {
        "file": result.path,
        "target_urn": result.target,
        "tests": result.tests,
        "valid": result.valid,
        "problems": [problem_fields(problem) for problem in result.problems],
        "sample_values": dict(result.assumed),
        "unchecked_parameters": result.unchecked,
    }

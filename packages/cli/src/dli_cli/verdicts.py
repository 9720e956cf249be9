"""`validate`: every problem of a resource, or of all of them, in one pass."""

from collections.abc import Iterator, Sequence

from dli_cli.compose import Dli, compose
from dli_cli.errors import problem_fields, problem_lines
from dli_cli.exit_codes import ExitCode
from dli_cli.options import Checking
from dli_cli.output import Screen
from dli_cli.text import safe_line
from dli_cli.values import parse_parameters
from dli_domain.errors import ErrorCode, SpecNotFoundError
from dli_domain.model.problems import Problem, Severity
from dli_domain.model.spec import ResourceKind
from dli_domain.usecases.validate_resource import ValidationResult


def validate(
    kind: ResourceKind, name: str | None, options: Checking, screen: Screen, *, strict: bool
) -> int:
    """Check one resource or all of a kind; 1 where anything is wrong.

    Raises:
        SpecNotFoundError: there is nothing to check: that is no good verdict.
    """
    parameters = parse_parameters(options.param)
    dli = compose(screen, project=options.project, local__engine=options.engine)
    check = dli.validator()
    others: tuple[Problem, ...] = ()
    if name is not None:
        given = dli.parameters(name, kind, parameters)
        results: Sequence[ValidationResult] = [check(name, kind, parameters=given, strict=strict)]
    else:
        found = dli.specs.list(kind)
        others = found.problems
        results = [check.of(spec, strict=strict) for spec in found.specs if spec.kind is kind]
        if not results and not others:
            raise _nothing(kind, dli)
    bad = any(not result.valid for result in results) or any(_counts(p, strict) for p in others)
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
        for line in _lines(kind, results, others, screen):
            screen.print(line)
    return code


def _counts(problem: Problem, strict: bool) -> bool:
    return strict or problem.severity is Severity.ERROR


def _nothing(kind: ResourceKind, dli: Dli) -> SpecNotFoundError:
    is_dataset = kind is ResourceKind.DATASET
    return SpecNotFoundError(
        f"There is no {kind.value} to validate",
        code=ErrorCode.DATASET_NOT_FOUND if is_dataset else ErrorCode.METRIC_NOT_FOUND,
        context={"Project": dli.settings.project.root or "(none)"},
        hint="Check discovery.datasets_dir and discovery.metrics_dir in dli.yaml.",
    )


def _lines(
    kind: ResourceKind,
    results: Sequence[ValidationResult],
    others: Sequence[Problem],
    screen: Screen,
) -> Iterator[str]:
    style = screen.out.style
    for result in results:
        mark = style("✓", "green") if result.valid else style("✗", "red")
        yield f"{mark} {safe_line(result.name)}"
        for problem in (*result.errors, *result.warnings):
            yield from problem_lines(problem, screen.root)
        if result.unchecked:
            names = ", ".join(result.unchecked)
            yield f"  SQL not rendered: no value for {names}; give one with -p {result.unchecked[0]}=…"
        if result.assumed:
            yield f"  Sample values stood in for: {', '.join(result.assumed)}"
    if others:
        yield f"{style('✗', 'red')} files that could not be read as {kind.value}s"
        for problem in others:
            yield from problem_lines(problem, screen.root)
    valid = sum(result.valid for result in results)
    count = sum(len(result.errors) for result in results)
    count += sum(problem.severity is Severity.ERROR for problem in others)
    yield f"{valid:,} valid, {count:,} error{'' if count == 1 else 's'}"


def _fields(result: ValidationResult) -> dict[str, object]:
    return {
        "name": result.name,
        "valid": result.valid,
        "problems": [problem_fields(problem) for problem in (*result.errors, *result.warnings)],
        "sample_values": dict(result.assumed),
        "unchecked_parameters": result.unchecked,
    }

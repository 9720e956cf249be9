"""What quality files say, as a table and one by one."""

from collections.abc import Iterator, Sequence

from dli_cli.compose import compose
from dli_cli.errors import location_fields, place, problem_fields, problem_lines
from dli_cli.exit_codes import ExitCode
from dli_cli.listing import table_lines
from dli_cli.options import Reading
from dli_cli.output import Screen
from dli_cli.text import safe_line
from dli_domain.model.problems import Severity
from dli_domain.model.quality import QualitySpec, QualityTest
from dli_domain.model.spec import ResourceKind
from dli_domain.quality.judging import span


def show_list(kind: str | None, target: str | None, options: Reading, screen: Screen) -> int:
    """Every test, one row each, and every broken file; not 0 where one is broken."""
    dli = compose(screen, project=options.project, execution__source=options.source)
    found = dli.qualities().list()
    wanted = None if kind is None else ResourceKind(kind)
    specs = [
        spec
        for spec in found.specs
        if wanted in (None, spec.target.kind) and target in (None, str(spec.target.name))
    ]
    broken = any(problem.severity is Severity.ERROR for problem in found.problems)
    code = ExitCode.INVALID if broken else ExitCode.OK
    if options.json:
        screen.envelope(
            status="failure" if broken else "success",
            items=[{**_about(spec), **_fields(test)} for spec in specs for test in spec.tests],
            problems=[problem_fields(problem) for problem in found.problems],
            **({"exit_code": int(code)} if broken else {}),
        )
    else:
        for line in _table(specs, screen.width):
            screen.print(line)
    for problem in found.problems:
        for line in problem_lines(problem, screen.root):
            screen.warn(line)
    return code


def show_one(reference: str, options: Reading, screen: Screen) -> None:
    """All that the files of a resource say."""
    dli = compose(screen, project=options.project, execution__source=options.source)
    found = dli.qualities().find(reference)
    if options.json:
        screen.envelope(
            name=reference,
            items=[_whole(spec) for spec in found.specs],
            problems=[problem_fields(problem) for problem in found.problems],
        )
        return
    for spec in found.specs:
        for line in _details(spec, screen):
            screen.print(line)


def tested(test: QualityTest) -> str:
    """What a test demands, on one line."""
    parts = [", ".join(test.columns)]
    parts += [
        f"{name} {value}"
        for name, value in (("min", test.min), ("max", test.max))
        if value is not None
    ]
    if test.values:
        parts.append("in " + ", ".join(str(value) for value in test.values))
    if test.to:
        parts.append(f"in {test.to}.{test.to_column}")
    parts += [
        source.text.strip()
        for source in (test.values_query, test.expression, test.sql)
        if source is not None
    ]
    if test.max_age is not None:
        parts.append(f"at most {span(test.max_age)} old")
    if test.pattern is not None:
        parts.append(test.pattern)
    if test.where is not None:
        parts.append(f"where {test.where.text.strip()}")
    if test.max_failures is not None:
        parts.append(f"at most {test.max_failures:,} failures")
    if test.max_failure_rate is not None:
        parts.append(f"at most {test.max_failure_rate} of the rows")
    return " · ".join(part for part in parts if part)


def _table(specs: Sequence[QualitySpec], width: int | None) -> Iterator[str]:
    rows = [
        (
            test.name,
            spec.target.urn,
            test.type.value,
            test.severity.value,
            "yes" if test.enabled else "no",
            test.description,
        )
        for spec in specs
        for test in spec.tests
    ]
    if not rows:
        yield "No quality tests."
        return
    yield from table_lines(
        ("name", "target", "type", "severity", "enabled", "description"), rows, width
    )
    yield f"{len(rows):,} test{'' if len(rows) == 1 else 's'} in {len(specs):,} file{'' if len(specs) == 1 else 's'}"


def _details(spec: QualitySpec, screen: Screen) -> Iterator[str]:
    told = ", ".join(f"{one.channel} {', '.join(one.recipients)}" for one in spec.notifications)
    facts = (
        ("Quality", spec.target.urn),
        ("Description", spec.description),
        ("Owner", spec.owner),
        ("Team", spec.team),
        ("Tags", ", ".join(spec.tags)),
        ("Dialect", spec.dialect),
        ("Schedule", f"{spec.schedule.cron} {spec.schedule.timezone}" if spec.schedule else ""),
        ("Notifies (sent by a server only)", told),
        ("Parameters", ", ".join(parameter.name for parameter in spec.parameters)),
        ("File", place(spec.location, screen.root)),
    )
    yield from (f"{name}: {safe_line(value)}" for name, value in facts if value)
    yield ""
    rows = [
        (
            test.name,
            test.type.value,
            test.severity.value if test.enabled else "off",
            tested(test),
            test.description,
        )
        for test in spec.tests
    ]
    if rows:
        names = ("name", "type", "severity", "what", "description")
        yield from table_lines(names, rows, screen.width)
        yield ""


def _about(spec: QualitySpec) -> dict[str, object]:
    return {
        "target_urn": spec.target.urn,
        "target_type": spec.target.kind.value,
        "target_name": str(spec.target.name),
        "schedule": spec.schedule.cron if spec.schedule else None,
        "file": spec.location.path,
    }


def _fields(test: QualityTest) -> dict[str, object]:
    return {
        "name": test.name,
        "test_type": test.type.value,
        "status": "enabled" if test.enabled else "disabled",
        "severity": test.severity.value,
        "description": test.description,
        "columns": test.columns,
        "what": tested(test),
        "location": location_fields(test.location),
    }


def _whole(spec: QualitySpec) -> dict[str, object]:
    return {
        **_about(spec),
        "owner": spec.owner,
        "team": spec.team,
        "description": spec.description,
        "tags": spec.tags,
        "dialect": spec.dialect,
        "timezone": spec.schedule.timezone if spec.schedule else None,
        "notifications": [
            {
                "channel": one.channel,
                "recipients": one.recipients,
                "on_failure": one.on_failure,
                "on_success": one.on_success,
            }
            for one in spec.notifications
        ],
        "parameters": [parameter.name for parameter in spec.parameters],
        "tests": [_fields(test) for test in spec.tests],
    }

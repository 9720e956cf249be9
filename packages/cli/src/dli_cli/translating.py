"""`transpile` behind its options: what is read, and how the translation is shown."""

import sys
from collections.abc import Iterator
from pathlib import Path

from dli_cli.commands.transpile import Transpiling
from dli_cli.compose import Dli, compose
from dli_cli.errors import location_fields, place, problem_lines
from dli_cli.output import Screen
from dli_cli.text import safe_line
from dli_cli.usage import UsageError
from dli_cli.values import parse_day, parse_parameters
from dli_domain.model.problems import Location, Problem
from dli_domain.model.spec import ResourceSpec, SqlSource
from dli_domain.model.transpile import AppliedRule, Transpiled

_LARGEST = 16 << 20
_STDIN = "-"


def transpile(what: str, options: Transpiling, screen: Screen) -> None:
    """Print the translation; the whole of it or nothing.

    Raises:
        UsageError: the file cannot be read, or --from says another dialect than the spec.
        DliError: as `TranspileSql`.
    """
    given, ds = parse_parameters(options.param), parse_day(options.ds)
    if what == _STDIN or _is_file(what):
        source = SqlSource(text=_text(what), origin=Location("stdin" if what == _STDIN else what))
        dli = compose(screen, project=options.project, needs_project=False)
        settings = dli.settings
        dialect = options.from_ or settings.project.default_dialect
        done = dli.transpiler().text(
            source, dialect, options.to, names=given, ds=ds, strict=options.strict
        )
    else:
        dli = compose(screen, project=options.project)
        spec = dli.specs.get(what)
        _agree(spec, dli, options)
        done = dli.transpiler().resource(
            what,
            spec.kind,
            options.to,
            parameters=dli.parameters(what, spec.kind, given),
            ds=ds,
            strict=options.strict,
        )
    _show(done, what, options, screen)


def _agree(spec: ResourceSpec, dli: Dli, options: Transpiling) -> None:
    own = spec.execution.dialect or dli.settings.project.default_dialect
    if options.from_ not in (None, own):
        raise UsageError(f"{spec.name} is written in {own}, not in {options.from_}.")


def _is_file(what: str) -> bool:
    return what.lower().endswith(".sql") or "/" in what


def _text(what: str) -> str:
    try:
        if what == _STDIN:
            data = sys.stdin.buffer.read(_LARGEST + 1)
        else:
            with Path(what).open("rb") as file:
                data = file.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"Cannot read {what!r}: {error.strerror}.") from error
    if len(data) > _LARGEST:
        raise UsageError(f"{what!r} is larger than 16 MiB.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{what!r} is no UTF-8 text: {error.reason}.") from error


def _show(done: Transpiled, what: str, options: Transpiling, screen: Screen) -> None:
    for problem in done.warnings:
        first, *rest = problem_lines(problem, screen.root)
        screen.warn("\n".join((f"Warning: {first.strip()}", *rest)))
    if screen.json:
        screen.envelope(**_fields(done, what))
        return
    for line in _rule_lines(done.applied_rules, screen) if options.show_rules else ():
        screen.note(line)
    screen.print(done.sql)


def _rule_lines(applied: tuple[AppliedRule, ...], screen: Screen) -> Iterator[str]:
    if not applied:
        yield "No rule applied."
    for one in applied:
        where = ", ".join(place(location, screen.root) for location in one.places)
        named = f"[{one.rule.id}] " if one.rule.id else ""
        yield f"Rule: {safe_line(f'{named}{one.rule.source} → {one.rule.target}')}  ({where})"


def _fields(done: Transpiled, what: str) -> dict[str, object]:
    return {
        "name": what,
        "source_dialect": done.source_dialect,
        "target_dialect": done.target_dialect,
        "original_sql": done.original_sql,
        "transpiled_sql": done.sql,
        "statements": [
            {"name": text.name, "original_sql": text.original, "transpiled_sql": text.text}
            for text in done.texts
        ],
        "applied_rules": [_rule_fields(one) for one in done.applied_rules],
        "warnings": [_warning_fields(problem) for problem in done.warnings],
    }


def _rule_fields(one: AppliedRule) -> dict[str, object]:
    return {
        "id": one.rule.id,
        "source": one.rule.source,
        "target": one.rule.target,
        "description": one.rule.description,
        "places": [location_fields(location) for location in one.places],
    }


def _warning_fields(problem: Problem) -> dict[str, object]:
    location = problem.location
    return {
        "message": problem.message,
        "path": location.path if location else None,
        "line": location.line if location else None,
        "column": location.column if location else None,
        "fix": problem.fix,
    }

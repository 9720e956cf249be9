"""What specs say, as a table and one by one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dli_cli.compose import compose
from dli_cli.errors import place, problem_fields, problem_lines
from dli_cli.exit_codes import ExitCode
from dli_cli.grid import lay_out
from dli_cli.options import Reading
from dli_cli.output import Screen
from dli_cli.text import safe, safe_line
from dli_domain.model.problems import Problem, Severity
from dli_domain.model.result import Cell
from dli_domain.model.spec import ParameterSpec, ResourceKind, ResourceSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which specs a list is about."""

    tags: tuple[str, ...] = ()
    owner: str | None = None
    search: str | None = None

    def __call__(self, spec: ResourceSpec) -> bool:
        """Whether the spec has all that is asked for."""
        if not set(self.tags) <= set(spec.tags):
            return False
        if self.owner is not None and self.owner.casefold() != spec.owner.casefold():
            return False
        if self.search is None:
            return True
        words = (str(spec.name), spec.description, spec.owner, spec.team, *spec.tags)
        return any(self.search.casefold() in word.casefold() for word in words)


def show_list(kind: ResourceKind, wanted: Filter, options: Reading, screen: Screen) -> int:
    """The specs of a kind, and every broken one; not 0 where one is broken."""
    dli = compose(screen, project=options.project, execution__source=options.source)
    found = dli.specs.list(kind)
    specs = [spec for spec in found.specs if spec.kind is kind and wanted(spec)]
    broken = any(problem.severity is Severity.ERROR for problem in found.problems)
    code = ExitCode.INVALID if broken else ExitCode.OK
    if options.json:
        screen.envelope(
            status="failure" if broken else "success",
            items=[_row_fields(spec) for spec in specs],
            problems=[problem_fields(problem) for problem in found.problems],
            **({"exit_code": int(code)} if broken else {}),
        )
    else:
        everything = len(found.specs) + len(found.problems)
        for line in _table(kind, specs, screen.width, everything=everything):
            screen.print(line)
    _report(kind, found.problems, screen)
    return code


def show_one(kind: ResourceKind, name: str, options: Reading, screen: Screen) -> None:
    """All that one spec says."""
    dli = compose(screen, project=options.project, execution__source=options.source)
    spec = dli.specs.get(name, kind)
    if options.json:
        screen.envelope(**_spec_fields(spec))
        return
    for line in _details(spec, screen):
        screen.print(line)


def table_lines(
    names: Sequence[str], rows: Sequence[Sequence[Cell]], width: int | None
) -> Iterator[str]:
    """A table without a frame."""
    grid = lay_out(names, rows, width, whole=("name",))
    yield "  ".join(grid.header).rstrip()
    yield "  ".join("─" * one for one in grid.widths)
    yield from (line.rstrip() for line in grid.lines("  "))
    if grid.hidden:
        yield f"… not shown: {', '.join(grid.hidden)}"


def _table(
    kind: ResourceKind, specs: Sequence[ResourceSpec], width: int | None, *, everything: int
) -> Iterator[str]:
    if not specs:
        yield f"No {kind.value}s." if not everything else f"No readable {kind.value} fits."
        return
    rows = [(str(s.name), s.owner, s.team, ", ".join(s.tags), s.description.strip()) for s in specs]
    yield from table_lines(("name", "owner", "team", "tags", "description"), rows, width)
    yield f"{len(specs):,} {kind.value}{'' if len(specs) == 1 else 's'}"


def _report(kind: ResourceKind, problems: Sequence[Problem], screen: Screen) -> None:
    if not problems:
        return
    screen.warn("")
    screen.warn(f"{len(problems):,} problem{'' if len(problems) == 1 else 's'} in specs:")
    for problem in problems:
        for line in problem_lines(problem, screen.root):
            screen.warn(line)
    screen.warn(f"  Run 'dli {kind.value} validate' to check everything.")


def _row_fields(spec: ResourceSpec) -> dict[str, object]:
    return {
        "name": str(spec.name),
        "type": spec.kind.value.capitalize(),
        "owner": spec.owner,
        "team": spec.team,
        "description": spec.description,
        "tags": spec.tags,
    }


def _spec_fields(spec: ResourceSpec) -> dict[str, object]:
    return {
        **_row_fields(spec),
        "domains": spec.domains,
        "query_type": spec.query_type.value,
        "dialect": spec.execution.dialect,
        "timeout_seconds": spec.execution.timeout_seconds,
        "parameters": [_parameter_fields(p) for p in spec.parameters],
        "depends_on": spec.depends_on,
        # Not "schema": that names the version of the whole object.
        "columns": [
            {"name": c.name, "type": c.type, "description": c.description} for c in spec.columns
        ],
        "measures": [
            {"name": m.name, "aggregation": m.aggregation, "expression": m.expression}
            for m in spec.measures
        ],
        "dimensions": [
            {"name": d.name, "type": d.type, "expression": d.expression} for d in spec.dimensions
        ],
        "versions": [
            {"version": v.version, "started_at": v.started_at, "ended_at": v.ended_at}
            for v in spec.versions
        ],
        "sql": spec.sql.text,
        "pre_statements": [{"name": s.name, "sql": s.sql.text} for s in spec.pre_statements],
        "post_statements": [{"name": s.name, "sql": s.sql.text} for s in spec.post_statements],
        "file": spec.location.path,
    }


def _parameter_fields(parameter: ParameterSpec) -> dict[str, object]:
    return {
        "name": parameter.name,
        "type": _type(parameter),
        "required": _must_be_given(parameter),
        "default": parameter.default,
        "description": parameter.description,
    }


def _must_be_given(parameter: ParameterSpec) -> bool:
    """A default stands in for a value, also where the spec leaves `required` at true."""
    return parameter.required and not parameter.has_default


def _type(parameter: ParameterSpec) -> str:
    if parameter.type.value == "list":
        return f"list of {parameter.items.value}"
    return parameter.type.value


def _details(spec: ResourceSpec, screen: Screen) -> Iterator[str]:
    width = screen.width
    facts = (
        (spec.kind.value.capitalize(), str(spec.name)),
        ("Description", spec.description.strip()),
        ("Owner", spec.owner),
        ("Team", spec.team),
        ("Tags", ", ".join(spec.tags)),
        ("Domains", ", ".join(spec.domains)),
        ("Query type", spec.query_type.value),
        ("Dialect", spec.execution.dialect or ""),
        ("Depends on", ", ".join(spec.depends_on)),
        ("Pre statements", ", ".join(s.name for s in spec.pre_statements)),
        ("Post statements", ", ".join(s.name for s in spec.post_statements)),
        ("File", place(spec.location, screen.root)),
    )
    yield from (f"{name}: {safe_line(value)}" for name, value in facts if value)
    yield from _section(
        "Parameters",
        ("name", "type", "required", "default", "description"),
        [
            (p.name, _type(p), "yes" if _must_be_given(p) else "no", _default(p), p.description)
            for p in spec.parameters
        ],
        width,
    )
    yield from _section(
        "Schema",
        ("name", "type", "description"),
        [(c.name, c.type, c.description) for c in spec.columns],
        width,
    )
    yield from _section(
        "Measures",
        ("name", "aggregation", "expression", "description"),
        [(m.name, m.aggregation, m.expression, m.description) for m in spec.measures],
        width,
    )
    yield from _section(
        "Dimensions",
        ("name", "type", "expression", "description"),
        [(d.name, d.type, d.expression, d.description) for d in spec.dimensions],
        width,
    )
    yield ""
    yield f"SQL ({place(spec.sql.origin, screen.root)}):"
    yield from (f"  {line}" for line in safe(spec.sql.text.rstrip()).split("\n"))


def _default(parameter: ParameterSpec) -> str:
    if not parameter.has_default:
        return ""
    if isinstance(parameter.default, tuple):
        return ", ".join(parameter.default)
    return "null" if parameter.default is None else parameter.default


def _section(
    title: str, names: Sequence[str], rows: Sequence[Sequence[Cell]], width: int | None
) -> Iterator[str]:
    if rows:
        inside = None if width is None else width - 2
        yield ""
        yield f"{title}:"
        yield from (f"  {line}" for line in table_lines(names, rows, inside))

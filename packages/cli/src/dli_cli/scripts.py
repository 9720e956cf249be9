"""Rendered SQL as a script that other tools take, and as fields."""

from collections.abc import Iterator

from dli_cli.compose import compose
from dli_cli.errors import location_fields
from dli_cli.options import Rendering
from dli_cli.output import Screen
from dli_cli.text import safe_line
from dli_cli.values import parse_day, parse_parameters
from dli_domain.model.spec import ResourceKind
from dli_domain.rendering.rendered import RenderedSql, source_location
from dli_domain.usecases.render_resource import RenderedResource, RenderedStatement


def render(kind: ResourceKind, name: str, options: Rendering, screen: Screen) -> None:
    """Print the SQL of a resource; nothing is opened."""
    parameters, ds = parse_parameters(options.param), parse_day(options.ds)
    dli = compose(
        screen,
        project=options.project,
        local__engine=options.engine,
        execution__source=options.source,
    )
    given = dli.parameters(name, kind, parameters)
    rendered = dli.renderer()(name, kind, parameters=given, ds=ds)
    show_script(rendered, screen, as_json=options.json)


def show_script(rendered: RenderedResource, screen: Screen, *, as_json: bool) -> None:
    """The statements in the order they would run."""
    for warning in rendered.warnings:
        screen.warn(f"Warning: {safe_line(warning)}")
    if as_json:
        screen.envelope(**script_fields(rendered))
        return
    screen.print("\n".join(script_lines(rendered)))


def script_lines(rendered: RenderedResource) -> Iterator[str]:
    """One statement as it is; several with their names, each ended by a semicolon."""
    statements = rendered.statements
    for statement in statements:
        text = statement.sql.text.strip()
        if len(statements) == 1:
            yield text
            return
        yield f"-- {statement.phase.value} · {safe_line(statement.name)}"
        yield text
        # On a line of its own, where no comment at the end of the SQL can hide it.
        yield ";"


def script_fields(rendered: RenderedResource) -> dict[str, object]:
    """The same for `--json`, with the map from the SQL back to the templates."""
    return {
        "name": str(rendered.spec.name),
        "type": rendered.spec.kind.value.capitalize(),
        "dialect": rendered.dialect,
        "engine": rendered.engine,
        "parameters": dict(rendered.parameters),
        "statements": [_statement_fields(statement) for statement in rendered.statements],
        "warnings": rendered.warnings,
    }


def _statement_fields(statement: RenderedStatement) -> dict[str, object]:
    return {
        "phase": statement.phase.value,
        "name": statement.name,
        "sql": statement.sql.text,
        "source": location_fields(statement.sql.source.origin),
        "source_map": _source_map(statement.sql),
    }


def _source_map(sql: RenderedSql) -> list[dict[str, object]]:
    """Where each run of the SQL (from the 0-based offset `start`) was written."""
    return [
        {
            "start": segment.start,
            "literal": segment.literal,
            **(location_fields(source_location(sql.source, segment.source)) or {}),
        }
        for segment in sql.segments
    ]

"""`quality suggest`: a quality file proposed from data, as YAML to review."""

import json
from collections.abc import Iterator

from dli_cli.commands.quality import Suggesting
from dli_cli.compose import compose
from dli_cli.output import Screen
from dli_cli.panel import ENGINE_NAMES
from dli_cli.quality.running import mode_of
from dli_domain.model.quality import QualityTest
from dli_domain.usecases.suggest_quality import Suggestion


def suggest(table: str, options: Suggesting, screen: Screen) -> None:
    """Look at the table and print what it passes now.

    Raises:
        DliError: the table is not there or empty, or the engine is not there.
    """
    dli = compose(
        screen,
        project=options.project,
        local__engine=options.engine,
        execution__default_mode=mode_of(local=options.local, server=options.server),
        execution__timeout=options.timeout,
    )
    found = dli.quality_suggester()(
        table, timeout=dli.settings.timeout, max_bytes=dli.settings.max_bytes
    )
    text = "\n".join(yaml_lines(found))
    if options.json:
        screen.envelope(
            name=str(found.target.name),
            rows=found.rows,
            engine=found.engine,
            statement_count=len(found.statements),
            tests=[dict(_fields(test)) for test in found.tests],
            yaml=f"{text}\n",
        )
        return
    screen.print(text)


def yaml_lines(found: Suggestion) -> Iterator[str]:
    """The file, line by line."""
    engine = ENGINE_NAMES.get(found.engine, found.engine)
    yield f"# Proposed from {found.rows:,} rows on {engine}. Review it: data says what is, not what must be."
    yield "version: 1"
    yield f"target: {{type: {found.target.kind.value}, name: {_text(str(found.target.name))}}}"
    yield "metadata: {owner: you@example.com}"
    yield "tests:"
    for test in found.tests:
        yield f"  - {{{', '.join(f'{key}: {_spelled(value)}' for key, value in _fields(test))}}}"


def _fields(test: QualityTest) -> Iterator[tuple[str, object]]:
    yield "name", test.name
    yield "type", test.type.value
    if test.columns and test.type.value in ("not_null", "unique"):
        yield "columns", list(test.columns)
    elif test.columns:
        yield "column", test.column
    if test.values:
        yield "values", list(test.values)
    if test.min is not None:
        yield "min", test.min
    if test.max is not None:
        yield "max", test.max


def _spelled(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_spelled(one) for one in value)}]"
    return _text(value) if isinstance(value, str) else _scalar(value)


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _text(value: str) -> str:
    """The text bare where YAML reads it so, else in double quotes."""
    plain = value.replace("_", "a").replace(".", "a")
    if plain.isascii() and plain.isalnum() and plain[0].isalpha() and value.lower() not in _WORDS:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in quoted)


_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})

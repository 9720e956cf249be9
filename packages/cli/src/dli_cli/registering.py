"""`register`: a spec of the project, checked and kept at the server."""

from dli_cli.compose import compose
from dli_cli.options import Common
from dli_cli.output import Screen
from dli_cli.text import safe_line
from dli_domain.model.run import DataSource, ExecutionMode
from dli_domain.ports.spec_registry import BundleKind


def register(kind: str, name: str, options: Common, screen: Screen, *, force: bool) -> None:
    """Register it and say what became of it.

    Raises:
        DliError: it is broken, there already in another version, or the server refused it.
    """
    dli = compose(
        screen,
        project=options.project,
        execution__source=DataSource.LOCAL.value,
        execution__default_mode=ExecutionMode.SERVER.value,
    )
    done = dli.registrar()(name, BundleKind(kind), force=force)
    for warning in done.warnings:
        screen.warn(f"Warning: {safe_line(warning)}")
    if options.json:
        screen.envelope(
            name=done.name,
            type=kind.capitalize(),
            version=done.version,
            unchanged=done.unchanged,
            warnings=done.warnings,
        )
        return
    said = "was registered before, unchanged" if done.unchanged else "is registered"
    screen.print(f"{screen.out.style('✓', 'green')} {kind.capitalize()} {done.name} {said}")
    screen.print(f"  Version: {done.version[:12]}")

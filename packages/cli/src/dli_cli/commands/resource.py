"""`dli dataset` and `dli metric`: one definition, built for each kind.

Each command imports what it does when it is called: a list needs no template engine, and a
page of help needs neither.
"""

from functools import partial
from typing import Annotated, TypeAlias

from cyclopts import App, Parameter

from dli_cli.options import Checking, Common, OnScreen, Reading, Rendering, Running, flag
from dli_cli.usage import UsageError
from dli_domain.model.spec import ResourceKind

Tags: TypeAlias = Annotated[
    tuple[str, ...], Parameter(name=("--tag", "-t"), negative="", show_default=False)
]
_COMMON, _READING, _CHECKING, _RENDERING, _RUNNING = (
    Common(),
    Reading(),
    Checking(),
    Rendering(),
    Running(),
)


def build(kind: ResourceKind) -> App:
    """The commands of one kind of resource."""
    app = App(name=kind.value, help=f"List, check, render and run {kind.value}s.", version_flags=[])
    for name, body, help_text in (
        ("list", list_, f"List the project's {kind.value}s."),
        ("get", get, f"Show all that a {kind.value}'s spec says."),
        ("run", run, f"Run a {kind.value} and show or save its whole result."),
        ("validate", validate, f"Check {kind.value}s and report every problem; runs nothing."),
        ("render", render, f"Print the SQL of a {kind.value}, ready to be sent; runs nothing."),
        ("register", register, f"Register a {kind.value} at the server, whole with its SQL files."),
    ):
        app.command(partial(body, kind), name=name, help=help_text, version_flags=[])
    return app


def list_(
    kind: ResourceKind,
    /,
    *,
    tag: Tags = (),
    owner: str | None = None,
    search: str | None = None,
    options: Reading = _READING,
    screen: OnScreen,
) -> int:
    """List the resources of a kind.

    Args:
        kind: Which.
        tag: Only those with this tag; repeat it to ask for several.
        owner: Only those of this owner.
        search: Only those with this text in name, description, owner, team or tags.
        options: Where the project is, and the form of the output.
        screen: Where it goes.
    """
    from dli_cli.listing import Filter, show_list  # noqa: PLC0415 - see the top

    wanted = Filter(tags=tag, owner=owner, search=search)
    return show_list(kind, wanted, options, screen)


def get(kind: ResourceKind, name: str, /, *, options: Reading = _READING, screen: OnScreen) -> None:
    """Show one resource.

    Args:
        kind: Which.
        name: Its whole name, such as catalog.schema.name.
        options: Where the project is, and the form of the output.
        screen: Where it goes.
    """
    from dli_cli.listing import show_one  # noqa: PLC0415 - see the top

    show_one(kind, name, options, screen)


def run(kind: ResourceKind, name: str, /, *, options: Running = _RUNNING, screen: OnScreen) -> None:
    """Run one resource.

    Args:
        kind: Which.
        name: Its whole name, such as catalog.schema.name.
        options: What to run, where, how far, and where the rows go.
        screen: Where it goes.
    """
    from dli_cli import running  # noqa: PLC0415 - see the top

    screen.quiet = options.quiet
    running.run(kind, name, options, screen)


def validate(
    kind: ResourceKind,
    name: str | None = None,
    /,
    *,
    all: Annotated[bool, Parameter(negative="", show_default=False)] = False,  # noqa: A002 - the option's name
    strict: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    options: Checking = _CHECKING,
    screen: OnScreen,
) -> int:
    """Check specs, templates and SQL.

    Args:
        kind: Which.
        name: One resource; without it all of them are checked.
        all: Check all of them, which is the default without a name.
        strict: Let warnings count as errors.
        options: The project, parameters, and the form of the output.
        screen: Where it goes.
    """
    if name is not None and all:
        raise UsageError("Give a name or --all, not both.")
    if name is None and options.param:
        raise UsageError("--param needs the name of one resource.")
    from dli_cli import verdicts  # noqa: PLC0415 - see the top

    return verdicts.validate(kind, name, options, screen, strict=strict)


def render(
    kind: ResourceKind, name: str, /, *, options: Rendering = _RENDERING, screen: OnScreen
) -> None:
    """Print the SQL of one resource.

    Args:
        kind: Which.
        name: Its whole name, such as catalog.schema.name.
        options: Parameters, engine, and the form of the output.
        screen: Where it goes.
    """
    from dli_cli import scripts  # noqa: PLC0415 - see the top

    scripts.render(kind, name, options, screen)


def register(
    kind: ResourceKind,
    name: str,
    /,
    *,
    force: Annotated[bool, flag("Replace another version.")] = False,
    options: Common = _COMMON,
    screen: OnScreen,
) -> None:
    """Check a spec and register it at the server.

    Args:
        kind: Which.
        name: Its whole name, such as catalog.schema.name.
        force: Replace another version.
        options: Where the project is, and the form of the output.
        screen: Where it goes.
    """
    from dli_cli import registering  # noqa: PLC0415 - see the top

    registering.register(kind.value, name, options, screen, force=force)


dataset = build(ResourceKind.DATASET)
metric = build(ResourceKind.METRIC)

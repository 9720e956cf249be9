"""`dli quality`: run, list, get, validate and suggest tests of data."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from cyclopts import App, Parameter

from dli_cli.options import (
    RESULT,
    WHAT,
    WHERE,
    Checking,
    Common,
    Engine,
    OnScreen,
    Reading,
    Rendering,
    Timeout,
    flag,
    whole,
)
from dli_cli.usage import UsageError

ReportFormat: TypeAlias = Literal["table", "json", "junit", "sarif", "github"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class QualityRunning(Rendering):
    """Which tests run, where, how far, and what the report looks like."""

    test: Annotated[
        list[str] | None,
        Parameter(
            name=("--test", "-t"),
            negative="",
            group=WHAT,
            help="Run only the test of this name; repeat it for more.",
        ),
    ] = None
    fail_fast: Annotated[bool, flag("Stop at the first test that is not passed.", WHAT)] = False
    local: Annotated[bool | None, flag("Run it on the engine directly.", WHERE)] = None
    server: Annotated[bool | None, flag("Run it through the server.", WHERE)] = None
    timeout: Timeout = None
    samples: Annotated[
        int,
        Parameter(
            group=RESULT,
            converter=whole(0, 1000),
            help="How many failing rows to show for each test; 0 shows none.",
        ),
    ] = 5
    allow_empty: Annotated[
        bool, flag("Let a test count as passed that had no row to test.", WHAT)
    ] = False
    output: Annotated[
        str | None,
        Parameter(
            name=("--output", "-o"),
            group=RESULT,
            allow_leading_hyphen=True,
            help="Write the report to this file; - is stdout.",
        ),
    ] = None
    format: Annotated[
        ReportFormat | None,
        Parameter(
            group=RESULT,
            help="How the report is written: table, json, junit, sarif or github.",
        ),
    ] = None
    show_sql: Annotated[bool, flag("Show each statement that was sent.", RESULT)] = False


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Suggesting(Common):
    """Where the table is."""

    engine: Annotated[Engine, Parameter(group=WHERE)] = None
    local: Annotated[bool | None, flag("Look on the engine directly.", WHERE)] = None
    server: Annotated[bool | None, flag("Look through the server.", WHERE)] = None
    timeout: Timeout = None


app = App(
    name="quality",
    help="Test data and report verdicts with evidence.\n\nExample: dli quality run lake.mart.orders",
    version_flags=[],
)


@app.command(version_flags=[])
def run(
    resource: str,
    /,
    *,
    options: QualityRunning = QualityRunning(),
    screen: OnScreen,
) -> int:
    """Run the quality tests of a resource on its data.

    Exit code 0 only if every enabled test passed or only warned. Example:
    dli quality run lake.mart.orders --test order_id_unique --format junit -o report.xml

    Args:
        resource: The name of the dataset or metric that is tested, or a quality file's path.
        options: Which tests, where, and the form of the report.
        screen: Where it goes.
    """
    from dli_cli.quality import running  # noqa: PLC0415 - an engine and a template engine come with it

    return running.run(resource, options, screen)


@app.command(name="list", version_flags=[])
def list_(
    *,
    target_type: Literal["dataset", "metric"] | None = None,
    target: str | None = None,
    options: Reading = Reading(),  # noqa: B008 - frozen
    screen: OnScreen,
) -> int:
    """List the project's quality tests, one row each.

    Example: dli quality list --target lake.mart.orders

    Args:
        target_type: Only tests of datasets, or of metrics.
        target: Only tests of this resource.
        options: Where the project is, and the form of the output.
        screen: Where it goes.
    """
    from dli_cli.quality import listing  # noqa: PLC0415 - as above

    return listing.show_list(target_type, target, options, screen)


@app.command(version_flags=[])
def get(
    resource: str,
    /,
    *,
    options: Reading = Reading(),  # noqa: B008 - frozen
    screen: OnScreen,
) -> None:
    """Show all that the quality files of a resource say.

    Example: dli quality get lake.mart.orders

    Args:
        resource: The name of a dataset or metric, or a quality file's path.
        options: Where the project is, and the form of the output.
        screen: Where it goes.
    """
    from dli_cli.quality import listing  # noqa: PLC0415 - as above

    listing.show_one(resource, options, screen)


@app.command(version_flags=[])
def validate(
    resource: str | None = None,
    /,
    *,
    all: Annotated[bool, flag("Check all of them, the default without a name.")] = False,  # noqa: A002 - the option's name
    strict: Annotated[bool, flag("Let warnings count as errors.")] = False,
    test: Annotated[
        list[str] | None,
        Parameter(name=("--test", "-t"), negative="", help="Check only the test of this name."),
    ] = None,
    options: Checking = Checking(),  # noqa: B008 - frozen
    screen: OnScreen,
) -> int:
    """Check quality files, their templates and SQL; runs nothing.

    Example: dli quality validate --all --strict

    Args:
        resource: The name of a dataset or metric, or a quality file's path; without it all files.
        all: Check all of them.
        strict: Let warnings count as errors.
        test: Check only the test of this name; repeat it for more.
        options: The project, parameters, and the form of the output.
        screen: Where it goes.
    """
    if resource is not None and all:
        raise UsageError("Give a name or --all, not both.")
    if resource is None and (options.param or test):
        raise UsageError("--param and --test need the name of one resource.")
    from dli_cli.quality import checking  # noqa: PLC0415 - as above

    return checking.validate(resource, tuple(test or ()), options, screen, strict=strict)


@app.command(version_flags=[])
def register(
    resource: str,
    /,
    *,
    force: Annotated[bool, flag("Replace another version.")] = False,
    options: Common = Common(),  # noqa: B008 - frozen
    screen: OnScreen,
) -> None:
    """Check the quality files of a resource and register them at the server.

    Example: dli quality register lake.mart.orders

    Args:
        resource: The name of the dataset or metric that is tested, or a quality file's path.
        force: Replace another version.
        options: Where the project is, and the form of the output.
        screen: Where it goes.
    """
    from dli_cli import registering  # noqa: PLC0415 - as above

    registering.register("quality", resource, options, screen, force=force)


@app.command(version_flags=[])
def suggest(
    table: str,
    /,
    *,
    options: Suggesting = Suggesting(),
    screen: OnScreen,
) -> None:
    """Propose a quality file from the data of a table, as YAML to review.

    Example: dli quality suggest lake.mart.orders > quality.lake.mart.orders.yaml

    Args:
        table: The table's whole name, such as catalog.schema.name.
        options: Where the table is, and the form of the output.
        screen: Where it goes.
    """
    from dli_cli.quality import suggesting  # noqa: PLC0415 - as above

    suggesting.suggest(table, options, screen)

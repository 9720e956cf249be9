"""The server's workflows, as the settings name the server."""

from collections.abc import Iterator
from contextlib import contextmanager

from dli_adapters.server.workflows import open_workflows
from dli_cli.compose import compose
from dli_cli.output import Screen
from dli_cli.usage import UsageError
from dli_cli.workflows.options import AtServer
from dli_domain.model.run import ExecutionMode
from dli_domain.ports.clock import Clock
from dli_domain.ports.workflows import Workflows


@contextmanager
def opened(options: AtServer, screen: Screen) -> Iterator[tuple[Workflows, Clock]]:
    """The workflows, and the clock by which they are followed.

    Raises:
        UsageError: `--local` is given.
        ServerUnreachableError: no server is configured.
    """
    if options.local:
        raise UsageError(
            "Workflows run on Airflow, which only the server reaches: there is no --local. "
            "To build a dataset here, use 'dli dataset run'."
        )
    dli = compose(
        screen,
        project=options.project,
        needs_project=False,
        execution__default_mode=ExecutionMode.SERVER.value,
    )
    with open_workflows(dli.settings, dli.clock) as workflows:
        yield workflows, dli.clock

"""The wiring of commands that ask the server alone."""

from dli_cli.catalog.options import Asking
from dli_cli.compose import Dli, compose
from dli_cli.output import Screen
from dli_domain.model.run import ExecutionMode


def composed(options: Asking, screen: Screen) -> Dli:
    """The settings, with the server whatever mode they say; a project is not needed.

    Raises:
        ConfigError: a setting is wrong, or the server is not to be trusted with the token.
    """
    return compose(
        screen,
        project=options.path,
        needs_project=False,
        execution__default_mode=ExecutionMode.SERVER.value,
    )

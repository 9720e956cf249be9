"""Completion scripts, made from the commands themselves."""

from typing import Literal

from dli_cli.options import OnScreen


def completion(shell: Literal["bash", "zsh", "fish"], /, *, screen: OnScreen) -> None:
    """Print the completion script of a shell, for example: eval "$(dli completion bash)".

    Args:
        shell: Whose script.
        screen: Where it goes.
    """
    # The tree of commands registers this module; at the top it would be a circle.
    from dli_cli.app import build_app  # noqa: PLC0415

    screen.print(build_app().generate_completion(prog_name="dli", shell=shell).rstrip("\n"))

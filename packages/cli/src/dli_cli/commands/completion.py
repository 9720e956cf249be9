"""Completion scripts, made from the commands themselves."""

from typing import Literal

from dli_cli.options import Json, OnScreen


def completion(
    shell: Literal["bash", "zsh", "fish"], /, *, json: Json = False, screen: OnScreen
) -> None:
    """Print the completion script of a shell, for example: eval "$(dli completion bash)".

    Args:
        shell: Whose script.
        json: Put it into one JSON object.
        screen: Where it goes.
    """
    # The tree of commands registers this module; at the top it would be a circle.
    from dli_cli.app import build_app  # noqa: PLC0415

    script = build_app().generate_completion(prog_name="dli", shell=shell).rstrip("\n")
    if json:
        screen.envelope(shell=shell, script=script)
    else:
        screen.print(script)

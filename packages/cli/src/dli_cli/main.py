"""The entry point: the fast answers, then the rest; the process ends here."""

import os
import signal
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run `dli` with the arguments of this process and end it with the code it earned."""
    tokens = sys.argv[1:]
    sys.unraisablehook = _without_interrupts
    try:
        if tokens in (["--version"], ["-v"]) and _said_version():
            sys.exit(0)
        # Imported here, because `--version` must not pay for the whole command.
        from dli_cli.process import run_and_leave  # noqa: PLC0415

        run_and_leave(tokens, os.environ)
    except KeyboardInterrupt:
        # Ctrl-C while modules are imported, or while the process already ends: nothing runs.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
        sys.exit(130)


def _without_interrupts(unraisable: "sys.UnraisableHookArgs") -> None:
    """Say nothing of a Ctrl-C that fell into a place where Python can only print it."""
    if not isinstance(unraisable.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)


def _said_version() -> bool:
    from dli_cli import __version__  # noqa: PLC0415

    if sys.stdout is None:
        return False
    try:
        sys.stdout.write(f"{__version__}\n")
        sys.stdout.flush()
    except OSError:
        # The long way says what is wrong with stdout.
        return False
    return True


if __name__ == "__main__":
    main()

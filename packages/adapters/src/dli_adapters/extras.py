"""A driver that is not installed becomes an error that says how to install it."""

from collections.abc import Iterator
from contextlib import contextmanager

from dli_domain.errors import EngineNotInstalledError


@contextmanager
def needs(extra: str, *modules: str) -> Iterator[None]:
    """Turn the absence of one of `modules` into DLI-009 with the command to run.

    Raises:
        EngineNotInstalledError: a top-level package of `modules` is missing. An import that
            fails inside the driver passes through untouched.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        if missing not in {name.split(".")[0] for name in modules}:
            raise
        raise EngineNotInstalledError(
            f"The {extra} driver is not installed (no module {error.name!r})",
            hint=f"Run 'pip install \"dli-api[{extra}]\"' (or dli-cli[{extra}] for the command).",
        ) from error

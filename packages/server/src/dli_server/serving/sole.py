"""One server a folder: its journal and its audit log have one writer."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dli_domain.errors import ConfigError
from dli_server.storage.folder import make_state


@contextmanager
def sole_server(state: Path) -> Iterator[None]:
    """Hold the folder; the system lets go of it however the process ends.

    Raises:
        ConfigError: another server holds it, or it cannot be made.
    """
    make_state(state)
    descriptor = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                "Another server runs on the same folder",
                context={"Folder": str(state)},
                hint="Stop it, or name another folder with --state.",
            ) from error
        yield
    finally:
        os.close(descriptor)

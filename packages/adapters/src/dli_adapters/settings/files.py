"""Configuration files: read with their permissions judged, written whole or not at all."""

import os
import stat
import tempfile
from pathlib import Path

from dli_adapters.documents.reader import read_yaml_file
from dli_adapters.settings.sections import FileSayings, Source, read_sections
from dli_domain.errors import ConfigError, ErrorCode, SpecInvalidError
from dli_domain.model.problems import Location, Problem, Severity

PRIVATE_MODE = 0o600
SHARED_MODE = 0o644


def read_layer(path: Path, source: Source) -> FileSayings | None:
    """What a file says, or None where there is no such file.

    Raises:
        ConfigError: DLI-001, it cannot be read or is no YAML; every finding is in `problems`.
    """
    if not path.exists():
        return None
    try:
        root = read_yaml_file(path)
    except SpecInvalidError as error:
        raise ConfigError(
            error.message,
            context=error.context,
            hint=error.hint,
            location=error.location,
            problems=error.problems,
        ) from error
    return read_sections(root, source)


def readable_by_others(path: Path, said: FileSayings) -> Problem | None:
    """A warning if the file holds a secret and others may read it."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if not said.literal_secrets or not mode & (stat.S_IRGRP | stat.S_IROTH):
        return None
    names = ", ".join(sorted(".".join(key) for key in said.literal_secrets))
    return Problem(
        code=ErrorCode.CONFIG_UNTRUSTED,
        message=f"{path} holds a secret ({names}) and others can read it (mode {mode:04o})",
        location=Location(str(path)),
        fix=f"Run 'chmod 600 {path}'",
        severity=Severity.WARNING,
    )


def replace_file(path: Path, text: str, *, mode: int = PRIVATE_MODE, private: bool = False) -> None:
    """Write the file whole: the old one stays until the new one is on disk.

    A link is followed, not replaced.

    Args:
        path: The file.
        text: All of it.
        mode: The mode of a new file; an existing one keeps its own.
        private: Whether an existing file becomes readable by its owner only as well.

    Raises:
        ConfigError: DLI-007.
    """
    try:
        path = path.resolve()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists():
            mode = PRIVATE_MODE if private else stat.S_IMODE(path.stat().st_mode)
        _swap(path, text.encode(), mode)
    except (OSError, RuntimeError) as error:
        raise ConfigError(
            f"{path} cannot be written: {getattr(error, 'strerror', None) or error}",
            code=ErrorCode.CONFIG_WRITE_ERROR,
            hint="Check that its folder exists and that you may write to it.",
        ) from error


def _swap(path: Path, data: bytes, mode: int) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise

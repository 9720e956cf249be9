"""A bug of ours: what is kept of it, and what must not be."""

import os
import platform
import re
import tempfile
import traceback
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from dli_cli import __version__

_SECRET_NAME = re.compile(r"TOKEN|KEY|SECRET|PASSWORD|PASSWD|CREDENTIAL|AUTH", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{4,}"
    r"|(?<=://)[^/\s:@]*:[^/\s@]*(?=@)"
    r"|((?:api_?key|token|password|passwd|secret)[\"']?\s*[:=]\s*[\"']?)[^\s\"',;)]+"
)
_SHORTEST_SECRET = 4


def write_crash(error: BaseException, tokens: Iterable[str], environ: Mapping[str, str]) -> str:
    """Keep the traceback in a file of the user's own; gives its path.

    Values of parameters and all that looks like a secret are masked.

    Raises:
        OSError: neither the home folder nor the temporary folder can be written.
    """
    now = datetime.now(UTC)
    report = "\n".join(
        (
            f"dli {__version__} · Python {platform.python_version()} · {platform.platform()}",
            f"{now.isoformat(timespec='seconds')} · dli {' '.join(masked_tokens(tokens))}",
            "",
            redacted("".join(traceback.format_exception(error)), environ),
        )
    )
    name = f"dli-crash-{now:%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    try:
        return _write(Path.home() / ".dli" / "crashes" / name, report)
    except (OSError, RuntimeError):
        return _write(Path(tempfile.gettempdir()) / name, report)


def redacted(text: str, environ: Mapping[str, str]) -> str:
    """The text without the values of secret-looking variables and without credentials."""
    secrets = {
        value
        for name, value in environ.items()
        if _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET
    }
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return _SECRET_TEXT.sub(lambda m: f"{m.group(2) or ''}***", text)


def masked_tokens(tokens: Iterable[str]) -> list[str]:
    """The command line with the value of each `key=value` masked."""
    return [re.sub(r"=.*", "=***", token, flags=re.DOTALL) for token in tokens]


def _write(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    return str(path)

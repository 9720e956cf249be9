"""A command's answer without what must differ: ids, times, where it ran and where it looked."""

import json
import re
from typing import Any

_RUN = re.compile(r"\b[0-9a-f]{32}\b")
_TIME = re.compile(r"\b\d+\.\d\ds\b")
# Of the whole object, of an execution, of an error's context.
_OWN = frozenset(
    {"run_id", "started_at", "finished_at", "duration_ms", "execution_time_ms", "execution"}
)
_PLACES = frozenset({"Project", "Searched", "Server", "Run", "Run at the server"})


def comparable(document: str) -> Any:
    """The `--json` object."""
    return _without(json.loads(document)) if document.strip() else None


def comparable_text(text: str) -> list[str]:
    """What was said on a screen."""
    lines = (_TIME.sub("0.00s", _RUN.sub("<run>", line.rstrip())) for line in text.splitlines())
    kept = [line for line in lines if line.strip().partition(":")[0] not in _PLACES]
    return [
        line
        for line in kept
        if not re.match(r"[│ ]*(Execution|Duration):", line) and not line.startswith("┌")
    ]


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without(item)
            for key, item in value.items()
            if key not in _OWN and key not in _PLACES
        }
    if isinstance(value, list):
        return [_without(item) for item in value]
    return _RUN.sub("<run>", value) if isinstance(value, str) else value

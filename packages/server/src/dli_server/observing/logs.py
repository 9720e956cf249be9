"""One JSON object a line, on stderr."""

import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any, TextIO, final

import msgspec

_KEY = re.compile(r"dli_[0-9a-z]{8}_[0-9A-Za-z_]+|(?i:bearer)\s+\S+")


@final
class JsonLines(logging.Formatter):
    """Each record as an object; whatever looks like a key is masked."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        facts: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            facts["error"] = self.formatException(record.exc_info)
        line = msgspec.json.encode(facts, enc_hook=str).decode()
        return _KEY.sub("***", line)


def log_to(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send all logs of the process to the stream (stderr by default), those of others if they warn.

    sqlglot says nothing: it warns with the text of the SQL.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("dli_server").setLevel(level)
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL + 1)

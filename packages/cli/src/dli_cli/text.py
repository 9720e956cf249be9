"""Text that a terminal shows and never obeys."""

import re

# C0 without newline, DEL, C1, the separators and overrides that reorder or break lines.
_UNSAFE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def safe(text: str) -> str:
    r"""The text with every control character as an escape such as `\x1b`; line ends stay."""
    return _UNSAFE.sub(_escape, text)


def safe_line(text: str) -> str:
    r"""The same on one line: line ends become `\n`."""
    return safe(text).replace("\n", "\\n")


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    if char in _SHORT:
        return _SHORT[char]
    number = ord(char)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"

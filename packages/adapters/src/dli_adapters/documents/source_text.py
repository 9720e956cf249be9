"""Bytes of a file as text, with the place of every character."""

import re
from bisect import bisect_right

from dli_domain.model.problems import Location

_LINE_END = re.compile(r"\r\n|\r|\n")
# What YAML calls printable, without U+0085, U+2028 and U+2029: YAML 1.1 parsers break lines
# there, editors do not, so text would change and places would be wrong without a word. Nor
# U+FEFF behind the start: the parsers differ in what they make of it.
_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


class UnreadableTextError(ValueError):
    """The bytes are no text that YAML allows; says where."""

    def __init__(self, message: str, location: Location, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.location = location
        self.fix = fix


class SourceText:
    """A decoded file: its text without the byte order mark, its lines as editors count them."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path
        self._starts = [0, *(match.end() for match in _LINE_END.finditer(text))]

    def place(self, index: int) -> Location:
        """Where the character at `index` stands."""
        line = bisect_right(self._starts, index)
        return Location(self.path, line, index - self._starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """Line `number`, counted from 1, without its end; empty beyond the last."""
        if number > len(self._starts):
            return ""
        start = self._starts[number - 1]
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")


def decode(data: bytes, path: str) -> SourceText:
    """The bytes as UTF-8 text of the characters that YAML allows.

    Raises:
        UnreadableTextError: they are UTF-16, Latin-1, binary, or hold a control character.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableTextError(
            "the file is UTF-16, not UTF-8", Location(path), "Save the file as UTF-8."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(data, error, path) from error
    source = SourceText(text, path)
    if bad := _FORBIDDEN.search(text):
        raise UnreadableTextError(
            f"the character U+{ord(bad[0]):04X} may not stand in a YAML file",
            source.place(bad.start()),
            "Remove it, or write it as an escape in double quotes.",
        )
    return source


def _not_utf8(data: bytes, error: UnicodeDecodeError, path: str) -> UnreadableTextError:
    # error.start counts from behind a byte order mark
    mark = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    before = data[mark : mark + error.start].decode("utf-8", "replace")
    byte = data[mark + error.start]
    place = SourceText(before, path).place(len(before))
    return UnreadableTextError(
        f"the byte 0x{byte:02x} is not UTF-8", place, "Save the file as UTF-8."
    )

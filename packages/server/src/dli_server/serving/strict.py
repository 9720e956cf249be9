"""HTTP/1.1 as it is written: what two parsers may read in two ways is refused."""

import re
from typing import Any, final

import h11

MAX_HEAD = 16 << 10
MAX_HEADERS = 100
_END = re.compile(rb"\n\r?\n")
_REQUEST_LINE = re.compile(rb"[A-Z]{1,16} /[\x21-\x7e]* HTTP/1\.[01]")
_LONE = re.compile(rb"(?<!\r)\n|\r(?!\n)|\x00")
_LENGTH = re.compile(rb"[0-9]{1,15}")
_SINGLE = (b"content-length", b"transfer-encoding", b"host", b"authorization", b"content-type")


@final
class StrictConnection(h11.Connection):
    """h11, which also refuses what it would mend: two lengths, folded or countless headers."""

    def __init__(self) -> None:
        # One more than a head may have: a longer one is told by our own check first.
        super().__init__(h11.SERVER, max_incomplete_event_size=MAX_HEAD + 4)

    def next_event(self) -> Any:
        """The next event; a head that could be misread raises.

        Raises:
            h11.RemoteProtocolError: what came is not sound HTTP/1.1.
        """
        if self.their_state is h11.IDLE:
            waiting = self.trailing_data[0]
            found = _END.search(waiting, 0, MAX_HEAD + 4)
            if found is not None:
                check_head(waiting[: found.end()])
            elif len(waiting) > MAX_HEAD:
                raise h11.RemoteProtocolError("the head is too large")
        return super().next_event()


def check_head(head: bytes) -> None:
    """Refuse a request's head that is not plain.

    Raises:
        h11.RemoteProtocolError: it could be read in two ways, or is beyond a limit.
    """
    if _LONE.search(head) or not head.endswith(b"\r\n\r\n"):
        raise h11.RemoteProtocolError("a lone control character")
    # Empty lines before a request are allowed.
    line, *lines = head.lstrip(b"\r\n").removesuffix(b"\r\n\r\n").split(b"\r\n")
    if _REQUEST_LINE.fullmatch(line) is None:
        raise h11.RemoteProtocolError("no sound request line")
    if len(lines) > MAX_HEADERS:
        raise h11.RemoteProtocolError("too many headers")
    _check_framing(line, _headers(lines))


def _headers(lines: list[bytes]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip():
            raise h11.RemoteProtocolError("a header without a name, or a folded one")
        key = name.lower()
        if key in found and key in _SINGLE:
            raise h11.RemoteProtocolError("a header is there twice")
        found[key] = value.strip(b" \t")
    return found


def _check_framing(line: bytes, headers: dict[bytes, bytes]) -> None:
    length, coding = headers.get(b"content-length"), headers.get(b"transfer-encoding")
    if length is not None and coding is not None:
        raise h11.RemoteProtocolError("two lengths of one body")
    if length is not None and not _LENGTH.fullmatch(length):
        raise h11.RemoteProtocolError("no sound length")
    if coding is not None and (coding.lower() != b"chunked" or line.endswith(b"1.0")):
        raise h11.RemoteProtocolError("an unknown coding of the body")

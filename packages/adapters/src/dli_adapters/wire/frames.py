"""A result on the wire and on the server's disk: an Arrow IPC stream in frames, then an end.

A frame is a kind (1 byte), the length of its payload (4 bytes, little endian), the SHA-256 of
kind, length and payload (32 bytes), the payload. The payloads of the frames of kind `A`, joined,
are one Arrow IPC stream; a frame holds the schema, or one record batch, or the stream's end. The
last frame, of kind `E`, is JSON: `{"rows": n, "frames": n, "digest": "<hex>"}`, where the digest
is the SHA-256 of the digests of all frames before it, joined. A payload is checked before
anything decodes it, and whoever does not see the end has not seen the result.

Every frame starts where a client may go on reading: `Range: bytes=<offset>-`.
"""

import struct
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Protocol, final

import msgspec

from dli_domain.errors import ResultInvalidError

MEDIA_TYPE = "application/vnd.dli.frames"
ARROW, END = b"A", b"E"
MAX_FRAME = 1 << 30
_HEAD = struct.Struct("<cI32s")


class ResultEnd(msgspec.Struct, frozen=True, kw_only=True):
    """What the last frame tells of the whole."""

    rows: int
    frames: int
    digest: str


def frame(kind: bytes, payload: bytes) -> tuple[bytes, bytes]:
    """The frame of a payload, and the frame's digest."""
    digest = _digest(kind, payload)
    return _HEAD.pack(kind, len(payload), digest) + payload, digest


@final
class FrameWriter:
    """Turns payloads into frames and keeps count; `offset` is where the next one starts."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._digests = sha256()
        self.frames = 0
        self.offset = 0

    def arrow(self, payload: bytes) -> None:
        """Write one part of the Arrow stream."""
        data, digest = frame(ARROW, payload)
        self._digests.update(digest)
        self.frames += 1
        self._send(data)

    def end(self, rows: int) -> ResultEnd:
        """Write the last frame."""
        found = ResultEnd(rows=rows, frames=self.frames, digest=self._digests.hexdigest())
        self._send(frame(END, msgspec.json.encode(found))[0])
        return found

    def _send(self, data: bytes) -> None:
        self._write(data)
        self.offset += len(data)


class Source(Protocol):
    """Bytes in order; fewer than asked for only at their end."""

    def read(self, count: int, /) -> bytes: ...


@final
class FrameReader:
    """Reads frames, checks each before it is given, and the whole at the end.

    `offset` is the start of the next frame; `source` may be replaced by one that goes on from
    there when it broke off.
    """

    def __init__(self, source: Source, max_frame: int = MAX_FRAME) -> None:
        self.source = source
        self.offset = 0
        self.frames = 0
        self.end: ResultEnd | None = None
        self._max_frame = max_frame
        self._digests = sha256()

    def payloads(self) -> Iterator[bytes]:
        """The parts of the Arrow stream, one by one.

        Raises:
            ResultInvalidError: a frame is cut or altered, or the end does not fit what came.
        """
        while self.end is None:
            kind, payload, digest = self._next()
            if kind == ARROW:
                self._digests.update(digest)
                self.frames += 1
                yield payload
            else:
                self.end = self._ended(payload)

    def _next(self) -> tuple[bytes, bytes, bytes]:
        head = self.source.read(_HEAD.size)
        if len(head) < _HEAD.size:
            raise cut(self.offset + len(head))
        kind, length, digest = _HEAD.unpack(head)
        if kind not in (ARROW, END) or length > self._max_frame:
            raise _altered(self.offset)
        payload = self.source.read(length)
        if len(payload) < length:
            raise cut(self.offset + _HEAD.size + len(payload))
        if _digest(kind, payload) != digest:
            raise _altered(self.offset)
        self.offset += _HEAD.size + length
        return kind, payload, digest

    def _ended(self, payload: bytes) -> ResultEnd:
        try:
            end = msgspec.json.decode(payload, type=ResultEnd)
        except msgspec.DecodeError as error:
            raise _altered(self.offset) from error
        if end.frames != self.frames or end.digest != self._digests.hexdigest():
            raise ResultInvalidError(
                f"The result has {self.frames} parts where its end tells of {end.frames}, "
                "or others than were sent"
            )
        return end


class CutResultError(ResultInvalidError):
    """The bytes ended before the result did; another source may go on at the last frame."""


def cut(offset: int) -> CutResultError:
    """The failure of a result that stops at that byte."""
    return CutResultError(
        f"The result broke off after {offset:,} bytes, before its end",
        hint="Run it again; if it stays so, look at what is between you and the server.",
    )


def _altered(offset: int) -> ResultInvalidError:
    return ResultInvalidError(
        f"The result is not what the server sent: the part at byte {offset:,} does not fit its "
        "digest",
        hint="Run it again; if it stays so, look at what is between you and the server.",
    )


def _digest(kind: bytes, payload: bytes) -> bytes:
    found = sha256(kind + len(payload).to_bytes(4, "little"))
    found.update(payload)
    return found.digest()

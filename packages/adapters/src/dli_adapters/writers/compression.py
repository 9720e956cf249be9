"""Bytes made smaller on their way."""

import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

import zstandard

from dli_adapters.writers.encoder import Write

_GZIP_WRAPPER = 31


class Compressor(Protocol):
    """A stream of bytes made smaller."""

    def compress(self, data: bytes | memoryview, /) -> bytes: ...
    def flush(self) -> bytes: ...


def _gzip() -> Compressor:
    return zlib.compressobj(wbits=_GZIP_WRAPPER)


def _zstandard() -> Compressor:
    return zstandard.ZstdCompressor(write_checksum=True).compressobj()


COMPRESSIONS: Mapping[str, Callable[[], Compressor]] = MappingProxyType(
    {".gz": _gzip, ".zst": _zstandard}
)


class Compressed:
    """Writes through a compressor, or straight through without one."""

    def __init__(self, ending: str | None, write: Write) -> None:
        self._compressor = COMPRESSIONS[ending]() if ending else None
        self._write = write
        self.byte_count = 0

    def write(self, data: bytes | memoryview) -> None:
        self._pass(self._compressor.compress(data) if self._compressor else data)

    def finish(self) -> None:
        """Write what the compressor still holds."""
        if self._compressor:
            self._pass(self._compressor.flush())

    def _pass(self, data: bytes | memoryview) -> None:
        if len(data):
            self._write(data)
            self.byte_count += len(data)

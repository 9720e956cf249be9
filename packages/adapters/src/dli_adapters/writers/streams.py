"""Pipes, devices and standard output: written directly, nothing to take back."""

import errno
import os
import re
import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, final

from dli_adapters.writers.failures import output_error
from dli_adapters.writers.target import Sink, Target
from dli_domain.errors import OutputError

_OWN_DESCRIPTOR = re.compile(r"/dev/(?:fd/(\d+)|(stdout)|(stderr))|/proc/self/fd/(\d+)")


@final
class StandardOutput(Target):
    """The stream a command writes to. `BrokenPipeError` passes through untranslated."""

    def __init__(self, stream: BinaryIO | None) -> None:
        self._stream = stream

    @property
    def path(self) -> None:
        return None

    def prepare(self) -> None:
        self._usable()

    @contextmanager
    def open(self) -> Iterator[Sink]:
        stream = self._usable()
        with _translated("standard output"):
            stream.flush()
        yield _StreamSink(stream)

    def _usable(self) -> BinaryIO:
        if self._stream is None or self._stream.closed:
            raise OutputError(
                "Cannot write to standard output: it is closed",
                hint="Do not close it (>&-), or name a file with --output.",
            )
        return self._stream


@final
class SpecialFile(Target):
    """A named pipe, a device, or a descriptor of this process such as /dev/stdout."""

    def __init__(self, path: str) -> None:
        self._path = path

    @property
    def path(self) -> str:
        return self._path

    def prepare(self) -> None:
        number = own_descriptor(self._path)
        with _translated(self._path):
            if number is not None:
                os.fstat(number)
            elif not os.access(self._path, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    @contextmanager
    def open(self) -> Iterator[Sink]:
        number = own_descriptor(self._path)
        with _translated(self._path):
            # Opening /dev/stdout anew would begin at the start of a file it stands for.
            if number is not None:
                descriptor = os.dup(number)
            else:
                descriptor = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOCTTY)
        sink = _DescriptorSink(self._path, descriptor)
        try:
            yield sink
        finally:
            sink.close()


def own_descriptor(path: str) -> int | None:
    """The number of the open file that the path stands for, such as 1 for /dev/stdout."""
    match = _OWN_DESCRIPTOR.fullmatch(path)
    if match is None:
        return None
    number, stdout, stderr, process = match.groups()
    if stdout or stderr:
        return 1 if stdout else 2
    return int(number or process)


class _StreamSink(Sink):
    """Past the buffer where there is a descriptor: what fails must not be tried again at exit."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        try:
            self._descriptor: int | None = stream.fileno()
        except OSError:
            self._descriptor = None

    def write(self, data: bytes | memoryview) -> None:
        with _translated("standard output"):
            if self._descriptor is None:
                self._stream.write(data)
            else:
                _write_all(self._descriptor, data)

    def commit(self) -> tuple[str, ...]:
        with _translated("standard output"):
            self._stream.flush()
        return ()


class _DescriptorSink(Sink):
    def __init__(self, path: str, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._open = True

    def write(self, data: bytes | memoryview) -> None:
        with _translated(self._path):
            _write_all(self._descriptor, data)

    def commit(self) -> tuple[str, ...]:
        self.close()
        return ()

    def close(self) -> None:
        if self._open:
            # Not closed twice: the number may belong to another file by then.
            self._open = False
            with _translated(self._path):
                os.close(self._descriptor)


def _write_all(descriptor: int, data: bytes | memoryview) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            # The other end set it to non-blocking; wait for it as if it had not.
            select.select([], [descriptor], [])


@contextmanager
def _translated(place: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise output_error(place, error) from error
    except ValueError as error:
        raise OutputError(
            f"Cannot write to {place!r}: {error}", hint="Name a file with --output."
        ) from error

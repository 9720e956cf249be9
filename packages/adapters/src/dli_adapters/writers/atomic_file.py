"""A file that appears whole or not at all."""

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import final

from dli_adapters.writers.failures import output_error
from dli_adapters.writers.file_system import FileSystem, PosixFileSystem
from dli_adapters.writers.target import Sink, Target
from dli_domain.errors import OutputError

_SUFFIX = ".dli-tmp"
_LONGEST_NAME = 255
_RANDOM_DIGITS = 16

_Identity = tuple[int, int, int] | None


@final
class AtomicFile(Target):
    """Writes beside the file, makes that durable, then renames it over the file.

    A symbolic link is followed and stays; another hard link keeps the old content. The mode
    and, where allowed, the owner of an existing file are kept; a new file is for its owner
    only. What a killed run left beside the file is removed.
    """

    def __init__(self, path: str, file_system: FileSystem | None = None) -> None:
        self._path = path
        self._files = file_system or PosixFileSystem()
        self._seen: _Identity = None
        self._prepared = False

    @property
    def path(self) -> str:
        return self._path

    def prepare(self) -> None:
        with self._translated():
            destination = _destination(self._path)
            self._seen = _identity(destination)
            self._prepared = True
            self._sweep(destination)
            # Only a real file proves that one can be made: rights, a read-only disk, the name.
            temporary = _temporary(destination)
            descriptor = self._files.create(temporary)
            try:
                self._files.close(descriptor)
            finally:
                self._files.remove(temporary)

    @contextmanager
    def open(self) -> Iterator[Sink]:
        if not self._prepared:
            self.prepare()
        with self._translated():
            destination = _destination(self._path)
            temporary = _temporary(destination)
            descriptor = self._files.create(temporary)
        sink = _AtomicSink(self._path, self._files, (temporary, destination), descriptor)
        sink.seen = self._seen
        try:
            yield sink
        finally:
            sink.discard()

    def _sweep(self, destination: Path) -> None:
        beginning = _temporary_beginning(destination)
        with contextlib.suppress(OSError), os.scandir(destination.parent) as entries:
            left_over = [
                Path(entry.path)
                for entry in entries
                if entry.name.startswith(beginning)
                and entry.name.endswith(_SUFFIX)
                and len(entry.name) == len(beginning) + _RANDOM_DIGITS + len(_SUFFIX)
            ]
            for path in left_over:
                # It belongs to a living run, or to someone else: theirs to remove.
                with contextlib.suppress(OSError):
                    self._files.remove_abandoned(path)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise output_error(self._path, error) from error


class _AtomicSink(Sink):
    def __init__(
        self, path: str, files: FileSystem, names: tuple[Path, Path], descriptor: int
    ) -> None:
        self._path = path
        self._files = files
        self._temporary, self._destination = names
        self._descriptor: int | None = descriptor
        self._renamed = False
        self.seen: _Identity = None

    def write(self, data: bytes | memoryview) -> None:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._files.write(self._open_descriptor(), rest) :]
        except OSError as error:
            raise output_error(self._path, error) from error

    def commit(self) -> tuple[str, ...]:
        try:
            self._keep_rights()
            self._files.sync(self._open_descriptor())
            self._close()
            warnings = self._replaced_meanwhile()
            self._files.replace(self._temporary, self._destination)
            self._renamed = True
        except OSError as error:
            raise output_error(self._path, error) from error
        try:
            self._files.sync_directory(self._destination.parent)
        except OSError as error:
            raise OutputError(
                f"{self._path!r} is written whole, but the disk did not confirm that it will "
                f"survive a power loss: {error.strerror}",
                hint="Look at the disk, then run it again.",
            ) from error
        return warnings

    def discard(self) -> None:
        """Take the unfinished file away; nothing to do after `commit`."""
        with contextlib.suppress(OSError):
            self._close()
        if not self._renamed:
            with contextlib.suppress(OSError):
                self._files.remove(self._temporary)

    def _open_descriptor(self) -> int:
        if self._descriptor is None:
            raise ValueError("the file is finished")
        return self._descriptor

    def _close(self) -> None:
        # Not closed twice: after a failed close the number may belong to another file.
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            self._files.close(descriptor)

    def _keep_rights(self) -> None:
        descriptor = self._open_descriptor()
        try:
            old = self._destination.stat()
        except FileNotFoundError:
            return
        new = os.fstat(descriptor)
        if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
            # Only the superuser may give files away; for others the new owner is the writer.
            with contextlib.suppress(PermissionError):
                os.fchown(descriptor, old.st_uid, old.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(old.st_mode))

    def _replaced_meanwhile(self) -> tuple[str, ...]:
        if _identity(self._destination) == self.seen:
            return ()
        return (f"{self._path!r} was changed by another program meanwhile; this run replaced it",)


def _destination(path: str) -> Path:
    """The absolute path of the file itself, after all symbolic links.

    Raises:
        OutputError: it is a directory, or its name cannot be one.
        OSError: the path cannot be looked at.
    """
    if not path or "\0" in path:
        raise OutputError(f"{path!r} is no file name", hint="Name a file.")
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise OutputError(f"{path!r} is not valid UTF-8", hint="Choose another name.") from error
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        mode = stat.S_IFREG
    if stat.S_ISDIR(mode) or path.endswith("/"):
        raise OutputError(f"{path!r} is a directory", hint="Name a file inside it.")
    return Path(path).resolve()


def _identity(path: Path) -> _Identity:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return (found.st_dev, found.st_ino, found.st_mtime_ns)


def _temporary(destination: Path) -> Path:
    if len(os.fsencode(destination.name)) > _LONGEST_NAME:
        # The temporary name is cut, so the true one would fail only at the very end.
        destination.lstat()
    random = secrets.token_hex(_RANDOM_DIGITS // 2)
    return destination.with_name(f"{_temporary_beginning(destination)}{random}{_SUFFIX}")


def _temporary_beginning(destination: Path) -> str:
    room = _LONGEST_NAME - len(_SUFFIX) - _RANDOM_DIGITS - 2
    return f".{os.fsencode(destination.name)[:room].decode(errors='ignore')}."

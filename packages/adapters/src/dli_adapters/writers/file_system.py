"""The calls that make a file durable, one method each, so that each can be made to fail."""

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Protocol, final


class FileSystem(Protocol):
    """What an atomic file needs of the operating system; every method may raise OSError."""

    def create(self, path: Path) -> int:
        """A new file for writing, readable by its owner only, locked until it is closed."""
        ...

    def write(self, descriptor: int, data: memoryview) -> int: ...
    def sync(self, descriptor: int) -> None: ...
    def close(self, descriptor: int) -> None: ...
    def replace(self, source: Path, destination: Path) -> None: ...
    def remove(self, path: Path) -> None: ...
    def sync_directory(self, path: Path) -> None: ...
    def remove_abandoned(self, path: Path) -> None:
        """Remove a temporary file unless a living process holds its lock."""
        ...


@final
class PosixFileSystem(FileSystem):
    """The real one."""

    def create(self, path: Path) -> int:
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(path, flags, 0o600)
        # The lock ends with the process, also by kill -9: who gets it knows the file is left
        # over. Some network file systems have none; there nothing is ever taken for left over.
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink == 0:
            # Another process took it for left over before the lock was ours.
            os.close(descriptor)
            return self.create(path)
        return descriptor

    def write(self, descriptor: int, data: memoryview) -> int:
        return os.write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        os.fsync(descriptor)

    def close(self, descriptor: int) -> None:
        os.close(descriptor)

    def replace(self, source: Path, destination: Path) -> None:
        source.replace(destination)

    def remove(self, path: Path) -> None:
        path.unlink()

    def sync_directory(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def remove_abandoned(self, path: Path) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
        finally:
            os.close(descriptor)

"""A file's bytes, its size judged before it is read."""

import os
import stat

MAX_FILE_BYTES = 1024 * 1024


class FileTooLargeError(ValueError):
    """The file is larger than the limit; nothing of it was kept."""


class NotARegularFileError(OSError):
    """The path leads to a folder, a pipe or a device."""


def read_bounded(descriptor: int, limit: int = MAX_FILE_BYTES) -> bytes:
    """All bytes of an open file; the descriptor stays open.

    Raises:
        FileTooLargeError: there are more than `limit`, told before reading where the size is known.
        NotARegularFileError: it is no regular file.
        OSError: reading failed.
    """
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        raise NotARegularFileError("not a regular file")
    if facts.st_size > limit:
        raise _too_large(facts.st_size, limit)
    chunks: list[bytes] = []
    size = 0
    # A file may grow while it is read: the limit counts on what really came.
    while chunk := os.read(descriptor, limit + 1 - size):
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            raise _too_large(size, limit)
    return b"".join(chunks)


def _too_large(size: int, limit: int) -> FileTooLargeError:
    return FileTooLargeError(f"the file has {size:,} bytes or more; at most {limit:,} are read")

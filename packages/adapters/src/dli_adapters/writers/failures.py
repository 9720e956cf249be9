"""What the operating system says about an output, as an error that says what to do."""

import errno
import os

from dli_domain.errors import OutputError

_HINTS = {
    errno.ENOSPC: "Free some space there, or write to another disk.",
    errno.EDQUOT: "Your quota there is used up; free some space or write elsewhere.",
    errno.EFBIG: "Raise the file size limit (ulimit -f), or write less.",
    errno.EACCES: "Give yourself write permission there, or write elsewhere.",
    errno.EPERM: "Give yourself write permission there, or write elsewhere.",
    errno.EROFS: "That file system is read-only; write elsewhere.",
    errno.ENOENT: "Create the directory first.",
    errno.ENOTDIR: "A part of the path is a file; correct the path.",
    errno.EISDIR: "Name a file inside the directory.",
    errno.ENAMETOOLONG: "Choose a shorter file name.",
    errno.ELOOP: "The symbolic links there go in a circle; correct them.",
    errno.EMFILE: "Raise the limit of open files (ulimit -n).",
    errno.EBADF: "Standard output is closed; do not close it, or name a file.",
}


def output_error(place: str, error: OSError) -> OutputError:
    """The failure to write to `place`; `error` is to be its cause."""
    number = error.errno
    reason = os.strerror(number) if number is not None else str(error)
    return OutputError(
        f"Cannot write to {place!r}: {reason}",
        hint=_HINTS.get(number or 0, "Check the path and the disk, or write elsewhere."),
    )

"""Files of a project, read so that nothing leads out of its folder."""

import errno
import os
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dli_adapters.documents.files import FileTooLargeError, NotARegularFileError, read_bounded
from dli_domain.errors import ErrorCode
from dli_domain.model.names import did_you_mean

_MAX_REFERENCE = 4096
_MAX_COMPONENT = 255
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a pipe would wait for its writer.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class FileRefusedError(Exception):
    """A file of the project cannot be read; code and fix as a finding tells them."""

    def __init__(self, code: ErrorCode, message: str, fix: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fix = fix


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """The files below `root`, an absolute path; all other paths are relative to it, with `/`."""

    root: str

    def beside(self, spec_path: str, reference: str) -> str:
        """The path of a file that a spec names relative to its own folder.

        Raises:
            FileRefusedError: DLI-206, the text cannot be a file inside the project.
        """
        if reason := _unusable(reference):
            raise FileRefusedError(
                ErrorCode.PATH_FORBIDDEN,
                f"the path {_shown(reference)} {reason}",
                "Give a path relative to the spec's folder, inside the project.",
            )
        path = posixpath.normpath(posixpath.join(posixpath.dirname(spec_path), reference))
        if path == ".." or path.startswith("../"):
            raise FileRefusedError(
                ErrorCode.PATH_FORBIDDEN,
                f"the path {_shown(reference)} leads out of the project",
                "Move the file into the project folder.",
            )
        return path

    def read(self, path: str) -> bytes:
        """The bytes of a file, at most 1 MiB.

        Every folder on the way is opened without following links, so a link that is swapped in
        between check and use opens nothing outside.

        Raises:
            FileRefusedError: DLI-206 where a link or no regular file is met, DLI-205 beyond
                the limit, DLI-203 where it does not exist or may not be read.
        """
        *folders, name = path.split("/")
        try:
            with self._folder(folders) as folder:
                descriptor = os.open(name, _FILE, dir_fd=folder)
                try:
                    return read_bounded(descriptor)
                finally:
                    os.close(descriptor)
        except FileTooLargeError as error:
            raise FileRefusedError(
                ErrorCode.SPEC_LIMIT, f"{path}: {error}", "Move data out of specs and SQL files."
            ) from error
        except NotARegularFileError as error:
            raise FileRefusedError(
                ErrorCode.PATH_FORBIDDEN, f"{path} is not a regular file", None
            ) from error
        except OSError as error:
            raise self._refusal(path, error) from error

    @contextmanager
    def _folder(self, names: list[str]) -> Iterator[int]:
        # The root itself may stand behind links: it is where the user pointed us.
        current = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for name in names:
                inner = os.open(name, _DIRECTORY, dir_fd=current)
                os.close(current)
                current = inner
            yield current
        finally:
            os.close(current)

    def _refusal(self, path: str, error: OSError) -> FileRefusedError:
        link = self._link_on(path)
        if link is not None:
            return FileRefusedError(
                ErrorCode.PATH_FORBIDDEN,
                f"{path} is reached through the symbolic link {link}",
                "Put the file itself into the project.",
            )
        if error.errno in (errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO):
            return FileRefusedError(ErrorCode.PATH_FORBIDDEN, f"{path}: {error.strerror}")
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return FileRefusedError(
                ErrorCode.SPEC_INVALID, f"the file {path} does not exist", self._close_to(path)
            )
        return FileRefusedError(
            ErrorCode.SPEC_INVALID,
            f"the file {path} cannot be read: {error.strerror}",
            "Check that you may read it.",
        )

    def _link_on(self, path: str) -> str | None:
        walked = ""
        for name in path.split("/"):
            walked = posixpath.join(walked, name)
            if Path(self.root, walked).is_symlink():
                return walked
        return None

    def _close_to(self, path: str) -> str | None:
        folder, name = posixpath.split(path)
        try:
            with os.scandir(Path(self.root, folder)) as entries:
                beside = [entry.name for entry in entries if entry.name.endswith(".sql")]
        except OSError:
            return f"Create it, or correct the path; there is no folder {folder or '.'}."
        return did_you_mean(name, beside) or "Create it, or correct the path."


def _unusable(reference: str) -> str | None:
    parts = reference.split("/")
    if not reference.strip():
        return "is empty"
    if not reference.isprintable():
        return "holds a character that no path may hold"
    if reference.startswith(("/", "~")) or "\\" in reference or ":" in parts[0]:
        return "is not a relative path with '/'"
    if parts[-1] in ("", ".", ".."):
        return "names a folder"
    if any(len(part.encode()) > _MAX_COMPONENT for part in parts):
        return f"has a part longer than {_MAX_COMPONENT} bytes"
    return "is too long" if len(reference.encode()) > _MAX_REFERENCE else None


def _shown(reference: str) -> str:
    return repr(reference if len(reference) <= 80 else reference[:77] + "...")

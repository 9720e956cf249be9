"""Which folder is the project, and whether its files may be believed."""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from dli_adapters.settings.inputs import PROJECT_FILE, SettingsInputs
from dli_domain.errors import ConfigError, ErrorCode
from dli_domain.model.problems import Location

_DOTENV_VARIABLE = "DLI_PROJECT_PATH"
_VARIABLES = (_DOTENV_VARIABLE, "DLI_HOME")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A folder with a `dli.yaml`; `place` says who named it."""

    root: Path
    place: str


def find_project(
    inputs: SettingsInputs, dotenv: Mapping[str, tuple[str, Location]]
) -> Project | None:
    """The project: as named by the user, a variable or `.env`, else searched upward.

    The search ends at the root of the git checkout, or of the file system. A file that is
    found, not named by the user, must be the user's: see `require_own`.

    Raises:
        ConfigError: a named folder holds no project (DLI-003), a variable is empty (DLI-006),
            or a file that was found may be somebody else's (DLI-008).
    """
    if inputs.project is not None:
        return _named(inputs.absolute(inputs.project), "--project")
    for variable in _VARIABLES:
        if variable in inputs.environ:
            return _named(_path(inputs, variable, inputs.environ[variable]), variable)
    if _DOTENV_VARIABLE in dotenv:
        text, location = dotenv[_DOTENV_VARIABLE]
        found = _named(_path(inputs, _DOTENV_VARIABLE, text), str(location))
        require_own(found.root / PROJECT_FILE, inputs)
        return found
    for folder in search_path(inputs.cwd):
        if (folder / PROJECT_FILE).is_file():
            require_own(folder / PROJECT_FILE, inputs)
            return Project(root=folder, place=f"found from {inputs.cwd}")
    return None


def search_path(cwd: Path) -> Iterator[Path]:
    """The folders that are searched, nearest first."""
    for folder in (cwd, *cwd.parents):
        yield folder
        if (folder / ".git").exists():
            return


def no_project(inputs: SettingsInputs) -> ConfigError:
    """The error for work that needs a project where there is none."""
    folders = list(search_path(inputs.cwd))
    return ConfigError(
        f"No {PROJECT_FILE} in {str(inputs.cwd)!r} or above it",
        code=ErrorCode.PROJECT_NOT_FOUND,
        context={"Searched": f"{folders[0]} up to {folders[-1]}"},
        hint="Run 'dli init' to write a project, or name one with --project or DLI_PROJECT_PATH.",
    )


def require_own(path: Path, inputs: SettingsInputs) -> None:
    """Refuse a found file that somebody else could have put there.

    Its owner must be the user, root, or the owner of the working directory (who works in a
    folder of theirs has chosen to). The file, and its folder unless sticky, must not be
    writable by everybody; a file above the working directory not by a foreign group either.

    Raises:
        ConfigError: DLI-008.
    """
    if inputs.user is None:
        return
    file, folder, here = path.stat(), path.parent.stat(), inputs.cwd.stat()
    uid, gid = inputs.user
    reason = None
    if file.st_uid not in (uid, 0, here.st_uid):
        reason = f"belongs to user {file.st_uid}, not to you (user {uid})"
    elif file.st_mode & stat.S_IWOTH:
        reason = "can be written by everybody"
    elif folder.st_mode & stat.S_IWOTH and not folder.st_mode & stat.S_ISVTX:
        reason = "is in a folder that everybody can write to"
    elif (
        path.parent != inputs.cwd
        and file.st_mode & stat.S_IWGRP
        and file.st_gid not in (gid, here.st_gid)
    ):
        reason = f"can be written by group {file.st_gid}, which is not yours"
    if reason is not None:
        raise ConfigError(
            f"{path} is not trusted: it {reason}",
            code=ErrorCode.CONFIG_UNTRUSTED,
            context={"File": str(path)},
            hint=f"Correct its owner or mode ('chmod go-w'), or say that you mean it: "
            f"--project {quote(str(path.parent))}",
            location=Location(str(path)),
        )


def _path(inputs: SettingsInputs, variable: str, text: str) -> Path:
    if not text.strip() or "\0" in text:
        raise ConfigError(
            f"The variable {variable} is empty; it must be the folder of a project",
            code=ErrorCode.CONFIG_VALIDATION_FAILED,
            context={"Variable": variable},
            hint=f"Correct {variable}, or unset it.",
        )
    return inputs.absolute(Path(text))


def _named(path: Path, place: str) -> Project:
    root = path.parent if path.name == PROJECT_FILE and path.is_file() else path
    if (root / PROJECT_FILE).is_file():
        return Project(root=root, place=place)
    what = f"holds no {PROJECT_FILE}" if root.is_dir() else "is no folder"
    raise ConfigError(
        f"{os.fspath(path)!r} {what}",
        code=ErrorCode.PROJECT_NOT_FOUND,
        context={"Given by": place},
        hint=f"Name the folder that holds {PROJECT_FILE}, or run 'dli init' there.",
    )

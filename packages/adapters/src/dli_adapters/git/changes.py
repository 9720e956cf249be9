"""Files that differ from a revision, as git tells it."""

import os
import subprocess
from pathlib import Path

from dli_domain.errors import ConfigError

_SECONDS = 60


def changed_files(root: str, revision: str) -> frozenset[str]:
    """Paths below `root`, relative to it, that differ from `revision`, untracked ones included.

    Deleted files count: what they built is missing now.

    Raises:
        ConfigError: there is no git, no repository, or no such revision.
    """
    commit = _git(
        root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
    )
    named = commit.decode("ascii").strip()
    differing = _git(
        root, "diff", "--name-only", "-z", "--no-renames", "--relative", named, "--", "."
    )
    untracked = _git(root, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    return frozenset(os.fsdecode(name) for name in (differing + untracked).split(b"\0") if name)


def _git(root: str, *arguments: str) -> bytes:
    # A checkout may configure programs for git to run (external diffs, fsmonitor): none of them.
    command = [
        "git",
        "-c",
        "core.fsmonitor=false",
        "-c",
        "core.hooksPath=/dev/null",
        *arguments[:1],
        *(("--no-ext-diff", "--no-textconv") if arguments[0] == "diff" else ()),
        *arguments[1:],
    ]
    environ = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, arguments behind --end-of-options
            command, cwd=Path(root), env=environ, capture_output=True, timeout=_SECONDS, check=False
        )
    except FileNotFoundError as error:
        raise ConfigError(
            "--changed needs git, and there is no git on the PATH",
            hint="Install git, or validate with --all.",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise ConfigError(
            f"git did not answer within {_SECONDS} seconds", hint="Validate with --all."
        ) from error
    if done.returncode == 0:
        return done.stdout
    said = done.stderr.decode("utf-8", "replace").strip()
    if arguments[0] == "rev-parse" and not said:
        raise ConfigError(
            f"git knows no revision {arguments[-1].removesuffix('^{commit}')!r}",
            hint="Name a commit, branch or tag; a new repository has none before its first commit.",
        )
    raise ConfigError(f"git failed: {said}", hint="Validate with --all, or inside a git checkout.")

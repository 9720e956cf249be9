"""Everything that settings are read from, named: nothing else reads the process."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from dli_domain.errors import ConfigError, ErrorCode

GLOBAL_FILE = "~/.dli/config.yaml"
PROJECT_FILE = "dli.yaml"
LOCAL_FILE = ".dli.local.yaml"
DOTENV_FILE = ".env"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsInputs:
    """Where settings come from.

    Args:
        cwd: The working directory, absolute: where the search for `dli.yaml` starts.
        home: The user's home folder.
        environ: The environment's variables.
        project: The project's folder as the user named it; beats every variable.
        environment: Which of `environments.*` is active; beats every variable and file.
        overrides: Dotted key to value, as the command line or a caller gives them; None is
            "not said".
        overrides_place: What the overrides are called where their source is shown.
        load_global: Whether `~/.dli/config.yaml` is read.
        load_local: Whether `.dli.local.yaml` is read.
        user: Numeric user and group whose files are trusted; None where the system has none.
    """

    cwd: Path
    home: Path
    environ: Mapping[str, str]
    project: Path | None = None
    environment: str | None = None
    overrides: Mapping[str, object] = field(default_factory=dict)
    overrides_place: str = "command line"
    load_global: bool = True
    load_local: bool = True
    user: tuple[int, int] | None = None

    @classmethod
    def of_process(
        cls,
        *,
        project: Path | None = None,
        environment: str | None = None,
        overrides: Mapping[str, object] | None = None,
        overrides_place: str = "command line",
        load_global: bool = True,
        load_local: bool = True,
    ) -> Self:
        """The inputs as this process sees them now.

        Raises:
            ConfigError: the working directory is gone, or the home folder is unknown.
        """
        try:
            cwd = Path.cwd()
        except FileNotFoundError as error:
            raise ConfigError(
                "The working directory does not exist any more",
                code=ErrorCode.PROJECT_NOT_FOUND,
                hint="Change to an existing folder.",
            ) from error
        try:
            home = Path.home()
        except RuntimeError as error:
            raise ConfigError(
                "The home folder is unknown", code=ErrorCode.CONFIG_NOT_FOUND, hint="Set HOME."
            ) from error
        return cls(
            cwd=cwd,
            home=home,
            environ=dict(os.environ),
            project=project,
            environment=environment,
            overrides=overrides or {},
            overrides_place=overrides_place,
            load_global=load_global,
            load_local=load_local,
            user=(os.getuid(), os.getgid()) if hasattr(os, "getuid") else None,
        )

    @property
    def global_file(self) -> Path:
        """The user's own configuration."""
        return self.home / ".dli" / "config.yaml"

    @property
    def trust_file(self) -> Path:
        """What the user allowed to checkouts."""
        return self.home / ".dli" / "trust.yaml"

    def absolute(self, path: Path) -> Path:
        """The path seen from the working directory, `~` put in."""
        text = os.fspath(path)
        if text == "~" or text.startswith("~/"):
            return self.home / text[2:]
        return Path(os.path.normpath(self.cwd / path))

"""A home, a project and an environment, each as a test says."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dli_adapters.settings import LoadedSettings, SettingsInputs, load_settings
from dli_adapters.settings.configuration import Configuration
from dli_adapters.settings.loader import read_configuration


@dataclass
class Place:
    """Folders of one test, and what is loaded from them."""

    home: Path
    project: Path
    environ: dict[str, str] = field(default_factory=dict)
    user: tuple[int, int] = (os.getuid(), os.getgid())

    def write(self, name: str, text: str, mode: int = 0o600) -> Path:
        """A file below the project, or below the home where the name starts with `~/`."""
        path = self.home / name[2:] if name.startswith("~/") else self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    def user_config(self, text: str, mode: int = 0o600) -> Path:
        return self.write("~/.dli/config.yaml", text, mode)

    def inputs(self, **rest: object) -> SettingsInputs:
        given = {"cwd": self.project, "home": self.home, "environ": dict(self.environ)}
        return SettingsInputs(**{**given, "user": self.user, **rest})  # type: ignore[arg-type]  # each is a field

    def load(self, **rest: object) -> LoadedSettings:
        return load_settings(self.inputs(**rest))

    def read(self, **rest: object) -> Configuration:
        return read_configuration(self.inputs(**rest))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "project").mkdir()
    return Place(home=tmp_path / "home", project=tmp_path / "project")

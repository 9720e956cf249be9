"""Wheels of every package, and fresh environments with some of them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def uv_command() -> list[str]:
    """How uv is called here: as a program, or as a module of this Python."""
    found = shutil.which("uv")
    return [found] if found else [sys.executable, "-m", "uv"]


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment that holds nothing but what was asked for."""

    folder: Path
    # that of the machine: a test's own HOME would hide caches and settings of the installer
    environ: dict[str, str]

    @property
    def python(self) -> str:
        return str(self.folder / "bin" / "python")

    def run(self, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run one of its programs."""
        program = str(self.folder / "bin" / command[0])
        environ = {**self.environ, "HOME": str(cwd)}
        return subprocess.run(  # noqa: PLW1510 - tests look at the exit code
            [program, *command[1:]],
            cwd=cwd,
            env=environ,
            capture_output=True,
            text=True,
            timeout=120,
        )


def call(arguments: str, environ: dict[str, str]) -> None:
    """Call uv; the words have no spaces in them."""
    command = [*uv_command(), *arguments.split()]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"uv {arguments}\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="session")
def machine() -> dict[str, str]:
    """The environment before any test changed it, without what steers the workspace's own venv."""
    dropped = ("VIRTUAL_ENV", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT")
    return {
        name: value
        for name, value in os.environ.items()
        if name not in dropped and not name.startswith("DLI_")
    }


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory, machine: dict[str, str]) -> Path:
    """A folder with one wheel of each package, built from this checkout."""
    dist = tmp_path_factory.mktemp("dist")
    call(
        f"build --all-packages --wheel --no-sources -q --directory {ROOT} --out-dir {dist}",
        machine,
    )
    return dist


@pytest.fixture(scope="session")
def installed(
    wheels: Path, machine: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Environment]:
    """Makes an environment for a requirement such as `dli-api[duckdb]`, once each."""
    made: dict[str, Environment] = {}
    # each of our names means the wheel just built, whatever an index has under that name
    pins = wheels / "pins.txt"
    pins.write_text(
        "".join(
            f"{wheel.name.split('-')[0].replace('_', '-')} @ {wheel.as_uri()}\n"
            for wheel in sorted(wheels.glob("*.whl"))
        )
    )

    def install(requirement: str) -> Environment:
        if requirement not in made:
            folder = tmp_path_factory.mktemp("venv") / "v"
            call(f"venv -q --python {sys.executable} {folder}", machine)
            environment = Environment(folder, machine)
            call(
                f"pip install -q --python {environment.python} --constraints {pins} {requirement}",
                machine,
            )
            made[requirement] = environment
        return made[requirement]

    return install

"""The packages fit together: one version, pinned to each other, no stray dependency."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import dli

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("adapters", "api", "cli", "domain", "server")
INNER = {
    "domain": set[str](),
    "adapters": {"dli-domain"},
    "api": {"dli-adapters", "dli-domain"},
    "cli": {"dli-adapters", "dli-domain"},
    "server": {"dli-adapters", "dli-domain"},
}


def _project(package: str) -> dict[str, Any]:
    with (ROOT / "packages" / package / "pyproject.toml").open("rb") as file:
        project: dict[str, Any] = tomllib.load(file)["project"]
    return project


def _ours(requirements: list[str]) -> dict[str, str]:
    """Requirements on each other: name to the rest of the requirement, extras left out."""
    found = (re.fullmatch(r"(dli-\w+)(?:\[[\w,]+\])?(.*)", text) for text in requirements)
    return {match[1]: match[2] for match in found if match}


def test_all_packages_have_one_version() -> None:
    versions = {_project(package)["version"] for package in PACKAGES}
    assert len(versions) == 1


def test_the_library_tells_the_version_of_its_package() -> None:
    assert dli.__version__ == _project("api")["version"]


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_needs_the_inner_rings_at_exactly_its_own_version(package: str) -> None:
    project = _project(package)
    pinned = f"=={project['version']}"
    assert _ours(project["dependencies"]) == dict.fromkeys(INNER[package], pinned)


@pytest.mark.parametrize("package", ["api", "cli"])
def test_the_outer_packages_forward_every_extra_of_the_adapters(package: str) -> None:
    project, adapters = _project(package), _project("adapters")
    expected = {
        extra: [f"dli-adapters[{extra}]=={adapters['version']}"]
        for extra in adapters["optional-dependencies"]
    }
    extras = dict(project["optional-dependencies"])
    # what Airflow imports is in the library, and nowhere else
    assert ("airflow" in extras) is (package == "api")
    extras.pop("airflow", None)
    assert extras == expected


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_is_typed_licensed_and_for_the_same_pythons(package: str) -> None:
    project = _project(package)
    modules = list((ROOT / "packages" / package / "src").iterdir())
    assert [(m / "py.typed").exists() for m in modules if m.is_dir()] == [True]
    assert (project["license"], project["requires-python"]) == ("Apache-2.0", ">=3.11")

"""What `import dli` offers, and what it costs."""

import subprocess
import sys
from pathlib import Path

import pytest

import dli
from dli import DatasetAPI, ExecutionContext
from dli_domain import errors
from tests.projects import write_project

# Each costs tens or hundreds of milliseconds and belongs to one path only.
HEAVY = (
    "cyclopts",
    "dli_cli",
    "duckdb",
    "google",
    "httpx",
    "jinja2",
    "msgspec",
    "pandas",
    "pyarrow",
    "pydantic",
    "pydantic_settings",
    "requests",
    "rich",
    "sqlglot",
    "yaml",
)


def _loaded_by(code: str) -> list[str]:
    listing = f"{code}\nimport sys; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.split()


def test_all_is_sorted_and_every_name_resolves() -> None:
    assert dli.__all__ == sorted(dli.__all__)
    assert [name for name in dli.__all__ if getattr(dli, name, None) is None] == []


def test_the_package_shows_its_public_names_and_nothing_else() -> None:
    shown = [name for name in dir(dli) if not name.startswith("_")]
    assert shown == [name for name in dli.__all__ if not name.startswith("_")]


def test_every_error_of_the_domain_is_public() -> None:
    classes = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.DliError)
    }
    assert classes <= set(dli.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'DatasetApi'"):
        _ = dli.DatasetApi  # type: ignore[attr-defined]  # the misspelling is the test


@pytest.mark.parametrize(
    "code",
    [
        "import dli",
        "from dli import DatasetAPI, MetricAPI",
        "from dli import ExecutionMode, ExecutionResult, QueryResult, DliError, ErrorCode",
        "from dli import ExecutorFactory",
    ],
)
def test_importing_costs_no_engine_parser_or_configuration_library(code: str) -> None:
    assert _loaded_by(code) == []


def test_the_context_costs_its_configuration_library_only() -> None:
    assert set(_loaded_by("from dli import ExecutionContext")) <= {"pydantic", "pydantic_settings"}


def test_a_filter_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    write_project(tmp_path)
    api = DatasetAPI(context=ExecutionContext(project_path=tmp_path))
    with pytest.raises(TypeError, match="no filter 'tag'"):
        api.list_datasets(tag="daily")  # type: ignore[call-arg] # what the test is about
    assert [str(spec.name) for spec in api.list_datasets(tags=["seed"], schema="schema")] == [
        "test.schema.dataset"
    ]

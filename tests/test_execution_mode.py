"""Where a query runs, and who decides it."""

from pathlib import Path

import pytest

import dli.testing
from dli import ConfigError, DatasetAPI, ExecutionContext, ExecutionMode, MockExecutor
from tests.projects import DLI_YAML, write_project


def resolved(context: ExecutionContext | None = None) -> ExecutionMode:
    """The mode that a run reports; the executor is a double, so that none is opened."""
    return DatasetAPI(context=context, executor=MockExecutor()).run("my_dataset").mode


@pytest.fixture(autouse=True)
def project() -> Path:
    return write_project(Path.cwd())


def config_says(mode: str, *, home: bool = False) -> None:
    file = Path.home() / ".dli" / "config.yaml" if home else Path("dli.yaml")
    file.parent.mkdir(exist_ok=True)
    text = "" if home else DLI_YAML
    file.write_text(f"{text}execution: {{default_mode: {mode}}}\n")


def test_the_modes_are_local_server_and_mock() -> None:
    assert [mode.value for mode in ExecutionMode] == ["local", "server", "mock"]
    assert ExecutionMode("server") is ExecutionMode.SERVER
    assert str(ExecutionMode.MOCK) == "mock"


def test_the_mode_is_local_where_nobody_says() -> None:
    assert resolved() is ExecutionMode.LOCAL


def test_each_source_beats_the_one_below(monkeypatch: pytest.MonkeyPatch) -> None:
    config_says("mock", home=True)
    assert resolved() is ExecutionMode.MOCK
    config_says("local")
    assert resolved() is ExecutionMode.LOCAL
    Path(".env").write_text("DLI_EXECUTION_MODE=mock\n")
    assert resolved() is ExecutionMode.MOCK
    monkeypatch.setenv("DLI_EXECUTION_MODE", "local")
    assert resolved() is ExecutionMode.LOCAL
    assert resolved(ExecutionContext(execution_mode=ExecutionMode.MOCK)) is ExecutionMode.MOCK


def test_a_context_that_does_not_name_the_mode_leaves_it_to_the_files() -> None:
    config_says("mock")
    assert resolved(ExecutionContext(timeout=10)) is ExecutionMode.MOCK


def test_an_explicit_default_still_beats_the_files() -> None:
    config_says("mock")
    context = ExecutionContext(execution_mode=ExecutionMode.LOCAL)
    assert resolved(context) is ExecutionMode.LOCAL


def test_an_unknown_mode_is_refused_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError):
        ExecutionContext(execution_mode="remote")
    config_says("remote")
    with pytest.raises(ConfigError, match="default_mode"):
        DatasetAPI()
    config_says("local")
    monkeypatch.setenv("DLI_EXECUTION_MODE", "remote")
    with pytest.raises(ConfigError, match="DLI_EXECUTION_MODE"):
        DatasetAPI()


def test_the_mock_for_tests_is_the_public_one() -> None:
    assert dli.testing.MockExecutor is MockExecutor

"""The context: variables, migration of `mock_mode`, secrets, and errors."""

import pickle
from pathlib import Path

import pytest

from dli import ConfigError, ErrorCode, ExecutionContext, ExecutionMode


def test_execution_mode_default() -> None:
    """기본 실행 모드는 LOCAL."""
    ctx = ExecutionContext()
    assert ctx.execution_mode == ExecutionMode.LOCAL


def test_mock_mode_migration() -> None:
    """기존 mock_mode=True 사용자 마이그레이션."""
    ctx = ExecutionContext(mock_mode=True)
    assert ctx.execution_mode == ExecutionMode.MOCK


def test_mock_mode_deprecation_warning() -> None:
    """mock_mode 접근 시 DeprecationWarning 발생."""
    ctx = ExecutionContext(execution_mode=ExecutionMode.MOCK)
    with pytest.warns(DeprecationWarning):  # noqa: PT030 - the contract's own lines
        _ = ctx.mock_mode


def test_the_defaults_are_those_of_the_contract() -> None:
    ctx = ExecutionContext()
    assert ctx.model_dump() == {
        "project_path": None,
        "server_url": None,
        "api_token": None,
        "execution_mode": ExecutionMode.LOCAL,
        "engine": None,
        "dialect": "trino",
        "timeout": 300,
        "dry_run": False,
        "verbose": False,
        "parameters": {},
    }


def test_every_field_has_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in {
        "PROJECT_PATH": "/srv/models",
        "SERVER_URL": "https://basecamp.example.com",
        "API_TOKEN": "t0ken",
        "EXECUTION_MODE": "server",
        "ENGINE": "duckdb",
        "DIALECT": "bigquery",
        "TIMEOUT": "60",
        "DRY_RUN": "true",
        "VERBOSE": "1",
        "PARAMETERS": '{"date": "2025-01-01"}',
    }.items():
        monkeypatch.setenv(f"DLI_{name}", text)
    ctx = ExecutionContext()
    assert ctx.project_path == Path("/srv/models")
    assert ctx.server_url == "https://basecamp.example.com"
    assert ctx.api_token is not None
    assert ctx.api_token.get_secret_value() == "t0ken"
    assert ctx.execution_mode is ExecutionMode.SERVER
    assert (ctx.engine, ctx.dialect, ctx.timeout) == ("duckdb", "bigquery", 60)
    assert (ctx.dry_run, ctx.verbose, ctx.parameters) == (True, True, {"date": "2025-01-01"})
    assert ctx.said() == {}


def test_a_dotenv_file_speaks_below_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("DLI_TIMEOUT=11\nDLI_DIALECT=bigquery\nOTHER=1\n")
    monkeypatch.setenv("DLI_TIMEOUT", "12")
    ctx = ExecutionContext()
    assert (ctx.timeout, ctx.dialect) == (12, "bigquery")


def test_an_argument_beats_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLI_TIMEOUT", "12")
    ctx = ExecutionContext(timeout=13)
    assert ctx.timeout == 13
    assert ctx.said() == {"timeout": 13}


def test_mock_mode_beats_a_variable_that_names_a_real_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DLI_EXECUTION_MODE", "server")
    assert ExecutionContext(mock_mode=True).execution_mode is ExecutionMode.MOCK
    assert ExecutionContext(mock_mode=False).execution_mode is ExecutionMode.SERVER


def test_an_explicit_mode_beats_mock_mode() -> None:
    ctx = ExecutionContext(mock_mode=True, execution_mode=ExecutionMode.LOCAL)
    assert ctx.execution_mode is ExecutionMode.LOCAL


def test_reading_mock_mode_tells_the_mode() -> None:
    with pytest.warns(DeprecationWarning, match=r"execution_mode == ExecutionMode\.MOCK"):
        assert ExecutionContext(mock_mode=True).mock_mode is True
    with pytest.warns(DeprecationWarning, match="mock_mode is deprecated"):
        assert ExecutionContext().mock_mode is False


def test_assignments_and_copies_count_as_said() -> None:
    ctx = ExecutionContext()
    ctx.timeout = 5
    copy = ctx.model_copy(update={"engine": "duckdb"})
    assert copy.said() == {"timeout": 5, "engine": "duckdb"}
    assert ctx.said() == {"timeout": 5}
    assert pickle.loads(pickle.dumps(copy)).said() == copy.said()  # noqa: S301 - our own bytes


@pytest.mark.parametrize("timeout", [0, 3601, -1, "soon", 1.5, None])
def test_a_wrong_timeout_is_a_config_error_that_names_it(timeout: object) -> None:
    with pytest.raises(ConfigError) as caught:
        ExecutionContext(timeout=timeout)
    assert caught.value.code is ErrorCode.CONFIG_VALIDATION_FAILED
    assert list(caught.value.context) == ["timeout"]
    with pytest.raises(ConfigError):
        ExecutionContext().timeout = timeout  # type: ignore[assignment]  # the wrong value is the test


@pytest.mark.parametrize("text", ["", "soon", "0", "3601", "1.5"])
def test_a_wrong_variable_is_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLI_TIMEOUT", text)
    with pytest.raises(ConfigError, match="DLI_TIMEOUT"):
        ExecutionContext()


def test_every_wrong_value_is_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        ExecutionContext(timeout=0, execution_mode="remote")
    assert set(caught.value.context) == {"timeout", "execution_mode"}


def test_parameters_that_are_no_json_are_a_config_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLI_PARAMETERS", "{date")
    with pytest.raises(ConfigError) as caught:
        ExecutionContext()
    assert caught.value.hint == "DLI_PARAMETERS takes a JSON object."


def test_an_unknown_argument_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ConfigError) as caught:
        ExecutionContext(timeot=5)
    assert caught.value.hint == "Did you mean 'timeout'?"


def test_no_form_of_the_context_shows_a_secret() -> None:
    ctx = ExecutionContext(
        api_token="s3cr3t",
        server_url="https://user:s3cr3t@example.com",
        parameters={"key": "s3cr3t"},
    )
    assert "s3cr3t" not in repr(ctx)
    assert "s3cr3t" not in ctx.model_dump_json(exclude={"server_url", "parameters"})


def test_no_error_of_the_context_shows_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLI_PARAMETERS", '["s3cr3t"]')
    with pytest.raises(ConfigError) as caught:
        ExecutionContext(api_token=["s3cr3t"], server_url=["s3cr3t"])
    shown = f"{caught.value} {caught.value.context} {caught.value.__cause__}"
    assert set(caught.value.context) == {"api_token", "server_url", "DLI_PARAMETERS"}
    assert "s3cr3t" not in shown

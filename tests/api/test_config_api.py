"""`ConfigAPI`: keys, sources and environments as a pipeline reads them."""

import os
from pathlib import Path

import pytest

from dli import ConfigAPI
from dli_domain.errors import ConfigError
from dli_domain.model.secret import Secret

CANARY = "c4n4ry-t0ken"


@pytest.fixture
def project() -> Path:
    home = Path(os.environ["HOME"]) / ".dli"
    home.mkdir()
    (home / "config.yaml").write_text(
        f"execution: {{timeout: 11}}\nserver: {{url: https://x.example.com, api_key: {CANARY}}}\n"
    )
    (home / "config.yaml").chmod(0o600)
    Path("dli.yaml").write_text(
        "execution: {timeout: 12}\nvars: {region: 서울}\n"
        "environments:\n"
        "  dev: {timeout_seconds: 20}\n"
        "  prod: {server_url: 'https://p.example.com', api_key: '${PROD_KEY}'}\n"
    )
    Path(".dli.local.yaml").write_text("execution: {timeout: 13}\n")
    return Path.cwd()


def test_a_key_a_section_and_a_default_can_be_asked_for(project: Path) -> None:
    config = ConfigAPI()
    assert config.get("execution.timeout") == 13
    assert config.get("execution") == {"timeout": 13, "default_mode": "local"} | {
        key: config.get(f"execution.{key}") for key in config.get("execution")
    }
    assert config.get("local.bigquery.project", "none") == "none"
    assert config.get("vars.region") == "서울"
    assert config.get("vars.unknown", 5) == 5
    with pytest.raises(ConfigError, match=r"no setting 'execution\.timeot'") as caught:
        config.get("execution.timeot")
    assert caught.value.hint == "Did you mean 'execution.timeout'?"


def test_a_default_is_what_counts_where_nobody_says_anything() -> None:
    config = ConfigAPI()
    assert config.get("execution.timeout") == 300
    assert config.get("local.engine") == "bigquery"
    assert config.get_with_source("execution.timeout").source == "default"


def test_layers_can_be_left_out(project: Path) -> None:
    assert ConfigAPI(load_local=False).get("execution.timeout") == 12
    assert ConfigAPI(load_global=False).get("server.url") is None


def test_sources_are_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLI_ENGINE", "duckdb")
    config = ConfigAPI(project_path=project)
    found = config.get_with_source("execution.timeout")
    assert (found.value, found.source) == (13, "local")
    assert found.place == f"{project}/.dli.local.yaml:1:22"
    everything = config.get_all_with_sources()
    assert (everything["local.engine"].source, everything["local.engine"].place) == (
        "env",
        "DLI_ENGINE",
    )
    assert everything["execution.default_mode"].source == "default"
    assert config.get_all()["execution"]["timeout"] == 13


def test_environments_are_filled_in_when_they_are_asked_for(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ConfigAPI()
    assert config.list_environments() == ["dev", "prod"]
    assert config.get_active_environment() is None
    assert config.get_environment("dev") == {"execution": {"timeout": 20}}
    with pytest.raises(ConfigError, match="PROD_KEY"):
        config.get_environment("prod")
    with pytest.raises(ConfigError, match="no environment 'prd'"):
        config.get_environment("prd")
    monkeypatch.setenv("DLI_ENVIRONMENT", "dev")
    again = ConfigAPI()
    assert again.get_active_environment() == "dev"
    assert again.get("execution.timeout") == 20


def test_secrets_do_not_print(project: Path) -> None:
    config = ConfigAPI()
    assert config.get("server.api_key") == Secret(CANARY)
    for shown in (config.get_all(), config.get_all_with_sources(), config.get("server")):
        assert CANARY not in repr(shown)


def test_validate_tells_every_problem_and_warnings_count_when_strict(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ConfigAPI().validate()
    monkeypatch.setenv("DLI_TIMEOT", "1")
    assert ConfigAPI().validate().valid
    strict = ConfigAPI().validate(strict=True)
    assert not strict
    assert [w.message for w in strict.warnings] == ["Unknown variable DLI_TIMEOT; it has no effect"]
    Path("dli.yaml").write_text("executon: {}\nfoo: 1\n")
    broken = ConfigAPI().validate()
    assert not broken.valid
    assert [str(p.location) for p in broken.errors] == [
        f"{project}/dli.yaml:1:1",
        f"{project}/dli.yaml:2:1",
    ]


def test_a_folder_without_a_project_is_an_error() -> None:
    with pytest.raises(ConfigError, match="is no folder"):
        ConfigAPI(project_path="/nowhere").get("local.engine")

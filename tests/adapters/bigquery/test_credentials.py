"""Who one is: credentials, endpoints, and what never leaves the machine. No server."""

import json
from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials
from google.oauth2 import service_account

from dli_adapters.bigquery.connection import open_client, signed_in
from dli_adapters.bigquery.executor import BigQueryExecutor
from dli_domain.errors import ConfigError, ExecutionConnectionError
from dli_domain.model.settings import BigQueryTarget
from tests.adapters.bigquery.conftest import new_scope


@pytest.fixture(autouse=True)
def _no_metadata_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_GCE_CHECK", "true")


@pytest.fixture(scope="module")
def private_key() -> str:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - slow, used here only
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - the same

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.fixture
def key_file(tmp_path: Path, private_key: str) -> Path:
    path = tmp_path / "key.json"
    path.write_text(
        json.dumps(
            {
                "type": "service_account",
                "project_id": "from-the-key",
                "client_email": "robot@from-the-key.iam.gserviceaccount.com",
                "token_uri": "https://oauth2.googleapis.com/token",
                "private_key": private_key,
            }
        )
    )
    return path


def test_missing_credentials_are_told_as_documented() -> None:
    target = BigQueryTarget(project="my-gcp-project")
    with (
        pytest.raises(ExecutionConnectionError) as caught,
        BigQueryExecutor.connect(target, new_scope()),
    ):
        pass
    error = caught.value
    assert str(error) == "[DLI-403] Failed to connect to BigQuery"
    assert error.context["Project"] == "my-gcp-project"
    assert error.context["Location"] == "US"
    assert error.causes[0] == "Missing GOOGLE_APPLICATION_CREDENTIALS"


def test_a_key_file_gives_its_account_and_project(key_file: Path) -> None:
    target = BigQueryTarget(credentials_path=str(key_file), location="EU")
    client, credentials = open_client(target, lambda: 60)
    assert isinstance(credentials, service_account.Credentials)
    assert credentials.service_account_email.startswith("robot@")
    assert (client.project, client.location) == ("from-the-key", "EU")
    client.close()  # type: ignore[no-untyped-call]  # no annotations


def test_the_default_credentials_are_those_of_the_environment(
    key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file))
    credentials, project = signed_in(BigQueryTarget())
    assert isinstance(credentials, service_account.Credentials)
    assert project == "from-the-key"


def test_an_account_can_be_impersonated(key_file: Path) -> None:
    target = BigQueryTarget(
        credentials_path=str(key_file), impersonate_service_account="other@x.iam"
    )
    credentials, project = signed_in(target)
    assert getattr(credentials, "service_account_email", None) == "other@x.iam"
    assert project == "from-the-key"


@pytest.mark.parametrize("text", ["", "{}", "no json", '{"private_key": "S3CRET"}'])
def test_a_broken_key_file_is_named_and_not_quoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key.json"
    path.write_text(text)
    target = BigQueryTarget(project="p", credentials_path=str(path))
    with (
        pytest.raises(ConfigError, match=r"key\.json") as caught,
        BigQueryExecutor.connect(target, new_scope()),
    ):
        pass
    assert "S3CRET" not in f"{caught.value!r} {caught.value.context} {caught.value.hint}"


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    target = BigQueryTarget(project="p", credentials_path=str(tmp_path / "none.json"))
    with (
        pytest.raises(ConfigError, match="No such file"),
        BigQueryExecutor.connect(target, new_scope()),
    ):
        pass


def test_nobody_signs_in_at_a_plain_http_endpoint_and_nowhere_else(
    key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file))
    emulator, _ = signed_in(BigQueryTarget(project="p", endpoint="http://127.0.0.1:9"))
    assert isinstance(emulator, AnonymousCredentials)
    private, _ = signed_in(BigQueryTarget(project="p", endpoint="https://bigquery.example"))
    assert isinstance(private, service_account.Credentials)


def test_credentials_are_not_sent_over_plain_http(key_file: Path) -> None:
    target = BigQueryTarget(
        project="p", endpoint="http://127.0.0.1:9", credentials_path=str(key_file)
    )
    with (
        pytest.raises(ConfigError, match="plain HTTP"),
        BigQueryExecutor.connect(target, new_scope()),
    ):
        pass


@pytest.mark.parametrize("endpoint", ["ftp://x", "http://", "http://user:pw@127.0.0.1:9"])
def test_an_endpoint_that_is_no_address_is_refused(endpoint: str) -> None:
    target = BigQueryTarget(project="p", endpoint=endpoint)
    with (
        pytest.raises(ConfigError, match="no address") as caught,
        BigQueryExecutor.connect(target, new_scope()),
    ):
        pass
    assert "pw" not in str(caught.value)


def test_real_credentials_do_not_go_to_the_emulator_of_the_environment(
    key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:9")
    client, _ = open_client(BigQueryTarget(credentials_path=str(key_file)), lambda: 60)
    assert client._connection.API_BASE_URL == "https://bigquery.googleapis.com"
    client.close()  # type: ignore[no-untyped-call]  # no annotations


def test_a_job_of_the_real_service_has_a_link_to_its_console(key_file: Path) -> None:
    target = BigQueryTarget(credentials_path=str(key_file), location="EU")
    client, _ = open_client(target, lambda: 60)
    executor = BigQueryExecutor(client, target, new_scope())
    job = client.job_from_resource(
        {
            "jobReference": {"projectId": "p", "jobId": "dli_1_1", "location": "EU"},
            "configuration": {"query": {"query": "SELECT 1"}},
        }
    )
    assert executor._job_url(job) == (  # type: ignore[arg-type]  # a query job
        "https://console.cloud.google.com/bigquery?project=p&j=bq:EU:dli_1_1&page=queryresults"
    )
    client.close()  # type: ignore[no-untyped-call]  # no annotations

"""A client of BigQuery for one run: who one is, where it is, and how long a request may last."""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any, final
from urllib.parse import urlsplit

import google.auth
import google.auth.impersonated_credentials
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud import bigquery
from google.oauth2 import service_account

from dli_adapters.bigquery.errors import unreachable
from dli_domain.errors import ConfigError
from dli_domain.model.settings import BigQueryTarget

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
CONNECT_SECONDS = 5.0
REQUEST_SECONDS = 60.0
# What a request may still take once the deadline has passed: enough to send a cancel.
_LAST_SECONDS = 1.0
_GOOGLE_API = "https://bigquery.googleapis.com"


@final
class BoundedSession(AuthorizedSession):
    """An HTTP session that waits no longer than the run may last, and follows no redirect.

    The client raises some of its own limits to 120 seconds; here they come down again.
    """

    def __init__(self, credentials: Credentials, remaining: Callable[[], float]) -> None:
        # nobody who did not sign in can sign in again: a 401 is then the answer
        again = () if isinstance(credentials, AnonymousCredentials) else (401,)
        super().__init__(credentials, refresh_status_codes=again)  # type: ignore[no-untyped-call]
        self._remaining = remaining

    def request(self, *args: Any, **kwargs: Any) -> Any:
        """Send one request; see `AuthorizedSession.request`."""
        kwargs["allow_redirects"] = False
        kwargs["timeout"] = self._bounded(kwargs.get("timeout"))
        return super().request(*args, **kwargs)  # type: ignore[no-untyped-call]

    def _bounded(self, timeout: Any) -> tuple[float, float]:
        asked = timeout[-1] if isinstance(timeout, tuple) else timeout
        wanted = asked if isinstance(asked, int | float) else REQUEST_SECONDS
        # half of what is left: where no answer comes there is time to ask what became of it
        read = min(wanted, REQUEST_SECONDS, max(self._remaining() / 2, _LAST_SECONDS))
        return (min(read, CONNECT_SECONDS), read)


def is_emulator(target: BigQueryTarget) -> bool:
    """Whether the endpoint speaks plain HTTP: then nobody signs in, and no token is sent."""
    return target.endpoint is not None and urlsplit(target.endpoint).scheme == "http"


def normalised(target: BigQueryTarget) -> BigQueryTarget:
    """The target with a scheme before its endpoint, which the client needs.

    Raises:
        ConfigError: the endpoint is no address, or credentials would go over plain HTTP.
    """
    if target.endpoint is None:
        return target
    endpoint = target.endpoint if "://" in target.endpoint else f"http://{target.endpoint}"
    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise ConfigError(
            "the BigQuery endpoint is no address such as http://127.0.0.1:9050",
            hint="Set BIGQUERY_EMULATOR_HOST or the endpoint in the configuration again.",
        )
    if parts.scheme == "http" and (target.credentials_path or target.impersonate_service_account):
        raise ConfigError(
            f"credentials are configured, but {endpoint} speaks plain HTTP",
            hint="Remove the credentials for an emulator, or use https.",
        )
    return replace(target, endpoint=endpoint.rstrip("/"))


def signed_in(target: BigQueryTarget) -> tuple[Credentials, str | None]:
    """The credentials that the target names, and the project they belong to.

    Raises:
        google.auth.exceptions.GoogleAuthError: there are none, or they are broken.
        ConfigError: the credentials file cannot be read.
    """
    if is_emulator(target):
        return AnonymousCredentials(), None  # type: ignore[no-untyped-call]
    credentials, project = _own_credentials(target.credentials_path)
    if target.impersonate_service_account:
        credentials = google.auth.impersonated_credentials.Credentials(  # type: ignore[no-untyped-call]  # no annotations
            source_credentials=credentials,
            target_principal=target.impersonate_service_account,
            target_scopes=list(SCOPES),
        )
    return credentials, project


def _own_credentials(path: str | None) -> tuple[Credentials, str | None]:
    if path is None:
        credentials, project = google.auth.default(scopes=list(SCOPES))
        return credentials, project
    try:
        own = service_account.Credentials.from_service_account_file(  # type: ignore[no-untyped-call]  # no annotations
            path, scopes=list(SCOPES)
        )
    except OSError as error:
        raise ConfigError(
            f"the credentials file {path!r} cannot be read: {error.strerror}",
            hint="Set bigquery.credentials_path to a service-account key file.",
        ) from error
    except ValueError as error:
        # The parser's own text may quote the key: it is not repeated.
        raise ConfigError(
            f"the credentials file {path!r} is no service-account key",
            hint="Download the key again, as JSON.",
        ) from error
    return own, own.project_id


def open_client(
    target: BigQueryTarget, remaining: Callable[[], float]
) -> tuple[bigquery.Client, Credentials]:
    """The official client with our session inside.

    Raises:
        ExecutionConnectionError: no project is known.
    """
    credentials, own_project = signed_in(target)
    project = target.project or own_project
    if project is None:
        raise unreachable(target, "no project is configured, and the credentials name none")
    client = bigquery.Client(
        project=project,
        credentials=credentials,
        location=target.location,
        client_options=_options(target),
        _http=BoundedSession(credentials, remaining),
    )
    return client, credentials


def _options(target: BigQueryTarget) -> ClientOptions:
    if target.endpoint:
        return ClientOptions(api_endpoint=target.endpoint)
    if os.environ.get("BIGQUERY_EMULATOR_HOST"):
        # The client would send these real credentials to the emulator's address.
        return ClientOptions(api_endpoint=_GOOGLE_API)
    return ClientOptions()

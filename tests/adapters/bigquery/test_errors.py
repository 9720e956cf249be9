"""Everything that the client can raise has a row, and reads well. No server."""

from collections.abc import Iterator

import grpc
import pytest
import requests
import urllib3
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from dli_adapters.bigquery.calls import is_transient
from dli_adapters.bigquery.errors import (
    CLASSES,
    REASONS,
    TRANSLATED,
    job_failure,
    translate,
    translated,
)
from dli_domain.errors import (
    ExecutionConnectionError,
    ExecutionError,
    ExecutionLimitError,
    ExecutionPermissionError,
    ExecutionQueryError,
    ExecutionTimeoutError,
)
from dli_domain.model.settings import BigQueryTarget

# Of resumable uploads, which nothing here does; old versions of the library have none of them.
UPLOADS = {
    "MissingStatusHeaderError",
    "ResumableTransferError",
    "TransferStalledError",
    "UnseekableStreamError",
    "UploadCancelledError",
}
TARGET = BigQueryTarget(project="my-gcp-project", location="US")


def below(parent: type[Exception]) -> Iterator[type[Exception]]:
    for child in parent.__subclasses__():
        yield child
        yield from below(child)


def made(kind: type[Exception]) -> Exception:
    """An error of that class, whatever its constructor asks for."""
    error = kind.__new__(kind)
    error.args = ("said",)
    if isinstance(error, api.RetryError):
        error.__init__("said", cause=None)  # type: ignore[misc]  # its text needs both
    return error


@pytest.mark.parametrize("kind", sorted(set(below(api.GoogleAPICallError)), key=str))
def test_every_answer_of_the_api_has_a_row_of_its_own(kind: type[api.GoogleAPICallError]) -> None:
    if kind.__name__ in UPLOADS:
        assert isinstance(translate(kind("said"), TARGET), ExecutionError)
    else:
        assert type(translate(kind("said"), TARGET)) is CLASSES[kind]


@pytest.mark.parametrize(
    "kind",
    sorted(
        {
            *below(api.GoogleAPIError),
            *below(requests.RequestException),
            *below(auth.GoogleAuthError),
            *below(urllib3.exceptions.HTTPError),
        },
        key=str,
    ),
)
def test_whatever_the_layers_below_raise_is_translated(kind: type[Exception]) -> None:
    assert issubclass(kind, TRANSLATED)
    if not issubclass(kind, api.GoogleAPICallError):
        assert isinstance(translate(made(kind), TARGET), ExecutionError)


def test_grpc_errors_reach_us_as_answers_of_the_api() -> None:
    for code in grpc.StatusCode:
        if code is not grpc.StatusCode.OK:
            found = api.from_grpc_status(code, "said")  # type: ignore[no-untyped-call]  # no annotations
            assert isinstance(translate(found, TARGET), ExecutionError)


@pytest.mark.parametrize(("reason", "kind"), sorted(REASONS.items()))
def test_the_reason_of_a_failed_job_decides(reason: str, kind: type[ExecutionError]) -> None:
    error = job_failure({"reason": reason, "message": "said"}, "dli_1_1", TARGET)
    # a job that ended was reached
    assert type(error) is (ExecutionError if kind is ExecutionConnectionError else kind)
    assert error.context["Job"] == "dli_1_1"


def test_a_reason_not_known_yet_is_an_execution_error_with_bigquerys_words() -> None:
    error = job_failure({"reason": "brandNew", "message": "Something new"}, "j", TARGET)
    assert (type(error), str(error)) == (ExecutionError, "[DLI-401] Something new")


def test_a_job_stopped_by_bigquerys_own_clock_is_a_timeout() -> None:
    said = "Job execution was cancelled: Job timed out after 30 sec"
    error = job_failure({"reason": "stopped", "message": said}, "j", TARGET)
    assert type(error) is ExecutionTimeoutError


def test_the_place_in_the_sql_is_read_from_the_message() -> None:
    said = "Syntax error: Unexpected keyword FROM at [12:34]"
    error = job_failure({"reason": "invalidQuery", "message": said}, "j", TARGET)
    assert isinstance(error, ExecutionQueryError)
    assert error.position == (12, 34)


def test_a_failed_connection_is_laid_out_as_documented() -> None:
    error = translate(requests.ConnectionError("no route"), TARGET)
    assert str(error) == "[DLI-403] Failed to connect to BigQuery"
    assert error.context == {
        "Project": "my-gcp-project",
        "Location": "US",
        "Reason": "ConnectionError: no route",
    }
    assert error.causes == (
        "Missing GOOGLE_APPLICATION_CREDENTIALS",
        "Invalid project ID",
        "Network connectivity issues",
    )
    assert error.hint == "Run 'dli config check' to verify your configuration."


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("quotaExceeded", ExecutionLimitError),
        ("rateLimitExceeded", ExecutionConnectionError),
        ("accessDenied", ExecutionPermissionError),
    ],
)
def test_a_403_is_told_apart_by_its_reason(reason: str, kind: type[ExecutionError]) -> None:
    found = api.Forbidden("said", errors=[{"reason": reason, "message": "said"}])  # type: ignore[no-untyped-call]  # no annotations
    assert type(translate(found, TARGET)) is kind
    assert is_transient(found) is (reason == "rateLimitExceeded")


def test_the_cause_stays_chained() -> None:
    with pytest.raises(ExecutionConnectionError) as caught, translated(TARGET):
        raise auth.DefaultCredentialsError("none found")  # type: ignore[no-untyped-call]  # no annotations
    assert isinstance(caught.value.__cause__, auth.DefaultCredentialsError)


def test_a_mistake_of_our_own_passes_untouched() -> None:
    with pytest.raises(KeyError), translated(TARGET):
        raise KeyError("a bug")

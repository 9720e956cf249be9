"""Every status and every code of the older API has a meaning, and shows nothing foreign."""

import json
from itertools import product

import msgspec
import pytest

from dli_adapters.server.answers import Answer
from dli_adapters.server.failures import BY_CODE, failure, meaning
from dli_adapters.wire.failures import packed
from dli_domain.errors import (
    DliError,
    ErrorCode,
    ExecutionQueryError,
    ServerAuthError,
    SpecNotFoundError,
)

CODES = {
    400: "VALIDATION_ERROR CONSTRAINT_VIOLATION MISSING_PARAMETER MALFORMED_REQUEST "
    "INVALID_ARGUMENT INVALID_TABLE_REFERENCE LINEAGE_INVALID_PARAMETER INVALID_DATE_RANGE "
    "TRANSPILE_ERROR AIRFLOW_CONNECTION_FAILED UNSUPPORTED_ENGINE EXEC-001 EXEC-002 EXEC-003 "
    "EXEC-004 EXEC-005 EXEC-006 SPEC_PARSE_ERROR WORKFLOW_STORAGE_ERROR WORKFLOW_INVALID_STATE "
    "TEAM_NOT_FOUND",
    403: "ACCESS_DENIED FLAG_DISABLED",
    404: "METRIC_NOT_FOUND DATASET_NOT_FOUND QUALITY_SPEC_NOT_FOUND QUALITY_RUN_NOT_FOUND "
    "WORKFLOW_NOT_FOUND WORKFLOW_RUN_NOT_FOUND TABLE_NOT_FOUND QUERY_NOT_FOUND RESULT_NOT_FOUND "
    "AIRFLOW_CLUSTER_NOT_FOUND SQL_WORKSHEET_NOT_FOUND WORKSHEET_FOLDER_NOT_FOUND "
    "PROJECT_NOT_FOUND",
    408: "METRIC_EXECUTION_TIMEOUT DATASET_EXECUTION_TIMEOUT QUERY_EXECUTION_TIMEOUT",
    409: "DATASET_ALREADY_EXISTS METRIC_ALREADY_EXISTS WORKFLOW_ALREADY_EXISTS "
    "QUERY_NOT_CANCELLABLE",
    413: "QUERY_TOO_LARGE RESULT_SIZE_LIMIT_EXCEEDED",
    422: "INVALID_DATASET_NAME INVALID_SQL INVALID_OWNER_EMAIL TOO_MANY_TAGS INVALID_CRON",
    429: "RATE_LIMIT_EXCEEDED",
    500: "INTERNAL_ERROR DATASET_EXECUTION_FAILED LINEAGE_INTERNAL_ERROR",
    502: "CATALOG_SERVICE_ERROR",
    504: "CATALOG_TIMEOUT",
}
PAIRS = [(status, code) for status, codes in CODES.items() for code in codes.split()]
BODIES = [
    b"",
    b"<html>secret-page</html>",
    b'{"detail": "secret-page"}',
    b"[1]",
    b'{"error": {"code": 5}}',
    b"\xff" * 10,
    b"[" * 100_000,
]


def told(status: int, body: bytes) -> DliError:
    return failure(Answer(status, {}, body), "GET /x", "http://127.0.0.1:1")


@pytest.mark.parametrize(("status", "code"), PAIRS)
def test_every_code_of_the_older_api_is_known(status: int, code: str) -> None:
    if not code.endswith("_ALREADY_EXISTS"):
        assert code in BY_CODE
    body = {"success": False, "message": "said so", "error": {"code": code}}
    found = told(status, json.dumps(body).encode())
    kind, dli = meaning(status, code)
    assert (type(found), found.code) == (kind, dli)
    assert "said so" in found.message
    assert found.code is not ErrorCode.INTERNAL_ERROR


def test_no_code_is_in_the_table_that_nobody_sends() -> None:
    assert set(BY_CODE) <= {code for _, code in PAIRS}


def test_every_status_without_a_code_means_something() -> None:
    for status, body in product(range(400, 600), BODIES):
        found = told(status, body)
        assert str(status) in found.message
        assert "secret" not in str(found)
        assert found.code[4] in "45"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "DLI-502"),
        (403, "DLI-404"),
        (404, "DLI-505"),
        (408, "DLI-402"),
        (413, "DLI-408"),
        (429, "DLI-506"),
        (500, "DLI-503"),
        (501, "DLI-503"),
        (503, "DLI-503"),
        (599, "DLI-503"),
        (418, "DLI-505"),
    ],
)
def test_what_a_bare_status_means(status: int, code: str) -> None:
    assert told(status, b"").code == code


def test_401_is_about_the_token_whatever_it_says() -> None:
    assert isinstance(told(401, b'{"error":{"code":"INVALID_SQL"}}'), ServerAuthError)


def test_what_our_server_raised_is_raised_again() -> None:
    raised = ExecutionQueryError(
        "no such column", position=(2, 3), context={"Step": "1"}, causes=("a",), hint="b"
    )
    dli = json.loads(msgspec.json.encode(packed(raised)))
    body = {"message": "m", "error": {"code": "INVALID_SQL", "dli": dli}}
    found = told(422, json.dumps(body).encode())
    assert isinstance(found, ExecutionQueryError)
    assert (found.message, found.position, found.hint) == ("no such column", (2, 3), "b")
    assert found.context["Step"] == "1"


def test_an_unknown_dataset_is_a_dataset_that_is_not_found() -> None:
    found = told(404, b'{"message":"no","error":{"code":"DATASET_NOT_FOUND"}}')
    assert (type(found), found.code) == (SpecNotFoundError, "DLI-101")


def test_signs_that_steer_a_terminal_are_shown_as_text() -> None:
    body = {"message": "a\x1b]0;b\x07\n" + "c" * 5000, "error": {"code": "INTERNAL_ERROR"}}
    found = told(500, json.dumps(body).encode())
    assert found.message.isprintable()
    assert len(found.message) < 700

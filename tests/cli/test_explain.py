"""A page for every code, and one document of them all."""

import json
from pathlib import Path

import pytest

from dli_cli.exit_codes import MEANINGS, ExitCode, exit_code
from dli_cli.pages import PAGES, markdown
from dli_domain.errors import DliError, ErrorCode
from tests.cli.conftest import Dli

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("code", list(ErrorCode), ids=str)
def test_every_code_has_a_page_with_meaning_causes_steps_and_exit_code(
    code: ErrorCode, dli: Dli
) -> None:
    shown = dli("explain", code.value)
    assert shown.code == 0
    assert shown.out.startswith(f"{code.value} {code.name}\n")
    page = PAGES[code]
    assert page.meaning in shown.out
    assert page.causes
    assert page.steps
    assert f"Exit code: {int(exit_code(code))} " in shown.out


@pytest.mark.parametrize(
    "word", ["DLI-405", "dli-405", "405", "[DLI-405]", "EXECUTION_QUERY", "execution-query"]
)
def test_a_code_is_found_by_value_number_and_name(word: str, dli: Dli) -> None:
    assert dli("explain", word).out.startswith("DLI-405 EXECUTION_QUERY")


def test_an_unknown_code_is_a_usage_error_with_the_closest_one(dli: Dli) -> None:
    shown = dli("explain", "EXECUTON_QUERY")
    assert shown.code == 2
    assert "Did you mean 'EXECUTION_QUERY'?" in shown.err
    assert shown.out == ""


def test_a_page_as_json(dli: Dli) -> None:
    shown = json.loads(dli("explain", "DLI-402", "--json").out)
    assert shown["schema"] == "dli/v1"
    assert shown["command"] == "explain"
    assert (shown["code"], shown["name"], shown["exit_code"]) == ("DLI-402", "EXECUTION_TIMEOUT", 7)


def test_the_document_is_made_of_the_same_pages() -> None:
    # To renew it: python -c "from dli_cli.pages import markdown; print(markdown(), end='')"
    assert (ROOT / "docs" / "error-codes.md").read_text(encoding="utf-8") == markdown()


def test_every_exit_code_has_a_meaning_and_comes_from_some_failure() -> None:
    assert set(MEANINGS) == set(ExitCode)
    reached = {exit_code(code) for code in ErrorCode}
    assert reached == set(ExitCode) - {ExitCode.OK, ExitCode.USAGE}


def test_every_class_of_failure_ends_in_the_exit_code_of_the_contract() -> None:
    def classes(cls: type[DliError]) -> list[type[DliError]]:
        return [cls, *(c for sub in cls.__subclasses__() for c in classes(sub))]

    # An adapter may refine a class; the table is that of the domain's own.
    own = [cls for cls in classes(DliError) if cls.__module__ == DliError.__module__]
    ends = {cls.__name__: int(exit_code(cls.code)) for cls in own}
    assert ends == {
        "DliError": 70,
        "ConfigError": 3,
        "EngineNotInstalledError": 3,
        "SpecNotFoundError": 3,
        "SpecInvalidError": 3,
        "ParameterError": 3,
        "TemplateError": 3,
        "SqlError": 3,
        "EngineError": 4,
        "ExecutionError": 4,
        "ExecutionTimeoutError": 7,
        "ExecutionConnectionError": 6,
        "ExecutionPermissionError": 5,
        "ExecutionQueryError": 4,
        "ExecutionCancelledError": 7,
        "ExecutionUnknownError": 10,
        "ExecutionLimitError": 9,
        "ResultInvalidError": 6,
        "ServerError": 6,
        "ServerUnreachableError": 6,
        "ServerAuthError": 5,
        "ServerExecutionError": 4,
        "PolicyError": 9,
        "OutputError": 8,
        "WorkflowError": 4,
        "WorkflowNotFoundError": 3,
        "WorkflowPermissionError": 5,
        "WorkflowConflictError": 3,
        "WorkflowStateError": 3,
        "WorkflowUnavailableError": 6,
        "WorkflowUnknownError": 10,
        "CatalogError": 3,
        "QueryHistoryError": 3,
    }

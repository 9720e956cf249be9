"""What needs no Airflow: words that cannot be meant, rights, and servers that have none."""

from collections.abc import Iterator

import pytest

from dli import ExecutionContext, ResultStatus, ServerError, WorkflowAPI, WorkflowUnavailableError
from dli_server.http.scopes import Scope
from tests.server.fixtures import RunningServer, running_server
from tests.workflows.basecamp import basecamp
from tests.workflows.conftest import DLI_YAML
from tests.workflows.saying import Said, dli

NAME = "lake.mart.orders"
COMMANDS = [
    ("list",),
    ("history",),
    ("run", NAME),
    ("run", NAME, "--dry-run"),
    ("backfill", NAME, "--start", "2025-01-01", "--end", "2025-01-02"),
    ("status", "dli__x"),
    ("status", "0" * 32),
    ("stop", "dli__x"),
    ("pause", NAME),
    ("unpause", NAME),
    ("register", NAME, "--cron", "0 6 * * *"),
    ("unregister", NAME),
]
EXTENSION_ONLY = [
    ("run", NAME, "--dry-run"),
    ("run", NAME, "--ds", "2025-01-01"),
    ("backfill", NAME, "-s", "2025-01-01", "-e", "2025-01-02", "--dry-run"),
    ("backfill", NAME, "-s", "2025-01-01", "-e", "2025-01-02", "--parallel", "2"),
    ("list", "--running"),
    ("register", NAME, "--cron", "0 6 * * *", "--disabled"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    root = tmp_path_factory.mktemp("project")
    (root / "datasets").mkdir()
    (root / "dli.yaml").write_text(DLI_YAML)
    with running_server(root) as found:
        yield found


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_server_without_airflow_pretends_nothing(
    server: RunningServer, words: tuple[str, ...]
) -> None:
    said = dli(server.environ(), *words)
    assert (said.code, said.err.split()[0]) == (6, "[DLI-809]")
    assert "This server has no Airflow" in said.err
    assert said.out == ""


@pytest.mark.parametrize("name", ["dli__x/..", "..", "", "a\\b"])
@pytest.mark.parametrize("words", [("status",), ("stop",), ("pause",), ("unregister",)])
def test_what_can_be_no_name_is_simply_not_there(
    server: RunningServer, words: tuple[str, ...], name: str
) -> None:
    said = dli(server.environ(), *words, name)
    assert (said.code, said.err.split()[0]) == (3, "[DLI-800]"), said
    assert f"nothing of the name {name!r}" in said.err


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_key_without_the_right_is_refused(server: RunningServer, words: tuple[str, ...]) -> None:
    said = dli(server.environ(Scope.RUN_SPEC), *words)
    assert (said.code, said.err.split()[0]) == (5, "[DLI-404]")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_without_a_server_nothing_is_asked(words: tuple[str, ...]) -> None:
    said = dli({}, *words)
    assert (said.code, said.err.split()[0]) == (6, "[DLI-501]")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("run", NAME, "--local"), "there is no --local"),
        (("list", "--local"), "there is no --local"),
        (("run", NAME, "--local", "--server"), "--local"),
        (("run", NAME, "--ds", "2025-02-30"), "no day"),
        (("run", NAME, "--again"), "--ds"),
        (("run", NAME, "--wait", "--dry-run"), "nothing to --wait for"),
        (("backfill", NAME, "-s", "2025-01-07", "-e", "2025-01-01"), "swap them"),
        (("backfill", NAME, "-s", "2025-02-30", "-e", "2025-03-01"), "no day"),
        (("backfill", NAME, "-s", "01.02.2025", "-e", "2025-03-01"), "YYYY-MM-DD"),
        (("backfill", NAME, "-s", "2025-01-01"), "--end"),
        (
            ("backfill", NAME, "-s", "2025-01-01", "-e", "2025-01-01", "--parallel", "0"),
            "from 1 to 64",
        ),
        (("history", "--status", "DONE"), "PENDING"),
        (("register", NAME), "--cron"),
    ],
)
def test_words_that_cannot_be_meant(words: tuple[str, ...], why: str) -> None:
    said = dli({"DLI_SERVER_URL": "http://127.0.0.1:9"}, *words)
    assert said.code == 2
    assert why in said.err


@pytest.mark.parametrize("words", EXTENSION_ONLY, ids=" ".join)
def test_an_older_server_is_not_asked_for_what_it_would_do_otherwise(
    words: tuple[str, ...],
) -> None:
    with basecamp() as (url, asked):
        said = dli({"DLI_SERVER_URL": url}, *words)
    assert (said.code, said.err.split()[0]) == (6, "[DLI-505]")
    assert [method for method, _, _ in asked] == ["GET"]


def test_an_older_server_is_understood() -> None:
    with basecamp() as (url, asked):

        def ask(*words: str) -> Said:
            return dli({"DLI_SERVER_URL": url}, *words)

        ran = ask("run", NAME, "-p", "x=1", "--wait", "--json")
        assert (ran.code, ran.json["run_status"]) == (0, "SUCCESS")
        sent = next(body for method, path, body in asked if path.endswith("/run"))
        assert sent == {"parameters": {"x": "1"}}
        filled = ask("backfill", NAME, "-s", "2025-01-01", "-e", "2025-01-02", "--json").json
        assert [(day["day"], day["run_status"]) for day in filled["days"]] == [
            ("2025-01-01", "PENDING"),
            ("2025-01-02", "PENDING"),
        ]
        stopped = ask("history", "--status", "KILLED", "--json").json["items"]
        assert [run["run_id"] for run in stopped] == ["r2"]
        assert [one["dataset_name"] for one in ask("list", "--json").json["items"]] == [NAME]
        missing = ask("run", "lake.mart.order")
        assert (missing.code, missing.err.split()[0]) == (3, "[DLI-800]")


def test_the_library_asks_the_same(server: RunningServer) -> None:
    context = ExecutionContext(server_url=server.url, api_token=server.key())
    with pytest.raises(WorkflowUnavailableError):
        WorkflowAPI(context).run(NAME)
    with basecamp() as (url, _):
        api = WorkflowAPI(ExecutionContext(server_url=url))
        started = api.run(NAME, parameters={"x": 1})
        assert (started.status, started.run_status) == (ResultStatus.PENDING, "PENDING")
        assert api.wait_for_run(str(started.run_id)).status == "SUCCESS"
        found = api.get(NAME)
        assert found is not None
        assert (found.source_type, found.status) == ("manual", "active")
        assert api.get("lake.mart.order") is None
        with pytest.raises(ServerError):
            api.run(NAME, dry_run=True)

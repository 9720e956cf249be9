"""What a server finds that an earlier one left, and how fast it is done with it."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dli_adapters.wire.messages import ResourceRun, RunSubmission, StatementRun
from dli_domain.errors import ErrorCode
from dli_server.compose import compose
from dli_server.configuration import ServerConfig
from dli_server.operations import project_settings
from dli_server.runs.journal import Accepted, RunJournal
from dli_server.storage.opening import open_database
from tests.server.runs.project import write_runs_project

STATEMENT = RunSubmission(statement=StatementRun(session_id="s", sql="SELECT 1"))
BY_NAME = RunSubmission(
    resource=ResourceRun(kind="dataset", name="lake.marts.read", parameters={"n": 1}),
    attached=False,
)


def left(journal: RunJournal, run_id: str, *, state: str, writes: bool, named: bool) -> None:
    journal.accept(
        Accepted(
            run_id=run_id,
            key_id="key",
            owner="kim",
            idempotency_key=run_id,
            request_hash="",
            trace_id="",
            session_id=None if named else "s",
            kind="dataset" if named else "statement",
            name="lake.marts.read",
            engine="duckdb",
            writes=writes,
            sql="",
            submission=BY_NAME if named else STATEMENT,
            submitted_at=datetime.now(UTC),
        )
    )
    journal.change(run_id, {"state": state})


@pytest.mark.parametrize(
    ("state", "writes", "named", "end", "code"),
    [
        ("ACCEPTED", False, True, "DONE", None),
        ("RUNNING", False, True, "DONE", None),
        ("RUNNING", True, True, "UNKNOWN", ErrorCode.EXECUTION_UNKNOWN),
        ("ACCEPTED", True, False, "FAILED", ErrorCode.EXECUTION_CONNECTION),
        ("RUNNING", False, False, "FAILED", ErrorCode.EXECUTION_CONNECTION),
        ("RUNNING", True, False, "UNKNOWN", ErrorCode.EXECUTION_UNKNOWN),
    ],
)
def test_each_run_gets_the_end_that_is_known(
    tmp_path: Path, state: str, writes: bool, named: bool, end: str, code: ErrorCode | None
) -> None:
    config = ServerConfig(state=str(tmp_path / "state"))
    database = open_database(tmp_path / "state")
    left(RunJournal(database, "earlier"), "r", state=state, writes=writes, named=named)
    database.dispose()
    services = compose(config, project_settings(write_runs_project(tmp_path / "project")))
    try:
        services.lifecycle.start()
        run = services.runs.driver.get("r")
        if run is not None:
            assert run.ended.wait(20)
        found = services.runs.journal.get("r")
        assert found is not None
        assert found.state == end
        failure = found.answer.failure
        assert (None if failure is None else failure.code) == code
    finally:
        services.lifecycle.drain(1)
        services.lifecycle.close()


def test_five_hundred_runs_are_settled_at_once(tmp_path: Path) -> None:
    config = ServerConfig(state=str(tmp_path / "state"))
    database = open_database(tmp_path / "state")
    journal = RunJournal(database, "earlier")
    for number in range(500):
        left(journal, f"r{number}", state="RUNNING", writes=True, named=number % 2 == 0)
    database.dispose()
    services = compose(config, project_settings(write_runs_project(tmp_path / "project")))
    try:
        began = time.monotonic()
        services.lifecycle.start()
        assert time.monotonic() - began < 2
        assert not services.runs.journal.open_of_others()
    finally:
        services.lifecycle.close()

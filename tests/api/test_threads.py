"""One API object in many threads, as in a worker of Airflow (reliability row D10)."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dli import DatasetAPI, DliError, MockExecutor, ParameterError, QueryResult
from tests.projects import SEED_SPEC, write_dataset, write_project

THREADS, RUNS = 8, 25


@pytest.fixture(autouse=True)
def project() -> Path:
    root = write_project(Path.cwd())
    spec = SEED_SPEC.replace("NAME", "numbered").replace(
        'name: date, type: date, required: false, default: "2024-12-31"', "name: n, type: integer"
    )
    spec = spec.replace(
        "SELECT 1 AS id, DATE '{{ date }}' AS d", "SELECT {{ n }} AS n FROM range(3)"
    )
    write_dataset(root, "numbered", spec)
    return root


def test_no_row_of_one_run_comes_out_of_another() -> None:
    api = DatasetAPI()

    def run(number: int) -> list[object]:
        return [row["n"] for row in api.run("numbered", parameters={"n": number})]

    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(run, range(THREADS * RUNS)))
    assert found == [[number] * 3 for number in range(THREADS * RUNS)]


def test_errors_stay_with_their_run() -> None:
    api = DatasetAPI()

    def run(number: int) -> str:
        try:
            api.run("numbered", parameters={"n": number if number % 2 else f"x{number}"})
        except ParameterError as error:
            return error.message
        return "ok"

    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(run, range(60)))
    assert [text == "ok" for text in found] == [bool(number % 2) for number in range(60)]
    assert all(f"'x{number}'" in text for number, text in enumerate(found) if not number % 2)


def test_a_shared_mock_counts_every_call() -> None:
    mock = MockExecutor(return_value=QueryResult(rows=[{"id": 1}]))
    api = DatasetAPI(executor=mock)
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda n: api.run("numbered", parameters={"n": n}), range(100)))
    assert mock.call_count == 100


def test_the_library_installs_no_signal_handler_and_leaves_no_thread() -> None:
    handled = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE)
    before = [signal.getsignal(number) for number in handled]
    threads = threading.active_count()
    api = DatasetAPI()
    api.run("numbered", parameters={"n": 1})
    with pytest.raises(DliError):
        api.run("numbered", parameters={"n": "x"})
    assert [signal.getsignal(number) for number in handled] == before
    assert threading.active_count() == threads

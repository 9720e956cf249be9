"""BigQuery's own reading of a statement, asked of the emulator by a dry run."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dli_adapters.clock.system import SystemClock
from dli_adapters.registry import open_executor
from dli_domain.errors import EngineError, PolicyError
from dli_domain.model.policy import ReadAccess
from dli_domain.model.settings import Settings
from dli_domain.ports.query_executor import QueryExecutor
from tests.adapters.bigquery.conftest import new_scope
from tests.engines.local_bigquery import BigQueryServer, bigquery_server

__all__ = ["bigquery_server"]

pytestmark = pytest.mark.xdist_group("bigquery")


@pytest.fixture
def kept(bigquery_server: BigQueryServer) -> Settings:
    settings = Settings(engine="bigquery", bigquery=bigquery_server.target())
    with _opened(settings, None) as executor:
        for name in ("policy_nyc", "policy_hr"):
            executor.execute(f"CREATE SCHEMA IF NOT EXISTS {name}")
        executor.execute("CREATE OR REPLACE TABLE policy_nyc.trips AS SELECT 7 AS id")
        executor.execute("CREATE OR REPLACE TABLE policy_hr.pay AS SELECT 8 AS id")
    return settings


@contextmanager
def _opened(settings: Settings, access: ReadAccess | None) -> Iterator[QueryExecutor]:
    with open_executor(settings, SystemClock(), reading=access)(new_scope()) as executor:
        yield executor


def test_a_reading_session_reads_what_is_allowed(kept: Settings) -> None:
    with _opened(kept, ReadAccess(tables=("policy_nyc.*",))) as executor:
        sql = "SELECT id FROM policy_nyc.trips WHERE id > @least -- the newest"
        assert executor.execute(sql, {"least": 1}).rows == ({"id": 7},)
        executor.estimate("SELECT id FROM policy_nyc.trips")
        executor.check()


_REFUSED = (
    "SELECT * FROM policy_hr.pay",
    "INSERT INTO policy_nyc.trips VALUES (1)",
    "SELECT 1; DROP TABLE policy_nyc.trips",
    "SELECT * FROM EXTERNAL_QUERY('c', 'DELETE FROM x')",
    "CREATE TEMP FUNCTION f() AS (1)",
    "SELECT table_name FROM policy_nyc.INFORMATION_SCHEMA.TABLES",
)


def test_a_reading_session_refuses_the_rest_and_goes_on(kept: Settings) -> None:
    with _opened(kept, ReadAccess(tables=("policy_nyc.*",))) as executor:
        for sql in _REFUSED:
            with pytest.raises(PolicyError):
                executor.execute(sql)
            with pytest.raises(PolicyError):
                executor.estimate(sql)
        assert executor.execute("SELECT id FROM policy_nyc.trips").rows == ({"id": 7},)


def test_what_the_engine_cannot_read_is_told_by_the_engine(kept: Settings) -> None:
    with (
        _opened(kept, ReadAccess()) as executor,
        pytest.raises(EngineError) as caught,
    ):
        executor.execute("SELECT id FROM policy_nyc.nothing_of_the_kind")
    assert not isinstance(caught.value, PolicyError)

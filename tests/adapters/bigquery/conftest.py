"""The emulator, a proxy before it, and executors of one run each."""

import itertools
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

import pytest

from dli_adapters.bigquery.executor import BigQueryExecutor
from dli_domain.model.run import Deadline, RunScope
from tests.engines.local_bigquery import BigQueryServer, bigquery_server
from tests.faults.proxy import FaultProxy, fault_proxy

__all__ = ["bigquery_server"]

_NUMBERS = itertools.count(1)


def new_scope(seconds: float = 120, run_id: str = "", max_bytes: int | None = None) -> RunScope:
    """A run of its own, ending so many seconds from now."""
    return RunScope(
        run_id=run_id or f"t{time.time_ns():x}-{next(_NUMBERS)}",
        resource="iceberg.analytics.daily_clicks",
        deadline=Deadline(time.monotonic() + seconds, seconds),
        max_bytes=max_bytes,
    )


class Open(Protocol):
    """Opens an executor: on the emulator itself, or through an address before it."""

    def __call__(
        self, scope: RunScope | None = None, endpoint: str | None = None, *, storage: bool = True
    ) -> AbstractContextManager[BigQueryExecutor]: ...


@pytest.fixture
def open_bigquery(bigquery_server: BigQueryServer) -> Open:
    def opened(
        scope: RunScope | None = None, endpoint: str | None = None, *, storage: bool = True
    ) -> AbstractContextManager[BigQueryExecutor]:
        target = bigquery_server.target(endpoint, storage=storage)
        return BigQueryExecutor.connect(target, scope or new_scope())

    return opened


@pytest.fixture
def proxy(bigquery_server: BigQueryServer) -> Iterator[FaultProxy]:
    with fault_proxy(bigquery_server.rest_port) as before:
        yield before

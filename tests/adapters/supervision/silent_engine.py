"""An engine that stops answering where a test wants it to."""

import threading
from collections.abc import Iterator, Mapping
from typing import Literal

import pyarrow as pa

from dli_adapters.arrow.stream import ArrowStream
from dli_domain.errors import ExecutionCancelledError
from dli_domain.model.result import Column, Estimate, QueryResult
from dli_domain.model.run import CancelOutcome
from dli_domain.ports.query_executor import QueryExecutor

Cancelling = Literal["confirms", "does not know", "hangs", "comes too late"]
Place = Literal["execute", "batch", "check"]

SCHEMA = pa.schema([("n", pa.int64())])


class SilentEngine(QueryExecutor):
    """Answers nothing at `silent_at`, and reacts to a cancel as told.

    `cancels` counts the cancels it saw; `released` frees whatever still waits in it.
    """

    def __init__(self, silent_at: Place, cancelling: Cancelling, batches: int = 1) -> None:
        self._silent_at = silent_at
        self._cancelling = cancelling
        self._batches = batches
        self._stopped = threading.Event()
        self.released = threading.Event()
        self.cancels = 0
        self.closed = 0
        self.job_id = "job-7"

    @property
    def engine(self) -> str:
        return "silent"

    def execute(self, sql: str, params: Mapping[str, object] | None = None) -> QueryResult:
        if self._silent_at == "execute":
            self._silence()
            return QueryResult(affected_rows=3)
        stream = ArrowStream(SCHEMA, self._rows(), [Column("n", "INT64")], self._closed)
        return QueryResult(stream=stream)

    def estimate(self, sql: str) -> Estimate:
        return Estimate(bytes_processed=0)

    def check(self) -> None:
        if self._silent_at == "check":
            self._silence()

    def cancel(self) -> CancelOutcome:
        self.cancels += 1
        match self._cancelling:
            case "confirms":
                self._stopped.set()
                return CancelOutcome.CONFIRMED
            case "comes too late":
                self.released.set()
                return CancelOutcome.NOTHING_RUNNING
            case "hangs":
                self.released.wait(60)
        return CancelOutcome.UNCONFIRMED

    def _rows(self) -> Iterator[pa.RecordBatch]:
        for number in range(self._batches):
            yield pa.record_batch([pa.array([number])], schema=SCHEMA)
        self._silence()

    def _closed(self) -> None:
        self.closed += 1

    def _silence(self) -> None:
        for _ in range(6000):
            if self._stopped.wait(0.01):
                raise ExecutionCancelledError("stopped")
            if self.released.is_set():
                return

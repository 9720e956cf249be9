"""Any executor, with a deadline that holds and a cancel that arrives."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import partial
from typing import final

import pyarrow as pa

from dli_adapters.arrow.from_rows import stream_of
from dli_adapters.arrow.stream import ArrowStream
from dli_adapters.supervision.attended import attended
from dli_adapters.supervision.handoff import Handoff, NothingCame
from dli_adapters.supervision.interrupted import announce, withdraw
from dli_adapters.supervision.watch import SLICE_SECONDS, Watch
from dli_domain.model.result import Estimate, QueryResult
from dli_domain.model.run import CancelOutcome, RunScope
from dli_domain.ports.clock import Clock
from dli_domain.ports.query_executor import QueryExecutor

OpenExecutor = Callable[[RunScope], AbstractContextManager[QueryExecutor]]

_BRIEFLY = 0.05


def supervised(open_inner: OpenExecutor, clock: Clock) -> OpenExecutor:
    """The same engine, opened, used and closed under the run's deadline."""

    @contextmanager
    def opened(scope: RunScope) -> Iterator[QueryExecutor]:
        with (
            attended(open_inner, scope, clock) as (inner, watch),
            closing(SupervisedExecutor(inner, watch)) as executor,
        ):
            yield executor

    return opened


@final
class SupervisedExecutor(QueryExecutor):
    """Runs the inner executor's calls, and pulls its batches, in a worker thread.

    The caller waits where signals are handled. At the deadline, or when a signal comes, the
    inner `cancel` is called and given a moment; after that the answer is given without it.
    """

    def __init__(self, inner: QueryExecutor, watch: Watch) -> None:
        self._inner = inner
        self._watch = watch
        self._stream: ArrowStream | None = None

    @property
    def engine(self) -> str:
        return self._inner.engine

    @property
    def job_id(self) -> str | None:
        """The job of the statement sent last, where the engine knows jobs."""
        found: str | None = getattr(self._inner, "job_id", None)
        return found

    def execute(self, sql: str, params: Mapping[str, object] | None = None) -> QueryResult:
        self.close()
        result = self._watch.call(partial(self._inner.execute, sql, params), sql)
        if result.stream is None:
            return result
        self._stream = Pump(stream_of(result), self._watch).stream(result)
        return QueryResult(
            columns=result.columns,
            stream=self._stream,
            affected_rows=result.affected_rows,
            stats=result.stats,
        )

    def estimate(self, sql: str) -> Estimate:
        self.close()
        return self._watch.call(partial(self._inner.estimate, sql))

    def check(self) -> None:
        self.close()
        self._watch.call(self._inner.check)

    def cancel(self) -> CancelOutcome:
        return self._inner.cancel()

    def close(self) -> None:
        """End the statement whose rows are still on their way."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()


class Pump:
    """Pulls a stream's batches in the worker, and hands them over in the caller's thread."""

    def __init__(self, source: ArrowStream, watch: Watch) -> None:
        self._source = source
        self._watch = watch
        self._belt: Handoff[pa.RecordBatch] = Handoff()
        announce(id(self), watch.described)
        self._pulling: Future[None] = watch.worker.submit(self._pull)

    def stream(self, result: QueryResult) -> ArrowStream:
        return ArrowStream(self._source.schema, self._batches(), result.columns, self._close)

    def _pull(self) -> None:
        try:
            try:
                for batch in self._source.batches():
                    if not self._belt.put(batch):
                        break
            finally:
                self._source.close()
        except BaseException as error:  # noqa: BLE001 - it is raised again where the rows are read
            self._belt.end(error)
        else:
            self._belt.end()

    def _batches(self) -> Iterator[pa.RecordBatch]:
        while (batch := self._next()) is not None:
            yield batch

    def _next(self) -> pa.RecordBatch | None:
        watch = self._watch
        try:
            while (left := watch.remaining) > 0:
                with suppress(NothingCame):
                    return self._belt.get(min(left, SLICE_SECONDS))
        except (KeyboardInterrupt, SystemExit) as signal:
            watch.interrupted(self._stop(), signal)
        return watch.give_up(self._stop())

    def _stop(self) -> CancelOutcome:
        self._belt.stop()
        return self._watch.stop(self._pulling)

    def _close(self) -> None:
        self._belt.stop()
        try:
            if not self._watch.lost:
                wait((self._pulling,), _BRIEFLY)
                if not self._pulling.done():
                    self._watch.stop(self._pulling)
        finally:
            withdraw(id(self))

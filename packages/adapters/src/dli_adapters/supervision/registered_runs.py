"""Runs by name, with a deadline that holds and a cancel that arrives."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from typing import final

from dli_adapters.arrow.from_rows import stream_of
from dli_adapters.arrow.stream import ArrowStream
from dli_adapters.supervision.attended import attended
from dli_adapters.supervision.executor import Pump
from dli_adapters.supervision.watch import Watch
from dli_domain.model.quality import QualityReport
from dli_domain.model.requests import QualityRequest, RunRequest
from dli_domain.model.result import QueryResult
from dli_domain.model.run import CancelOutcome, RunScope
from dli_domain.model.spec import ResourceKind
from dli_domain.ports.clock import Clock
from dli_domain.ports.registered_runs import (
    NamedResult,
    OpenRuns,
    Progress,
    RegisteredRuns,
)

# What a run by name may do to data, as the watch reads it off a statement.
_ONLY_READS, _MAY_CHANGE = "SELECT", "INSERT"


def supervised_runs(open_inner: OpenRuns, clock: Clock) -> OpenRuns:
    """The same runs, opened, made and closed in a worker, under the deadline of the scope."""

    @contextmanager
    def opened(scope: RunScope) -> Iterator[RegisteredRuns]:
        with (
            attended(open_inner, scope, clock) as (inner, watch),
            closing(_SupervisedRuns(inner, watch)) as runs,
        ):
            yield runs

    return opened


@final
class _SupervisedRuns(RegisteredRuns):
    """The inner runs, made in the worker while the caller waits where signals are handled."""

    def __init__(self, inner: RegisteredRuns, watch: Watch) -> None:
        self._inner = inner
        self._watch = watch
        self._stream: ArrowStream | None = None

    @property
    def engine(self) -> str:
        return self._inner.engine

    def run(self, asked: RunRequest, progress: Progress) -> NamedResult:
        may = _MAY_CHANGE if asked.kind is ResourceKind.DATASET else _ONLY_READS
        found = self._watch.call(partial(self._inner.run, asked, progress), may)
        result = found.result
        if result.stream is None:
            return found
        # The run has ended: stopping to read its rows can change nothing.
        self._watch.sql = _ONLY_READS
        self._stream = Pump(stream_of(result), self._watch).stream(result)
        read = QueryResult(columns=result.columns, stream=self._stream, stats=result.stats)
        return replace(found, result=read)

    def judge(self, asked: QualityRequest, progress: Progress) -> QualityReport:
        return self._watch.call(partial(self._inner.judge, asked, progress), _ONLY_READS)

    def cancel(self) -> CancelOutcome:
        return self._inner.cancel()

    def close(self) -> None:
        """End the reading of rows that are still on their way."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

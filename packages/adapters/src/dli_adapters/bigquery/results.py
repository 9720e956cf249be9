"""A finished job's rows as an Arrow stream: over the Storage Read API, or page by page."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import Any, TypeAlias, final

import pyarrow as pa
from google.api_core import exceptions as api
from google.cloud import bigquery
from google.cloud.bigquery.table import RowIterator

from dli_adapters.arrow.stream import ArrowStream
from dli_adapters.bigquery.calls import Patience, understood
from dli_adapters.bigquery.errors import TRANSLATED, place, said, translate
from dli_adapters.bigquery.jobs import Jobs, Running
from dli_adapters.bigquery.rows import batch_of
from dli_adapters.bigquery.types import arrow_schema, columns_of
from dli_domain.errors import (
    ExecutionCancelledError,
    ExecutionConnectionError,
    ExecutionTimeoutError,
    ResultInvalidError,
)
from dli_domain.model.settings import BigQueryTarget

PAGE_ROWS = 10_000
_PAGE_SECONDS = 60.0

Batches: TypeAlias = Generator[pa.RecordBatch, None, None]
ReadStorage: TypeAlias = Callable[
    [bigquery.TableReference, Sequence[bigquery.SchemaField], Patience], Batches
]


class NoStorageError(Exception):
    """The Storage Read API cannot be used; the text says why."""


@final
class Results:
    """Reads what jobs gave.

    Args:
        client: The client that ran them.
        target: Where they ran, for messages.
        jobs: Tells the deadline and whether the run was cancelled.
        storage: Reads a table over the Storage Read API when a result is too large for one
            page, or raises `NoStorageError`.
    """

    def __init__(
        self,
        client: bigquery.Client,
        target: BigQueryTarget,
        jobs: Jobs,
        storage: ReadStorage,
    ) -> None:
        self._client = client
        self._target = target
        self._jobs = jobs
        self._storage = storage

    def open(self, job: bigquery.QueryJob) -> tuple[ArrowStream | None, int | None, str | None]:
        """The rows, or the affected rows, and why the slower way was taken, if it was."""
        rows = self._guarded(job, lambda: self._first(job))
        if not rows.schema:
            if job.statement_type == "SELECT":
                raise self._cut(job, "the answer names no columns")
            return None, rows.num_dml_affected_rows, None
        pages = iter(rows.pages)
        first = self._guarded(job, lambda: understood(lambda: next(pages, None)))
        batches, note = self._batches(job, rows, pages, first)
        whole = self._checked(job, rows.total_rows or 0, batches)
        schema = arrow_schema(rows.schema)
        return ArrowStream(schema, whole, columns_of(rows.schema), whole.close), None, note

    def _first(self, job: bigquery.QueryJob) -> RowIterator:
        result = understood(
            lambda: job.result(
                page_size=PAGE_ROWS,
                # the client only calls it with a function and calls what it gets
                retry=self._jobs.patience.repeating,  # type: ignore[arg-type]
                job_retry=None,
                timeout=_PAGE_SECONDS,
            )
        )
        assert isinstance(result, RowIterator)  # noqa: S101 - also the empty one is a child
        return result

    def _batches(
        self, job: bigquery.QueryJob, rows: RowIterator, pages: Iterator[Any], first: Any
    ) -> tuple[Batches, str | None]:
        if first is None or rows.next_page_token is None:
            return self._paged(rows, pages, first), None
        try:
            return self._stored(job, rows), None
        except NoStorageError as reason:
            return self._paged(rows, pages, first), f"read over REST: {reason}"

    def _paged(self, rows: RowIterator, pages: Iterator[Any], first: Any) -> Batches:
        page = first
        while page is not None:
            yield batch_of(page.raw_page.get("rows", ()), rows.schema)
            page = understood(lambda: next(pages, None))

    def _stored(self, job: bigquery.QueryJob, rows: RowIterator) -> Batches:
        if job.destination is None:
            raise NoStorageError("a script has no result table of its own")
        try:
            return self._storage(job.destination, rows.schema, self._jobs.patience)
        except api.GoogleAPICallError as error:
            raise NoStorageError(said(error)) from error

    def _checked(self, job: bigquery.QueryJob, total: int, batches: Batches) -> Batches:
        """Every batch in turn; what fails on the way and what is missing becomes our error."""
        running, seen = self._jobs.running, 0
        with closing(batches):
            while True:
                self._may_go_on(job, running)
                batch = self._guarded(job, lambda: next(batches, None))
                if batch is None:
                    break
                seen += batch.num_rows
                if batch.num_rows:
                    yield batch
        if seen != total:
            raise self._cut(job, f"{seen:,} rows arrived of the {total:,} announced")

    def _may_go_on(self, job: bigquery.QueryJob, running: Running | None) -> None:
        if running is not None and running.cancelled.is_set():
            raise ExecutionCancelledError(
                f"the run was stopped while the rows of job {job.job_id!r} were read"
            )
        if self._jobs.patience.remaining() <= 0:
            raise self._late(job)

    def _guarded(self, job: bigquery.QueryJob, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except TRANSLATED as error:
            failure = translate(error, self._target)
            if self._jobs.patience.remaining() <= 0:
                failure = self._late(job)
            elif isinstance(failure, ExecutionConnectionError):
                failure = self._cut(job, said(error))
            raise failure from error

    def _late(self, job: bigquery.QueryJob) -> ExecutionTimeoutError:
        return ExecutionTimeoutError(
            "the time limit passed while the rows were read; the query itself had ended",
            context=place(self._target) | {"Job": str(job.job_id)},
            hint="Raise --timeout; within 24 hours the same query is free from the cache.",
        )

    def _cut(self, job: bigquery.QueryJob, reason: str) -> ResultInvalidError:
        return ResultInvalidError(
            f"the result of job {job.job_id!r} did not arrive whole: {reason}",
            context=place(self._target) | {"Job": str(job.job_id)},
            hint="Run it again; nothing that arrived was kept.",
        )

"""BigQuery behind the port: one run, its session, its jobs."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Self, final

from google.auth.credentials import Credentials
from google.cloud import bigquery

from dli_adapters.bigquery.calls import Patience
from dli_adapters.bigquery.connection import is_emulator, normalised, open_client
from dli_adapters.bigquery.errors import TRANSLATED, translated, unreachable
from dli_adapters.bigquery.jobs import Jobs
from dli_adapters.bigquery.parameters import query_parameters
from dli_adapters.bigquery.referee import BigQueryReferee
from dli_adapters.bigquery.results import Batches, NoStorageError, ReadStorage, Results
from dli_adapters.bigquery.statements import labels_of, leaves_state
from dli_domain.errors import ExecutionQueryError
from dli_domain.model.result import Estimate, QueryResult, QueryStats
from dli_domain.model.run import CancelOutcome, RunScope
from dli_domain.model.settings import BigQueryTarget
from dli_domain.ports.query_executor import QueryExecutor

if TYPE_CHECKING:
    from google.cloud.bigquery_storage_v1.services.big_query_read import BigQueryReadClient

_ROWS = frozenset({"SELECT", "SCRIPT", None})
_CHANGES = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE_TABLE"})
_END_SECONDS = 2.0
_CONSOLE = "https://console.cloud.google.com/bigquery"


def no_storage(
    _table: bigquery.TableReference, _schema: Sequence[bigquery.SchemaField], _: Patience
) -> Batches:
    """Say that every result goes page by page.

    Raises:
        NoStorageError: always.
    """
    raise NoStorageError("no Storage Read client was given")


@final
class BigQueryExecutor(QueryExecutor):
    """Runs statements as jobs whose ids are chosen here, before anything is sent.

    Args:
        client: The official client, its project and location set.
        target: What the client was built from; names things in messages.
        scope: The run: its id, its deadline, its limit of bytes.
        storage: Reads a large result over the Storage Read API.
        monotonic: The clock that the scope's deadline is told by.
    """

    def __init__(
        self,
        client: bigquery.Client,
        target: BigQueryTarget,
        scope: RunScope,
        *,
        storage: ReadStorage = no_storage,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._target = replace(target, project=client.project)
        self._scope = scope
        self._jobs = Jobs(client, self._target, scope, monotonic)
        self._results = Results(client, self._target, self._jobs, storage)
        self._session_id: str | None = None

    @classmethod
    @contextmanager
    def connect(cls, target: BigQueryTarget, scope: RunScope) -> Iterator[Self]:
        """An executor for one run; its session and its connections end with the block.

        Raises:
            ExecutionConnectionError: there are no credentials, or no project is known.
            ConfigError: the credentials file or the endpoint is wrong.
        """
        target = normalised(target)
        with contextlib.ExitStack() as opened:
            with translated(target):
                client, credentials = open_client(
                    target, lambda: scope.deadline.remaining(time.monotonic())
                )
            opened.callback(client.close)
            storage = _StorageOnDemand(target, credentials)
            opened.callback(storage.close)
            executor = cls(client, target, scope, storage=storage)
            opened.callback(executor.close)
            yield executor

    @property
    def engine(self) -> str:
        return "bigquery"

    @property
    def referee(self) -> BigQueryReferee:
        """Who tells how this engine reads a statement."""
        return BigQueryReferee(self._dry_run, self._target)

    @property
    def job_id(self) -> str | None:
        """The job of the statement sent last, chosen before it was sent."""
        running = self._jobs.running
        return running.job_id if running else None

    def execute(self, sql: str, params: Mapping[str, object] | None = None) -> QueryResult:
        config = self._config(params)
        if self._session_id is None and leaves_state(sql):
            config.create_session = True
        asked_before = self._jobs.patience.retries
        with translated(self._target):
            job = self._jobs.run(sql, config)
            if job.session_info is not None:
                self._session_id = job.session_info.session_id
            stream, affected, note = None, None, None
            if job.statement_type in _ROWS:
                stream, affected, note = self._results.open(job)
            elif job.statement_type in _CHANGES:
                affected = job.num_dml_affected_rows
        retries = self._jobs.patience.retries - asked_before
        stats = self._stats(job, retries, (note,) if note else ())
        return QueryResult(stream=stream, affected_rows=affected, stats=stats)

    def estimate(self, sql: str) -> Estimate:
        with translated(self._target):
            job = self._dry_run(sql)
            tables = sorted(str(table) for table in job.referenced_tables)
            details = {"Statement": str(job.statement_type or "unknown")}
            if tables:
                details["Tables"] = ", ".join(tables)
            return Estimate(bytes_processed=job.total_bytes_processed, details=details)

    def check(self) -> None:
        try:
            with translated(self._target):
                self._dry_run("SELECT 1")
        except ExecutionQueryError as error:
            # the statement cannot be at fault: the project or the location is
            raise unreachable(self._target, error.message) from error

    def cancel(self) -> CancelOutcome:
        return self._jobs.cancel()

    def close(self) -> None:
        """End the session, if there is one and time is left; BigQuery ends it in a day anyway."""
        session, self._session_id = self._session_id, None
        left = self._jobs.patience.remaining()
        if session is None or left < _END_SECONDS:
            return
        config = bigquery.QueryJobConfig(
            labels=labels_of(self._scope),
            connection_properties=[bigquery.ConnectionProperty("session_id", session)],
        )
        # The rows are delivered: a session that outlives the run is no failure of the run.
        with contextlib.suppress(*TRANSLATED):
            self._client.query(
                "CALL BQ.ABORT_SESSION()",
                job_config=config,
                job_id=self._jobs.next_id(),
                location=self._target.location,
                retry=None,  # type: ignore[arg-type]  # documented: None turns retries off
                job_retry=None,
                timeout=_END_SECONDS,
            )

    def _config(self, params: Mapping[str, object] | None = None) -> bigquery.QueryJobConfig:
        config = bigquery.QueryJobConfig(
            labels=labels_of(self._scope), query_parameters=query_parameters(params or {})
        )
        limits = [
            limit
            for limit in (self._scope.max_bytes, self._target.maximum_bytes_billed)
            if limit is not None
        ]
        if limits:
            config.maximum_bytes_billed = min(limits)
        if self._session_id is not None:
            config.connection_properties = [
                bigquery.ConnectionProperty("session_id", self._session_id)
            ]
        return config

    def _dry_run(self, sql: str, params: Mapping[str, object] | None = None) -> bigquery.QueryJob:
        config = self._config(params)
        config.dry_run = True
        config.use_query_cache = False
        return self._jobs.patience.read(
            lambda: self._client.query(
                sql,
                job_config=config,
                location=self._target.location,
                retry=None,  # type: ignore[arg-type]  # documented: None turns retries off
                job_retry=None,
                timeout=30.0,
            )
        )

    def _stats(self, job: bigquery.QueryJob, retries: int, notes: tuple[str, ...]) -> QueryStats:
        return QueryStats(
            job_id=job.job_id,
            job_url=self._job_url(job),
            bytes_processed=job.total_bytes_processed,
            bytes_billed=job.total_bytes_billed,
            cache_hit=job.cache_hit,
            retries=retries,
            notes=notes,
        )

    def _job_url(self, job: bigquery.QueryJob) -> str | None:
        if is_emulator(self._target):
            return None
        place = f"bq:{job.location}:{job.job_id}"
        return f"{_CONSOLE}?project={job.project}&j={place}&page=queryresults"


@final
class _StorageOnDemand:
    """The Storage Read client, opened by the first result that needs it."""

    def __init__(self, target: BigQueryTarget, credentials: Credentials) -> None:
        self._target = target
        self._credentials = credentials
        self._client: BigQueryReadClient | None = None

    def __call__(
        self,
        table: bigquery.TableReference,
        schema: Sequence[bigquery.SchemaField],
        patience: Patience,
    ) -> Batches:
        if self._target.endpoint and not self._target.storage_endpoint:
            raise NoStorageError("an endpoint is configured, but no storage endpoint")
        try:
            # the package is optional, and gRPC costs time that small results need not spend
            from dli_adapters.bigquery.storage import StorageRead, open_reader  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise NoStorageError("google-cloud-bigquery-storage is not installed") from error
        if self._client is None:
            self._client = open_reader(self._target, self._credentials)
        return StorageRead(self._client, table, schema, patience).batches()

    def close(self) -> None:
        if self._client is not None:
            self._client.transport.close()  # type: ignore[no-untyped-call]  # no annotations

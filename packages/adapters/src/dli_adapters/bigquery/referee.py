"""How BigQuery itself reads a statement: its answer to a dry run."""

from collections.abc import Callable, Mapping
from typing import final

from google.cloud import bigquery

from dli_adapters.bigquery.errors import translated
from dli_domain.model.policy import Opinion
from dli_domain.model.settings import BigQueryTarget
from dli_domain.ports.sql_referee import SqlReferee

DryRun = Callable[[str, Mapping[str, object] | None], bigquery.QueryJob]


@final
class BigQueryReferee(SqlReferee):
    """Asks for a dry run, which costs nothing and runs nothing.

    Args:
        dry_run: Sends the text as a dry run and gives the job.
        target: Where; its project stands before a shorter table name.
    """

    def __init__(self, dry_run: DryRun, target: BigQueryTarget) -> None:
        self._dry_run = dry_run
        self._target = target

    def opinion(self, sql: str, params: Mapping[str, object] | None = None) -> Opinion:
        with translated(self._target):
            job = self._dry_run(sql, params)
            tables = frozenset(
                (table.project, table.dataset_id, table.table_id) for table in job.referenced_tables
            )
            # SCRIPT is how BigQuery calls a text of several statements
            return Opinion(
                statement=str(job.statement_type or "unknown"),
                tables=tables,
                default=(self._target.project,) if self._target.project else (),
                through_views=True,
                bytes_processed=job.total_bytes_processed,
            )

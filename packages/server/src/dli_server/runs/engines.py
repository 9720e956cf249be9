"""The engines of the project that the server runs on, under the server's limits."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from dli_adapters import registry
from dli_adapters.supervision.reads import only_reads
from dli_domain.errors import ErrorCode, ServerError
from dli_domain.model.run import Deadline, RunScope
from dli_domain.model.settings import Settings
from dli_domain.ports.clock import Clock
from dli_domain.ports.query_executor import QueryExecutor
from dli_server.configuration import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """Opens supervised sessions: what the project says, and no more than the limits allow."""

    settings: Settings
    limits: Limits
    clock: Clock

    @property
    def engine(self) -> str:
        """The dialect that text must be written in."""
        return self.settings.engine

    @contextmanager
    def open(self, scope: RunScope, *, read_only: bool) -> Iterator[QueryExecutor]:
        """A session of the engine; `read_only` bounds it at the engine.

        Raises:
            DliError: it cannot be opened.
        """
        with registry.open_executor(self._capped(), self.clock)(self._bounded(scope)) as executor:
            yield executor

    def refuse_change(self, sql: str) -> None:
        """Refuse text that a read-only session may not send.

        Raises:
            ServerError: DLI-507, it is not sure to change nothing.
        """
        if not only_reads(sql):
            raise ServerError(
                "The server refused the statement: it is not sure to change nothing",
                code=ErrorCode.POLICY_REFUSED,
                hint="Send one SELECT, or use a key with the scope 'run:write'.",
            )

    def _capped(self) -> Settings:
        bigquery = self.settings.bigquery
        billed = min(
            bigquery.maximum_bytes_billed or self.limits.scan_bytes, self.limits.scan_bytes
        )
        return replace(self.settings, bigquery=replace(bigquery, maximum_bytes_billed=billed))

    def _bounded(self, scope: RunScope) -> RunScope:
        longest = float(self.limits.seconds)
        if scope.deadline.seconds <= longest:
            return scope
        began = scope.deadline.at - scope.deadline.seconds
        return replace(scope, deadline=Deadline(began + longest, longest))

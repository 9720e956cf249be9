"""The engines of the project that the server runs on, under the server's limits."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace

from dli_adapters import registry
from dli_domain.model.policy import ReadAccess
from dli_domain.model.run import Deadline, RunScope
from dli_domain.model.settings import Settings
from dli_domain.ports.clock import Clock
from dli_domain.ports.query_executor import QueryExecutor
from dli_server.configuration import Limits
from dli_server.runs.holding import HeldEngine


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """Opens supervised sessions: what the project says, and no more than the limits allow."""

    settings: Settings
    limits: Limits
    clock: Clock
    idle_seconds: float = 0.0
    held: HeldEngine = field(init=False)

    def __post_init__(self) -> None:
        """Hold what is worth it: other engines have no file to open."""
        seconds = self.idle_seconds if self.engine == "duckdb" else 0.0
        held = HeldEngine(self._held, seconds, self.clock)
        object.__setattr__(self, "held", held)

    @property
    def engine(self) -> str:
        """The dialect that text must be written in."""
        return self.settings.engine

    @contextmanager
    def open(self, scope: RunScope, reading: ReadAccess | None) -> Iterator[QueryExecutor]:
        """A session of the engine; with `reading` it takes what the SQL policy lets pass.

        Raises:
            DliError: it cannot be opened.
        """
        self.held.use()
        opened = registry.open_executor(self._capped(), self.clock, reading=reading)
        with opened(self._bounded(scope)) as executor:
            yield executor

    def access(
        self, tables: tuple[str, ...] | None = None, *, metadata: bool = False
    ) -> ReadAccess:
        """What a session that only reads may read; `tables` are patterns, None is all."""
        return ReadAccess(tables=tables, metadata=metadata, max_bytes=self.limits.scan_bytes)

    def judge(self, sql: str, access: ReadAccess) -> None:
        """Refuse text before it is taken; the engine's own reading comes later.

        Raises:
            PolicyError: DLI-507, the policy does not let it pass.
        """
        from dli_domain.policy.judging import judge_read_only  # noqa: PLC0415 - brings sqlglot

        judge_read_only(sql, self.engine, tables=access.tables, metadata=access.metadata)

    def _held(self, scope: RunScope) -> AbstractContextManager[QueryExecutor]:
        return registry.open_bare(self._capped())(scope)

    def _capped(self) -> Settings:
        bigquery = self.settings.bigquery
        billed = min(
            bigquery.maximum_bytes_billed or self.limits.scan_bytes, self.limits.scan_bytes
        )
        capped = replace(self.settings, bigquery=replace(bigquery, maximum_bytes_billed=billed))
        # Readers and writers share an instance, so all of them are confined.
        return registry.confined(capped)

    def _bounded(self, scope: RunScope) -> RunScope:
        longest = float(self.limits.seconds)
        if scope.deadline.seconds <= longest:
            return scope
        began = scope.deadline.at - scope.deadline.seconds
        return replace(scope, deadline=Deadline(began + longest, longest))

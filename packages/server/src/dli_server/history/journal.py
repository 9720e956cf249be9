"""The query history of a caller: one's own, and with the scope `admin` everybody's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import final

from dli_domain.errors import ErrorCode, QueryHistoryError
from dli_domain.model.history import (
    QueryCancelled,
    QueryDetail,
    QueryFilter,
    QueryInfo,
    QueryPage,
    QueryScope,
    QueryState,
)
from dli_domain.model.spec import ResourceSpec
from dli_domain.ports.clock import Clock
from dli_domain.ports.query_history import QueryHistory
from dli_domain.ports.spec_source import SpecSource
from dli_server.history.repository import QueryRepository
from dli_server.http.endpoint import Principal
from dli_server.http.scopes import Scope
from dli_server.runs.service import RunService


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryService:
    """Makes the history of a caller."""

    repository: QueryRepository
    runs: RunService
    specs: SpecSource
    clock: Clock

    def of(self, principal: Principal) -> "JournalHistory":
        """What this caller may see."""
        return JournalHistory(self, principal)


@final
class JournalHistory(QueryHistory):
    """Queries out of the journal of runs; `texts` tells the text of each query of a page."""

    def __init__(self, service: HistoryService, principal: Principal) -> None:
        self._service = service
        self._principal = principal
        self.texts: dict[str, str] = {}

    def queries(self, wanted: QueryFilter, *, limit: int, offset: int = 0) -> QueryPage:
        if wanted.scope is not QueryScope.MY and not self._sees_all:
            raise QueryHistoryError(
                "This key may see and stop its own queries only",
                code=ErrorCode.QUERY_ACCESS_DENIED,
                hint="List them with --scope my, or use a key with the scope 'admin'.",
            )
        if wanted.since and wanted.until and wanted.since >= wanted.until:
            raise QueryHistoryError(
                f"The time ends at {wanted.until.isoformat()}, before it begins at "
                f"{wanted.since.isoformat()}",
                code=ErrorCode.QUERY_INVALID_FILTER,
                hint="Give --until a later time than --since.",
            )
        specs = {str(spec.name): spec for spec in self._service.specs.list().specs}
        found = self._service.repository.page(
            wanted,
            key_id=self._principal.key_id,
            names=_tagged(specs.values(), wanted.tags) if wanted.tags else None,
            limit=limit + 1,
            offset=offset,
        )
        self.texts |= {info.query_id: text for info, text in found}
        shown = tuple(_with_tags(info, specs.get(info.title)) for info, _ in found[:limit])
        return QueryPage(queries=shown, has_more=len(found) > limit)

    def query(self, query_id: str) -> QueryDetail:
        found = self._service.repository.one(query_id)
        if found is None or not (found[1] == self._principal.key_id or self._sees_all):
            raise QueryHistoryError(
                f"There is no query {query_id!r}",
                hint="Run 'dli query list' to see your queries.",
            )
        # sqlglot is for those who ask for one query.
        from dli_domain.lineage.mentions import tables_used  # noqa: PLC0415

        detail = found[0]
        used = tables_used(detail.query_text, detail.info.engine)
        spec = next(
            (one for one in self._service.specs.list().specs if str(one.name) == detail.info.title),
            None,
        )
        info = replace(_with_tags(detail.info, spec), tables_used_count=len({u.name for u in used}))
        return replace(detail, info=info, tables_used=used)

    def cancel(self, query_id: str, reason: str | None = None) -> QueryCancelled:
        before = self.query(query_id)
        if not before.info.state.ended:
            self._service.runs.cancel(self._principal, before.info.query_id, reason)
            after = self.query(query_id)
            if not after.info.state.ended or after.info.state is QueryState.CANCELLED:
                return QueryCancelled(
                    query_id=after.info.query_id,
                    state=after.info.state,
                    cancelled_by=self._principal.owner,
                    cancelled_at=self._service.clock.now(),
                    reason=reason,
                )
            before = after
        raise QueryHistoryError(
            f"The query {query_id!r} cannot be stopped: it is {before.info.state.value} already",
            code=ErrorCode.QUERY_CANCEL_FAILED,
            hint=f"Run 'dli query show {query_id}' to see how it ended.",
        )

    @property
    def _sees_all(self) -> bool:
        return Scope.ADMIN in self._principal.scopes


def _tagged(specs: Iterable[ResourceSpec], tags: Sequence[str]) -> Sequence[str]:
    return [str(spec.name) for spec in specs if set(tags) <= set(spec.tags)]


def _with_tags(info: QueryInfo, spec: ResourceSpec | None) -> QueryInfo:
    return info if spec is None else replace(info, tags=spec.tags)

"""Reads the journal of runs as a history of queries; writes nothing."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, final

import msgspec
from sqlalchemy import ColumnElement, Engine, Select, select
from sqlalchemy.engine import RowMapping

from dli_adapters.wire.failures import WireFailure
from dli_adapters.wire.messages import Message, ResultFacts
from dli_domain.model.history import (
    AccountType,
    QueryDetail,
    QueryFilter,
    QueryInfo,
    QueryScope,
    QueryState,
    account_type,
)
from dli_domain.model.result import QueryStats
from dli_server.storage.tables import KEYS, RUNS

_STATES: Mapping[str, QueryState] = {
    "ACCEPTED": QueryState.PENDING,
    "RUNNING": QueryState.RUNNING,
    "DONE": QueryState.SUCCESS,
    "FAILED": QueryState.FAILED,
    "CANCELLED": QueryState.CANCELLED,
    "UNKNOWN": QueryState.UNKNOWN,
}
_RECORDED = {state: recorded for recorded, state in _STATES.items()}
_CLIENTS_ID = re.compile("[0-9a-f]{32}")
# The mark of an e-mail address, by which people's accounts are told from programs'.
_PERSONAL = RUNS.c.owner.contains("@", autoescape=True)

_COLUMNS = (
    RUNS.c.run_id,
    RUNS.c.key_id,
    RUNS.c.owner,
    RUNS.c.kind,
    RUNS.c.name,
    RUNS.c.state,
    RUNS.c.engine,
    RUNS.c.job_id,
    RUNS.c.writes,
    RUNS.c.sql,
    RUNS.c.answer,
    RUNS.c.submitted_at,
    RUNS.c.started_at,
    RUNS.c.ended_at,
    RUNS.c.rows,
    RUNS.c.bytes_processed,
    RUNS.c.cancelled_by,
    RUNS.c.cancel_reason,
)


class _Ending(Message, frozen=True, kw_only=True):
    """Of a run's last answer what a history tells."""

    failure: WireFailure | None = None
    result: ResultFacts = ResultFacts()
    stats: QueryStats = QueryStats()


@final
class QueryRepository:
    """Queries as `RUNS` has them.

    Args:
        database: Holds the journal.
    """

    def __init__(self, database: Engine) -> None:
        self._database = database

    def page(
        self,
        wanted: QueryFilter,
        *,
        key_id: str,
        names: Sequence[str] | None,
        limit: int,
        offset: int,
    ) -> Sequence[tuple[QueryInfo, str]]:
        """Queries with their texts, newest first.

        Args:
            wanted: Which.
            key_id: Whose, where the scope is `my`.
            names: The resources that have the wanted tags; None where no tag is wanted.
            limit: The most to give.
            offset: How many to pass over.
        """
        conditions = [*_conditions(wanted, key_id)]
        if names is not None:
            conditions.append(RUNS.c.name.in_(list(names)))
        chosen = (
            select(*_COLUMNS)
            .where(*conditions)
            .order_by(RUNS.c.submitted_at.desc(), RUNS.c.run_id)
            .limit(limit)
            .offset(offset)
        )
        with self._database.connect() as connection:
            rows = connection.execute(chosen).mappings().all()
        return [(_info(row), str(row["sql"])) for row in rows]

    def one(self, query_id: str) -> tuple[QueryDetail, str] | None:
        """A query and the id of the key it belongs to; None where there is none.

        It is also found by the id that its client gave the run: that of the messages there. Of
        the statements of such a run it is the latest.
        """
        with self._database.connect() as connection:
            row = connection.execute(_found(RUNS.c.run_id == query_id)).mappings().first()
            if row is None and _CLIENTS_ID.fullmatch(query_id):
                theirs = RUNS.c.idempotency_key.startswith(f"{query_id}.", autoescape=True)
                row = connection.execute(_found(theirs)).mappings().first()
            if row is None:
                return None
            by = row["cancelled_by"]
            owner = connection.execute(select(KEYS.c.owner).where(KEYS.c.key_id == by)).scalar()
        return _detail(row, owner or by), str(row["key_id"])


def _found(condition: ColumnElement[bool]) -> Select[Any]:
    return select(*_COLUMNS).where(condition).order_by(RUNS.c.submitted_at.desc()).limit(1)


def _conditions(wanted: QueryFilter, key_id: str) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.scope is QueryScope.MY:
        found.append(RUNS.c.key_id == key_id)
    elif wanted.scope is not QueryScope.ALL:
        found.append(_PERSONAL if wanted.scope is QueryScope.USER else ~_PERSONAL)
    if wanted.account is not None:
        found.append(RUNS.c.owner.icontains(wanted.account, autoescape=True))
    if wanted.sql is not None:
        found.append(RUNS.c.sql.icontains(wanted.sql, autoescape=True))
    if wanted.state is not None:
        found.append(RUNS.c.state == _RECORDED[wanted.state])
    if wanted.engine is not None:
        found.append(RUNS.c.engine == wanted.engine.lower())
    if wanted.since is not None:
        found.append(RUNS.c.submitted_at >= wanted.since)
    if wanted.until is not None:
        found.append(RUNS.c.submitted_at < wanted.until)
    return found


def _info(row: RowMapping) -> QueryInfo:
    failure = _ending(row).failure
    return QueryInfo(
        query_id=str(row["run_id"]),
        engine=str(row["engine"]),
        state=_STATES[str(row["state"])],
        account=str(row["owner"]),
        account_type=AccountType(account_type(str(row["owner"]))),
        submitted_at=row["submitted_at"],
        kind=str(row["kind"]),
        # The name of a statement is that of what its client runs: it says whose tags count.
        title=str(row["name"] or ""),
        started_at=row["started_at"],
        finished_at=row["ended_at"],
        duration_seconds=_seconds(row["started_at"], row["ended_at"]),
        rows_returned=row["rows"],
        bytes_processed=row["bytes_processed"],
        error_message=failure.message if failure is not None else None,
    )


def _detail(row: RowMapping, cancelled_by: str | None) -> QueryDetail:
    ending = _ending(row)
    return QueryDetail(
        info=_info(row),
        query_text=str(row["sql"]),
        queue_time_seconds=_seconds(row["submitted_at"], row["started_at"]),
        bytes_billed=ending.stats.bytes_billed,
        rows_affected=ending.result.affected_rows,
        error_code=ending.failure.code if ending.failure is not None else None,
        job_id=row["job_id"],
        writes=bool(row["writes"]),
        cancelled_by=cancelled_by,
        cancel_reason=row["cancel_reason"],
    )


def _ending(row: RowMapping) -> _Ending:
    told: Any = row["answer"]
    return _Ending() if told is None else msgspec.json.decode(told, type=_Ending)


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    if start is None or end is None:
        return None
    return max((end - start).total_seconds(), 0.0)

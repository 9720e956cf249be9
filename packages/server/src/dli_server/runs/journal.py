"""The table of runs: written before an engine is called, and read after a crash."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Engine, Update, delete, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError

from dli_adapters.wire.messages import FINAL, RunAnswer, RunSubmission
from dli_domain.model.quality import QualityReport
from dli_server.storage.opening import unhurried
from dli_server.storage.tables import KEYS, QUALITY_RESULTS, RUNS


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A new run, as the journal takes it."""

    run_id: str
    key_id: str
    owner: str
    idempotency_key: str
    request_hash: str
    trace_id: str
    session_id: str | None
    kind: str
    name: str | None
    engine: str
    writes: bool
    sql: str
    submission: RunSubmission
    submitted_at: datetime

    @property
    def answer(self) -> RunAnswer:
        """What a client is told at first."""
        return RunAnswer(
            run_id=self.run_id,
            state="ACCEPTED",
            kind=self.kind,
            name=self.name,
            engine=self.engine,
            submitted_at=self.submitted_at,
            sql=self.sql,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A run as the journal knows it."""

    run_id: str
    key_id: str
    owner: str
    request_hash: str
    session_id: str | None
    kind: str
    name: str | None
    state: str
    engine: str
    job_id: str | None
    writes: bool
    sql: str
    submission: bytes
    stored_answer: bytes | None
    submitted_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    result_path: str | None
    trace_id: str | None

    @property
    def answer(self) -> RunAnswer:
        """What a client is told."""
        if self.stored_answer is not None:
            return msgspec.json.decode(self.stored_answer, type=RunAnswer)
        return RunAnswer(
            run_id=self.run_id,
            state=self.state,
            kind=self.kind,
            name=self.name,
            engine=self.engine,
            job_id=self.job_id,
            submitted_at=self.submitted_at,
            started_at=self.started_at,
            sql=self.sql,
        )

    @property
    def request(self) -> RunSubmission:
        """What was asked for."""
        return msgspec.json.decode(self.submission, type=RunSubmission)


_COLUMNS = [
    RUNS.c[name] if name != "stored_answer" else RUNS.c.answer.label("stored_answer")
    for name in Recorded.__dataclass_fields__
]


class RunJournal:
    """Each change is one transaction, durable when the call returns, but for a `hint`.

    Args:
        database: Holds the table.
        worker: The name of this process; runs of another one have nobody who drives them.
    """

    def __init__(self, database: Engine, worker: str) -> None:
        self._database = database
        self.worker = worker

    def accept(self, run: Accepted) -> Recorded | None:
        """Take a new run; None where it is new, else the one with that idempotency key."""
        values = {
            **{name: getattr(run, name) for name in Accepted.__dataclass_fields__},
            "submission": msgspec.json.encode(run.submission),
            "state": "ACCEPTED",
            "worker": self.worker,
        }
        try:
            with self._database.begin() as connection:
                connection.execute(insert(RUNS), values)
        except IntegrityError:
            found = self.of_key(run.key_id, run.idempotency_key)
            if found is None:
                raise
            return found
        return None

    def change(self, run_id: str, values: Mapping[str, Any]) -> None:
        """Note what became of it; a run that has ended stays as it is."""
        self.settle({run_id: values})

    def hint(self, run_id: str, values: Mapping[str, Any]) -> None:
        """`change`, but a machine that loses its power may forget it.

        For what a restart would do without: that a run began which changes nothing.
        """
        with unhurried(self._database) as connection:
            connection.execute(_changed(run_id, values))

    def settle(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """`change` for many runs, by their ids, in one transaction."""
        with self._database.begin() as connection:
            for run_id, values in changes.items():
                connection.execute(_changed(run_id, values))

    def judged(self, report: QualityReport) -> None:
        """Keep the verdicts of a quality run."""
        rows = [
            {
                "run_id": report.run_id,
                "number": number,
                "resource": str(one.target.name),
                "test_name": one.test.name,
                "test_type": one.test.type.value,
                "verdict": one.verdict.value,
                "severity": one.test.severity.value,
                "rows_tested": one.rows_tested,
                "rows_failed": one.rows_failed,
                "judged_at": report.finished_at,
            }
            for number, one in enumerate(report.outcomes)
        ]
        if rows:
            with self._database.begin() as connection:
                connection.execute(
                    delete(QUALITY_RESULTS).where(QUALITY_RESULTS.c.run_id == report.run_id)
                )
                connection.execute(insert(QUALITY_RESULTS), rows)

    def get(self, run_id: str) -> Recorded | None:
        """The run of that id."""
        return self._one(RUNS.c.run_id == run_id)

    def of_key(self, key_id: str, idempotency_key: str) -> Recorded | None:
        """The run that a key submitted under that idempotency key."""
        return self._one(RUNS.c.key_id == key_id, RUNS.c.idempotency_key == idempotency_key)

    def open_of_others(self) -> Sequence[Recorded]:
        """Runs that no longer have who drives them, oldest first."""
        chosen = (
            select(*_COLUMNS)
            .where(RUNS.c.state.not_in(FINAL), RUNS.c.worker != self.worker)
            .order_by(RUNS.c.submitted_at)
        )
        with self._database.connect() as connection:
            return [_recorded(row) for row in connection.execute(chosen).mappings()]

    def revoked(self) -> Sequence[str]:
        """Revoked keys that still have runs or results here."""
        left = RUNS.c.state.not_in(FINAL) | RUNS.c.result_path.is_not(None)
        chosen = (
            select(RUNS.c.key_id)
            .join(KEYS, KEYS.c.key_id == RUNS.c.key_id)
            .where(KEYS.c.revoked_at.is_not(None), left)
            .distinct()
        )
        with self._database.connect() as connection:
            return list(connection.execute(chosen).scalars())

    def results_of(self, key_id: str) -> Sequence[str]:
        """The names of the results of a key."""
        chosen = select(RUNS.c.result_path).where(
            RUNS.c.key_id == key_id, RUNS.c.result_path.is_not(None)
        )
        with self._database.connect() as connection:
            return list(connection.execute(chosen).scalars())

    def forget_results(self, *, before: datetime | None = None, key_id: str | None = None) -> None:
        """Note that results are gone: those that are too old, or all of a key."""
        changed = update(RUNS).values(result_path=None).where(RUNS.c.result_path.is_not(None))
        if before is not None:
            changed = changed.where(RUNS.c.result_expires_at < before)
        if key_id is not None:
            changed = changed.where(RUNS.c.key_id == key_id)
        with self._database.begin() as connection:
            connection.execute(changed)

    def _one(self, *conditions: Any) -> Recorded | None:
        with self._database.connect() as connection:
            row = connection.execute(select(*_COLUMNS).where(*conditions)).mappings().first()
        return None if row is None else _recorded(row)


def ending(answer: RunAnswer, result_path: str | None, keep_seconds: float) -> dict[str, object]:
    """The columns of a run that has ended."""
    now = answer.ended_at or datetime.now(UTC)
    return {
        "state": answer.state,
        "answer": msgspec.json.encode(answer),
        "ended_at": now,
        "engine": answer.engine,
        "job_id": answer.job_id,
        "sql": answer.sql,
        "rows": answer.result.rows if answer.result else None,
        "bytes_processed": answer.stats.bytes_processed,
        "result_path": result_path,
        "result_expires_at": now + timedelta(seconds=keep_seconds) if result_path else None,
    }


def _changed(run_id: str, values: Mapping[str, Any]) -> Update:
    open_run = (RUNS.c.run_id == run_id, RUNS.c.state.not_in(FINAL))
    return update(RUNS).where(*open_run).values(dict(values))


def _recorded(row: RowMapping) -> Recorded:
    return Recorded(**row)

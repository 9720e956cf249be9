"""What the journal of runs and the verdicts of quality tests tell of tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import final

from sqlalchemy import Engine, func, or_, select
from sqlalchemy.engine import RowMapping

from dli_domain.model.catalog import TableUse, TestVerdict
from dli_domain.ports.table_records import TableRecords
from dli_server.storage.tables import QUALITY_RESULTS, RUNS

# Texts that are looked at for the name of a table: the latest ones.
_CANDIDATES = 300
_SHOWN_LETTERS = 4_000
_STATEMENT = "statement"


@final
class JournalRecords(TableRecords):
    """Reads the tables `runs` and `quality_results`.

    Args:
        database: Holds them.
        key_id: Texts of this key only; None for those of everybody.
    """

    def __init__(self, database: Engine, key_id: str | None) -> None:
        self._database = database
        self._key_id = key_id

    def built_at(self, resources: Sequence[str]) -> Mapping[str, datetime]:
        chosen = (
            select(RUNS.c.name, func.max(RUNS.c.ended_at))
            .where(
                RUNS.c.kind == "dataset",
                RUNS.c.state == "DONE",
                RUNS.c.writes.is_(True),
                RUNS.c.name.in_(list(resources)),
            )
            .group_by(RUNS.c.name)
        )
        with self._database.connect() as connection:
            rows = connection.execute(chosen).all()
        return {str(name): ended for name, ended in rows if ended is not None}

    def verdicts(self, resource: str, limit: int) -> Sequence[TestVerdict]:
        results = QUALITY_RESULTS.c
        chosen = (
            select(QUALITY_RESULTS)
            .where(results.resource == resource)
            .order_by(results.judged_at.desc(), results.run_id, results.number)
            .limit(limit)
        )
        with self._database.connect() as connection:
            rows = connection.execute(chosen).mappings().all()
        return [
            TestVerdict(
                test_name=str(row["test_name"]),
                test_type=str(row["test_type"]),
                status=str(row["verdict"]).lower(),
                severity=str(row["severity"]).lower(),
                rows_tested=row["rows_tested"],
                failed_rows=row["rows_failed"],
                judged_at=row["judged_at"],
            )
            for row in rows
        ]

    def uses(
        self, resource: str, table: str, touches: Callable[[str, str], bool], limit: int
    ) -> Sequence[TableUse]:
        mentioned = RUNS.c.sql.icontains(table, autoescape=True)
        by_name = (RUNS.c.name == resource) & (RUNS.c.kind != _STATEMENT)
        chosen = (
            select(
                RUNS.c.kind,
                RUNS.c.name,
                RUNS.c.sql,
                RUNS.c.engine,
                RUNS.c.owner,
                RUNS.c.submitted_at,
            )
            .where(or_(by_name, mentioned) if resource else mentioned)
            .order_by(RUNS.c.submitted_at.desc())
            .limit(_CANDIDATES)
        )
        if self._key_id is not None:
            chosen = chosen.where(RUNS.c.key_id == self._key_id)
        with self._database.connect() as connection:
            rows = connection.execute(chosen).mappings().all()
        judged: dict[tuple[str, str], bool] = {}
        found: dict[tuple[str, str], TableUse] = {}
        for row in rows:
            text = (str(row["sql"]), str(row["engine"]))
            own = row["kind"] != _STATEMENT and row["name"] == resource
            if not own and text not in judged:
                judged[text] = touches(*text)
            if own or judged[text]:
                _count(found, row)
        return tuple(found.values())[:limit]


def _count(found: dict[tuple[str, str], TableUse], row: RowMapping) -> None:
    """Add a run to those of the same resource, or the same text, and the same author."""
    named = row["kind"] != _STATEMENT
    sql, author = str(row["sql"]), str(row["owner"])
    key = (f"{row['kind']} {row['name']}" if named else sql, author)
    known = found.get(key)
    if known is not None:
        found[key] = replace(known, run_count=known.run_count + 1)
        return
    found[key] = TableUse(
        title=str(row["name"]) if named else "",
        sql=sql[:_SHOWN_LETTERS],
        author=author,
        run_count=1,
        last_run=row["submitted_at"],
    )

"""The tables of the configured DuckDB, for checks that know their columns."""

from collections import Counter
from collections.abc import Iterable, Mapping
from uuid import uuid4

from dli_adapters.registry import open_executor, refuse_denied_local
from dli_cli.compose import Dli
from dli_cli.usage import UsageError
from dli_domain.analysis.facts import KnownTable, KnownTables
from dli_domain.model.run import Deadline, RunScope
from dli_domain.usecases.run_resource import DEFAULT_TIMEOUT_SECONDS

_COLUMNS = (
    "SELECT database_name, schema_name, table_name, column_name, data_type "
    "FROM duckdb_columns() WHERE NOT internal "
    "ORDER BY database_name, schema_name, table_name, column_index"
)
_DEFAULT_SCHEMA = "main"

Parts = tuple[str, str, str]


def engine_tables(dli: Dli) -> KnownTables:
    """Tables, views and configured sources with their columns.

    A table is known by its whole name, and by a shorter one where only one table has it. Opens
    no socket but to a configured server, whose policy is asked as before a run.

    Raises:
        UsageError: the engine is not DuckDB, whose tables are files of this machine.
        ExecutionPermissionError: DLI-404, the server's policy is `local: deny`.
        EngineError: the database cannot be opened.
    """
    if dli.settings.engine != "duckdb":
        raise UsageError(
            f"--engine-tables reads the tables of DuckDB, and the engine is {dli.settings.engine}."
        )
    refuse_denied_local(dli.settings, dli.clock)
    seconds = dli.settings.timeout or DEFAULT_TIMEOUT_SECONDS
    scope = RunScope(
        run_id=uuid4().hex,
        resource="validate",
        deadline=Deadline(dli.clock.monotonic() + seconds, seconds),
    )
    tables: dict[Parts, list[tuple[str, str]]] = {}
    with open_executor(dli.settings, dli.clock)(scope) as executor:
        for row in executor.execute(_COLUMNS).rows:
            database, schema, table, column, kind = map(str, row.values())
            tables.setdefault((database, schema, table), []).append((column, kind))
    return KnownTables(tables=tuple(_known(tables)))


def _known(tables: Mapping[Parts, list[tuple[str, str]]]) -> Iterable[KnownTable]:
    names = {parts: _names(parts) for parts in tables}
    owners = Counter(name for some in names.values() for name in some)
    for parts, columns in tables.items():
        for name in names[parts]:
            if owners[name] == 1:
                yield KnownTable(name, tuple(columns))


def _names(parts: Parts) -> list[str]:
    database, schema, table = parts
    names = [f"{database}.{schema}.{table}", f"{schema}.{table}"]
    return [*names, table] if schema == _DEFAULT_SCHEMA else names

"""`schema.yaml`: tables that no spec builds, described by hand or by another tool."""

from pathlib import Path

from dli_adapters.documents.nodes import MappingNode
from dli_adapters.documents.reader import parse_yaml
from dli_adapters.yaml_specs.fields import Fields, Findings
from dli_adapters.yaml_specs.project_files import FileRefusedError, ProjectFiles
from dli_domain.analysis.facts import KnownTable, KnownTables
from dli_domain.model.problems import Location, Problem

SCHEMA_FILE = "schema.yaml"
_KEYS = ("tables", "complete")
_TABLE_KEYS = ("name", "columns", "description")


def read_schema_snapshot(root: str) -> tuple[KnownTables, tuple[Problem, ...]]:
    """What the project's `schema.yaml` describes, and every finding about it.

    ```yaml
    tables:
      - name: lake.raw.orders
        columns:
          - {name: order_id, type: bigint}
    complete: [lake.raw]    # no other table exists there
    ```

    A project without the file knows no such tables.
    """
    if not Path(root, SCHEMA_FILE).exists():
        return KnownTables(), ()
    try:
        data = ProjectFiles(root).read(SCHEMA_FILE)
    except FileRefusedError as error:
        place = Location(SCHEMA_FILE)
        return KnownTables(), (
            Problem(code=error.code, message=error.message, location=place, fix=error.fix),
        )
    reading = parse_yaml(data, SCHEMA_FILE)
    findings = Findings(list(reading.problems))
    if not isinstance(reading.node, MappingNode):
        if reading.node is not None:
            findings.add(Location(SCHEMA_FILE), "it must be a map with 'tables'")
        return KnownTables(), tuple(findings.problems)
    fields = Fields(reading.node, findings)
    fields.check_keys(_KEYS)
    known = KnownTables(tables=_tables(fields), complete=fields.texts("complete"))
    return known, tuple(findings.problems)


def _tables(fields: Fields) -> tuple[KnownTable, ...]:
    tables: dict[str, KnownTable] = {}
    for table in fields.maps("tables"):
        table.check_keys(_TABLE_KEYS)
        name = table.required_text("name", "lake.raw.orders")
        if name.lower() in tables:
            table.findings.add(table.location, f"the table {name!r} stands twice", "Keep one.")
        columns = tuple(
            (column.required_text("name", "id"), column.text("type"))
            for column in table.maps("columns")
        )
        tables[name.lower()] = KnownTable(name, columns)
    return tuple(tables.values())

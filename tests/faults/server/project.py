"""A project that counts: each run of `add` leaves one row with its number in the database."""

from pathlib import Path

import duckdb

from tests.projects import write_dataset
from tests.server.runs.project import SPEC, write_runs_project

NUMBER = "parameters:\n  - {name: n, type: integer, required: true}\n"
# More than a second of work before the row is there.
LONG = (
    "INSERT INTO lake.main.done SELECT {{ n }} + 0 * count(*) FROM range(20000000) a(x), "
    "range(20) b(y) WHERE hash(a.x + b.y) % 3 = 1"
)
MANY_ROWS = 40_000
MANY = f"SELECT range AS n, 'row ' || range AS t FROM range({MANY_ROWS})"
FEW = "SELECT range AS n, 'row ' || range AS t FROM range(20)"
WIDE = "SELECT range AS n, repeat('x', 100) AS t, range * 1.5 AS d FROM range({{ n }})"


def write_counting_project(root: Path) -> Path:
    """What `write_runs_project` gives, and `long` (slow, then one row), `many`, `few`, `wide`."""
    write_runs_project(root)
    with duckdb.connect(str(root / "lake.duckdb")) as lake:
        lake.execute("CREATE TABLE done (n BIGINT)")
    _dataset(root, "long", LONG, "DML", NUMBER)
    _dataset(root, "many", MANY)
    _dataset(root, "few", FEW)
    _dataset(root, "wide", WIDE, rest=NUMBER)
    return root


def _dataset(root: Path, name: str, sql: str, kind: str = "SELECT", rest: str = "") -> None:
    text = SPEC.format(name=name, type="Dataset", query_type=kind, rest=rest, sql=sql)
    write_dataset(root, f"lake.marts.{name}", text)

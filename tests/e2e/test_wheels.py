"""Each built wheel, installed alone in a fresh environment."""

import shutil
import zipfile
from collections.abc import Callable
from email.parser import Parser
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT, Environment
from tests.projects import write_project

pytestmark = pytest.mark.xdist_group("wheels")
Install = Callable[[str], Environment]

PACKAGES = ("dli_adapters", "dli_api", "dli_cli", "dli_domain", "dli_server")
MODULES = {"dli_api": "dli"}

MOCK_RUN = """
import sys
from pathlib import Path
from dli import DatasetAPI, ExecutionContext, MockExecutor, QueryResult
mock = MockExecutor(return_value=QueryResult(rows=[{"id": 1}], row_count=1))
result = DatasetAPI(context=ExecutionContext(project_path=Path(".")), executor=mock).run("my_dataset")
print(result.status, result.row_count, mock.call_count, result.data)
print(sorted({"cyclopts", "rich", "duckdb", "google", "dli_cli"} & set(sys.modules)))
"""

FLIGHTS_RUN = """
from dli import DatasetAPI, MetricAPI
result = DatasetAPI().run(
    "nyc.marts.daily_delays",
    parameters={"from_date": "2013-01-01", "to_date": "2013-01-01", "origins": ["EWR"]},
)
print(result.engine, [tuple(map(str, row.values())) for row in result])
print([row["정시율"] for row in MetricAPI().run("nyc.kpi.punctuality", parameters={"min_flights": 4000})])
"""

SERVER = """
import importlib.util as u
from pathlib import Path
from sqlalchemy import text
from dli_server.app import endpoints
from dli_server.storage.opening import open_database
with open_database(Path("state")).connect() as connection:
    step = connection.scalar(text("SELECT version_num FROM alembic_version"))
print(step, len(endpoints()) > 30)
print([n for n in ("dli_cli", "dli", "duckdb") if u.find_spec(n)])
"""

DRIVERLESS_RUN = """
from dli import DatasetAPI, DliError
try:
    DatasetAPI().run("my_dataset")
except DliError as error:
    print(error.code, type(error).__name__, error.hint)
"""


def test_every_package_builds_a_wheel_that_is_typed_and_licensed(wheels: Path) -> None:
    built = {wheel.name.split("-")[0]: wheel for wheel in wheels.glob("*.whl")}
    assert sorted(built) == list(PACKAGES)
    versions = set()
    for name, wheel in built.items():
        with zipfile.ZipFile(wheel) as archive:
            files = archive.namelist()
            metadata_file = next(f for f in files if f.endswith("METADATA"))
            metadata = Parser().parsestr(archive.read(metadata_file).decode())
        assert f"{MODULES.get(name, name)}/py.typed" in files
        assert metadata["License-Expression"] == "Apache-2.0"
        assert metadata["Requires-Python"] == ">=3.11"
        versions.add(metadata["Version"])
    assert len(versions) == 1


def test_the_domain_imports_alone(installed: Install, tmp_path: Path) -> None:
    code = (
        "import importlib.util as u\n"
        "import dli_domain.usecases.run_resource, dli_domain.usecases.validate_resource\n"
        "print([n for n in ('dli_adapters', 'pyarrow', 'pydantic', 'msgspec') if u.find_spec(n)])"
    )
    done = installed("dli-domain").run("python", "-c", code, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_the_server_starts_with_its_own_wheel_alone(installed: Install, tmp_path: Path) -> None:
    done = installed("dli-server").run("python", "-W", "error", "-c", SERVER, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("0001 True\n[]\n", "")


def test_the_library_runs_a_mock_without_the_command(installed: Install, tmp_path: Path) -> None:
    project = write_project(tmp_path)
    api = installed("dli-api")
    done = api.run("python", "-W", "error", "-c", MOCK_RUN, cwd=project)
    assert done.stderr == ""
    assert done.stdout == "success 1 1 [{'id': 1}]\n[]\n"
    absent = "import importlib.util as u; print([n for n in ('cyclopts', 'rich', 'dli_cli') if u.find_spec(n)])"
    assert api.run("python", "-c", absent, cwd=project).stdout == "[]\n"


@pytest.mark.parametrize("engine", ["bigquery", "duckdb"])
def test_a_missing_driver_is_told_with_the_command_that_installs_it(
    engine: str, installed: Install, tmp_path: Path
) -> None:
    project = write_project(tmp_path)
    config = (project / "dli.yaml").read_text().replace("engine: duckdb", f"engine: {engine}")
    (project / "dli.yaml").write_text(config)
    done = installed("dli-api").run("python", "-c", DRIVERLESS_RUN, cwd=project)
    assert done.stderr == ""
    assert done.stdout.startswith("DLI-009 EngineNotInstalledError Run 'pip install ")
    assert f'"dli-api[{engine}]"' in done.stdout


def test_the_library_runs_the_flights_example(installed: Install, tmp_path: Path) -> None:
    project = tmp_path / "flights"
    shutil.copytree(ROOT / "examples" / "flights", project)
    done = installed("dli-api[duckdb]").run("python", "-W", "error", "-c", FLIGHTS_RUN, cwd=project)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "duckdb [('2013-01-01', 'EWR', '305', '1', '17.48', '20.89')]",
        "[83.5, 80.4, 61.4]",
    ]


def test_the_command_comes_from_the_cli_package(installed: Install, tmp_path: Path) -> None:
    cli = installed("dli-cli[duckdb]")
    assert cli.run("dli", "--version", cwd=tmp_path).stdout.strip().endswith("0.1.0")
    project = tmp_path / "flights"
    shutil.copytree(ROOT / "examples" / "flights", project)
    done = cli.run("dli", "metric", "run", "nyc.kpi.punctuality", "-o", "-", cwd=project)
    assert done.returncode == 0, done.stderr
    rows = done.stdout.splitlines()
    assert rows[0] == "항공사,운항 수,정시율,평균 지연"
    assert rows[1] == "Virgin America,316,93.4,1.1"

"""The project's own specs are read once for many runs, and anew as soon as a file changes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dli_adapters.memory.clock import FixedClock
from dli_adapters.yaml_specs.spec_source import YamlSpecSource
from dli_domain.errors import SpecInvalidError, SpecNotFoundError
from dli_domain.model.settings import ProjectSettings
from dli_server.registry.fresh import FreshSpecs

SPEC = """\
name: lake.mart.orders
owner: kim@example.com
team: "@shop"
type: Dataset
query_type: SELECT
query_file: orders.sql
"""


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "dataset.lake.mart.orders.yaml").write_text(SPEC)
    (tmp_path / "datasets" / "orders.sql").write_text("SELECT 1 AS n")
    return tmp_path


@pytest.fixture
def specs(project: Path, clock: FixedClock) -> FreshSpecs:
    source = YamlSpecSource(ProjectSettings(root=str(project)))
    return FreshSpecs(source, str(project), clock)


def test_a_spec_is_read_once_for_runs_at_one_time(specs: FreshSpecs) -> None:
    assert specs.get("lake.mart.orders") is specs.get("lake.mart.orders")


@pytest.mark.parametrize("file", ["dataset.lake.mart.orders.yaml", "orders.sql"])
def test_a_changed_file_counts_at_once(specs: FreshSpecs, project: Path, file: str) -> None:
    specs.get("lake.mart.orders")
    path = project / "datasets" / file
    path.write_text(path.read_text().replace("SELECT 1", "SELECT 22").replace("kim", "ann.lee"))
    found = specs.get("lake.mart.orders")
    assert (found.owner, found.sql.text) in {
        ("ann.lee@example.com", "SELECT 1 AS n"),
        ("kim@example.com", "SELECT 22 AS n"),
    }


def test_a_removed_file_is_missed_at_once(specs: FreshSpecs, project: Path) -> None:
    specs.get("lake.mart.orders")
    (project / "datasets" / "dataset.lake.mart.orders.yaml").unlink()
    with pytest.raises(SpecNotFoundError):
        specs.get("lake.mart.orders")


def test_a_second_file_of_the_name_counts_after_half_a_second(
    specs: FreshSpecs, project: Path, clock: FixedClock
) -> None:
    specs.get("lake.mart.orders")
    (project / "datasets" / "more").mkdir()
    text = SPEC.replace("query_file: orders.sql", "query_statement: SELECT 2")
    (project / "datasets" / "more" / "dataset.lake.mart.orders.yaml").write_text(text)
    clock.advance(0.6)
    with pytest.raises(SpecInvalidError, match="2 files"):
        specs.get("lake.mart.orders")

"""Quality files run on engines with the planted table."""

import itertools
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import final

import duckdb
import pytest

from dli_adapters.memory.spec_source import MemorySpecSource
from dli_adapters.registry import open_executor
from dli_adapters.yaml_specs.quality_source import YamlQualitySource
from dli_domain.model.quality import QualityReport
from dli_domain.model.requests import QualityRequest
from dli_domain.model.run import ExecutionMode, RunScope
from dli_domain.model.settings import DuckDbTarget, ProjectSettings, Settings
from dli_domain.ports.clock import Clock
from dli_domain.ports.query_executor import QueryExecutor
from dli_domain.usecases.render_resource import RenderResource
from dli_domain.usecases.run_quality import RunQuality
from tests.engines.local_bigquery import bigquery_server
from tests.quality.planted import create_statements, quality_yaml

__all__ = ["bigquery_server"]

NOW = datetime(2025, 2, 5, 12, tzinfo=UTC)
_NUMBERS = itertools.count(1)
Open = Callable[[RunScope], AbstractContextManager[QueryExecutor]]
Judge = Callable[..., QualityReport]


@final
class PlantedClock(Clock):
    """The day that the planted rows were made for; deadlines run as ever."""

    def now(self) -> datetime:
        return NOW

    def today(self) -> date:
        return NOW.date()

    def monotonic(self) -> float:
        return time.monotonic()


def runner(engine: str, opened: Open, folder: Path) -> RunQuality:
    """The use case over the quality files of a folder, written in DuckDB's dialect."""
    clock = PlantedClock()
    return RunQuality(
        render=RenderResource(
            specs=MemorySpecSource(), clock=clock, engine=engine, default_dialect="duckdb"
        ),
        source=YamlQualitySource(ProjectSettings(root=str(folder), default_dialect="duckdb")),
        open_executor=opened,
        clock=clock,
        mode=ExecutionMode.LOCAL,
        new_run_id=lambda: f"q{next(_NUMBERS)}",
    )


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A DuckDB file with the planted tables."""
    path = tmp_path / "planted.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA shop")
        for statement in create_statements("duckdb"):
            connection.execute(statement)
    return path


@pytest.fixture
def open_shop(shop: Path) -> Open:
    settings = Settings(engine="duckdb", duckdb=DuckDbTarget(path=str(shop)))
    return open_executor(settings, PlantedClock())


@pytest.fixture
def judge(open_shop: Open) -> Judge:
    """Write a quality file and run it on DuckDB."""

    def run(
        text: str | None = None, reference: str = "shop.orders", **rest: object
    ) -> QualityReport:
        Path("quality.shop.orders.yaml").write_text(quality_yaml() if text is None else text)
        request = QualityRequest(reference=reference, **rest)  # type: ignore[arg-type]  # a test's own keywords
        return runner("duckdb", open_shop, Path.cwd())(request)

    return run

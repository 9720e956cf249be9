from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.writers.results import Engine, Save


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.connection.close()


@pytest.fixture
def save(tmp_path: Path) -> Save:
    return Save(tmp_path)

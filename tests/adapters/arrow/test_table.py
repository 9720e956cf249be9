"""Rows that are held, as users of other libraries take them."""

from importlib.util import find_spec

import pyarrow as pa
import pytest

from dli_adapters.arrow.table import ArrowTable
from dli_domain.errors import EngineNotInstalledError
from dli_domain.model.result import Column

TABLE = ArrowTable(pa.table({"n": [1, 2]}), [Column("n", "BIGINT")])


def test_arrow_takes_the_rows_through_the_stream_protocol() -> None:
    assert pa.table(TABLE).equals(TABLE.to_arrow())


def test_without_pandas_the_error_says_how_to_get_it() -> None:
    if find_spec("pandas") is None:
        with pytest.raises(EngineNotInstalledError) as info:
            TABLE.to_pandas()
        assert "pip install pandas" in (info.value.hint or "")
    else:
        assert list(TABLE.to_pandas()["n"]) == [1, 2]

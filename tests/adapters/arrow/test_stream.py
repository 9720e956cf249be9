"""A stream is read once, closed once, and never changes its shape."""

from collections.abc import Iterator

import pyarrow as pa
import pytest

from dli_adapters.arrow.stream import ArrowStream
from dli_domain.errors import ResultInvalidError
from dli_domain.model.result import Column

SCHEMA = pa.schema([("n", pa.int64())])


def batch(*cells: int) -> pa.RecordBatch:
    return pa.record_batch([pa.array(cells, pa.int64())], schema=SCHEMA)


@pytest.mark.parametrize(
    "other",
    [
        pa.record_batch([pa.array(["x"])], names=["n"]),
        pa.record_batch([pa.array([1]), pa.array([2])], names=["n", "m"]),
    ],
    ids=["type", "count"],
)
def test_columns_that_change_on_the_way_are_an_error(other: pa.RecordBatch) -> None:
    closed: list[int] = []
    stream = ArrowStream(SCHEMA, iter([batch(1), other]), [Column("n")], lambda: closed.append(1))
    with pytest.raises(ResultInvalidError, match="changed its columns") as caught:
        list(stream.rows())
    assert caught.value.code == "DLI-409"
    assert closed == [1]


def test_a_library_that_cannot_read_on_is_an_invalid_result() -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield batch(1)
        raise pa.ArrowInvalid("cut in the middle")

    with pytest.raises(ResultInvalidError, match="cut in the middle") as caught:
        list(ArrowStream(SCHEMA, batches(), [Column("n")]).rows())
    assert isinstance(caught.value.__cause__, pa.ArrowInvalid)


def test_it_is_closed_once_at_its_end_or_early() -> None:
    closed: list[int] = []
    stream = ArrowStream(SCHEMA, iter([batch(1, 2)]), [Column("n")], lambda: closed.append(1))
    assert list(stream.rows()) == [{"n": 1}, {"n": 2}]
    stream.close()
    assert closed == [1]


def test_any_arrow_library_can_read_it() -> None:
    stream = ArrowStream(SCHEMA, iter([batch(1), batch(2)]), [Column("n")])
    assert pa.table(stream).to_pydict() == {"n": [1, 2]}

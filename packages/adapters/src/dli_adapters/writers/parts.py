"""A result in parts small enough to be turned into text in memory, each one checked."""

from collections.abc import Iterator

import pyarrow as pa

from dli_adapters.arrow.stream import ArrowStream
from dli_domain.errors import ExecutionLimitError, ResultInvalidError

PART_ROWS = 16_384
PART_BYTES = 32 * 2**20
# The text of a row must fit Arrow's 2 GiB; JSON may need six bytes for one.
CELL_BYTES = 64 * 2**20
ROW_BYTES = 256 * 2**20


def parts_of(stream: ArrowStream) -> Iterator[pa.RecordBatch]:
    """The rows in parts of at most PART_ROWS and, but for one huge row, PART_BYTES.

    Raises:
        ResultInvalidError: a text is not valid UTF-8; names its row and column.
        ExecutionLimitError: a cell or a row is larger than a writer takes.
    """
    first_row = 1
    names = [column.name for column in stream.columns]
    for batch in stream.batches():
        for offset in range(0, batch.num_rows, PART_ROWS):
            for part in _halves(batch.slice(offset, PART_ROWS)):
                _check(part, names, first_row)
                yield part
                first_row += part.num_rows


def _halves(part: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    if part.num_rows <= 1 or part.nbytes <= PART_BYTES:
        yield part
        return
    half = part.num_rows // 2
    yield from _halves(part.slice(0, half))
    yield from _halves(part.slice(half))


def _check(part: pa.RecordBatch, names: list[str], first_row: int) -> None:
    for name, column in zip(names, part.columns, strict=True):
        _check_size(column, name, first_row)
        _check_text(column, name, first_row)
    if part.num_rows == 1 and part.nbytes > ROW_BYTES:
        raise ExecutionLimitError(
            f"Row {first_row} has {part.nbytes:,} bytes, more than the {ROW_BYTES:,} of a row",
            hint="Select fewer columns, or split the large ones in the query.",
        )


def _check_size(column: pa.Array, name: str, first_row: int) -> None:
    if column.nbytes <= CELL_BYTES:
        return
    for index in range(len(column)):
        size = column.slice(index, 1).nbytes
        if size > CELL_BYTES:
            raise ExecutionLimitError(
                f"Row {first_row + index}, column {name!r}: the cell has {size:,} bytes, "
                f"more than the {CELL_BYTES:,} of a cell",
                hint="Leave the column out, or split it in the query.",
            )


def _check_text(column: pa.Array, name: str, first_row: int) -> None:
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        # A slice of a nested column is judged with all its children, so look cell by cell.
        for index in range(len(column)):
            _check_cell(column.take([index]), name, first_row + index)


def _check_cell(cell: pa.Array, name: str, row: int) -> None:
    try:
        cell.validate(full=True)
    except pa.ArrowInvalid as error:
        raise ResultInvalidError(
            f"Row {row}, column {name!r}: the text is not valid UTF-8",
            hint="Repair the text in the query, or CAST the column to BLOB (BYTES) for base64.",
        ) from error

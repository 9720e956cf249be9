"""A result in parts small enough to be turned into text in memory, each one checked."""

from collections.abc import Iterator

import pyarrow as pa

from dli_adapters.arrow.stream import ArrowStream
from dli_adapters.writers.rows_text import bytes_of
from dli_domain.errors import ExecutionLimitError, ResultInvalidError

PART_ROWS = 16_384
PART_BYTES = 32 * 2**20
# The text of a row must fit Arrow's 2 GiB; JSON may need six bytes for one.
CELL_BYTES = 64 * 2**20
ROW_BYTES = 256 * 2**20
_TEXT_TYPES = frozenset({pa.string(), pa.large_string(), pa.string_view()})


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
    if _is_utf8(column):
        return
    row = next(row for row in range(len(column)) if not _is_utf8(column.take([row])))
    raise ResultInvalidError(
        f"Row {first_row + row}, column {name!r}: the text is not valid UTF-8",
        hint="Repair the text in the query, or CAST the column to BLOB (BYTES) for base64.",
    )


def _is_utf8(array: pa.Array) -> bool:
    try:
        for texts in _texts_in(array):
            # Most text is ASCII, which Python tells ten times faster than Arrow validates.
            if texts.type != pa.string() or not bytes(bytes_of(texts)).isascii():
                texts.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _texts_in(array: pa.Array) -> Iterator[pa.Array]:
    if array.type in _TEXT_TYPES:
        yield array
    for child in _nested_in(array) if pa.types.is_nested(array.type) else _encoded_in(array):
        yield from _texts_in(child)


def _encoded_in(array: pa.Array) -> list[pa.Array]:
    if isinstance(array.type, pa.BaseExtensionType):
        return [array.storage]
    if pa.types.is_dictionary(array.type):
        return [array.dictionary_decode()]
    return []


def _nested_in(array: pa.Array) -> list[pa.Array]:
    kind = array.type
    if pa.types.is_struct(kind):
        return list(array.flatten())
    if pa.types.is_union(kind):
        return [array.field(number) for number in range(kind.num_fields)]
    if pa.types.is_run_end_encoded(kind):
        return [array.values]
    if pa.types.is_map(kind):
        first, last = array.offsets[0].as_py(), array.offsets[-1].as_py()
        return [part.slice(first, last - first) for part in (array.keys, array.items)]
    return [array.flatten()]

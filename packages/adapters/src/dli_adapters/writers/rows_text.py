"""Columns of text joined into lines."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc


def lines_of(pieces: Sequence[pa.Array | str], rows: int) -> memoryview:
    """One run of bytes: for each row its cells and the literals between them, in order."""
    merged = list(_merged(pieces))
    if all(isinstance(piece, str) for piece in merged):
        return memoryview("".join(merged).encode() * rows)
    return bytes_of(pc.binary_join_element_wise(*merged, ""))


def separated_lines_of(cells: Sequence[pa.Array], separator: str, end: str) -> memoryview:
    """All but the last `end`, with one separator, which Arrow joins at half the price of literals."""
    lines = pc.binary_join_element_wise(*cells, separator)
    one_list = pa.ListArray.from_arrays(pa.array([0, len(lines)], pa.int32()), lines)
    return bytes_of(pc.binary_join(one_list, end))


def bytes_of(texts: pa.Array) -> memoryview:
    """The bytes of all cells of a string column, one behind the other, not copied."""
    _, offsets, data = texts.buffers()
    if data is None:
        return memoryview(b"")
    ends = memoryview(offsets).cast("i")
    return memoryview(data)[ends[texts.offset] : ends[texts.offset + len(texts)]]


class Marks:
    """A string column in which each byte is replaced by the mark of its kind.

    Args:
        texts: The column.
        table: The mark of each of the 256 bytes.
    """

    def __init__(self, texts: pa.Array, table: bytes) -> None:
        self._texts = texts
        self._data = bytes(bytes_of(texts)).translate(table)

    def has(self, mark: bytes) -> bool:
        """Whether any cell has such a byte."""
        return mark in self._data

    def cells_with(self, mark: bytes) -> pa.Array:
        """Which cells have such a byte."""
        ends = _ends(self._texts)
        buffers = [None, pc.subtract(ends, ends[0]).buffers()[1], pa.py_buffer(self._data)]
        return pc.match_substring(
            pa.Array.from_buffers(pa.binary(), len(self._texts), buffers), mark
        )


def _ends(texts: pa.Array) -> pa.Array:
    offsets = texts.buffers()[1]
    return pa.Array.from_buffers(pa.int32(), len(texts) + 1, [None, offsets], offset=texts.offset)


def _merged(pieces: Sequence[pa.Array | str]) -> Iterator[pa.Array | str]:
    literal = ""
    for piece in pieces:
        if isinstance(piece, str):
            literal += piece
            continue
        if literal:
            yield literal
            literal = ""
        yield piece
    if literal:
        yield literal

"""Columns of text joined into lines."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc


def lines_of(pieces: Sequence[pa.Array | str], rows: int) -> memoryview:
    """One run of bytes: for each row its cells and the literals between them, in order."""
    merged = list(_merged(pieces))
    if all(isinstance(piece, str) for piece in merged):
        return memoryview("".join(merged).encode() * rows)
    joined = pc.binary_join_element_wise(*merged, "")
    _, offsets, data = joined.buffers()
    ends = memoryview(offsets).cast("i")
    first, last = ends[joined.offset], ends[joined.offset + len(joined)]
    return memoryview(data)[first:last]


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

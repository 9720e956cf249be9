"""Arrow values as Python values, without loss."""

from collections.abc import Iterator

import pyarrow as pa

from dli_domain.model.result import Row


def rows_of(batch: pa.RecordBatch) -> Iterator[Row]:
    """The batch's rows as mappings; a repeated column name gets a suffix `_1`, `_2`."""
    names = unique_names(batch.schema.names)
    columns = [column.to_pylist() for column in batch.columns]
    for cells in zip(*columns, strict=True):
        yield dict(zip(names, cells, strict=True))


def unique_names(names: list[str]) -> list[str]:
    """The names with repeated ones made different, in the same order."""
    taken: set[str] = set()
    unique = []
    for name in names:
        candidate, number = name, 0
        while candidate in taken:
            number += 1
            candidate = f"{name}_{number}"
        taken.add(candidate)
        unique.append(candidate)
    return unique

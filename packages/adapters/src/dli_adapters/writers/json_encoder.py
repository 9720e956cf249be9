"""JSON as one array of objects, and as one object a line."""

from collections.abc import Sequence
from typing import final

import pyarrow as pa

from dli_adapters.arrow.text import plain
from dli_adapters.writers.encoder import Encoder, Write
from dli_adapters.writers.json_text import json_of, quoted, refuse_repeated, strings_of
from dli_adapters.writers.rows_text import lines_of
from dli_domain.model.result import Column


@final
class NdjsonEncoder(Encoder):
    """One strict JSON object a line; no rows, no bytes."""

    def __init__(self, columns: Sequence[Column], write: Write) -> None:
        self._objects = _Objects(columns)
        self._write = write

    def add(self, part: pa.RecordBatch) -> None:
        self._write(self._objects.of(part, before="", after="\n"))

    def finish(self) -> tuple[str, ...]:
        return ()

    def abandon(self) -> None:
        """Nothing is held."""


@final
class JsonEncoder(Encoder):
    """One strict JSON array, an object a line; no rows is `[]`."""

    def __init__(self, columns: Sequence[Column], write: Write) -> None:
        self._objects = _Objects(columns)
        self._write = write
        self._begun = False

    def add(self, part: pa.RecordBatch) -> None:
        objects = self._objects.of(part, before=",\n", after="")
        if not self._begun and len(objects):
            self._begun = True
            self._write(b"[\n")
            objects = objects[2:]
        self._write(objects)

    def finish(self) -> tuple[str, ...]:
        self._write(b"\n]\n" if self._begun else b"[]\n")
        return ()

    def abandon(self) -> None:
        """Nothing is held."""


class _Objects:
    """Rows as JSON objects.

    Raises:
        ResultInvalidError: two columns have one name, or a value has no JSON form.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        refuse_repeated((column.name for column in columns), "The result")
        self._columns = columns

    def of(self, part: pa.RecordBatch, *, before: str, after: str) -> memoryview:
        pieces: list[pa.Array | str] = [before + "{"]
        comma = ""
        for column, values in zip(self._columns, part.columns, strict=True):
            pieces += [f"{comma}{quoted(column.name)}:", *_values(values, column)]
            comma = ","
        return lines_of([*pieces, "}" + after], part.num_rows)


def _values(values: pa.Array, column: Column) -> list[pa.Array | str]:
    documents = column.type.upper() == "JSON" or isinstance(values.type, pa.JsonType)
    values = plain(values)
    if not documents and not values.null_count:
        texts = strings_of(values)
        if texts is not None:
            return ['"', texts, '"']
    return [json_of(values, column.name, documents=documents)]

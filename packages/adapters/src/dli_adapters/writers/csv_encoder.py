"""CSV after RFC 4180: UTF-8, a header always, NULL apart from the empty text."""

import re
from collections.abc import Sequence
from typing import final

import pyarrow as pa
import pyarrow.compute as pc

from dli_adapters.arrow.text import is_nested, plain, text_of
from dli_adapters.writers.encoder import Encoder, Write
from dli_adapters.writers.json_text import json_of
from dli_adapters.writers.rows_text import Marks, separated_lines_of
from dli_domain.model.result import Column

# A spreadsheet runs a cell that begins so; some also with the full-width forms.
_FORMULA = tuple("=+-@\t\r＝＋－＠")
_ARROW_FORMULA = pa.array(_FORMULA)
# What a byte asks for; a carriage return asks for both.
_FORMULA_MARK, _QUOTES_MARK, _BOTH_MARK = b"f", b"q", b"b"


def _mark(byte: int) -> bytes:
    if byte == ord("\r"):
        return _BOTH_MARK
    if byte in b'",\n':
        return _QUOTES_MARK
    begins_formula = any(sign.encode()[0] == byte for sign in _FORMULA)
    return _FORMULA_MARK if begins_formula else b"-"


_MARKS = b"".join(_mark(byte) for byte in range(256))
# A reader takes a byte order mark at the very beginning for none of the header's.
_HEADER_NEEDS_QUOTES = re.compile('[",\r\n\ufeff]|^$')


@final
class CsvEncoder(Encoder):
    """Lines end with LF; a text is in quotes only where it must be; `""` is the empty text.

    Args:
        columns: The names of the header.
        write: Takes the bytes.
        safe: Put `'` before text cells that a spreadsheet would run. Numbers stay.
    """

    def __init__(self, columns: Sequence[Column], write: Write, *, safe: bool = False) -> None:
        self._columns = columns
        self._write = write
        self._safe = safe
        self._formulas = sum(c.name.startswith(_FORMULA) for c in columns)
        if columns:
            write((",".join(self._header(c.name) for c in columns) + "\n").encode())

    def add(self, part: pa.RecordBatch) -> None:
        cells = [
            self._cells(values, column)
            for column, values in zip(self._columns, part.columns, strict=True)
        ]
        if cells:
            self._write(separated_lines_of(cells, ",", "\n"))
            self._write(b"\n")

    def finish(self) -> tuple[str, ...]:
        if not self._formulas or self._safe:
            return ()
        cells = (
            "1 text cell begins" if self._formulas == 1 else f"{self._formulas:,} text cells begin"
        )
        warning = (
            f"{cells} like a spreadsheet formula (= + - @); the data is unchanged, "
            "--csv-safe makes it harmless"
        )
        return (warning,)

    def abandon(self) -> None:
        """Nothing is held."""

    def _header(self, name: str) -> str:
        if self._safe and name.startswith(_FORMULA):
            name = f"'{name}"
        if not _HEADER_NEEDS_QUOTES.search(name):
            return name
        return '"{}"'.format(name.replace('"', '""'))

    def _cells(self, values: pa.Array, column: Column) -> pa.Array:
        values = plain(values)
        kind = values.type
        if is_nested(kind):
            nothing = pa.scalar(None, pa.string())
            texts = pc.if_else(values.is_valid(), json_of(values, column.name), nothing)
            texts = _quoted(texts, Marks(texts, _MARKS))
        elif pa.types.is_string(kind) or _is_binary(kind):
            texts = self._text(text_of(values))
        else:
            texts = text_of(values)
        return pc.fill_null(texts, "") if texts.null_count else texts

    def _text(self, texts: pa.Array) -> pa.Array:
        # One pass over the bytes spares most columns both searches, and makes one cheaper.
        marks = Marks(texts, _MARKS)
        if marks.has(_FORMULA_MARK) or marks.has(_BOTH_MARK):
            guarded = self._guarded(texts)
            if guarded is not texts:
                texts, marks = guarded, Marks(guarded, _MARKS)
        return _quoted(texts, marks)

    def _guarded(self, texts: pa.Array) -> pa.Array:
        formulas = pc.is_in(pc.utf8_slice_codeunits(texts, 0, 1), value_set=_ARROW_FORMULA)
        found = pc.sum(formulas).as_py() or 0
        self._formulas += found
        if not found or not self._safe:
            return texts
        return pc.if_else(formulas, pc.binary_join_element_wise("'", texts, ""), texts)


def _is_binary(kind: pa.DataType) -> bool:
    # Its text may begin with a plus, and may be empty.
    return bool(pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind))


def _quoted(texts: pa.Array, marks: Marks) -> pa.Array:
    unsafe = pc.equal(pc.binary_length(texts), 0)
    for mark in (_QUOTES_MARK, _BOTH_MARK):
        if marks.has(mark):
            unsafe = pc.or_(unsafe, marks.cells_with(mark))
    if not pc.any(unsafe).as_py():
        return texts
    doubled = pc.replace_substring(texts.filter(unsafe), '"', '""')
    quoted = pc.binary_join_element_wise('"', doubled, '"', "")
    return pc.replace_with_mask(texts, pc.fill_null(unsafe, False), quoted)

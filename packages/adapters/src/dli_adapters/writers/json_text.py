"""Arrow columns as columns of JSON text, by one rule at every depth; NULL is null.

Whole numbers are digits while they fit 64 bits with a sign, and strings beyond; decimals
with a scale are strings; floats that are no numbers are the strings NaN, Infinity, -Infinity.
"""

from collections.abc import Callable, Iterable

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from dli_adapters.arrow.text import is_nested, plain, text_of
from dli_adapters.writers.rows_text import bytes_of
from dli_domain.errors import ResultInvalidError

_INT64 = range(-(2**63), 2**63)
# The backslash is first, or it would escape the others' escapes.
_ESCAPES = (
    {"\\": "\\\\", '"': '\\"'}
    | {chr(code): f"\\u{code:04x}" for code in range(32)}
    | {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
)
_HARMLESS = bytes(code for code in range(256) if chr(code) not in _ESCAPES)


def quoted(text: str) -> str:
    """The text as a JSON string."""
    return msgspec.json.encode(text).decode()


def refuse_repeated(names: Iterable[str], where: str) -> None:
    """Refuse names that an object cannot hold side by side.

    Raises:
        ResultInvalidError: a name stands twice.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ResultInvalidError(
                f"{where} has two columns named {name!r}; an object would lose one",
                hint="Give each a name of its own in the query (SELECT ... AS ...), or write CSV.",
            )
        seen.add(name)


def json_of(array: pa.Array, name: str, *, documents: bool = False) -> pa.Array:
    """The column as JSON texts without nulls.

    Args:
        array: Any column.
        name: What to call the column in a message.
        documents: The texts are JSON documents themselves (a JSON type of the engine).

    Raises:
        ResultInvalidError: a value has no JSON form.
    """
    return pc.fill_null(_nullable(array, name, documents=documents), "null")


def strings_of(array: pa.Array) -> pa.Array | None:
    """For the frequent types that become JSON strings: their texts, escaped, without the quotes.

    It lets a writer put the quotes into the text around the cell. None for all other types.
    """
    kind = array.type
    if pa.types.is_string(kind):
        return _escaped(array)
    if pa.types.is_temporal(kind) or (pa.types.is_decimal(kind) and kind.scale > 0):
        return text_of(array)
    return None


def _nullable(array: pa.Array, name: str, *, documents: bool) -> pa.Array:
    documents = documents or isinstance(array.type, pa.JsonType)
    array = plain(array)
    if documents and pa.types.is_string(array.type):
        return _documents(array, name)
    if is_nested(array.type):
        return _nested(array, name)
    strings = strings_of(array)
    return _other(array) if strings is None else _in_quotes(strings)


def _other(array: pa.Array) -> pa.Array:
    text = text_of(array)
    if pa.types.is_boolean(array.type) or pa.types.is_null(array.type):
        return text
    if _is_whole(array.type):
        return _whole(array, text)
    if pa.types.is_floating(array.type):
        finite = pc.is_finite(array)
        return text if pc.all(finite).as_py() else pc.if_else(finite, text, _in_quotes(text))
    return _in_quotes(text)


def _in_quotes(text: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise('"', text, '"', "")


def _escaped(text: pa.Array) -> pa.Array:
    # One pass over the bytes tells which few of the replacements are needed at all.
    special = set(bytes(bytes_of(text)).translate(None, _HARMLESS))
    for mark, escape in _ESCAPES.items():
        if ord(mark) in special:
            text = pc.replace_substring(text, mark, escape)
    return text


def _is_whole(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale <= 0))


def _whole(array: pa.Array, text: pa.Array) -> pa.Array:
    if pa.types.is_integer(array.type) and not pa.types.is_uint64(array.type):
        return text
    # A text of 18 signs or fewer cannot pass 64 bits.
    if not pc.any(pc.greater(pc.binary_length(text), 18)).as_py():
        return text
    cells = text.to_pylist()
    return pa.array(
        [c if c is None or int(c) in _INT64 else f'"{c}"' for c in cells],
        pa.string(),
    )


def _documents(text: pa.Array, name: str) -> pa.Array:
    def compact(cell: str) -> str:
        try:
            # Takes out the white space and judges strictly; digits stay as they are.
            return msgspec.json.format(cell, indent=-1)
        except msgspec.DecodeError as error:
            raise ResultInvalidError(
                f"Column {name!r} holds JSON that is not strict JSON: {error}",
                hint="CAST the column to VARCHAR (STRING) in the query to write it as text.",
            ) from error

    return _each(text, compact)


def _nested(array: pa.Array, name: str) -> pa.Array:
    for belongs, convert in _NESTED:
        if belongs(array.type):
            return convert(array, name)
    raise ResultInvalidError(
        f"Column {name!r} of type {array.type} has no JSON form",
        hint="CAST the column to VARCHAR (STRING) in the query.",
    )


def _struct(array: pa.Array, name: str) -> pa.Array:
    fields = [array.type.field(i) for i in range(array.type.num_fields)]
    refuse_repeated((field.name for field in fields), f"Column {name!r}")
    pieces: list[pa.Array | str] = []
    before = "{"
    for field, values in zip(fields, array.flatten(), strict=True):
        pieces += [f"{before}{quoted(field.name)}:", json_of(values, f"{name}.{field.name}")]
        before = ","
    if not pieces:
        return pc.if_else(array.is_valid(), "{}", pa.scalar(None, pa.string()))
    text = pc.binary_join_element_wise(*pieces, "}", "")
    return pc.if_else(array.is_valid(), text, pa.scalar(None, pa.string()))


def _list(array: pa.Array, name: str) -> pa.Array:
    if not pa.types.is_list(array.type) and not pa.types.is_large_list(array.type):
        array = array.cast(pa.list_(array.type.value_type))
    offsets, items = _items(array, array.values)
    texts = json_of(items, name).to_pylist()
    return _spans(array, offsets, lambda start, end: f"[{','.join(texts[start:end])}]")


def _map(array: pa.Array, name: str) -> pa.Array:
    offsets, keys = _items(array, array.keys)
    _, items = _items(array, array.items)
    names = _keys(plain(keys), name)
    texts = json_of(items, name).to_pylist()
    pairs = [f"{quoted(key)}:{text}" for key, text in zip(names, texts, strict=True)]

    def one(start: int, end: int) -> str:
        refuse_repeated(names[start:end], f"Column {name!r}")
        return f"{{{','.join(pairs[start:end])}}}"

    return _spans(array, offsets, one)


def _items(array: pa.Array, children: pa.Array) -> tuple[list[int], pa.Array]:
    offsets = array.offsets.to_pylist()
    first = offsets[0]
    return [offset - first for offset in offsets], children.slice(first, offsets[-1] - first)


def _spans(array: pa.Array, offsets: list[int], text: Callable[[int, int], str]) -> pa.Array:
    present = array.is_valid().to_pylist()
    return pa.array(
        [
            text(start, end) if there else None
            for there, start, end in zip(present, offsets, offsets[1:], strict=False)
        ],
        pa.string(),
    )


def _keys(keys: pa.Array, name: str) -> list[str]:
    texts = json_of(keys, name) if is_nested(keys.type) else text_of(keys)
    names: list[str] = texts.to_pylist()
    return names


def _union(array: pa.Array, name: str) -> pa.Array:
    # Its kinds lie in different columns, so each cell is looked up alone.
    return pa.array(
        [
            json_of(pa.array([item.value]), name)[0].as_py() if item.is_valid else None
            for item in array
        ],
        pa.string(),
    )


def _each(array: pa.Array, convert: Callable[[str], str]) -> pa.Array:
    return pa.array(
        [None if cell is None else convert(cell) for cell in array.to_pylist()], pa.string()
    )


_NESTED: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array, str], pa.Array]], ...] = (
    (pa.types.is_struct, _struct),
    (pa.types.is_map, _map),
    (pa.types.is_union, _union),
    (pa.types.is_nested, _list),
)

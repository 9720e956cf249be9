"""One value set in a configuration file's text: comments, order and layout stay."""

import json
import re
from collections.abc import Sequence

import yaml

from dli_adapters.documents.nodes import Node
from dli_adapters.documents.reader import read_yaml
from dli_adapters.settings.sections import FileSayings, Source, read_sections
from dli_domain.errors import ConfigError, ErrorCode, SpecInvalidError
from dli_domain.precedence import Key, Layer

_PLAIN = re.compile(r"[A-Za-z_./~][A-Za-z0-9_./@~+-]*(?::[A-Za-z0-9_./@~+-]+)*\Z")
_RESERVED = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "~", ".", ".."})
_NUMBER_LIKE = re.compile(r"[-+.]?(\d|inf|nan)", re.IGNORECASE)
_STEP = 2


def set_value(text: str, key: Key, value: object, *, path: str) -> str:
    """The file's text with the key set, and nothing else changed.

    Args:
        text: The file as it is; may be empty.
        key: The key, one name per level.
        value: A text, number, boolean, or list of texts; anything JSON can say below `vars`.
        path: What the file is called in errors.

    Raises:
        SpecInvalidError: the file is no YAML.
        ConfigError: DLI-006, the file has problems already; DLI-007, it is laid out so that
            one value cannot be set without touching others.
    """
    before = _read(text, path)
    body, mark = (text[1:], text[:1]) if text.startswith("\ufeff") else (text, "")
    # Read above by the reader with limits, so composing, which recurses, is safe here.
    root = yaml.compose(body, Loader=yaml.SafeLoader)
    held = before.said.get(key)
    if held is not None and held.location is not None:
        place = (held.location.line - 1, held.location.column - 1)
        edited = _replace(body, root, place, value)
    else:
        edited = _insert(body, root, key, value)
    result = None if edited is None else mark + edited
    if result is None or not _only_changed(before, result, key, path):
        raise ConfigError(
            f"'{'.'.join(key)}' cannot be set in {path} without touching other lines",
            code=ErrorCode.CONFIG_WRITE_ERROR,
            hint="Edit the file by hand; nothing was written.",
        )
    return result


def _read(text: str, path: str) -> FileSayings:
    said = read_sections(_parse(text, path), _source())
    if said.problems:
        first = said.problems[0]
        raise ConfigError(
            first.message,
            code=ErrorCode.CONFIG_VALIDATION_FAILED,
            hint=first.fix,
            location=first.location,
            problems=tuple(said.problems),
        )
    return said


def _parse(text: str, path: str) -> Node | None:
    return read_yaml(text.encode(), path)


def _source() -> Source:
    return Source(layer=Layer.GLOBAL, folder="/", from_checkout=False)


def _only_changed(before: FileSayings, text: str, key: Key, path: str) -> bool:
    try:
        after = read_sections(_parse(text, path), _source())
    except SpecInvalidError:
        return False
    old = {k: said.value for k, said in before.said.items() if k != key}
    new = {k: said.value for k, said in after.said.items() if k != key}
    return key in after.said and old == new and not after.problems


def _replace(
    text: str, root: yaml.Node | None, place: tuple[int, int], value: object
) -> str | None:
    node = None if root is None else _at(root, place)
    if node is None or (isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")):
        return None
    start, end = node.start_mark.index, node.end_mark.index
    end = start + len(text[start:end].rstrip())
    space = " " if start == end and text[start - 1 : start] == ":" else ""
    return f"{text[:start]}{space}{written(value)}{text[end:]}"


def _at(node: yaml.Node, place: tuple[int, int]) -> yaml.Node | None:
    """The value that starts there; keys do not count."""
    waiting: list[yaml.Node] = [node]
    while waiting:
        found = waiting.pop()
        if isinstance(found, yaml.MappingNode):
            waiting.extend(value for _, value in found.value)
        elif (found.start_mark.line, found.start_mark.column) == place:
            return found
    return None


def _insert(text: str, root: yaml.Node | None, key: Key, value: object) -> str | None:
    newline = "\r\n" if "\r\n" in text else "\n"
    if root is None or _is_empty(root):
        head = text if not text or text.endswith("\n") else text + newline
        return head + newline.join(_lines(key, value, 0)) + newline
    parent, rest, column = _deepest(root, key)
    if isinstance(parent, yaml.MappingNode):
        return _into_map(text, parent, (rest, value), newline)
    if parent is None or not _is_empty(parent):
        return None
    lines = _lines(rest, value, column + _STEP)
    return _below(text, parent.start_mark.index, lines, newline)


def _into_map(
    text: str, node: yaml.MappingNode, entry: tuple[Key, object], newline: str
) -> str | None:
    key, value = entry
    if not node.flow_style:
        indent = node.value[0][0].start_mark.column
        return _below(text, _last_index(node), _lines(key, value, indent), newline)
    end = node.end_mark.index - 1
    head = text[:end].rstrip()
    comma = ", " if node.value else ""
    return f"{head}{comma}{_flow(key, value)}{text[len(head) :]}"


def _deepest(root: yaml.Node, key: Key) -> tuple[yaml.Node | None, Key, int]:
    """The innermost map on the key's way, what of the key is missing, and its key's column."""
    node, column = root, -_STEP
    for depth, part in enumerate(key):
        if not isinstance(node, yaml.MappingNode):
            return node, key[depth:], column
        found = next(((k, v) for k, v in node.value if k.value == part), None)
        if found is None:
            return node, key[depth:], column
        column, node = found[0].start_mark.column, found[1]
    return None, (), column


def _below(text: str, index: int, lines: Sequence[str], newline: str) -> str:
    """The lines put below the line that holds `index`."""
    end = text.find("\n", index)
    block = newline.join(lines)
    if end < 0:
        return f"{text}{newline}{block}{newline}"
    return f"{text[: end + 1]}{block}{newline}{text[end + 1 :]}"


def _last_index(node: yaml.Node) -> int:
    """Where the last character of the node's content is; ends of blocks lie behind comments."""
    while isinstance(node, yaml.MappingNode | yaml.SequenceNode) and not node.flow_style:
        if not node.value:
            break
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    block = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
    return node.end_mark.index - 1 if block else max(node.end_mark.index - 1, 0)


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style is None and not node.value


def _lines(key: Key, value: object, indent: int) -> list[str]:
    lines = [
        f"{' ' * (indent + _STEP * depth)}{written(part)}:" for depth, part in enumerate(key[:-1])
    ]
    last = " " * (indent + _STEP * (len(key) - 1))
    return [*lines, f"{last}{written(key[-1])}: {written(value)}"]


def _flow(key: Key, value: object) -> str:
    inner = f"{written(key[-1])}: {written(value)}"
    for part in reversed(key[:-1]):
        inner = f"{written(part)}: {{{inner}}}"
    return inner


def written(value: object) -> str:
    """The value as YAML on one line: plain where that is safe, else as JSON, which is YAML."""
    if isinstance(value, str) and _PLAIN.match(value):
        plain = value.lower() not in _RESERVED and not _NUMBER_LIKE.match(value)
        if plain:
            return value
    if isinstance(value, list | tuple):
        return f"[{', '.join(written(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)

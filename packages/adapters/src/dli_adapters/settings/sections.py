"""A configuration document to what it says, key by key, with every problem in it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from dli_adapters.documents.nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode
from dli_adapters.settings.placeholders import Template, has_placeholder
from dli_adapters.settings.schema import (
    ANY,
    SHORTHAND,
    TREE,
    Alias,
    Kind,
    Section,
    Setting,
    names,
    setting_of,
)
from dli_adapters.settings.secrecy import is_secret_path
from dli_adapters.settings.values import WrongValueError, typed
from dli_domain.errors import ErrorCode
from dli_domain.model.names import closest
from dli_domain.model.problems import Location, Problem, Severity
from dli_domain.precedence import Key, Layer, Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a document stands in the order, and what its places are called."""

    layer: Layer
    folder: str
    from_checkout: bool


@dataclass(slots=True)
class FileSayings:
    """What one file says, and what is to be said about the file."""

    said: dict[Key, Said] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    notices: list[Problem] = field(default_factory=list)
    environments: set[str] = field(default_factory=set)
    literal_secrets: list[Key] = field(default_factory=list)


def read_sections(root: Node | None, source: Source) -> FileSayings:
    """Everything the document says; unknown keys and wrong types are problems, all of them."""
    reader = _Reader(source)
    if isinstance(root, MappingNode):
        reader.section(root, TREE, ())
    elif root is not None:
        reader.wrong(root.location, "The file must be a map of keys to values")
    return reader.result


class _Reader:
    def __init__(self, source: Source) -> None:
        self._source = source
        self.result = FileSayings()

    def section(self, node: MappingNode, section: Section, path: Key) -> None:
        for entry in node.entries:
            if path == ("environments",):
                self.result.environments.add(entry.key)
            below = section.get(entry.key) or section.get(ANY)
            if below is None:
                self._unknown(entry, section, path)
            elif isinstance(below, dict):
                self._below(entry, below, (*path, entry.key))
            else:
                self._leaf(entry, below, path)

    def _below(self, entry: Entry, section: Section, path: Key) -> None:
        node = entry.value
        if isinstance(node, MappingNode):
            self.section(node, section, path)
        elif isinstance(node, ScalarNode) and node.value is None:
            # A section whose keys are all commented out.
            return
        elif isinstance(node, ScalarNode) and SHORTHAND in section:
            setting = section[SHORTHAND]
            if isinstance(setting, Setting):
                self._say((*path, SHORTHAND), setting, node)
        else:
            self.wrong(node.location, f"{_dotted(path)!r} must be a map of keys to values")

    def _leaf(self, entry: Entry, leaf: Setting | Alias, path: Key) -> None:
        written = (*path, entry.key)
        key = written
        if isinstance(leaf, Alias):
            target = tuple(entry.key if part == ANY else part for part in leaf.target)
            key = _under_environment(written, target)
            if leaf.deprecated:
                self._warn(entry.key_location, written, f"is written {_dotted(key)!r} now")
        setting = setting_of(_plain(key))
        if setting is None:
            setting = leaf if isinstance(leaf, Setting) else None
        if setting is None:
            raise TypeError(f"the alias {_dotted(written)} points nowhere")
        if setting.idle is not None:
            self._notice(entry.key_location, written, setting.idle)
        if setting.kind is Kind.UNUSED:
            return
        self._say(key, setting, entry.value)

    def _say(self, key: Key, setting: Setting, node: Node) -> None:
        try:
            value = _value(setting, node)
        except WrongValueError as error:
            self.wrong(node.location, f"{_dotted(key)!r} {error}")
            return
        if key in self.result.said:
            first = self.result.said[key].place
            self.wrong(node.location, f"{_dotted(key)!r} is said twice; first at {first}")
            return
        if is_secret_path(key) and not _is_template(value) and value is not None:
            self.result.literal_secrets.append(key)
        self.result.said[key] = Said(
            value=value,
            layer=self._source.layer,
            place=str(node.location),
            location=node.location,
            folder=self._source.folder,
            from_checkout=self._source.from_checkout,
        )

    def _unknown(self, entry: Entry, section: Section, path: Key) -> None:
        written = _dotted((*path, entry.key))
        match = closest(entry.key, (k for k in section if k != ANY))
        full = _dotted((*path, match)) if match else _elsewhere(entry.key, written)
        fix = f"Did you mean {full!r}?" if full else "Remove it"
        self.wrong(entry.key_location, f"Unknown key {written!r}", fix)

    def wrong(self, location: Location, message: str, fix: str | None = None) -> None:
        self.result.problems.append(_problem(location, message, fix, Severity.ERROR))

    def _warn(self, location: Location, key: Key, message: str) -> None:
        self.result.warnings.append(
            _problem(location, f"{_dotted(key)!r} {message}", None, Severity.WARNING)
        )

    def _notice(self, location: Location, key: Key, reason: str) -> None:
        message = f"{_dotted(key)!r} has no effect: {reason}"
        self.result.notices.append(_problem(location, message, None, Severity.WARNING))


def _problem(location: Location, message: str, fix: str | None, severity: Severity) -> Problem:
    return Problem(
        code=ErrorCode.CONFIG_VALIDATION_FAILED,
        message=message,
        location=location,
        fix=fix,
        severity=severity,
    )


def _elsewhere(word: str, written: str) -> str | None:
    by_last: dict[str, str] = {}
    for name in names():
        by_last.setdefault(name.rsplit(".", 1)[-1], name)
    match = closest(written, names()) or by_last.get(closest(word, by_last) or "")
    return match if match and ANY not in match else None


def _value(setting: Setting, node: Node) -> object:
    if setting.kind is Kind.FREE:
        return plain(node)
    if setting.kind is Kind.RULES:
        return typed(setting, plain(node))
    if isinstance(node, ScalarNode):
        return _scalar(setting, node)
    if isinstance(node, SequenceNode) and setting.kind is Kind.TEXTS:
        items = [i.text if isinstance(i, ScalarNode) else None for i in node.items]
        if any(has_placeholder(text) for text in items if text):
            raise WrongValueError("takes no ${...} inside a list; write the texts out")
        return typed(setting, items)
    return typed(setting, {} if isinstance(node, MappingNode) else [])


def _scalar(setting: Setting, node: ScalarNode) -> object:
    if node.value is None and node.style is None:
        if setting.default is None:
            # Says that no value is wanted, whatever a lower source says.
            return None
        return typed(setting, "")
    if isinstance(node.value, str) and has_placeholder(node.text):
        return Template(node.text)
    numeric = isinstance(node.value, int | float) and not isinstance(node.value, bool)
    textual = setting.kind not in (Kind.INTEGER, Kind.BOOLEAN, Kind.BYTES)
    return typed(setting, node.text if numeric and textual else node.value)


def plain(node: Node) -> object:
    """The node as Python values; texts with placeholders stay `Template`s.

    Depth is bounded by the reader of documents, so this may recurse.
    """
    if isinstance(node, MappingNode):
        return {entry.key: plain(entry.value) for entry in node.entries}
    if isinstance(node, SequenceNode):
        return [plain(item) for item in node.items]
    if isinstance(node.value, str) and has_placeholder(node.value):
        return Template(node.value)
    return node.value


def fold(value: object, on_template: Callable[[Template], object]) -> object:
    """The value with each template in it replaced."""
    if isinstance(value, Template):
        return on_template(value)
    if isinstance(value, dict):
        return {key: fold(item, on_template) for key, item in value.items()}
    if isinstance(value, list):
        return [fold(item, on_template) for item in value]
    return value


def _is_template(value: object) -> bool:
    return isinstance(value, Template)


def _plain(key: Key) -> Key:
    return key[2:] if key[:1] == ("environments",) else key


def _under_environment(written: Key, target: Key) -> Key:
    return (*written[:2], *target) if written[:1] == ("environments",) else target


def _dotted(key: Key) -> str:
    return ".".join(key)

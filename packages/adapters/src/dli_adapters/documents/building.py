"""Parser events to nodes, with limits, on a stack of its own."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import yaml

from dli_adapters.documents.nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode
from dli_adapters.documents.scalars import NumberTooLongError, core_value
from dli_adapters.documents.source_text import SourceText
from dli_adapters.documents.syntax import syntax_problem
from dli_domain.errors import ErrorCode
from dli_domain.model.problems import Location, Problem

# The event stream of libyaml is safe where its composer is not: composing recurses in C and
# ends the process on deep nesting.
_LOADER: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)
# The parser written in Python takes "\ud800"; such a text has no UTF-8 form.
_SURROGATE = re.compile("[\ud800-\udfff]")
MAX_DEPTH = 64
MAX_NODES = 20_000
MAX_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Reading:
    """A document and the findings about it.

    `node` is None for an empty document, and where the findings leave no tree to look at.
    """

    node: Node | None
    problems: tuple[Problem, ...] = ()


class _HasIndex(Protocol):
    @property
    def index(self) -> int: ...


class _StopReadingError(Exception):
    """Nothing after this place can be read; the finding is already noted."""


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come."""

    location: Location
    is_map: bool
    items: list[Node] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    seen: dict[str, Location] = field(default_factory=dict)
    key: tuple[str, Location] | None = None
    drop_value: bool = False

    @property
    def expects_key(self) -> bool:
        return self.is_map and self.key is None and not self.drop_value


def build(
    source: SourceText, loader: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = _LOADER
) -> Reading:
    """The text's one document."""
    return _Builder(source).run(loader)


class _Builder:
    def __init__(self, source: SourceText) -> None:
        self._source = source
        self._problems: list[Problem] = []
        self._stack: list[_Open] = []
        self._root: Node | None = None
        self._nodes = 0
        self._documents = 0
        self._trusted = True
        self._place = Location(source.path)
        self._steps: Mapping[type[yaml.Event], Callable[..., None]] = {
            yaml.DocumentStartEvent: self._document,
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.MappingStartEvent: self._open_map,
            yaml.SequenceStartEvent: self._open_list,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
        }

    def run(self, loader: type[yaml.SafeLoader] | type[yaml.CSafeLoader]) -> Reading:
        try:
            for event in yaml.parse(self._source.text, Loader=loader):
                step = self._steps.get(type(event))
                if step is not None:
                    self._place = self._source.place(_index(event.start_mark))
                    step(event)
        except _StopReadingError:
            self._trusted = False
        except yaml.YAMLError as error:
            self._problems.append(syntax_problem(error, self._source))
            self._trusted = False
        except (ValueError, OverflowError) as error:
            # Only the parser written in Python: chr() of an escape beyond Unicode.
            self._note(ErrorCode.SPEC_INVALID, f"the YAML cannot be read: {error}", None)
            self._trusted = False
        return Reading(self._result(), tuple(self._problems))

    def _result(self) -> Node | None:
        root = self._root
        empty = isinstance(root, ScalarNode) and root.style is None and not root.text
        return root if self._trusted and not empty else None

    def _note(
        self, code: ErrorCode, message: str, fix: str | None, place: Location | None = None
    ) -> None:
        self._problems.append(
            Problem(code=code, message=message, location=place or self._place, fix=fix)
        )

    def _stop(self, code: ErrorCode, message: str, fix: str) -> _StopReadingError:
        self._note(code, message, fix)
        return _StopReadingError()

    def _document(self, _event: yaml.DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            raise self._stop(
                ErrorCode.SPEC_INVALID,
                "the file holds more than one document",
                "Keep one document in a file; remove what follows '---'.",
            )

    def _judge(self, event: yaml.NodeEvent, tag: str | None) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._stop(
                ErrorCode.SPEC_LIMIT,
                f"the file holds more than {MAX_NODES:,} values",
                "Move the data out of YAML.",
            )
        if len(self._problems) >= MAX_PROBLEMS:
            raise _StopReadingError
        if event.anchor is not None:
            self._trusted = False
            self._note(
                ErrorCode.SPEC_LIMIT,
                f"anchors, aliases and merge keys are not read: &{event.anchor}",
                "Write the value out where it is needed.",
            )
        if tag is not None:
            self._note(
                ErrorCode.SPEC_INVALID,
                f"the tag {_short_tag(tag)} is not read",
                "Remove the tag; quote a value that must stay text.",
            )

    def _alias(self, event: yaml.AliasEvent) -> None:
        self._trusted = False
        self._judge_alias(event)
        self._add(ScalarNode(text="", value=None, location=self._place))

    def _judge_alias(self, event: yaml.AliasEvent) -> None:
        self._note(
            ErrorCode.SPEC_LIMIT,
            f"anchors, aliases and merge keys are not read: *{event.anchor}",
            "Write the value out where it is needed.",
        )
        if len(self._problems) >= MAX_PROBLEMS:
            raise _StopReadingError

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        self._judge(event, event.tag)
        style = event.style or None
        text: str = event.value
        value: str | int | float | bool | None = text
        if style == '"' and _SURROGATE.search(text):
            self._note(ErrorCode.SPEC_INVALID, "an escape is half a character", "Write it whole.")
        if style is None:
            try:
                value = core_value(text)
            except NumberTooLongError as error:
                self._note(ErrorCode.SPEC_LIMIT, str(error), "Quote it if it is text.")
        content, indent = self._verbatim(event, style, text)
        self._add(
            ScalarNode(
                text=text,
                value=value,
                location=self._place,
                style=style,
                content=content,
                indent=indent,
            )
        )

    def _verbatim(
        self, event: yaml.ScalarEvent, style: str | None, text: str
    ) -> tuple[Location | None, int]:
        """Where the text stands letter by letter in the file, and its column shift."""
        if style == "|":
            return self._block(text)
        if style == ">" or not text:
            return None, 0
        quote = 0 if style is None else 1
        start, end = _index(event.start_mark) + quote, _index(event.end_mark) - quote
        if "\n" in text or self._source.text[start:end] != text:
            return None, 0
        place = self._source.place(start)
        return place, place.column - 1

    def _block(self, text: str) -> tuple[Location | None, int]:
        # A block's text begins on the line behind its header, blank lines included. Each line
        # of the text is the end of its line in the file; what is before it is the indentation.
        first = self._place.line + 1
        for number, line in enumerate(text.split("\n"), start=first):
            if line:
                indent = len(self._source.line(number)) - len(line)
                return Location(self._source.path, first, indent + 1), indent
        return None, 0

    def _open_map(self, event: yaml.MappingStartEvent) -> None:
        self._open(event, is_map=True)

    def _open_list(self, event: yaml.SequenceStartEvent) -> None:
        self._open(event, is_map=False)

    def _open(self, event: yaml.CollectionStartEvent, *, is_map: bool) -> None:
        self._judge(event, event.tag)
        if len(self._stack) >= MAX_DEPTH:
            raise self._stop(
                ErrorCode.SPEC_LIMIT,
                f"values are nested more than {MAX_DEPTH} deep",
                "Nest less deep.",
            )
        self._stack.append(_Open(self._place, is_map))

    def _close(self, _event: yaml.CollectionEndEvent) -> None:
        done = self._stack.pop()
        if done.is_map:
            self._add(MappingNode(entries=tuple(done.entries), location=done.location))
        else:
            self._add(SequenceNode(items=tuple(done.items), location=done.location))

    def _add(self, node: Node) -> None:
        if not self._stack:
            self._root = node
            return
        top = self._stack[-1]
        if not top.is_map:
            top.items.append(node)
        elif top.expects_key:
            self._key(top, node)
        else:
            if top.key is not None:
                top.entries.append(Entry(key=top.key[0], key_location=top.key[1], value=node))
            top.key, top.drop_value = None, False

    def _key(self, top: _Open, node: Node) -> None:
        if not isinstance(node, ScalarNode):
            self._trusted = False
            top.drop_value = True
            self._note(
                ErrorCode.SPEC_INVALID,
                "a key must be a single value, not a list or a map",
                "Quote '{{ ... }}' where a template stands in YAML.",
                node.location,
            )
        elif node.text == "<<" and node.style is None:
            self._trusted = False
            top.drop_value = True
            self._note(
                ErrorCode.SPEC_LIMIT,
                "anchors, aliases and merge keys are not read: <<",
                "Write the keys out where they are needed.",
                node.location,
            )
        elif node.text in top.seen:
            top.drop_value = True
            self._note(
                ErrorCode.SPEC_INVALID,
                f"the key {node.text!r} stands twice: on line {top.seen[node.text].line} "
                f"and on line {node.location.line}",
                "Keep one of them.",
                node.location,
            )
        else:
            top.seen[node.text] = node.location
            top.key = (node.text, node.location)


def _index(mark: _HasIndex | None) -> int:
    # The stubs allow an event without a mark; the parsers never make one.
    return 0 if mark is None else mark.index


def _short_tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!", 1)[:80]

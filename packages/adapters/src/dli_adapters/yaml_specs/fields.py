"""Values out of YAML maps, every finding collected on the way."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from dli_adapters.documents.nodes import MappingNode, Node, ScalarNode, SequenceNode
from dli_domain.errors import ErrorCode
from dli_domain.model.names import closest
from dli_domain.model.problems import Location, Problem, Severity

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(slots=True)
class Findings:
    """The findings about one file, in the order found."""

    problems: list[Problem] = field(default_factory=list)

    def add(
        self,
        place: Location,
        message: str,
        fix: str | None = None,
        code: ErrorCode = ErrorCode.SPEC_INVALID,
        severity: Severity = Severity.ERROR,
    ) -> None:
        self.problems.append(
            Problem(code=code, message=message, location=place, fix=fix, severity=severity)
        )


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one map.

    Args:
        node: The map.
        findings: Takes what is wrong.
        label: What the map is, for messages, such as `parameters[1]`; empty for the file's own.
    """

    node: MappingNode
    findings: Findings
    label: str = ""

    @property
    def location(self) -> Location:
        return self.node.location

    def title(self, key: str) -> str:
        """The field's name as messages tell it, such as `parameters[1].type`."""
        return f"{self.label}.{key}" if self.label else key

    def check_keys(
        self,
        known: Sequence[str],
        misplaced: Mapping[str, str] = MappingProxyType({}),
        synonyms: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Note every key that is not known.

        Args:
            known: The keys that may stand here.
            misplaced: Keys that may not, and why, as the message ends.
            synonyms: What a key is called here, where its spelling gives no clue.
        """
        for entry in self.node.entries:
            if entry.key in known:
                continue
            if reason := misplaced.get(entry.key):
                self.findings.add(
                    entry.key_location, f"'{self.title(entry.key)}' {reason}", "Remove it."
                )
                continue
            close = synonyms.get(entry.key.lower()) or closest(entry.key.lower(), known)
            self.findings.add(
                entry.key_location,
                f"unknown key {self.title(entry.key)!r}",
                f"Did you mean {close!r}?" if close else f"Known are {', '.join(known)}.",
            )

    def scalar(self, key: str) -> ScalarNode | None:
        """The field's single value, or None where it is absent, null or no single value."""
        node = self.node.get(key)
        if node is None:
            return None
        if not isinstance(node, ScalarNode):
            self._wrong(key, node, "a single value", "Write one value.")
            return None
        return None if node.value is None else node

    def text(self, key: str) -> str:
        """The field's text as written, stripped; empty where it is absent."""
        scalar = self.scalar(key)
        return "" if scalar is None else scalar.text.strip()

    def required_text(self, key: str, example: str) -> str:
        """The field's text; a finding where there is none."""
        text = self.text(key)
        node = self.node.get(key)
        if text or isinstance(node, MappingNode | SequenceNode):
            return text
        what = "is missing" if node is None else "is empty"
        place = self.location if node is None else node.location
        self.findings.add(place, f"'{self.title(key)}' {what}", f"Write {key}: {example}.")
        return ""

    def flag(self, key: str, *, default: bool) -> bool:
        """The field as true or false."""
        scalar = self.scalar(key)
        if scalar is None:
            return default
        if not isinstance(scalar.value, bool):
            self._wrong(key, scalar, "true or false", f"Write {key}: true or {key}: false.")
            return default
        return scalar.value

    def number(self, key: str, *, least: int) -> int | None:
        """The field as a whole number of at least `least`; None where it is absent."""
        scalar = self.scalar(key)
        if scalar is None:
            return None
        value = scalar.value
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 1 << 31:
            self._wrong(
                key, scalar, f"a whole number, {least} or more", f"Write, for example, {key}: 60."
            )
            return None
        return value

    def choice(self, key: str, choices: type[Choice], default: Choice) -> Choice:
        """The field as one of the choices, compared without regard to case."""
        scalar = self.scalar(key)
        if scalar is None:
            return default
        by_name = {choice.value.lower(): choice for choice in choices}
        word = scalar.text.strip().lower()
        if word not in by_name:
            close = closest(word, by_name)
            names = ", ".join(choice.value for choice in choices)
            self._wrong(
                key,
                scalar,
                f"one of {names}",
                f"Did you mean {by_name[close].value!r}?" if close else f"Choose one of {names}.",
            )
            return default
        return by_name[word]

    def iso_date(self, key: str) -> str | None:
        """The field as ISO text of a day; None where it is absent."""
        scalar = self.scalar(key)
        if scalar is None:
            return None
        try:
            return date.fromisoformat(scalar.text.strip()).isoformat()
        except ValueError:
            self._wrong(key, scalar, "a day", f"Write, for example, {key}: 2025-01-31.")
            return None

    def texts(self, key: str) -> tuple[str, ...]:
        """The field as a list of texts; empty where it is absent."""
        texts = []
        for number, item in enumerate(self._items(key), start=1):
            if isinstance(item, ScalarNode) and item.value is not None:
                texts.append(item.text)
            else:
                self.findings.add(
                    item.location,
                    f"'{self.title(key)}[{number}]' must be a text",
                    "Write one text for each item; quote one that holds ': ' or '{'.",
                )
        return tuple(texts)

    def places(self, key: str) -> tuple[Location, ...]:
        """Where each text of the field stands."""
        node = self.node.get(key)
        items = node.items if isinstance(node, SequenceNode) else ()
        return tuple(
            item.location
            for item in items
            if isinstance(item, ScalarNode) and item.value is not None
        )

    def maps(self, key: str) -> Iterator["Fields"]:
        """The field as a list of maps, one by one; nothing where it is absent."""
        for number, item in enumerate(self._items(key), start=1):
            label = f"{self.title(key)}[{number}]"
            if isinstance(item, MappingNode):
                yield Fields(item, self.findings, label)
            else:
                self.findings.add(
                    item.location, f"'{label}' must be a map", "Write, for example, - name: x."
                )

    def map(self, key: str) -> "Fields | None":
        """The field as a map; None where it is absent."""
        node = self.node.get(key)
        if node is None or _is_null(node):
            return None
        if not isinstance(node, MappingNode):
            self._wrong(key, node, "a map", f"Write {key}: and its fields below it, indented.")
            return None
        return Fields(node, self.findings, self.title(key))

    def _items(self, key: str) -> tuple[Node, ...]:
        node = self.node.get(key)
        if node is None or _is_null(node):
            return ()
        if not isinstance(node, SequenceNode):
            self._wrong(key, node, "a list", f"Write {key}: [...], or one '- ' item a line.")
            return ()
        return node.items

    def _wrong(self, key: str, node: Node, expected: str, fix: str) -> None:
        told = f", not {_shown(node.text)}" if isinstance(node, ScalarNode) else ""
        self.findings.add(node.location, f"'{self.title(key)}' must be {expected}{told}", fix)


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.value is None


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")

"""A parsed YAML document in which everything knows where it stands."""

from dataclasses import dataclass

from dli_domain.model.problems import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarNode:
    """One value. `text` is what is written (escapes resolved), `value` its YAML 1.2 core meaning.

    Dates stay text, `no` and `on` are text, `0777` is 777, only `true`, `false` are booleans.
    `style` is None for a plain scalar, else one of `'`, `"`, `|`, `>`. For `|` blocks
    `content` is the place of the text's first character and `indent` its column shift.
    """

    text: str
    value: str | int | float | bool | None
    location: Location
    style: str | None = None
    content: Location | None = None
    indent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceNode:
    """A list."""

    items: tuple["Node", ...]
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One key of a mapping with its value."""

    key: str
    key_location: Location
    value: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingNode:
    """A map; keys are texts, in the order written, none twice."""

    entries: tuple[Entry, ...]
    location: Location

    def get(self, key: str) -> "Node | None":
        """The value of `key`, or None."""
        return next((e.value for e in self.entries if e.key == key), None)


Node = ScalarNode | SequenceNode | MappingNode

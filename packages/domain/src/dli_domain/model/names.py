"""Names of resources: `catalog.schema.name`, or as many parts as the team uses."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

# Letters of any script: Korean names work. No slash, colon or quote can enter a path or a label.
_PART = re.compile(r"[^\W][\w$-]*\Z")
_MAX_NAME = 512
_MAX_PART = 128


class InvalidNameError(ValueError):
    """The text is no resource name; the message says why."""


@dataclass(frozen=True, slots=True, order=True)
class ResourceName:
    """A dotted name such as `iceberg.analytics.daily_clicks`."""

    parts: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "ResourceName":
        """The name that `text` spells.

        Raises:
            InvalidNameError: a part is empty, too long, or holds a character that no name may hold.
        """
        if not text:
            raise InvalidNameError("the name is empty")
        if len(text) > _MAX_NAME:
            raise InvalidNameError(f"the name is longer than {_MAX_NAME} characters")
        parts = tuple(text.split("."))
        for part in parts:
            if not part:
                raise InvalidNameError(f"{text!r} has an empty part")
            if len(part) > _MAX_PART or not _PART.match(part):
                raise InvalidNameError(
                    f"part {part!r} must be letters, digits, '_', '-' or '$', "
                    f"start with a letter, digit or '_', and have at most {_MAX_PART} characters"
                )
        return cls(parts)

    def __str__(self) -> str:
        return ".".join(self.parts)

    @property
    def table(self) -> str:
        """The last part."""
        return self.parts[-1]

    @property
    def schema(self) -> str | None:
        """The part before the last, if there is one."""
        return self.parts[-2] if len(self.parts) > 1 else None

    @property
    def catalog(self) -> str | None:
        """The part before the schema, if there is one."""
        return self.parts[-3] if len(self.parts) > 2 else None


def closest(word: str, known: Iterable[str], alike: float = 0.6) -> str | None:
    """The known word that `word` most likely meant, or None where none is as much alike."""
    found = get_close_matches(word, list(known), n=1, cutoff=alike)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A sentence for a hint, or None where nothing is close."""
    match = closest(word, known)
    return f"Did you mean {match!r}?" if match else None

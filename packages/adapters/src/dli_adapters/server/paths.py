"""Names as parts of a path, and the names that no path can hold."""

from urllib.parse import quote, unquote

from dli_domain.errors import SpecNotFoundError

# Read differently by proxies and servers, however they are escaped; servers refuse them.
_STEPS = frozenset({"", ".", ".."})
_UNSAFE = frozenset("/\\\x00")


class NamelessError(SpecNotFoundError):
    """No server can have anything of that name, so that none is asked."""


def segment(text: str) -> str:
    """One part of a path, whatever signs it holds."""
    return quote(text, safe="")


def checked_path(path: str) -> str:
    """The path, if each of its parts can be a name.

    Raises:
        NamelessError: one cannot.
    """
    for part in path.split("/")[1:]:
        name = unquote(part)
        if name in _STEPS or not _UNSAFE.isdisjoint(name):
            raise NamelessError(f"There is nothing of the name {name!r}: no name is like that")
    return path

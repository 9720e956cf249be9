"""Which resource a table's name means."""

from collections.abc import Iterable

Parts = tuple[str, ...]


class ResourceNames:
    """The names of resources, found by the names of tables in any case.

    A table said with fewer parts than a resource has (`mart.orders` for `lake.mart.orders`), or
    with more, means it if no other resource could be meant; a bare last part is too little.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._whole: dict[str, str] = {}
        self._short: dict[str, set[str]] = {}
        for name in names:
            folded = name.lower()
            self._whole.setdefault(folded, name)
            parts = folded.split(".")
            for start in range(1, len(parts) - 1):
                self._short.setdefault(".".join(parts[start:]), set()).add(name)

    def find(self, parts: Parts) -> str | None:
        """The resource that the table is built by, None if that is none or not certain."""
        folded = [part.lower() for part in ".".join(parts).split(".")]
        exact = self._whole.get(".".join(folded))
        if exact is not None:
            return exact
        shorter = self._short.get(".".join(folded), ())
        longer = [
            self._whole[".".join(folded[start:])]
            for start in range(1, len(folded) - 1)
            if ".".join(folded[start:]) in self._whole
        ]
        found = {*shorter, *longer}
        return found.pop() if len(found) == 1 else None

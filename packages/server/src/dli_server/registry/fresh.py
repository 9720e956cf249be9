"""The project's own specs, read again when their files change."""

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import final

from dli_domain.model.spec import ResourceKind, ResourceSpec
from dli_domain.ports.clock import Clock
from dli_domain.ports.spec_source import SpecListing, SpecSource

# After this long the folders are looked through again: another file may say the same name.
_SECONDS = 0.5
_KEPT = 2048
_Signature = tuple[tuple[str, int, int, int], ...]


@final
class FreshSpecs(SpecSource):
    """Specs of files, each read once for the runs of half a second.

    A run looks its spec up twice, and many runs come at once. What was kept counts only while all
    files that it was read from are as they were.

    Args:
        files: Reads them.
        root: Their project's folder; places in specs are seen from it.
        clock: For the half second.
    """

    def __init__(self, files: SpecSource, root: str, clock: Clock) -> None:
        self._files = files
        self._root = root
        self._clock = clock
        self._lock = Lock()
        self._kept: dict[
            tuple[str, ResourceKind | None], tuple[float, _Signature, ResourceSpec]
        ] = {}

    def get(self, name: str, kind: ResourceKind | None = None) -> ResourceSpec:
        now = self._clock.monotonic()
        kept = self._kept.get((name, kind))
        if kept is not None and now < kept[0] and self._signature(kept[2]) == kept[1]:
            return kept[2]
        found = self._files.get(name, kind)
        signature = self._signature(found)
        if signature is not None:
            with self._lock:
                if len(self._kept) >= _KEPT:
                    self._kept.clear()
                self._kept[name, kind] = (now + _SECONDS, signature, found)
        return found

    def names(self, kind: ResourceKind | None = None) -> Sequence[str]:
        return self._files.names(kind)

    def list(self, kind: ResourceKind | None = None) -> SpecListing:
        return self._files.list(kind)

    def _signature(self, spec: ResourceSpec) -> _Signature | None:
        """How its files look; None where one cannot be looked at, and nothing may be kept."""
        statements = (spec.sql, *(one.sql for one in (*spec.pre_statements, *spec.post_statements)))
        paths = {spec.location.path, *(one.origin.path for one in statements)}
        try:
            return tuple(self._seen(path) for path in sorted(paths))
        except OSError:
            return None

    def _seen(self, path: str) -> tuple[str, int, int, int]:
        found = Path(self._root, path).stat()
        return path, found.st_mtime_ns, found.st_size, found.st_ino

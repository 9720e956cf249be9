"""Specs of another source, asked for once."""

from collections.abc import Sequence
from typing import final

from dli_domain.errors import DliError
from dli_domain.model.spec import ResourceKind, ResourceSpec
from dli_domain.ports.spec_source import SpecListing, SpecSource


@final
class RememberedSpecSource(SpecSource):
    """Keeps every answer of `inner`, failures too: for one pass over thousands of specs."""

    def __init__(self, inner: SpecSource) -> None:
        self._inner = inner
        self._specs: dict[tuple[str, ResourceKind | None], ResourceSpec | DliError] = {}
        self._names: dict[ResourceKind | None, Sequence[str]] = {}
        self._lists: dict[ResourceKind | None, SpecListing] = {}

    def get(self, name: str, kind: ResourceKind | None = None) -> ResourceSpec:
        key = (name, kind)
        if key not in self._specs:
            try:
                self._specs[key] = self._inner.get(name, kind)
            except DliError as error:
                self._specs[key] = error
        found = self._specs[key]
        if isinstance(found, DliError):
            raise found
        return found

    def names(self, kind: ResourceKind | None = None) -> Sequence[str]:
        if kind not in self._names:
            self._names[kind] = self._inner.names(kind)
        return self._names[kind]

    def list(self, kind: ResourceKind | None = None) -> SpecListing:
        if kind not in self._lists:
            self._lists[kind] = self._inner.list(kind)
        return self._lists[kind]

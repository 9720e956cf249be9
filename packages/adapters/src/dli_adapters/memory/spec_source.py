"""Specs that are held in memory."""

from collections.abc import Iterable, Sequence
from typing import final

from dli_domain.errors import ErrorCode, SpecInvalidError
from dli_domain.model.problems import Problem
from dli_domain.model.spec import ResourceKind, ResourceSpec
from dli_domain.ports.spec_source import SpecListing, SpecSource
from dli_domain.ports.unknown_names import check_name, no_resource


@final
class MemorySpecSource(SpecSource):
    """The given resources, ready made; nothing is read."""

    def __init__(self, specs: Iterable[ResourceSpec] = ()) -> None:
        self._specs = tuple(sorted(specs, key=lambda spec: (spec.kind, str(spec.name))))

    def get(self, name: str, kind: ResourceKind | None = None) -> ResourceSpec:
        check_name(name)
        same = [spec for spec in self._specs if str(spec.name) == name]
        found = [spec for spec in same if kind in (None, spec.kind)]
        if not found:
            raise no_resource(
                name,
                kind,
                other=same[0].kind if same else None,
                known=lambda: self.names(kind),
                otherwise="Give the resource to MemorySpecSource.",
                context={"Searched": f"{len(self._specs)} resources in memory"},
            )
        if len(found) > 1:
            raise SpecInvalidError(
                f"{name!r} stands {len(found)} times",
                location=found[0].location,
                hint="Keep one of them, or give them different names.",
                problems=tuple(_double(spec) for spec in found),
            )
        return found[0]

    def names(self, kind: ResourceKind | None = None) -> Sequence[str]:
        return sorted({str(spec.name) for spec in self._specs if kind in (None, spec.kind)})

    def list(self, kind: ResourceKind | None = None) -> SpecListing:
        specs = [spec for spec in self._specs if kind in (None, spec.kind)]
        keys = [(spec.kind, spec.name) for spec in specs]
        double = [keys.count(key) > 1 for key in keys]
        return SpecListing(
            specs=tuple(s for s, twice in zip(specs, double, strict=True) if not twice),
            problems=tuple(_double(s) for s, twice in zip(specs, double, strict=True) if twice),
        )


def _double(spec: ResourceSpec) -> Problem:
    return Problem(
        code=ErrorCode.SPEC_INVALID,
        message=f"the name {str(spec.name)!r} stands more than once",
        location=spec.location,
        fix="Keep one of them, or give them different names.",
    )

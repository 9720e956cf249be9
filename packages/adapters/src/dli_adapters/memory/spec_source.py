"""Specs that are held in memory."""

from collections.abc import Iterable, Sequence
from typing import final

from dli_domain.errors import ErrorCode, SpecInvalidError, SpecNotFoundError
from dli_domain.model.names import InvalidNameError, ResourceName, did_you_mean
from dli_domain.model.problems import Problem
from dli_domain.model.spec import ResourceKind, ResourceSpec
from dli_domain.ports.spec_source import SpecListing, SpecSource


@final
class MemorySpecSource(SpecSource):
    """The given resources, ready made; nothing is read."""

    def __init__(self, specs: Iterable[ResourceSpec] = ()) -> None:
        self._specs = tuple(sorted(specs, key=lambda spec: (spec.kind, str(spec.name))))

    def get(self, name: str, kind: ResourceKind | None = None) -> ResourceSpec:
        try:
            ResourceName.parse(name)
        except InvalidNameError as error:
            raise SpecInvalidError(
                f"{name[:80]!r} is no resource name: {error}",
                hint="Names look like catalog.schema.name.",
            ) from error
        same = [spec for spec in self._specs if str(spec.name) == name]
        found = [spec for spec in same if kind in (None, spec.kind)]
        if not found:
            raise self._not_found(name, kind, same)
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

    def _not_found(
        self, name: str, kind: ResourceKind | None, other: Sequence[ResourceSpec]
    ) -> SpecNotFoundError:
        if other:
            hint: str | None = f"{name!r} is a {other[0].kind}: use 'dli {other[0].kind} ...'."
        else:
            hint = did_you_mean(name, self.names(kind))
        return SpecNotFoundError(
            f"There is no {kind.value if kind else 'dataset or metric'} {name!r}",
            code=ErrorCode.METRIC_NOT_FOUND if kind is ResourceKind.METRIC else None,
            context={"Searched": f"{len(self._specs)} resources in memory"},
            hint=hint or "Give the resource to MemorySpecSource.",
        )


def _double(spec: ResourceSpec) -> Problem:
    return Problem(
        code=ErrorCode.SPEC_INVALID,
        message=f"the name {str(spec.name)!r} stands more than once",
        location=spec.location,
        fix="Keep one of them, or give them different names.",
    )

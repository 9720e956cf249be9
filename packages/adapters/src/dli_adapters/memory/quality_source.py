"""Quality files that are held in memory."""

from collections.abc import Iterable
from typing import final

from dli_domain.errors import ErrorCode, SpecInvalidError, SpecNotFoundError
from dli_domain.model.names import InvalidNameError, ResourceName, did_you_mean
from dli_domain.model.quality import QualitySpec
from dli_domain.ports.quality_source import QualityListing, QualitySource


@final
class MemoryQualitySource(QualitySource):
    """The given files, ready made; their `location` tells their path."""

    def __init__(self, specs: Iterable[QualitySpec] = ()) -> None:
        self._specs = tuple(sorted(specs, key=lambda spec: spec.location))

    def find(self, reference: str) -> QualityListing:
        is_path = reference.endswith((".yaml", ".yml")) or "/" in reference
        if not is_path:
            try:
                ResourceName.parse(reference)
            except InvalidNameError as error:
                raise SpecInvalidError(
                    f"{reference[:80]!r} is no resource name: {error}",
                    hint="Give a name such as catalog.schema.name.",
                ) from error
        known = [s.location.path if is_path else str(s.target.name) for s in self._specs]
        found = [s for s, name in zip(self._specs, known, strict=True) if name == reference]
        if not found:
            raise SpecNotFoundError(
                f"No quality file tests {reference!r}",
                code=ErrorCode.QUALITY_SPEC_NOT_FOUND,
                context={"Searched": f"{len(self._specs)} quality files in memory"},
                hint=did_you_mean(reference, known) or "Give the file to MemoryQualitySource.",
            )
        return QualityListing(specs=tuple(found))

    def list(self) -> QualityListing:
        return QualityListing(specs=self._specs)

"""Quality files that are held in memory."""

from collections.abc import Iterable
from typing import final

from dli_domain.model.quality import QualitySpec
from dli_domain.ports.quality_source import QualityListing, QualitySource
from dli_domain.ports.unknown_names import check_name, no_quality_file


@final
class MemoryQualitySource(QualitySource):
    """The given files, ready made; their `location` tells their path."""

    def __init__(self, specs: Iterable[QualitySpec] = ()) -> None:
        self._specs = tuple(sorted(specs, key=lambda spec: spec.location))

    def find(self, reference: str) -> QualityListing:
        is_path = reference.endswith((".yaml", ".yml")) or "/" in reference
        if not is_path:
            check_name(reference)
        known = [s.location.path if is_path else str(s.target.name) for s in self._specs]
        found = [s for s, name in zip(self._specs, known, strict=True) if name == reference]
        if not found:
            searched = f"{len(self._specs)} quality files in memory"
            raise no_quality_file(
                reference,
                known,
                {"Searched": searched},
                "Give the file to MemoryQualitySource.",
            )
        return QualityListing(specs=tuple(found))

    def list(self) -> QualityListing:
        return QualityListing(specs=self._specs)

"""What the server can run: the registered specs, over those of the project it was started on."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar, final

from dli_domain.errors import SpecInvalidError, SpecNotFoundError
from dli_domain.model.problems import Problem
from dli_domain.model.spec import ResourceKind, ResourceSpec
from dli_domain.ports.quality_source import QualityListing, QualitySource
from dli_domain.ports.spec_registry import BundleKind, SpecBundle
from dli_domain.ports.spec_source import SpecListing, SpecSource
from dli_domain.ports.unknown_names import (
    check_name,
    listed_by,
    no_quality_file,
    no_resource,
    the_one,
)
from dli_server.registry.repository import ResourceRepository
from dli_server.registry.visibility import SEARCHED

T = TypeVar("T")
_KINDS = (ResourceKind.DATASET, ResourceKind.METRIC)
_KEPT = 2048


class Parsed(Generic[T]):
    """Bundles as what they describe; a version never changes, so each is read once."""

    def __init__(self, parse: Callable[[SpecBundle], T], most: int = _KEPT) -> None:
        self._parse = parse
        self._most = most
        self._known: OrderedDict[str, T] = OrderedDict()
        self._lock = Lock()

    def __call__(self, bundle: SpecBundle, version: str | None = None) -> T:
        """What is in it; raises as its parser does."""
        key = version or bundle.version
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        found = self._parse(bundle)
        with self._lock:
            self._known[key] = found
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return found


@final
class ServerSpecs(SpecSource):
    """Datasets and metrics: a registered one hides the project's own of the same name.

    Args:
        repository: The registered ones.
        parse: Reads a bundle.
        project: The specs that the server was started on.
    """

    def __init__(
        self,
        repository: ResourceRepository,
        parse: Callable[[SpecBundle], ResourceSpec],
        project: SpecSource,
    ) -> None:
        self._repository = repository
        self._parsed = Parsed(parse)
        self._project = project

    def get(self, name: str, kind: ResourceKind | None = None) -> ResourceSpec:
        check_name(name)
        found = [spec for one in _wanted(kind) if (spec := self._of_kind(name, one)) is not None]
        if not found:
            raise self._not_found(name, kind)
        return the_one(found)

    def names(self, kind: ResourceKind | None = None) -> Sequence[str]:
        registered = (self._repository.names(BundleKind(one.value)) for one in _wanted(kind))
        known = {name for names in registered for name in names}
        return sorted(known | set(self._project.names(kind)))

    def list(self, kind: ResourceKind | None = None) -> SpecListing:
        found: dict[tuple[ResourceKind, str], ResourceSpec] = {}
        listing = self._project.list(kind)
        for spec in listing.specs:
            found[spec.kind, str(spec.name)] = spec
        problems: list[Problem] = [*listing.problems]
        for one in _wanted(kind):
            for kept in self._repository.all(BundleKind(one.value)):
                try:
                    found[one, kept.bundle.name] = self._parsed(kept.bundle, kept.version)
                except SpecInvalidError as error:
                    # It was good for the server that took it; a newer one may demand more.
                    problems.extend(error.problems)
        return SpecListing(
            specs=tuple(found[key] for key in sorted(found)), problems=tuple(problems)
        )

    def _of_kind(self, name: str, kind: ResourceKind) -> ResourceSpec | None:
        kept = self._repository.current(BundleKind(kind.value), name)
        if kept is not None:
            return self._parsed(kept.bundle, kept.version)
        try:
            return self._project.get(name, kind)
        except SpecNotFoundError:
            return None

    def _not_found(self, name: str, kind: ResourceKind | None) -> SpecNotFoundError:
        other = None if kind is None else _KINDS[1 - _KINDS.index(kind)]
        return no_resource(
            name,
            kind,
            other=other if other is not None and self._of_kind(name, other) is not None else None,
            known=lambda: self.names(kind),
            otherwise=listed_by(kind, "--source server"),
            context=SEARCHED,
        )


@final
class ServerQualities(QualitySource):
    """Quality files: those registered for a resource hide the project's own about it.

    Args:
        repository: The registered ones.
        parse: Reads a bundle.
        project: The files that the server was started on.
    """

    def __init__(
        self,
        repository: ResourceRepository,
        parse: Callable[[SpecBundle], QualityListing],
        project: QualitySource,
    ) -> None:
        self._repository = repository
        self._parsed = Parsed(parse)
        self._project = project

    def find(self, reference: str) -> QualityListing:
        """As the port says; a path is none here, only names are."""
        check_name(reference, "Give a name such as catalog.schema.name; a server knows no paths.")
        kept = self._repository.current(BundleKind.QUALITY, reference)
        if kept is not None:
            return self._parsed(kept.bundle, kept.version)
        try:
            return self._project.find(reference)
        except SpecNotFoundError:
            raise self._not_found(reference) from None

    def list(self) -> QualityListing:
        listing = self._project.list()
        kept = self._repository.all(BundleKind.QUALITY)
        hidden = {one.bundle.name for one in kept}
        specs = [spec for spec in listing.specs if str(spec.target.name) not in hidden]
        problems = [*listing.problems]
        for one in kept:
            try:
                found = self._parsed(one.bundle, one.version)
            except SpecInvalidError as error:
                problems.extend(error.problems)
            else:
                specs.extend(found.specs)
                problems.extend(found.problems)
        return QualityListing(
            specs=tuple(sorted(specs, key=lambda spec: spec.location)),
            problems=tuple(problems),
            claims=listing.claims,
        )

    def _not_found(self, name: str) -> SpecNotFoundError:
        known = {str(spec.target.name) for spec in self.list().specs}
        return no_quality_file(name, known, SEARCHED)


def _wanted(kind: ResourceKind | None) -> Sequence[ResourceKind]:
    return _KINDS if kind is None else (kind,)

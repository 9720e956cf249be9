"""The specs of a server: where they are kept, read, checked and rendered."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

from sqlalchemy import Engine

from dli_adapters.memory.quality_source import MemoryQualitySource
from dli_adapters.memory.spec_source import MemorySpecSource
from dli_adapters.yaml_specs.bundles import (
    YamlSpecBundles,
    bundle_of_quality,
    qualities_of,
    resource_of,
)
from dli_adapters.yaml_specs.quality_source import YamlQualitySource
from dli_adapters.yaml_specs.spec_source import YamlSpecSource
from dli_domain.errors import SpecNotFoundError
from dli_domain.model.settings import Settings
from dli_domain.model.spec import ResourceKind, ResourceSpec
from dli_domain.ports.clock import Clock
from dli_domain.ports.quality_source import QualityListing, QualitySource
from dli_domain.ports.spec_registry import BundleKind, Registered, SpecBundle
from dli_domain.ports.spec_source import SpecListing, SpecSource
from dli_domain.usecases.register_resource import CheckBundle
from dli_domain.usecases.render_resource import RenderResource
from dli_server.registry.fresh import FreshSpecs
from dli_server.registry.repository import (
    Kept,
    ResourceRepository,
    already_registered,
)
from dli_server.registry.sources import ServerQualities, ServerSpecs


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Everything the server knows about specs.

    `specs` and `qualities` hold what is registered, over the project's own. `render` renders
    them for the server's engine.
    """

    repository: ResourceRepository
    specs: SpecSource
    qualities: QualitySource
    render: RenderResource
    bundles: YamlSpecBundles | None

    def register(self, bundle: SpecBundle, *, by: str, force: bool) -> Registered:
        """Check a bundle as `dli validate` would, and keep it.

        Raises:
            AlreadyRegisteredError: it is there in another version, and `force` is false.
            SpecInvalidError: it is broken; `problems` holds every finding.
        """
        whole, check = self._judged(bundle)
        warnings = check(whole)
        if not force and self._is_another(whole):
            raise already_registered(whole.kind, whole.name)
        kept = self.repository.keep(whole, by=by, force=force)
        return replace(kept, warnings=tuple(map(str, warnings)))

    def tested(self) -> frozenset[str]:
        """The names of the resources that quality files test."""
        return frozenset(str(one.target.name) for one in self.qualities.list().specs)

    def kept(self, kind: BundleKind, name: str) -> Kept | None:
        """What is registered under that name."""
        return self.repository.current(kind, name)

    def bundle(self, kind: BundleKind, name: str) -> SpecBundle | None:
        """The spec of that name with its files, registered or of the project."""
        kept = self.repository.current(kind, name)
        if kept is not None:
            return kept.bundle
        if self.bundles is None:
            return None
        try:
            return self.bundles.bundle(name, kind)
        except SpecNotFoundError:
            return None

    def _is_another(self, bundle: SpecBundle) -> bool:
        known = self.bundle(bundle.kind, bundle.name)
        return known is not None and known.version != bundle.version

    def _judged(self, bundle: SpecBundle) -> tuple[SpecBundle, CheckBundle]:
        if bundle.kind is BundleKind.QUALITY:
            listing = qualities_of(bundle)
            whole = bundle_of_quality(bundle, listing.specs)
            return whole, CheckBundle(render=self.render, qualities=_Only(listing))
        spec = resource_of(bundle)
        whole = replace(
            bundle,
            owner=spec.owner,
            team=spec.team,
            description=spec.description,
            tags=spec.tags,
            sql=spec.sql.text,
            depends_on=spec.depends_on,
        )
        render = replace(self.render, specs=_Above(spec, self.specs))
        return whole, CheckBundle(render=render, qualities=self.qualities)


def open_registry(database: Engine, settings: Settings, clock: Clock) -> Registry:
    """The registry of a server that was started on the project of its settings, if on one."""
    repository = ResourceRepository(database, clock)
    project = settings.project if settings.project.root is not None else None
    specs = ServerSpecs(
        repository,
        resource_of,
        _files(settings, clock),
    )
    qualities = ServerQualities(
        repository,
        qualities_of,
        MemoryQualitySource() if project is None else YamlQualitySource(project),
    )
    render = RenderResource(
        specs=specs,
        clock=clock,
        engine=settings.engine,
        default_dialect=settings.project.default_dialect,
        variables=settings.project.variables,
        env=settings.env,
    )
    return Registry(
        repository=repository,
        specs=specs,
        qualities=qualities,
        render=render,
        bundles=None if project is None else YamlSpecBundles(project),
    )


def _files(settings: Settings, clock: Clock) -> SpecSource:
    """The project's own specs, if the server was started on one."""
    root = settings.project.root
    if root is None:
        return MemorySpecSource()
    return FreshSpecs(YamlSpecSource(settings.project), root, clock)


@final
class _Above(SpecSource):
    """One spec over others."""

    def __init__(self, spec: ResourceSpec, others: SpecSource) -> None:
        self._spec = spec
        self._others = others

    def get(self, name: str, kind: ResourceKind | None = None) -> ResourceSpec:
        if name == str(self._spec.name) and kind in (None, self._spec.kind):
            return self._spec
        return self._others.get(name, kind)

    def names(self, kind: ResourceKind | None = None) -> Sequence[str]:
        known = set(self._others.names(kind))
        if kind in (None, self._spec.kind):
            known.add(str(self._spec.name))
        return sorted(known)

    def list(self, kind: ResourceKind | None = None) -> SpecListing:
        listing = self._others.list(kind)
        if kind not in (None, self._spec.kind):
            return listing
        mine = (self._spec.kind, self._spec.name)
        others = [one for one in listing.specs if (one.kind, one.name) != mine]
        specs = sorted([*others, self._spec], key=lambda one: (one.kind, str(one.name)))
        return replace(listing, specs=tuple(specs))


@final
class _Only(QualitySource):
    """The quality files at hand."""

    def __init__(self, listing: QualityListing) -> None:
        self._listing = listing

    def find(self, reference: str) -> QualityListing:
        del reference
        return self._listing

    def list(self) -> QualityListing:
        return self._listing

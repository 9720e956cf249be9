"""Hand a spec of the project to a registry, after it is found good here."""

from dataclasses import dataclass

from dli_domain.errors import SpecInvalidError
from dli_domain.model.problems import Problem, Severity
from dli_domain.model.spec import ResourceKind
from dli_domain.ports.quality_source import QualitySource
from dli_domain.ports.spec_registry import (
    BundleKind,
    Registered,
    SpecBundle,
    SpecBundles,
    SpecRegistry,
)
from dli_domain.usecases.render_resource import RenderResource
from dli_domain.usecases.validate_quality import ValidateQuality
from dli_domain.usecases.validate_resource import ValidateResource


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckBundle:
    """Finds what is wrong with a spec before others run it.

    Args:
        render: Reads and renders the spec; its source must hold the bundle.
        qualities: Reads quality files; holds the bundle too.
    """

    render: RenderResource
    qualities: QualitySource

    def __call__(self, bundle: SpecBundle) -> tuple[Problem, ...]:
        """The warnings.

        Raises:
            SpecNotFoundError: the source does not hold it.
            SpecInvalidError: something is wrong; `problems` holds every finding.
        """
        found = self._found(bundle)
        errors = tuple(one for one in found if one.severity is Severity.ERROR)
        if errors:
            raise SpecInvalidError(
                f"{bundle.kind.value} {bundle.name!r} is not registered: it has "
                f"{len(errors)} problem{'' if len(errors) == 1 else 's'}",
                hint=f"Run 'dli {bundle.kind.value} validate {bundle.name}' and mend what it tells.",
                location=errors[0].location,
                problems=errors,
            )
        return found

    def _found(self, bundle: SpecBundle) -> tuple[Problem, ...]:
        if bundle.kind is BundleKind.QUALITY:
            listing = self.qualities.find(bundle.name)
            check = ValidateQuality(render=self.render)
            return (
                *listing.problems,
                *(problem for spec in listing.specs for problem in check(spec).problems),
            )
        verdict = ValidateResource(render=self.render)(bundle.name, ResourceKind(bundle.kind.value))
        return (*verdict.errors, *verdict.warnings)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterResource:
    """Reads the spec, checks it, sends it."""

    bundles: SpecBundles
    check: CheckBundle
    registry: SpecRegistry

    def __call__(self, name: str, kind: BundleKind, *, force: bool = False) -> Registered:
        """Register it.

        Args:
            name: A resource; of a quality bundle the resource that is tested.
            kind: Which.
            force: Replace another version.

        Raises:
            SpecNotFoundError: nothing has that name.
            SpecInvalidError: it is broken, or there already in another version.
            EngineError: the registry failed.
        """
        bundle = self.bundles.bundle(name, kind)
        self.check(bundle)
        return self.registry.register(bundle, force=force)

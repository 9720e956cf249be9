"""Spec and parameters in, the SQL of all stages out. Nothing runs, no socket opens."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from dli_domain.model.run import Phase
from dli_domain.model.spec import ResourceKind, ResourceSpec
from dli_domain.ports.clock import Clock
from dli_domain.ports.spec_source import SpecSource
from dli_domain.rendering.rendered import RenderedSql


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedStatement:
    """A statement of a run in the engine's dialect."""

    phase: Phase
    name: str
    sql: RenderedSql
    continue_on_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedResource:
    """All statements of a resource, and the typed values that went into them."""

    spec: ResourceSpec
    dialect: str
    engine: str
    parameters: Mapping[str, object]
    main: RenderedStatement
    pre: tuple[RenderedStatement, ...] = ()
    post: tuple[RenderedStatement, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def statements(self) -> tuple[RenderedStatement, ...]:
        """Pre, main and post in the order they run."""
        return (*self.pre, self.main, *self.post)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderResource:
    """Renders a resource for one engine.

    Args:
        specs: Where specs and the metrics they use are read.
        clock: Gives the day that `ds` means when nobody says.
        engine: The dialect to end in, such as `duckdb`; None keeps the spec's own.
        default_dialect: The dialect of specs that name none.
        variables: What `var()` gives.
        env: What `env_var()` gives; only names that the project allows.
    """

    specs: SpecSource
    clock: Clock
    engine: str | None
    default_dialect: str = "trino"
    variables: Mapping[str, object] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)

    def __call__(
        self,
        name: str,
        kind: ResourceKind,
        *,
        parameters: Mapping[str, object] | None = None,
        ds: date | None = None,
    ) -> RenderedResource:
        """Render it.

        Raises:
            SpecNotFoundError: no such resource.
            SpecInvalidError: the spec, a parameter or a template is at fault, with its place.
            SqlError: the SQL does not parse, or cannot be said in the engine's dialect.
        """
        raise NotImplementedError

"""What the composition root of the library hands to the facades: one thing behind each port."""

import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dli_adapters import registry
from dli_adapters.memory.executor import MockExecutor
from dli_adapters.memory.spec_source import MemorySpecSource
from dli_adapters.settings.loader import LoadedSettings
from dli_adapters.settings.schema import MAX_TIMEOUT_SECONDS
from dli_adapters.yaml_specs.spec_source import YamlSpecSource
from dli_domain.errors import (
    ConfigError,
    ErrorCode,
    ParameterError,
    ServerUnreachableError,
)
from dli_domain.model.requests import RunRequest
from dli_domain.model.run import DataSource, Deadline, ExecutionMode, RunScope
from dli_domain.model.settings import Settings
from dli_domain.model.spec import ResourceKind
from dli_domain.ports.clock import Clock
from dli_domain.ports.quality_source import QualitySource
from dli_domain.ports.query_executor import QueryExecutor
from dli_domain.ports.spec_source import SpecSource
from dli_domain.usecases.estimate_resource import EstimateResource
from dli_domain.usecases.render_resource import EXECUTION_DATE, RenderResource
from dli_domain.usecases.run_resource import (
    DEFAULT_TIMEOUT_SECONDS,
    OpenExecutor,
    RunResource,
)
from dli_domain.usecases.validate_resource import ValidateResource

if TYPE_CHECKING:
    from dli_adapters.server.opening import ServerEngine
    from dli_domain.ports.registered_runs import OpenRuns
    from dli_domain.usecases.register_resource import RegisterResource
    from dli_domain.usecases.run_registered import RunRegistered
    from dli_domain.usecases.transpile_sql import TranspileSql

_MOCK = "mock"


@dataclass(frozen=True, kw_only=True)
class Composed:
    """Everything wired; what is not asked for is not imported."""

    loaded: LoadedSettings
    clock: Clock
    injected: QueryExecutor | None = None
    adhoc: SpecSource | None = None
    truncate: bool = False

    @property
    def settings(self) -> Settings:
        """What the files, the variables and the context came to."""
        return self.loaded.settings

    @property
    def at_server(self) -> bool:
        """Whether the configured server's engine runs the SQL."""
        return self.injected is None and self.settings.mode is ExecutionMode.SERVER

    @cached_property
    def specs(self) -> SpecSource:
        """The project's specs or the server's, and what stands beside them.

        Raises:
            ConfigError: DLI-003, there is no project.
        """
        if self.adhoc is not None:
            return self.adhoc
        if self.settings.source is DataSource.SERVER:
            return registry.server_specs(self.settings, self.clock)
        self.loaded.require_project()
        return YamlSpecSource(self.settings.project)

    @cached_property
    def specs_if_any(self) -> SpecSource:
        """The project's specs, or none at all where there is no project."""
        settings = self.settings
        if settings.project.root is not None or settings.source is DataSource.SERVER:
            return self.specs
        return MemorySpecSource()

    @cached_property
    def render(self) -> RenderResource:
        """The use case that renders, for the engine that will run it."""
        settings = self.settings
        return RenderResource(
            specs=self.specs,
            clock=self.clock,
            engine=self._rendered_for(),
            default_dialect=settings.project.default_dialect,
            variables=settings.project.variables,
            env=settings.env,
        )

    def _rendered_for(self) -> str | None:
        if self.injected is not None and self.injected.engine != _MOCK:
            return self.injected.engine
        if self.at_server:
            # Rendering needs no server: where its engine is not known, the spec's own SQL stays.
            policy = registry.published_policy(self.settings, self.clock)
            return None if policy is None else policy.engine
        return self.settings.engine

    @cached_property
    def render_to_run(self) -> RenderResource:
        """As `render`; the server is asked for its engine, and must answer."""
        if self.at_server:
            return replace(self.render, engine=self.server.name)
        return self.render

    def transpiler(self, *, rules: bool = True, metrics: bool = True) -> "TranspileSql":
        """The use case that translates; a project is needed for specs and METRIC() only."""
        from dli_domain.transpiling.rules import TableRules  # noqa: PLC0415 - sqlglot is slow
        from dli_domain.usecases.transpile_sql import TranspileSql  # noqa: PLC0415 - as above

        settings = self.settings
        return TranspileSql(
            render=RenderResource(
                specs=self.specs_if_any,
                clock=self.clock,
                engine=None,
                default_dialect=settings.project.default_dialect,
                variables=settings.project.variables,
                env=settings.env,
                expand_metrics=metrics,
            ),
            rules=TableRules.of(settings.transpile_rules if rules else ()),
        )

    @cached_property
    def qualities(self) -> QualitySource:
        """The project's quality files, or the server's.

        Raises:
            ConfigError: DLI-003, there is no project.
        """
        if self.settings.source is DataSource.SERVER:
            return registry.server_qualities(self.settings, self.clock)
        from dli_adapters.yaml_specs.quality_source import YamlQualitySource  # noqa: PLC0415 - YAML

        self.loaded.require_project()
        return YamlQualitySource(self.settings.project)

    @cached_property
    def by_name(self) -> "OpenRuns | None":
        """How to run by name; None where something is local, or the server is a classic one.

        Raises:
            ServerError: the server cannot be asked what it offers.
        """
        settings = self.settings
        if (settings.mode, settings.source) != (ExecutionMode.SERVER, DataSource.SERVER):
            return None
        if self.injected is not None or self.adhoc is not None:
            return None
        return registry.open_registered(settings, self.clock)

    def registrar(self) -> "RegisterResource":
        """The use case that registers a spec of the project at the server.

        Raises:
            ConfigError: DLI-003, there is no project.
            ServerUnreachableError: DLI-501, no server is configured.
        """
        # rendering quality tests comes with it
        from dli_adapters.yaml_specs.bundles import YamlSpecBundles  # noqa: PLC0415
        from dli_domain.usecases.register_resource import (  # noqa: PLC0415
            CheckBundle,
            RegisterResource,
        )

        self.loaded.require_project()
        return RegisterResource(
            bundles=YamlSpecBundles(self.settings.project),
            check=CheckBundle(render=self.render, qualities=self.qualities),
            registry=registry.spec_registry(self.settings, self.clock),
        )

    @cached_property
    def run(self) -> "RunResource | RunRegistered":
        """The use case that runs: by name where specs and engine are the server's."""
        if self.by_name is not None:
            # only with a server
            from dli_domain.usecases.run_registered import RunRegistered  # noqa: PLC0415

            return RunRegistered(open_runs=self.by_name, clock=self.clock, new_run_id=new_run_id)
        return RunResource(
            render=self.render_to_run,
            open_executor=self.open,
            clock=self.clock,
            mode=self.settings.mode,
            new_run_id=new_run_id,
        )

    @cached_property
    def validate(self) -> ValidateResource:
        """The use case that validates."""
        return ValidateResource(render=self.render)

    @cached_property
    def estimate(self) -> EstimateResource:
        """The use case that estimates."""
        return EstimateResource(
            render=self.render_to_run,
            open_executor=self.open,
            clock=self.clock,
            new_run_id=new_run_id,
        )

    def request(
        self,
        name: str,
        kind: ResourceKind,
        parameters: Mapping[str, Any] | None,
        *,
        ds: date | str | None = None,
        timeout: int | None = None,
        max_bytes: int | None = None,
    ) -> RunRequest:
        """What was asked for, over what the context and the files say.

        Raises:
            ConfigError: the timeout is out of its bounds.
            ParameterError: `ds` is no date.
            SpecNotFoundError: no such resource.
        """
        settings = self.settings
        return RunRequest(
            name=name,
            kind=kind,
            parameters={**self._shared(name, kind), **(parameters or {})},
            ds=_day(ds),
            timeout=self.checked_timeout(timeout),
            max_bytes=settings.max_bytes if max_bytes is None else max_bytes,
        )

    def checked_timeout(self, timeout: int | None) -> int | None:
        """The seconds that were asked for, else those of the settings.

        Raises:
            ConfigError: they are out of their bounds.
        """
        if timeout is not None and not 1 <= timeout <= MAX_TIMEOUT_SECONDS:
            raise ConfigError(
                f"timeout is {timeout}; it must be 1 to {MAX_TIMEOUT_SECONDS} seconds",
                code=ErrorCode.CONFIG_VALIDATION_FAILED,
            )
        return timeout or self.settings.timeout

    def _shared(self, name: str, kind: ResourceKind) -> Mapping[str, object]:
        """The context's parameters that this resource declares: they are meant for many."""
        given = self.settings.parameters
        if not given:
            return {}
        spec = self.specs.get(name, kind)
        declared = {EXECUTION_DATE, *(parameter.name for parameter in spec.parameters)}
        return {key: value for key, value in given.items() if key in declared}

    def open(self, scope: RunScope) -> AbstractContextManager[QueryExecutor]:
        """A session of the engine for one run.

        Raises:
            ConfigError: no such engine, or its driver is not installed.
            EngineError: it cannot be opened.
        """
        return self._opener(scope)

    def check(self) -> None:
        """Prove that a query could run now, or raise with the reason."""
        seconds = self.settings.timeout or DEFAULT_TIMEOUT_SECONDS
        scope = RunScope(
            run_id=new_run_id(),
            resource="check",
            deadline=Deadline(self.clock.monotonic() + seconds, seconds),
        )
        with self.open(scope) as executor:
            executor.check()

    def reading(self, specs: SpecSource) -> "Composed":
        """The same with other specs."""
        return replace(self, adhoc=specs)

    def truncating(self) -> "Composed":
        """The same, taking results that a server of the older API cut."""
        return replace(self, truncate=True)

    @cached_property
    def _opener(self) -> OpenExecutor:
        if self.injected is not None:
            return registry.injected(self.injected, self.clock)
        if self.settings.mode is ExecutionMode.MOCK:
            return registry.injected(MockExecutor(), self.clock)
        if self.settings.mode is ExecutionMode.SERVER:
            return registry.open_server(self.server, self.clock)
        registry.refuse_denied_local(self.settings, self.clock)
        return registry.open_executor(self.settings, self.clock)

    @cached_property
    def server(self) -> "ServerEngine":
        """The engine behind the server.

        Raises:
            ServerUnreachableError: DLI-501, no server is configured.
        """
        if self.settings.server is None:
            raise ServerUnreachableError(
                "Cannot run through the server: no server is configured",
                context={"Missing": "server_url of the context, DLI_SERVER_URL, or server.url"},
                hint="Name the server, or run with execution_mode=ExecutionMode.LOCAL.",
            )
        return registry.server_engine(self.settings, self.clock, truncate=self.truncate)


def new_run_id() -> str:
    """An id that no other run has."""
    return uuid.uuid4().hex


def _day(ds: date | str | None) -> date | None:
    if not isinstance(ds, str):
        return ds
    try:
        return date.fromisoformat(ds)
    except ValueError as error:
        raise ParameterError(
            f"ds is {ds!r}, which is no date", hint="Write it as YYYY-MM-DD."
        ) from error

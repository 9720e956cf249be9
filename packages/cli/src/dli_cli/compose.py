"""The composition root of the command: settings first, then one thing behind each port."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from dli_adapters.clock.system import SystemClock
from dli_adapters.memory.executor import MockExecutor
from dli_adapters.memory.spec_source import MemorySpecSource
from dli_adapters.registry import (
    open_executor,
    open_registered,
    open_server,
    published_policy,
    refuse_denied_local,
    server_engine,
    server_qualities,
    server_specs,
    spec_registry,
)
from dli_adapters.settings.inputs import SettingsInputs
from dli_adapters.settings.loader import LoadedSettings, load_settings
from dli_adapters.yaml_specs.spec_source import YamlSpecSource
from dli_cli.errors import problem_lines
from dli_cli.output import Screen
from dli_cli.usage import UsageError
from dli_domain.model.run import DataSource, ExecutionMode
from dli_domain.model.settings import Settings
from dli_domain.model.spec import ResourceKind
from dli_domain.ports.clock import Clock
from dli_domain.ports.result_writer import ResultWriter
from dli_domain.ports.spec_source import SpecSource

if TYPE_CHECKING:
    # Rendering costs jinja2 and sqlglot; listing and getting pay for neither.
    from dli_domain.ports.quality_source import QualitySource
    from dli_domain.ports.registered_runs import OpenRuns
    from dli_domain.usecases.estimate_resource import EstimateResource
    from dli_domain.usecases.register_resource import RegisterResource
    from dli_domain.usecases.render_resource import RenderResource
    from dli_domain.usecases.run_quality import RunQuality
    from dli_domain.usecases.run_registered import JudgeRegistered, RunRegistered
    from dli_domain.usecases.run_resource import OpenExecutor, RunResource
    from dli_domain.usecases.suggest_quality import SuggestQuality
    from dli_domain.usecases.transpile_sql import TranspileSql
    from dli_domain.usecases.validate_quality import ValidateQuality
    from dli_domain.usecases.validate_resource import ValidateResource

# Not declared by any spec, and yet every spec may be given it: it sets `ds`.
_ALWAYS_DECLARED = frozenset({"execution_date"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dli:
    """Everything wired; what is not asked for is not imported."""

    loaded: LoadedSettings
    specs: SpecSource
    clock: Clock

    @property
    def settings(self) -> Settings:
        """What counts, of all that files, variables and options say."""
        return self.loaded.settings

    @property
    def at_server(self) -> bool:
        """Whether the configured server's engine runs the SQL."""
        return self.settings.mode is ExecutionMode.SERVER

    def parameters(
        self, name: str, kind: ResourceKind, given: Mapping[str, object]
    ) -> dict[str, object]:
        """The given values over those of the settings that this resource declares."""
        common = self.settings.parameters
        if not common:
            return dict(given)
        spec = self.specs.get(name, kind)
        declared = {p.name for p in spec.parameters} | _ALWAYS_DECLARED
        return {**{key: common[key] for key in common if key in declared}, **given}

    def refuse_engine(self, engine: str | None) -> None:
        """Refuse an engine named on the command line where the server's own will run.

        Raises:
            UsageError: it would have no effect.
        """
        if engine is not None and self.at_server:
            raise UsageError(
                "--engine names what a local run uses; a server runs on its own engine. "
                "Leave it out, or give --local."
            )

    def renderer(self) -> "RenderResource":
        """The use case that renders, for the engine that would run it."""
        if not self.at_server:
            return self._renderer(self.settings.engine)
        # Rendering needs no server: where it is not known what it runs, the spec's own SQL stays.
        policy = published_policy(self.settings, self.clock)
        return self._renderer(None if policy is None else policy.engine)

    def _renderer(self, engine: str | None) -> "RenderResource":
        from dli_domain.usecases.render_resource import RenderResource  # noqa: PLC0415 - see the top

        settings = self.settings
        return RenderResource(
            specs=self.specs,
            clock=self.clock,
            engine=engine,
            default_dialect=settings.project.default_dialect,
            variables=settings.project.variables,
            env=settings.env,
        )

    def validator(self) -> "ValidateResource":
        """The use case that validates."""
        from dli_domain.usecases.validate_resource import ValidateResource  # noqa: PLC0415 - see the top

        return ValidateResource(render=self.renderer())

    def transpiler(self) -> "TranspileSql":
        """The use case that translates."""
        from dli_domain.transpiling.rules import TableRules  # noqa: PLC0415 - see the top
        from dli_domain.usecases.transpile_sql import TranspileSql  # noqa: PLC0415 - see the top

        return TranspileSql(
            render=replace(self.renderer(), engine=None),
            rules=TableRules.of(self.settings.transpile_rules),
        )

    def runner(self, *, truncate: bool = False) -> "RunResource | RunRegistered":
        """The use case that runs: by name where specs and engine are the server's.

        With `truncate`, a result may be cut that a server of the older API cut.
        """
        from dli_domain.usecases.run_resource import RunResource  # noqa: PLC0415 - see the top

        open_runs = self._by_name()
        if open_runs is not None:
            from dli_domain.usecases.run_registered import RunRegistered  # noqa: PLC0415 - see the top

            return RunRegistered(open_runs=open_runs, clock=self.clock, new_run_id=_run_id)
        open_executor, engine = self._engine(truncate=truncate)
        return RunResource(
            render=self._renderer(engine),
            open_executor=open_executor,
            clock=self.clock,
            mode=self.settings.mode,
            new_run_id=_run_id,
        )

    def estimator(self) -> "EstimateResource":
        """The use case that estimates."""
        from dli_domain.usecases.estimate_resource import EstimateResource  # noqa: PLC0415 - see the top

        open_executor, engine = self._engine()
        return EstimateResource(
            render=self._renderer(engine),
            open_executor=open_executor,
            clock=self.clock,
            new_run_id=_run_id,
        )

    def registrar(self) -> "RegisterResource":
        """The use case that registers a spec of the project at the server."""
        from dli_adapters.yaml_specs.bundles import YamlSpecBundles  # noqa: PLC0415 - see the top
        from dli_domain.usecases.register_resource import (  # noqa: PLC0415 - see the top
            CheckBundle,
            RegisterResource,
        )

        return RegisterResource(
            bundles=YamlSpecBundles(self.settings.project),
            check=CheckBundle(render=self.renderer(), qualities=self.qualities()),
            registry=spec_registry(self.settings, self.clock),
        )

    def qualities(self) -> "QualitySource":
        """The quality files of the project, or of the server."""
        if self.settings.source is DataSource.SERVER:
            return server_qualities(self.settings, self.clock)
        from dli_adapters.yaml_specs.quality_source import YamlQualitySource  # noqa: PLC0415 - see the top

        return YamlQualitySource(self.settings.project)

    def quality_runner(self) -> "RunQuality | JudgeRegistered":
        """The use case that judges data: by name where files and engine are the server's."""
        from dli_domain.usecases.run_quality import RunQuality  # noqa: PLC0415 - see the top

        open_runs = self._by_name()
        if open_runs is not None:
            from dli_domain.usecases.run_registered import (  # noqa: PLC0415 - see the top
                JudgeRegistered,
            )

            return JudgeRegistered(open_runs=open_runs, clock=self.clock, new_run_id=_run_id)
        open_executor, engine = self._engine()
        return RunQuality(
            render=self._renderer(engine),
            source=self.qualities(),
            open_executor=open_executor,
            clock=self.clock,
            mode=self.settings.mode,
            new_run_id=_run_id,
        )

    def quality_validator(self) -> "ValidateQuality":
        """The use case that validates quality files."""
        from dli_domain.usecases.validate_quality import ValidateQuality  # noqa: PLC0415 - see the top

        return ValidateQuality(render=self.renderer())

    def quality_suggester(self) -> "SuggestQuality":
        """The use case that proposes tests."""
        from dli_domain.usecases.suggest_quality import SuggestQuality  # noqa: PLC0415 - see the top

        open_executor, engine = self._engine()
        return SuggestQuality(
            engine=engine,
            open_executor=open_executor,
            clock=self.clock,
            mode=self.settings.mode,
            new_run_id=_run_id,
        )

    def _by_name(self) -> "OpenRuns | None":
        """How to run by name; None where something is local, or the server is a classic one."""
        settings = self.settings
        at_server = (ExecutionMode.SERVER, DataSource.SERVER)
        if (settings.mode, settings.source) != at_server:
            return None
        return open_registered(settings, self.clock)

    def _engine(self, *, truncate: bool = False) -> "tuple[OpenExecutor, str]":
        """How to open what runs SQL, and the dialect it wants.

        Raises:
            ExecutionPermissionError: DLI-404, the server forbids to go around it.
            ServerError: the server cannot be asked for its engine.
        """
        settings = self.settings
        if self.at_server:
            server = server_engine(settings, self.clock, truncate=truncate)
            return open_server(server, self.clock), server.name
        if settings.mode is ExecutionMode.MOCK:
            return (lambda _: nullcontext(MockExecutor())), settings.engine
        refuse_denied_local(settings, self.clock)
        return open_executor(settings, self.clock), settings.engine


def writer_for(
    screen: Screen,
    *,
    output: str | None,
    format: str | None,  # noqa: A002 - the option's name
    csv_safe: bool,
    keep: int | None,
) -> ResultWriter:
    """What takes the rows: a file, stdout, or memory for the screen.

    Args:
        screen: Whose stdout `-` means.
        output: The file; None keeps rows in memory only.
        format: The file's format, if the user said one.
        csv_safe: Keep spreadsheets from taking texts for formulas.
        keep: How many rows the screen shows; None for all.

    Raises:
        UsageError: no such file makes sense.
    """
    # pyarrow is not for those who only list or render, the encoders not for a screen.
    if output is not None:
        from dli_adapters.writers.files import UnfitFormatError, file_writer  # noqa: PLC0415

        stdout = screen.out.binary
        try:
            return file_writer(
                output, format=format, preview=keep or 0, csv_safe=csv_safe, stdout=stdout
            )
        except UnfitFormatError as error:
            raise UsageError(f"{error.message}. {error.hint}") from error
    from dli_adapters.writers.held import PreviewWriter, TableWriter  # noqa: PLC0415

    return TableWriter() if keep is None else PreviewWriter(keep)


def compose(
    screen: Screen,
    *,
    project: str | None = None,
    needs_project: bool = True,
    **overrides: object,
) -> Dli:
    """Read the settings, say their warnings, and wire what a command needs.

    Args:
        screen: Where the warnings go.
        project: The project's folder as the user named it.
        needs_project: Whether it is an error that there is none; where not, there are no specs.
        overrides: Settings that the command line says, a double underscore for each dot; None
            is "not said". Specs are local unless `execution__source` is among them.

    Raises:
        ConfigError: a setting is wrong, or there is no project.
    """
    said = {name.replace("__", "."): value for name, value in overrides.items()}
    said.setdefault("execution.source", DataSource.LOCAL.value)
    loaded = load_settings(
        SettingsInputs.of_process(project=Path(project) if project else None, overrides=said)
    )
    for warning in loaded.warnings:
        for line in problem_lines(warning, screen.root):
            screen.note(f"Warning: {line.strip()}")
    settings, clock = loaded.settings, SystemClock()
    if settings.source is DataSource.SERVER:
        # Places are those of the server's files, wherever the user stands.
        return Dli(loaded=loaded, specs=server_specs(settings, clock), clock=clock)
    if not needs_project and settings.project.root is None:
        return Dli(loaded=loaded, specs=MemorySpecSource(), clock=clock)
    screen.root = str(loaded.require_project())
    return Dli(loaded=loaded, specs=YamlSpecSource(settings.project), clock=clock)


def _run_id() -> str:
    return uuid4().hex

"""`dli config check`: each leg is really walked, and says how long it took."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from dli_adapters.clock.system import SystemClock
from dli_adapters.registry import open_executor, refuse_denied_local
from dli_adapters.server.health import check_health
from dli_adapters.settings.changing import unignored_local_file
from dli_adapters.settings.configuration import Configuration
from dli_adapters.settings.inputs import SettingsInputs
from dli_adapters.settings.loader import read_configuration
from dli_adapters.settings.targets import server_target, settings_of
from dli_adapters.yaml_specs.spec_source import YamlSpecSource
from dli_cli.errors import error_fields, error_lines, problem_fields, problem_lines
from dli_cli.exit_codes import ExitCode, exit_code
from dli_cli.output import Screen
from dli_cli.text import safe_line
from dli_domain.errors import ConfigError, DliError, ErrorCode, SpecInvalidError
from dli_domain.model.problems import Location, Problem, Severity
from dli_domain.model.run import Deadline, ExecutionMode, RunScope
from dli_domain.model.settings import Settings
from dli_domain.model.spec import ResourceKind

OK, FAILED, SKIPPED = "ok", "failed", "skipped"
_MARKS = {OK: ("✓", "green"), FAILED: ("✗", "red"), SKIPPED: ("-", "dim")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One thing that was tried."""

    name: str
    status: str
    detail: str
    duration_ms: int
    error: DliError | None = None

    def fields(self) -> dict[str, object]:
        """The leg as `--json` shows it."""
        return {
            "name": self.name,
            "status": self.status,
            "detail": self.detail,
            "duration_ms": self.duration_ms,
            "error": None if self.error is None else error_fields(self.error),
        }


class _SkipLeg(Exception):  # noqa: N818 - no error: it says why there is nothing to try
    pass


class ConfigCheck:
    """Walks the legs in order; a leg that needs a broken one is skipped."""

    def __init__(self, inputs: SettingsInputs, timeout: int) -> None:
        self._inputs = inputs
        self._timeout = timeout
        self._clock = SystemClock()
        self._configuration: Configuration | None = None
        self._settings: Settings | None = None

    def walk(self) -> Iterator[Leg]:
        """Each leg as soon as it is done."""
        yield self._try("files", self._files)
        yield self._try("settings", self._resolve)
        yield self._try("project", self._project)
        yield self._try("engine", self._engine)
        yield self._try("server", self._server)

    @property
    def root(self) -> str:
        """The project's folder, once it is known; places in specs are told from there."""
        known = self._configuration
        return str(known.project.root) if known and known.project else ""

    def findings(self) -> tuple[Problem, ...]:
        """What nothing fails on and the user should know."""
        configuration = self._configuration
        if configuration is None:
            return ()
        root = configuration.project.root if configuration.project else None
        personal = (_unignored(root),) if root and unignored_local_file(root) else ()
        return (*configuration.warnings, *configuration.notices, *personal)

    def _try(self, name: str, work: Callable[[], str]) -> Leg:
        began = self._clock.monotonic()

        def leg(status: str, detail: str, error: DliError | None = None) -> Leg:
            spent = round((self._clock.monotonic() - began) * 1000)
            return Leg(name=name, status=status, detail=detail, duration_ms=spent, error=error)

        try:
            return leg(OK, work())
        except _SkipLeg as reason:
            return leg(SKIPPED, str(reason))
        except DliError as error:
            return leg(FAILED, f"[{error.code}] {error.message}", error)

    def _files(self) -> str:
        self._configuration = read_configuration(self._inputs)
        places = {
            said.location.path
            for source in self._configuration.sources
            for said in source.values()
            if said.location is not None
        }
        return ", ".join(sorted(places)) or "no configuration file; defaults count"

    def _resolve(self) -> str:
        settings = settings_of(self._known())
        self._settings = settings
        return f"mode {settings.mode.value}, engine {settings.engine}"

    def _project(self) -> str:
        settings = self._resolved()
        if settings.project.root is None:
            raise _SkipLeg("no dli.yaml here or above")
        source = YamlSpecSource(settings.project)
        found = {kind: source.list(kind) for kind in ResourceKind}
        problems = tuple(dict.fromkeys(p for listing in found.values() for p in listing.problems))
        errors = [p for p in problems if p.severity is Severity.ERROR]
        if errors:
            raise SpecInvalidError(
                f"{len(errors)} problem{'' if len(errors) == 1 else 's'} in the project's specs",
                problems=problems,
                hint="Run 'dli dataset validate' and 'dli metric validate'.",
            )
        counts = ", ".join(f"{len(f.specs)} {kind.value}s" for kind, f in found.items())
        return f"{settings.project.root}: {counts}"

    def _engine(self) -> str:
        settings = self._resolved()
        if settings.mode is not ExecutionMode.LOCAL:
            raise _SkipLeg(f"the mode is {settings.mode.value}")
        if settings.project.root is None and server_target(self._known()) is not None:
            raise _SkipLeg("no project to run here; --server needs no engine")
        refuse_denied_local(settings, self._clock)
        now = self._clock.monotonic()
        scope = RunScope(
            run_id=uuid4().hex,
            resource="config.check",
            deadline=Deadline(now + self._timeout, self._timeout),
        )
        with open_executor(settings, self._clock)(scope) as executor:
            executor.check()
            return f"{executor.engine} ran a query"

    def _server(self) -> str:
        target = server_target(self._known())
        if target is None:
            if self._resolved().mode is ExecutionMode.SERVER:
                raise ConfigError(
                    "The mode is server, and no server is configured",
                    hint="Run 'dli config set server.url URL', or set DLI_SERVER_URL.",
                )
            raise _SkipLeg("no server is configured")
        return check_health(target, min(self._timeout, target.timeout), self._clock)

    def _known(self) -> Configuration:
        if self._configuration is None:
            raise _SkipLeg("the configuration files are broken")
        return self._configuration

    def _resolved(self) -> Settings:
        self._known()
        if self._settings is None:
            raise _SkipLeg("the settings are broken")
        return self._settings


def run_check(inputs: SettingsInputs, timeout: int, screen: Screen) -> int:
    """Walk every leg and show it; the exit code is that of the first leg that failed."""
    check = ConfigCheck(inputs, timeout)
    legs: list[Leg] = []
    for leg in check.walk():
        legs.append(leg)
        screen.root = check.root
        if not screen.json:
            _show(leg, screen)
    failed = next((leg.error for leg in legs if leg.error is not None), None)
    code = ExitCode.OK if failed is None else exit_code(failed.code)
    if screen.json:
        screen.envelope(
            status="success" if failed is None else "failure",
            exit_code=int(code),
            legs=[leg.fields() for leg in legs],
            warnings=[problem_fields(problem) for problem in check.findings()],
        )
        return code
    for problem in check.findings():
        for line in problem_lines(problem, check.root):
            screen.note(line)
    return code


def _show(leg: Leg, screen: Screen) -> None:
    mark, colour = _MARKS[leg.status]
    spent = f"{leg.duration_ms:,} ms"
    shown = screen.out.style(mark, colour)
    screen.print(f"{shown} {leg.name:<8}  {spent:>9}  {safe_line(leg.detail)}")
    if leg.error is not None:
        screen.warn("\n".join(error_lines(leg.error, screen)))


def _unignored(root: Path) -> Problem:
    path = root / ".dli.local.yaml"
    return Problem(
        code=ErrorCode.CONFIG_UNTRUSTED,
        message=f"{path.name} holds personal settings and .gitignore does not list it",
        location=Location(str(path)),
        fix=f"Add {path.name} to .gitignore",
        severity=Severity.WARNING,
    )

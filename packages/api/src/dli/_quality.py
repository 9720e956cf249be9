"""Quality tests from Python."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, final

from dli_domain.errors import ConfigError, ErrorCode, SpecInvalidError, SpecNotFoundError
from dli_domain.model.names import did_you_mean
from dli_domain.model.problems import Problem, Severity
from dli_domain.model.quality import QualityReport, QualitySpec, QualityTest
from dli_domain.ports.quality_source import QualitySource
from dli_domain.ports.query_executor import QueryExecutor

if TYPE_CHECKING:
    from dli._composed import Composed
    from dli._context import ExecutionContext
    from dli_domain.usecases.render_resource import RenderResource
    from dli_domain.usecases.validate_quality import QualityValidation

_LOG = logging.getLogger("dli")
_ENABLED, _DISABLED = "enabled", "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityInfo:
    """One test of a quality file. `last_run` and `last_status` are known by a server only."""

    name: str
    target_urn: str
    target_type: str
    target_name: str
    test_type: str
    status: str
    severity: str
    description: str | None = None
    schedule: str | None = None
    last_run: str | None = None
    last_status: str | None = None


@final
class QualityAPI:
    """Lists, reads, checks and runs quality tests. Safe to use from several threads.

    Args:
        context: Where runs happen and with which defaults; read from the environment and the
            configuration files where it says nothing.
        executor: Runs every statement; the caller closes it. A mock gives no verdict.

    Raises:
        ConfigError: a configuration file or variable is wrong.
    """

    def __init__(
        self,
        context: "ExecutionContext | None" = None,
        executor: QueryExecutor | None = None,
    ) -> None:
        # jinja2, YAML and Arrow come with it: `from dli import QualityAPI` must not pay for them
        from dli._compose import compose  # noqa: PLC0415

        self._compose: Callable[..., Composed] = partial(compose, context, executor=executor)
        self._composed = self._compose()

    def list_qualities(
        self,
        target_type: str | None = None,
        target_name: str | None = None,
        status: str | None = None,
    ) -> list[QualityInfo]:
        """The project's tests that pass every filter, in the order of the files.

        Args:
            target_type: `dataset` or `metric`.
            target_name: The resource that is tested.
            status: `enabled` or `disabled`.

        Raises:
            SpecInvalidError: a quality file is broken: a list without it would hide it.
        """
        if status not in (None, _ENABLED, _DISABLED):
            raise ConfigError(
                f"status is {status!r}; it is 'enabled' or 'disabled'",
                code=ErrorCode.CONFIG_VALIDATION_FAILED,
            )
        listing = self._source.list()
        broken = tuple(p for p in listing.problems if p.severity is Severity.ERROR)
        if broken:
            raise SpecInvalidError(
                f"{len(broken)} problem(s) in quality files, the first: {broken[0]}",
                hint="Mend them; a list without the broken ones would hide them.",
                location=broken[0].location,
                problems=broken,
            )
        found = [_info(spec, test) for spec in listing.specs for test in spec.tests]
        return [
            one
            for one in found
            if target_type in (None, one.target_type)
            and target_name in (None, one.target_name)
            and status in (None, one.status)
        ]

    def get(self, name: str) -> QualityInfo | None:
        """The test of that name, or None.

        Raises:
            SpecInvalidError: a quality file is broken, or the name stands in several.
        """
        found = [one for one in self.list_qualities() if one.name == name]
        if len(found) > 1:
            targets = ", ".join(one.target_urn for one in found)
            raise SpecInvalidError(
                f"There are {len(found)} tests {name!r}: of {targets}",
                hint="List them with list_qualities(target_name=...).",
            )
        return found[0] if found else None

    def get_spec(self, spec_path: str | PathLike[str]) -> QualitySpec:
        """The quality file at that path, or the only one that tests the resource of that name.

        Raises:
            SpecNotFoundError: DLI-601, there is none.
            SpecInvalidError: it is broken, or several files test the resource.
        """
        specs = self._source.find(fspath(spec_path)).specs
        if len(specs) > 1:
            raise SpecInvalidError(
                f"{len(specs)} files test {fspath(spec_path)!r}",
                hint="Name one: " + ", ".join(spec.location.path for spec in specs),
            )
        return specs[0]

    def validate(
        self,
        spec_path: str | PathLike[str],
        *,
        strict: bool = False,
        tests: Sequence[str] | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> "QualityVerdict":
        """Everything that is wrong with the quality files of a resource, or one; nothing runs.

        Args:
            spec_path: A quality file's path, or a resource's name.
            strict: Let warnings make the verdict negative too.
            tests: Only the tests of these names.
            parameters: Values for templates; sample values stand in for what is missing.

        Raises:
            SpecNotFoundError: there is no such file or test.
        """
        # the template engine comes with it: listing does not pay for it
        from dli_domain.usecases.validate_quality import ValidateQuality  # noqa: PLC0415

        try:
            found = self._source.find(fspath(spec_path))
        except SpecInvalidError as error:
            problems = error.problems or (Problem(code=error.code, message=error.message),)
            return _verdict((), problems, strict=strict)
        _refuse_missing(tests or (), found.specs)
        check = ValidateQuality(render=self._render)
        results = tuple(
            check(spec, tests=tuple(tests or ()), parameters=parameters) for spec in found.specs
        )
        return _verdict(results, found.problems, strict=strict)

    def run(  # noqa: PLR0913 - the names are the library's contract; all but one are optional
        self,
        spec_path: str | PathLike[str],
        *,
        tests: Sequence[str] | None = None,
        parameters: Mapping[str, Any] | None = None,
        fail_fast: bool = False,
        samples: int = 5,
        allow_empty: bool = False,
        ds: date | None = None,
        timeout: int | None = None,
        max_bytes: int | None = None,
    ) -> QualityReport:
        """Judge the data. A test that fails or cannot be judged raises nothing: see the report.

        Args:
            spec_path: A quality file's path, or the name of the resource that is tested.
            tests: Only the tests of these names.
            parameters: Values for the files' templates and for the metric that is tested.
            fail_fast: Stop at the first test that is not passed; the rest is SKIPPED.
            samples: How many failing rows to keep for each test.
            allow_empty: Let a test that had no row to test count as passed.
            ds: The day that `ds` means in templates; today unless said.
            timeout: Seconds, 1 to 3600.
            max_bytes: Refuse, before submission, to read more.

        Raises:
            SpecNotFoundError: no such file or test, or none is enabled.
            SpecInvalidError: a file, a parameter or a template is at fault.
            SqlError: SQL in a file is at fault.
            ConfigError: DLI-607, a mock gives no verdict.
        """
        # the template engine comes with it: listing does not pay for it
        from dli._composed import new_run_id  # noqa: PLC0415
        from dli_domain.model.requests import QualityRequest  # noqa: PLC0415
        from dli_domain.usecases.run_quality import RunQuality  # noqa: PLC0415
        from dli_domain.usecases.run_registered import JudgeRegistered  # noqa: PLC0415

        composed = self._composed
        run: RunQuality | JudgeRegistered
        if composed.by_name is not None:
            run = JudgeRegistered(
                open_runs=composed.by_name, clock=composed.clock, new_run_id=new_run_id
            )
        else:
            run = RunQuality(
                render=composed.render_to_run,
                source=self._source,
                open_executor=composed.open,
                clock=composed.clock,
                mode=composed.settings.mode,
                new_run_id=new_run_id,
            )
        request = QualityRequest(
            reference=fspath(spec_path),
            tests=tuple(tests or ()),
            parameters=dict(parameters or {}),
            shared=composed.settings.parameters,
            ds=ds,
            fail_fast=fail_fast,
            samples=samples,
            allow_empty=allow_empty,
            timeout=composed.checked_timeout(timeout),
            max_bytes=composed.settings.max_bytes if max_bytes is None else max_bytes,
        )
        return run(request, lambda step: _LOG.debug("%s", step))

    def register(self, name: str, *, force: bool = False) -> None:
        """Check the quality files of a resource and register them at the server.

        Args:
            name: The resource that is tested, or the path of one of its files.
            force: Replace another version.

        Raises:
            SpecNotFoundError: no file tests it.
            SpecInvalidError: one is broken, or they are there already in another version.
            ServerError: the server failed, or the token may not register.
        """
        from dli_domain.model.run import DataSource, ExecutionMode  # noqa: PLC0415 - as `run` does
        from dli_domain.ports.spec_registry import BundleKind  # noqa: PLC0415 - only here

        composed = self._compose(mode=ExecutionMode.SERVER, source=DataSource.LOCAL.value)
        done = composed.registrar()(name, BundleKind.QUALITY, force=force)
        for warning in done.warnings:
            _LOG.warning("%s: %s", name, warning)

    @property
    def _source(self) -> QualitySource:
        return self._composed.qualities

    @property
    def _render(self) -> "RenderResource":
        return self._composed.render


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityVerdict:
    """What is wrong with quality files; `results` tells it file by file."""

    valid: bool
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    results: "tuple[QualityValidation, ...]" = ()

    @property
    def has_errors(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.errors)

    @property
    def has_warnings(self) -> bool:
        """Whether anything looks wrong."""
        return bool(self.warnings)


def _verdict(
    results: "tuple[QualityValidation, ...]", found: Sequence[Problem], *, strict: bool
) -> QualityVerdict:
    problems = (*found, *(problem for one in results for problem in one.problems))
    errors = tuple(p for p in problems if p.severity is Severity.ERROR)
    warnings = tuple(p for p in problems if p.severity is Severity.WARNING)
    unchecked = any(one.unchecked for one in results)
    return QualityVerdict(
        valid=not errors and not (strict and (warnings or unchecked)),
        errors=errors,
        warnings=warnings,
        results=results,
    )


def _refuse_missing(tests: Sequence[str], specs: Sequence[QualitySpec]) -> None:
    known = [test.name for spec in specs for test in spec.tests]
    for name in tests:
        if name not in known:
            raise SpecNotFoundError(
                f"There is no test {name!r}",
                code=ErrorCode.QUALITY_NOT_FOUND,
                hint=did_you_mean(name, known) or f"There are {', '.join(known) or 'none'}.",
            )


def _info(spec: QualitySpec, test: QualityTest) -> QualityInfo:
    return QualityInfo(
        name=test.name,
        target_urn=spec.target.urn,
        target_type=spec.target.kind.value,
        target_name=str(spec.target.name),
        test_type=test.type.value,
        status=_ENABLED if test.enabled else _DISABLED,
        severity=test.severity.value,
        description=test.description or None,
        schedule=spec.schedule.cron if spec.schedule else None,
    )

"""What datasets and metrics have in common: one thing with a kind."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar

from dli._filters import ListFilters, passes
from dli_domain.errors import (
    ConfigError,
    EngineError,
    ErrorCode,
    SpecInvalidError,
    SpecNotFoundError,
)
from dli_domain.model.problems import Severity
from dli_domain.model.result import ResultStream
from dli_domain.model.run import (
    DataSource,
    ExecutionMode,
    ExecutionResult,
    Phase,
    ResultStatus,
    StatementReport,
)
from dli_domain.model.spec import ResourceKind, ResourceSpec
from dli_domain.ports.query_executor import QueryExecutor

if TYPE_CHECKING:
    from dli._composed import Composed
    from dli._context import ExecutionContext
    from dli_domain.ports.result_writer import ResultWriter
    from dli_domain.usecases.estimate_resource import ResourceEstimate
    from dli_domain.usecases.render_resource import RenderedResource
    from dli_domain.usecases.validate_resource import ValidationResult

_LOG = logging.getLogger("dli")


class ResourceAPI:
    """Lists, reads, checks and runs resources of one kind.

    One object may be used by several threads: each run opens a session of its own.

    Args:
        context: Where runs happen and with which defaults; read from the environment and the
            configuration files where it says nothing.
        executor: Runs every statement, whatever the mode; the caller closes it.

    Raises:
        ConfigError: a configuration file or variable is wrong.
    """

    _kind: ClassVar[ResourceKind]

    def __init__(
        self,
        context: "ExecutionContext | None" = None,
        executor: QueryExecutor | None = None,
    ) -> None:
        # jinja2, YAML and Arrow come with it: `from dli import DatasetAPI` must not pay for them
        from dli._compose import compose  # noqa: PLC0415

        self._compose: Callable[..., Composed] = partial(compose, context, executor=executor)
        self._composed = self._compose()
        self._sourced: dict[str | None, Composed] = {}

    def get(self, name: str, *, source: str | None = None) -> ResourceSpec | None:
        """The spec of that name, or None where there is none.

        Args:
            name: The resource.
            source: Where it is read, `local` or `server`; what the settings say unless given.

        Raises:
            SpecInvalidError: there is one and it is broken.
            ServerError: the server failed.
        """
        try:
            return self._reading(source).specs.get(name, self._kind)
        except SpecNotFoundError:
            return None

    def register(self, name: str, *, force: bool = False) -> None:
        """Check the project's spec and register it at the server, whole with its SQL files.

        Args:
            name: The resource.
            force: Replace another version.

        Raises:
            SpecNotFoundError: the project has none of that name.
            SpecInvalidError: it is broken, or there already in another version.
            ServerError: the server failed, or the token may not register.
        """
        from dli_domain.ports.spec_registry import BundleKind  # noqa: PLC0415 - only here

        composed = self._compose(mode=ExecutionMode.SERVER, source=DataSource.LOCAL.value)
        done = composed.registrar()(name, BundleKind(self._kind.value), force=force)
        for warning in done.warnings:
            _LOG.warning("%s: %s", name, warning)

    def run(  # noqa: PLR0913 - the names are the library's contract; all but one are optional
        self,
        name: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        dry_run: bool = False,
        show_sql: bool = False,
        ds: date | str | None = None,
        timeout: int | None = None,
        output: str | PathLike[str] | None = None,
        format: str | None = None,  # noqa: A002 - the option's name everywhere
        max_bytes: int | None = None,
        max_rows: int | None = None,
        truncate: bool = False,
    ) -> ExecutionResult:
        """Run it: pre, main and post statements in one session.

        Args:
            name: The resource, such as `nyc.marts.daily_delays`.
            parameters: Values by name; they win over the context's.
            dry_run: Render only. The result has status `skipped` and the SQL; no engine is
                opened. The context may ask for it too.
            show_sql: Log each statement as it is sent, on the logger `dli`.
            ds: The day that `ds` and its friends mean; today unless said.
            timeout: Seconds, 1 to 3600; beats the context's and the spec's own.
            output: A file that takes the rows; then the result holds none.
            format: The file's format: csv, json, ndjson or parquet; by its ending unless said.
            max_bytes: Refuse, before submission, to read more.
            max_rows: End a run whose result has more rows (DLI-408); no file is written then.
            truncate: Keep the first `max_rows` rows instead; the result is `truncated` then.
                Through a classic server, also take a result that it cut by itself.

        Raises:
            DliError: whatever went wrong, with its code, its place and what to do next.
        """
        composed = self._composed
        request = composed.request(
            name, self._kind, parameters, ds=ds, timeout=timeout, max_bytes=max_bytes
        )
        if truncate:
            composed = composed.truncating()
        writer = _writer(composed, output, format, max_rows)
        skipped = dry_run or composed.settings.dry_run
        if skipped or show_sql:
            rendered = composed.render(
                name, self._kind, parameters=request.parameters, ds=request.ds
            )
            if show_sql:
                _log_sql(rendered)
            if skipped:
                return _skipped(rendered, composed)
        result = composed.run(request, writer, self._progress(name))
        # the writer of a file keeps none of its rows; an empty table would say that there are none
        return result if output is None else replace(result, table=None)

    @contextmanager
    def stream(
        self,
        name: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        ds: date | str | None = None,
        timeout: int | None = None,
        max_bytes: int | None = None,
    ) -> Iterator[ResultStream]:
        """Run it and read the rows while they come, in flat memory.

            with api.stream("nyc.marts.daily_delays") as stream:
                for row in stream.rows():
                    ...

        The stream speaks the Arrow C stream protocol too, so that for example
        `pyarrow.RecordBatchReader.from_stream(stream)` reads batches; a statement that changes
        data gives no rows. Post statements run when the block ends well, also if rows were
        left unread.

        Raises:
            DliError: as in `run`; also while rows are read, and at the block's end.
        """
        request = self._composed.request(
            name, self._kind, parameters, ds=ds, timeout=timeout, max_bytes=max_bytes
        )
        from dli._writing import stream_of  # noqa: PLC0415 - as in `_writer`

        with self._composed.run.stream(request, self._progress(name)) as result:
            yield stream_of(result)

    def render_sql(
        self,
        name: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        ds: date | str | None = None,
    ) -> str:
        """The main statement as it would be sent. Nothing runs, no socket opens.

        Raises:
            SpecInvalidError: the spec, a parameter or the template is at fault.
            SqlError: the SQL does not parse, or cannot be said in the engine's dialect.
        """
        request = self._composed.request(name, self._kind, parameters, ds=ds)
        rendered = self._composed.render(
            name, self._kind, parameters=request.parameters, ds=request.ds
        )
        return rendered.main.sql.text

    def validate(
        self, name: str, *, strict: bool = False, parameters: Mapping[str, Any] | None = None
    ) -> "ValidationResult":
        """Everything that is wrong with the spec and its SQL; no engine is asked.

        Required parameters that are not given get sample values. With `strict`, warnings make
        the verdict negative too.

        Raises:
            SpecNotFoundError: no such resource.
        """
        return self._composed.validate(name, self._kind, parameters=parameters, strict=strict)

    def estimate(
        self,
        name: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        ds: date | str | None = None,
        timeout: int | None = None,
    ) -> "ResourceEstimate":
        """What the main statement would read, as the engine foretells it.

        Raises:
            DliError: the spec, the SQL or the engine is at fault.
        """
        request = self._composed.request(name, self._kind, parameters, ds=ds, timeout=timeout)
        return self._composed.estimate(request)

    def test_connection(self) -> bool:
        """Whether a query could run now; the reason of a no is logged on the logger `dli`.

        Raises:
            ConfigError: no such engine, or its driver is not installed.
        """
        try:
            self._composed.check()
        except EngineError as error:
            _LOG.warning("no connection: %s", error)
            return False
        return True

    def _list(
        self, path: str | PathLike[str] | None, source: str | None, filters: ListFilters
    ) -> list[ResourceSpec]:
        unknown = filters.keys() - ListFilters.__annotations__.keys()
        if unknown:
            raise TypeError(f"there is no filter {min(unknown)!r}")
        composed = self._reading(source, path)
        listing = composed.specs.list(self._kind)
        broken = tuple(p for p in listing.problems if p.severity is Severity.ERROR)
        if broken:
            raise SpecInvalidError(
                f"{len(broken)} problem(s) in the project's specs, the first: {broken[0]}",
                hint="Mend them; a list without the broken ones would hide them.",
                location=broken[0].location,
                problems=broken,
            )
        return [spec for spec in listing.specs if passes(spec, filters)]

    def _reading(self, source: str | None, path: str | PathLike[str] | None = None) -> "Composed":
        """What reads specs there; the same connection for all calls."""
        if source is not None and source not in tuple(DataSource):
            raise ConfigError(
                f"source is {source!r}; it is 'local' or 'server'",
                code=ErrorCode.CONFIG_VALIDATION_FAILED,
            )
        if path is not None:
            return self._compose(project=path, source=source)
        if source in (None, self._composed.settings.source):
            return self._composed
        if source not in self._sourced:
            self._sourced[source] = self._compose(source=source)
        return self._sourced[source]

    def _progress(self, name: str) -> Callable[[str], None]:
        level = logging.INFO if self._composed.loaded.verbose else logging.DEBUG
        return lambda step: _LOG.log(level, "%s: %s", name, step)


def _writer(
    composed: "Composed",
    output: str | PathLike[str] | None,
    format_name: str | None,
    max_rows: int | None,
) -> "ResultWriter":
    # each run needs one, and Arrow with it; what only renders or lists does not
    from dli._writing import limited, writer_of  # noqa: PLC0415

    return limited(
        writer_of(output, format_name),
        max_rows,
        truncate=composed.truncate,
        cut_before=composed.at_server,
    )


def _log_sql(rendered: "RenderedResource") -> None:
    for one in rendered.statements:
        _LOG.info("%s: %s · %s\n%s", rendered.spec.name, one.phase, one.name, one.sql.text)


def _skipped(rendered: "RenderedResource", composed: "Composed") -> ExecutionResult:
    return ExecutionResult(
        status=ResultStatus.SKIPPED,
        name=rendered.spec.name,
        mode=composed.settings.mode,
        engine=rendered.engine,
        run_id=composed.run.new_run_id(),
        sql=rendered.main.sql.text,
        row_count=None,
        duration_ms=0,
        started_at=composed.clock.now(),
        statements=tuple(
            StatementReport(
                phase=Phase(one.phase),
                name=one.name,
                status=ResultStatus.SKIPPED,
                sql=one.sql.text,
                duration_ms=0,
                location=one.sql.source.origin,
            )
            for one in rendered.statements
        ),
        parameters=rendered.parameters,
        warnings=rendered.warnings,
    )

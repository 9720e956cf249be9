"""Ask the engine what a dataset or a metric would read. Nothing runs."""

from collections.abc import Callable
from dataclasses import dataclass

from dli_domain.errors import DliError
from dli_domain.model.names import ResourceName
from dli_domain.model.requests import RunRequest
from dli_domain.model.result import Estimate
from dli_domain.model.run import Deadline, RunScope
from dli_domain.ports.clock import Clock
from dli_domain.usecases.render_resource import RenderResource
from dli_domain.usecases.run_resource import (
    DEFAULT_TIMEOUT_SECONDS,
    OpenExecutor,
    place,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceEstimate:
    """What the main statement would read, and the text that was asked about."""

    name: ResourceName
    engine: str
    sql: str
    estimate: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateResource:
    """Renders, opens the engine, asks it about the main statement.

    Pre and post statements are left out: what they read depends on what runs before them.
    """

    render: RenderResource
    open_executor: OpenExecutor
    clock: Clock
    new_run_id: Callable[[], str]

    def __call__(self, request: RunRequest) -> ResourceEstimate:
        """Foretell it.

        Raises:
            DliError: the spec, the SQL or the engine is at fault, placed in the template.
        """
        began = self.clock.monotonic()
        rendered = self.render(
            request.name, request.kind, parameters=request.parameters, ds=request.ds
        )
        own = rendered.spec.execution.timeout_seconds
        seconds = request.timeout or own or DEFAULT_TIMEOUT_SECONDS
        scope = RunScope(
            run_id=self.new_run_id(),
            resource=str(rendered.spec.name),
            deadline=Deadline(began + seconds, seconds),
            max_bytes=request.max_bytes,
        )
        with self.open_executor(scope) as executor:
            try:
                estimate = executor.estimate(rendered.main.sql.text)
            except DliError as error:
                place(error, rendered.main)
                raise
            return ResourceEstimate(
                name=rendered.spec.name,
                engine=executor.engine,
                sql=rendered.main.sql.text,
                estimate=estimate,
            )

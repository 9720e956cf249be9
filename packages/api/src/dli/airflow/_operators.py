"""Tasks: build a dataset, and judge it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from dli_domain.errors import DliError
from dli_domain.model.quality import QualityOutcome, QualityReport, Verdict

_BAD = (Verdict.ERROR, Verdict.FAIL, Verdict.VACUOUS)


class _ProjectOperator(BaseOperator):  # type: ignore[misc]  # Airflow is not where we check types
    """A task about one dataset of a project.

    Args:
        dataset: Its name.
        project: The project's folder, as workers see it.
        zone: The time zone whose calendar tells the day of a logical date.
        options: What every operator takes.
    """

    template_fields: Sequence[str] = ()

    def __init__(self, *, dataset: str, project: str, zone: str = "UTC", **options: Any) -> None:
        super().__init__(**options)
        self.dataset = dataset
        self.project = project
        self.zone = zone


class DatasetOperator(_ProjectOperator):
    """Builds the dataset for the day of the run.

    The day is `execution_date` of the run's conf, else the local day of its logical date, else
    (a run triggered without one) of the moment it was due. It reaches the SQL as `ds` and
    `execution_date`. `parameters` of the conf are the dataset's parameters.

    A failure is tried again only where that is known to be safe: nothing ran, or what ran is
    confirmed to be stopped. All others fail the task at once.
    """

    ui_color = "#d7ecd9"

    def execute(self, context: Any) -> dict[str, Any]:
        """Run it; what it gave, for XCom."""
        # parsing a DAG file pays for none of it
        from dli import DatasetAPI, ExecutionContext  # noqa: PLC0415
        from dli_adapters.supervision.signals import signals_cancel  # noqa: PLC0415

        day = run_day(context, self.zone)
        parameters = {"execution_date": day.isoformat(), **_parameters(context)}
        self.log.info("%s for %s in %s", self.dataset, day, self.project)
        with _told_to_airflow(), signals_cancel():
            api = DatasetAPI(ExecutionContext(project_path=self.project))
            result = api.run(self.dataset, parameters=parameters)
        for warning in result.warnings:
            self.log.warning("%s", warning)
        self.log.info("%s rows on %s in %s ms", result.row_count, result.engine, result.duration_ms)
        return {
            "dataset": self.dataset,
            "execution_date": day.isoformat(),
            "run_id": result.run_id,
            "engine": result.engine,
            "status": result.status.value,
            "row_count": result.row_count,
            "duration_ms": result.duration_ms,
        }


class QualityOperator(_ProjectOperator):
    """Runs the dataset's quality tests; FAIL, ERROR and VACUOUS fail the task, WARN does not."""

    ui_color = "#fbe7c6"

    def execute(self, context: Any) -> dict[str, Any]:
        """Judge it; the verdicts, for XCom."""
        from dli import ExecutionContext, QualityAPI  # noqa: PLC0415 - as above
        from dli_adapters.supervision.signals import signals_cancel  # noqa: PLC0415 - as above

        day = run_day(context, self.zone)
        with _told_to_airflow(), signals_cancel():
            api = QualityAPI(ExecutionContext(project_path=self.project))
            report = api.run(self.dataset, ds=day)
        for outcome in report.outcomes:
            self.log.info("%s", _line(outcome))
        if not report.ok:
            raise AirflowFailException(_failed(report))
        return {
            "dataset": self.dataset,
            "run_id": report.run_id,
            "status": report.status.value,
            "verdicts": {one.test.name: one.verdict.value for one in report.outcomes},
        }


def run_day(context: Mapping[str, Any], zone: str) -> date:
    """The day that a run is about.

    Raises:
        AirflowFailException: the conf's `execution_date` is no day.
    """
    run = context["dag_run"]
    told = (run.conf or {}).get("execution_date")
    if told is not None:
        try:
            return datetime.fromisoformat(str(told)).date()
        except ValueError as error:
            text = f"conf: execution_date is {told!r}, which is no day; write it as YYYY-MM-DD"
            raise AirflowFailException(text) from error
    moment: datetime = run.logical_date or run.run_after
    return moment.astimezone(ZoneInfo(zone)).date()


def _parameters(context: Mapping[str, Any]) -> dict[str, Any]:
    given = (context["dag_run"].conf or {}).get("parameters") or {}
    if not isinstance(given, Mapping):
        kind = type(given).__name__
        raise AirflowFailException(f"conf: parameters must be a map of name to value, not {kind}")
    return dict(given)


@contextmanager
def _told_to_airflow() -> Iterator[None]:
    """Airflow's own exceptions: one that is tried again, one that is not."""
    try:
        yield
    except DliError as error:
        kind = AirflowException if error.retryable else AirflowFailException
        raise kind(_text(error)) from error


def _text(error: DliError) -> str:
    lines = [str(error), *(f"{name}: {value}" for name, value in error.context.items())]
    lines += [str(problem) for problem in error.problems if problem.message != error.message]
    return "\n  ".join([*lines, error.hint] if error.hint else lines)


def _line(outcome: QualityOutcome) -> str:
    counts = f"{outcome.rows_failed} of {outcome.rows_tested} {outcome.unit.value}"
    told = outcome.message or (outcome.problem.message if outcome.problem else "")
    return f"{outcome.verdict.value.upper()} {outcome.test.name}: {counts} failed. {told}".strip()


def _failed(report: QualityReport) -> str:
    lines = [_line(one) for one in report.outcomes if one.verdict in _BAD]
    return "\n  ".join([f"quality of {report.name}: {report.status.value}", *lines])

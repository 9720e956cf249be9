"""DAG files of registered workflows, where Airflow reads them."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import final

from dli_domain.errors import ErrorCode, WorkflowError
from dli_domain.model.workflow import Workflow

# Airflow looks only into files that hold the words "airflow" and "dag".
_TEXT = '''\
"""The registered workflow {name}: written by dli-server, which writes over any change."""

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronDataIntervalTimetable

from dli.airflow import DatasetOperator

with DAG(
    {dag_id},
    schedule=CronDataIntervalTimetable({cron}, timezone={timezone}),
    start_date=datetime(1970, 1, 1, tzinfo=UTC),
    catchup=False,
    is_paused_upon_creation={paused},
    description={description},
    tags=["dli"],
    default_args={{
        "owner": {owner},
        "retries": {retries},
        "retry_delay": timedelta(seconds={delay}),
    }},
) as dag:
    DatasetOperator(task_id="run", dataset={name}, project={project}, zone={timezone})
'''


@final
class AirflowDagFolder:
    """Writes `dli_<dag id>.py` into Airflow's folder of DAG files.

    Args:
        folder: Where Airflow reads DAG files.
        project: Where Airflow's workers find the project.
    """

    def __init__(self, folder: Path, project: str) -> None:
        self._folder = folder
        self._project = project

    def put(self, workflow: Workflow) -> None:
        """Write the file of a workflow, whole at once."""
        target = self._path(workflow)
        try:
            handle, fresh = tempfile.mkstemp(dir=self._folder, prefix=".dli-", suffix=".part")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(self._text(workflow))
                    file.flush()
                    os.fsync(file.fileno())
                # Airflow may run as another user.
                os.chmod(fresh, 0o644)  # noqa: PTH101 - a text without secrets
                os.replace(fresh, target)  # noqa: PTH105 - as mkstemp gave it
            except OSError:
                with suppress(OSError):
                    os.unlink(fresh)  # noqa: PTH108 - as above
                raise
        except OSError as error:
            raise WorkflowError(
                f"The DAG file cannot be written: {error.strerror}",
                code=ErrorCode.WORKFLOW_REGISTRATION_FAILED,
                hint="Ask the server's operators to look at 'airflow.dags_folder'.",
            ) from error

    def remove(self, workflow: Workflow) -> None:
        """Delete the file, if it is there."""
        try:
            self._path(workflow).unlink(missing_ok=True)
        except OSError as error:
            raise WorkflowError(
                f"The DAG file cannot be deleted: {error.strerror}",
                code=ErrorCode.WORKFLOW_UNREGISTER_FAILED,
                hint="Ask the server's operators to look at 'airflow.dags_folder'.",
            ) from error

    def _path(self, workflow: Workflow) -> Path:
        return self._folder / f"dli_{workflow.dag_id}.py"

    def _text(self, workflow: Workflow) -> str:
        return _TEXT.format(
            name=repr(workflow.name),
            dag_id=repr(workflow.dag_id),
            cron=repr(workflow.cron),
            timezone=repr(workflow.timezone),
            paused=not workflow.enabled,
            description=repr(workflow.description.split("\n")[0]),
            owner=repr(workflow.owner or "dli"),
            retries=workflow.retries if workflow.retries is not None else 0,
            delay=workflow.retry_delay_seconds or 0,
            project=repr(self._project),
        )

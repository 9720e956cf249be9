"""A task that waits until the datasets that this one is made of are built."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import BaseSensorOperator
from airflow.sdk.exceptions import AirflowException

from dli_domain.scheduling.cron import CronSchedule
from dli_domain.scheduling.intervals import last_due


class UpstreamSensor(BaseSensorOperator):  # type: ignore[misc]  # Airflow is not where we check types
    """Waits for the last run of each upstream that was due when this run was.

    Only scheduled runs wait: who triggers a run or a backfill by hand says when. A failed run
    upstream is waited for as well, since this one goes on as soon as that one is mended. A run that
    Airflow left out, as it does without `catchup` after a pause or for a new DAG, never comes: then
    this fails with the reason, instead of waiting for its whole timeout.

    Args:
        upstream: The DAG id, cron and time zone of each.
        latest_only: Those DAG ids of them that have no `catchup`.
        options: What every sensor takes.
    """

    template_fields: Sequence[str] = ()
    ui_color = "#dfe3f4"

    def __init__(
        self,
        *,
        upstream: Sequence[tuple[str, str, str]],
        latest_only: Collection[str] = (),
        **options: Any,
    ) -> None:
        super().__init__(**{"mode": "reschedule", **options})
        self.upstream = [tuple(one) for one in upstream]
        self.latest_only = sorted(latest_only)

    def poke(self, context: Any) -> bool:
        """Whether all of them are there."""
        run = context["dag_run"]
        if str(getattr(run.run_type, "value", run.run_type)) != "scheduled":
            self.log.info("a %s run waits for nobody", run.run_type)
            return True
        due = run.data_interval_end or run.run_after
        count = context["ti"].get_dr_count
        for dag_id, cron, timezone in self.upstream:
            schedule = CronSchedule(cron, timezone)
            wanted = last_due(schedule, due).start
            if count(dag_id=dag_id, logical_dates=[wanted], states=["success"]):
                continue
            newest = last_due(schedule, datetime.now(UTC)).start
            if (
                dag_id in self.latest_only
                and newest > wanted
                # in this order: the wanted one may be made between the two questions
                and count(dag_id=dag_id, logical_dates=[newest])
                and not count(dag_id=dag_id, logical_dates=[wanted])
            ):
                raise AirflowException(_left_out(dag_id, wanted))
            self.log.info("waiting for %s of %s", dag_id, wanted.isoformat())
            return False
        return True


def _left_out(dag_id: str, wanted: datetime) -> str:
    return (
        f"{dag_id} has no run of {wanted.isoformat()}, and as it has later ones and no catchup,"
        " Airflow makes none any more. Backfill that day of it, then clear this task."
    )

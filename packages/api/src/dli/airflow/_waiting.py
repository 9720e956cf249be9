"""A task that waits until the datasets that this one is made of are built."""

from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseSensorOperator

from dli_domain.scheduling.cron import CronSchedule
from dli_domain.scheduling.intervals import last_due


class UpstreamSensor(BaseSensorOperator):  # type: ignore[misc]  # Airflow is not where we check types
    """Waits for the last run of each upstream that was due when this run was.

    Only scheduled runs wait: who triggers a run or a backfill by hand says when. A failed run
    upstream is waited for as well, since this one goes on as soon as that one is mended.

    Args:
        upstream: The DAG id, cron and time zone of each.
        options: What every sensor takes.
    """

    template_fields: Sequence[str] = ()
    ui_color = "#dfe3f4"

    def __init__(self, *, upstream: Sequence[tuple[str, str, str]], **options: Any) -> None:
        super().__init__(**{"mode": "reschedule", **options})
        self.upstream = [tuple(one) for one in upstream]

    def poke(self, context: Any) -> bool:
        """Whether all of them are there."""
        run = context["dag_run"]
        if str(getattr(run.run_type, "value", run.run_type)) != "scheduled":
            self.log.info("a %s run waits for nobody", run.run_type)
            return True
        due = run.data_interval_end or run.run_after
        for dag_id, cron, timezone in self.upstream:
            wanted = last_due(CronSchedule(cron, timezone), due).start
            built = context["ti"].get_dr_count(
                dag_id=dag_id, logical_dates=[wanted], states=["success"]
            )
            if not built:
                self.log.info("waiting for %s of %s", dag_id, wanted.isoformat())
                return False
        return True

"""The DAG factory: one DAG for each dataset with an enabled schedule."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from os import PathLike, fspath
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, Asset, CronDataIntervalTimetable, get_parsing_context

from dli.airflow._operators import DatasetOperator, QualityOperator
from dli.airflow._project import BrokenSpec, ProjectDatasets, Scheduled
from dli.airflow._waiting import UpstreamSensor
from dli_domain.errors import ErrorCode, SqlError
from dli_domain.scheduling.dags import dag_id, dag_ids

_LOG = logging.getLogger("dli")
# Airflow runs nothing before it: a backfill may ask for any day
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_TAG = 100
_POKE = timedelta(seconds=60)
_PATIENCE = timedelta(hours=12)


class Dependencies(StrEnum):
    """Where a dataset's upstream is read.

    DECLARED: `depends_on` of its spec. LINEAGE: also what its SQL reads; each spec is analysed
    once and then kept in a cache. NONE: DAGs stand alone.
    """

    DECLARED = "declared"
    LINEAGE = "lineage"
    NONE = "none"


def dags_of_project(
    path: str | PathLike[str],
    *,
    dependencies: Dependencies | str = Dependencies.DECLARED,
    default_args: Mapping[str, Any] | None = None,
    tags: Sequence[str] = ("dli",),
    poke_interval: timedelta = _POKE,
    upstream_timeout: timedelta = _PATIENCE,
) -> dict[str, DAG]:
    """The DAGs of a project's scheduled datasets, by id.

    A dataset whose spec is broken has a DAG without a schedule, with the tag `broken` and the
    findings as its text, so that one mistake does not take the others away. While a task is
    started, Airflow reads the file again for one DAG: then only that one is made.

    Args:
        path: The project's folder, the same on the scheduler and the workers.
        dependencies: Where upstream datasets are read.
        default_args: For every task, such as `pool`, `queue`, `on_failure_callback`; what the
            schedule says (owner, retries) wins.
        tags: For every DAG, besides those of the spec.
        poke_interval: How often a scheduled run looks whether its upstream is built.
        upstream_timeout: How long it looks before it fails.

    Raises:
        ConfigError: there is no project.
        SpecInvalidError: two datasets would have one DAG id.
        SqlError: scheduled datasets wait for each other in a circle (DLI-902).
    """
    kind = Dependencies(dependencies)
    project = ProjectDatasets.at(fspath(path))
    options = _Options(
        project.root, dict(default_args or {}), tuple(tags), poke_interval, upstream_timeout
    )
    only = get_parsing_context().dag_id
    if only is not None:
        return _one(project, only, kind, options)
    found, broken = project.scheduled(lineage=kind is Dependencies.LINEAGE)
    ids = dag_ids([*(str(one.spec.name) for one in found), *(one.name for one in broken)])
    by_name = {str(one.spec.name): one for one in found}
    upstream = _upstream(by_name, kind)
    dags = {ids[name]: options.dag(one, upstream[name]) for name, one in by_name.items()}
    for one in broken:
        _LOG.warning("the spec of %s is broken: %s", one.name, one.text)
        dags[ids[one.name]] = options.broken(one)
    return dags


def _one(
    project: ProjectDatasets, wanted: str, kind: Dependencies, options: "_Options"
) -> dict[str, DAG]:
    """The DAG of that id, without a look at the others."""
    one = project.with_dag_id(wanted)
    if one is None:
        return {}
    if isinstance(one, BrokenSpec):
        return {wanted: options.broken(one)}
    if kind is Dependencies.LINEAGE:
        found, _ = project.scheduled(lineage=True)
        by_name = {str(each.spec.name): each for each in found}
        upstream = _upstream(by_name, kind).get(str(one.spec.name), ())
    elif kind is Dependencies.DECLARED:
        upstream = project.scheduled_among(one)
    else:
        upstream = ()
    return {wanted: options.dag(one, upstream)}


def _upstream(
    by_name: Mapping[str, Scheduled], kind: Dependencies
) -> dict[str, tuple[Scheduled, ...]]:
    """What each dataset waits for: upstream datasets that have a schedule themselves."""
    if kind is Dependencies.NONE:
        return dict.fromkeys(by_name, ())
    graph = {
        name: [up for up in one.upstream if up in by_name and up != name]
        for name, one in by_name.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise SqlError(
            f"Scheduled datasets wait for each other: {circle}",
            code=ErrorCode.LINEAGE_CYCLE_DETECTED,
            hint="Take one of them out of the other's depends_on, or out of the schedule.",
        ) from error
    return {name: tuple(by_name[up] for up in ups) for name, ups in graph.items()}


@dataclass(frozen=True, slots=True)
class _Options:
    """What all DAGs of the project have in common."""

    project: str
    default_args: dict[str, Any]
    tags: tuple[str, ...]
    poke_interval: timedelta
    upstream_timeout: timedelta
    _assets: dict[str, Asset] = field(default_factory=dict)

    def dag(self, one: Scheduled, upstream: Sequence[Scheduled]) -> DAG:
        """The DAG of one dataset: wait, build, judge."""
        spec, schedule = one.spec, one.schedule
        name, zone = str(spec.name), schedule.timezone
        start = _BEGINNING
        if schedule.start is not None:
            start = datetime.fromisoformat(schedule.start).replace(tzinfo=ZoneInfo(zone))
        dag = DAG(
            dag_id(name),
            schedule=CronDataIntervalTimetable(schedule.cron, timezone=zone),
            start_date=start,
            catchup=schedule.catchup,
            is_paused_upon_creation=False,
            description=spec.description.split("\n")[0] or name,
            doc_md=_document(one),
            tags=self._tags(spec.tags),
            default_args={
                **self.default_args,
                "owner": spec.owner,
                "retries": schedule.retries,
                "retry_delay": timedelta(seconds=schedule.retry_delay_seconds),
            },
        )
        with dag:
            about: dict[str, Any] = {"dataset": name, "project": self.project, "zone": zone}
            build = DatasetOperator(
                task_id="run",
                inlets=[self._asset(up) for up in one.upstream],
                outlets=[] if schedule.quality else [self._asset(name)],
                **about,
            )
            if upstream:
                _ = self._wait(upstream) >> build
            if schedule.quality:
                # what others may build upon is there only once it is judged
                judge = QualityOperator(task_id="quality", outlets=[self._asset(name)], **about)
                _ = build >> judge
        return dag

    def broken(self, one: BrokenSpec) -> DAG:
        """A DAG that says what is wrong, and whose run says it again."""
        dag = DAG(
            dag_id(one.name),
            schedule=None,
            start_date=_BEGINNING,
            description="The spec is broken: it has no schedule until it is mended.",
            doc_md=f"**The spec is broken.**\n\n```\n{one.text}\n```",
            tags=self._tags(("broken",)),
        )
        with dag:
            DatasetOperator(task_id="run", dataset=one.name, project=self.project)
        return dag

    def _wait(self, upstream: Sequence[Scheduled]) -> UpstreamSensor:
        return UpstreamSensor(
            task_id="upstream",
            upstream=[
                (dag_id(str(up.spec.name)), up.schedule.cron, up.schedule.timezone)
                for up in upstream
            ],
            latest_only=[dag_id(str(up.spec.name)) for up in upstream if not up.schedule.catchup],
            poke_interval=self.poke_interval,
            timeout=self.upstream_timeout,
        )

    def _asset(self, name: str) -> Asset:
        if name not in self._assets:
            self._assets[name] = Asset(name)
        return self._assets[name]

    def _tags(self, own: Sequence[str]) -> list[str]:
        return sorted({tag[:_MAX_TAG] for tag in (*self.tags, *own)})


def _document(one: Scheduled) -> str:
    spec, schedule = one.spec, one.schedule
    lines = [
        spec.description,
        f"- dataset: `{spec.name}`",
        f"- owner: {spec.owner}, team: {spec.team}",
        f"- schedule: `{schedule.cron}` ({schedule.timezone})",
        f"- spec: `{spec.location.path}`",
    ]
    if one.upstream:
        lines.append("- made of: " + ", ".join(f"`{name}`" for name in one.upstream))
    return "\n".join(line for line in lines if line)

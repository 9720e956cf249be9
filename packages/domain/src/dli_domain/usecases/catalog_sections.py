"""The sections of a table's page in the catalog, each computed from facts at hand."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dli_domain.model.catalog import (
    Freshness,
    Impact,
    Neighbour,
    Ownership,
    Parts,
    QualityHistory,
    TestVerdict,
)
from dli_domain.model.quality import QualitySpec, QualityTestType, Verdict
from dli_domain.model.spec import ResourceSpec

if TYPE_CHECKING:
    from dli_domain.lineage.project import ProjectLineage
    from dli_domain.model.lineage import LineageNode

NO_IMPACT = Impact()
_RECENT = 10
_HOUR = timedelta(hours=1)


def ownership_of(spec: ResourceSpec, tests: Iterable[QualitySpec], impact: Impact) -> Ownership:
    """Who owns a dataset, who tests it, and who owns what rests on it."""
    stewards = {one.owner for one in tests if one.owner and one.owner != spec.owner}
    consumers = {one.owner for one in impact.downstream if one.owner and one.owner != spec.owner}
    return Ownership(
        owner=spec.owner,
        team=spec.team,
        stewards=tuple(sorted(stewards)),
        consumers=tuple(sorted(consumers)),
    )


def freshness_of(
    spec: ResourceSpec | None,
    last_updated: datetime | None,
    tests: Iterable[QualitySpec],
    verdicts: Sequence[TestVerdict],
    now: datetime,
) -> Freshness:
    """How old the data is: by the last verdict of its freshness tests, else by its last change.

    Args:
        spec: The dataset; its schedule tells how often it is built.
        last_updated: The last change that is known.
        tests: The quality files about the table.
        verdicts: Newest first.
        now: What it is compared with.
    """
    ages = [
        test.max_age
        for spec in tests
        for test in spec.tests
        if test.enabled and test.max_age is not None
    ]
    threshold = min(ages, default=None)
    last = next((one for one in verdicts if one.test_type == QualityTestType.FRESHNESS), None)
    stale: bool | None = None
    if last is not None and last.status in (Verdict.PASS, Verdict.FAIL, Verdict.WARN):
        stale = last.status != Verdict.PASS
    elif threshold is not None and last_updated is not None:
        stale = now - last_updated > threshold
    return Freshness(
        last_updated=last_updated,
        is_stale=stale,
        stale_threshold_hours=None if threshold is None else threshold / _HOUR,
        judged_at=last.judged_at if last is not None else None,
        update_frequency=spec.schedule.cron if spec is not None and spec.schedule else "",
    )


def quality_of(tests: Iterable[QualitySpec], verdicts: Sequence[TestVerdict]) -> QualityHistory:
    """The last verdict of each test counted; `verdicts` come newest first."""
    latest: dict[str, TestVerdict] = {}
    for one in verdicts:
        latest.setdefault(one.test_name, one)
    judged = [one for one in latest.values() if one.status != Verdict.SKIPPED]

    def count(*wanted: Verdict) -> int:
        return sum(one.status in wanted for one in judged)

    passed = count(Verdict.PASS)
    return QualityHistory(
        score=round(100 * passed / len(judged), 1) if judged else None,
        total_tests=len(judged),
        passed_tests=passed,
        failed_tests=count(Verdict.FAIL, Verdict.ERROR, Verdict.VACUOUS),
        warnings=count(Verdict.WARN),
        declared_tests=sum(test.enabled for spec in tests for test in spec.tests),
        recent_tests=tuple(verdicts[:_RECENT]),
    )


def impact_of(
    project: "ProjectLineage",
    key: Parts,
    key_of: Callable[[str], Parts],
    sees: Callable[[str], bool],
) -> Impact:
    """What a table is made of and what is made of it, as far as the caller may see.

    Args:
        project: The graph of all specs.
        key: The table's key.
        key_of: The key of a node's name.
        sees: Whether the caller may see a name.
    """
    # The graph's own code brings sqlglot; a caller without a graph has no use for it.
    from dli_domain.lineage.views import view_of  # noqa: PLC0415

    name = next((one for one in project.nodes if key_of(one) == key), None)
    if name is None:
        return NO_IMPACT
    view = view_of(project, name, column=None, upstream=True, downstream=True, depth=-1)
    nodes = [node for node in view.nodes if sees(node.name)]
    return Impact(
        upstream=tuple(_neighbour(node) for node in reversed(nodes) if node.depth < 0),
        downstream=tuple(_neighbour(node) for node in nodes if node.depth > 0),
    )


def _neighbour(node: "LineageNode") -> Neighbour:
    return Neighbour(
        name=node.name,
        type=node.type.value,
        owner=node.owner,
        team=node.team,
        steps=abs(node.depth),
    )

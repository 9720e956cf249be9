"""Quality files at the server: list, get, register."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import desc, select

from dli_adapters.wire.specs import (
    PATHS,
    WITH_SPEC,
    QualityAnswer,
    QualityQuery,
    QualityRegistration,
    RegisteredAnswer,
    WireQualityRun,
    WireTest,
    bundled,
    wired,
)
from dli_domain.model.quality import QualitySpec, QualityTest
from dli_domain.model.spec import ResourceKind
from dli_domain.ports.spec_registry import BundleKind
from dli_server.endpoints.resources import registered
from dli_server.http.endpoint import Answer, Call, Endpoint
from dli_server.http.refusals import HttpError
from dli_server.http.scopes import Scope
from dli_server.registry.visibility import as_seen_by, sees
from dli_server.storage.tables import QUALITY_RESULTS, RUNS

_PATH = PATHS[BundleKind.QUALITY]
_RECENT = 10
_ENDED = {"DONE": "COMPLETED"}


def list_(call: Call) -> list[QualityAnswer]:
    """The quality files that the key sees, by the resource they test."""
    query: QualityQuery = call.query
    if query.resource_type is not None and query.resource_type.lower() not in tuple(ResourceKind):
        raise HttpError(400, "INVALID_ARGUMENT", "resourceType is DATASET or METRIC")
    wanted = query.resource_type
    found: dict[str, list[QualitySpec]] = {}
    for spec in call.services.registry.qualities.list().specs:
        name = str(spec.target.name)
        if (
            sees(call.principal, name)
            and (wanted is None or spec.target.kind.value == wanted.lower())
            and (query.tag is None or query.tag in spec.tags)
        ):
            found.setdefault(name, []).append(spec)
    page = sorted(found)[query.offset : query.offset + query.limit]
    return [_answer(call, found[name], whole=query.include == WITH_SPEC) for name in page]


def get(call: Call) -> QualityAnswer:
    """The quality files about one resource, whole."""
    name, registry = call.path["name"], call.services.registry
    with as_seen_by(call.principal, BundleKind.QUALITY, name, registry.tested):
        specs = registry.qualities.find(name).specs
    return _answer(call, specs, whole=True)


def register(call: Call) -> Answer:
    """Check the files and keep them."""
    body: QualityRegistration = call.body
    if body.spec is None:
        raise HttpError(400, "VALIDATION_ERROR", "spec: must not be null")
    return registered(call, bundled(BundleKind.QUALITY, body.name, body.spec), force=body.force)


def _answer(call: Call, specs: Sequence[QualitySpec], *, whole: bool) -> QualityAnswer:
    first = specs[0]
    name = str(first.target.name)
    registry = call.services.registry
    kept = registry.kept(BundleKind.QUALITY, name)
    tests = [test for spec in specs for test in spec.tests]
    more: dict[str, Any] = {}
    if whole:
        bundle = kept.bundle if kept else registry.bundle(BundleKind.QUALITY, name)
        more = {
            "tests": tuple(map(_test, tests)),
            "recent_runs": _recent(call, name),
            "version": bundle.version if bundle else None,
            "spec": wired(bundle) if bundle else None,
        }
    return QualityAnswer(
        name=name,
        resource_name=name,
        resource_type=first.target.kind.value.upper(),
        owner=first.owner,
        team=first.team or None,
        description=first.description or None,
        tags=tuple(dict.fromkeys(tag for spec in specs for tag in spec.tags)),
        schedule_cron=first.schedule.cron if first.schedule else None,
        schedule_timezone=first.schedule.timezone if first.schedule else "UTC",
        enabled=any(test.enabled for test in tests),
        test_count=len(tests),
        created_at=kept.created_at if kept else None,
        updated_at=kept.updated_at if kept else None,
        **more,
    )


def _test(test: QualityTest) -> WireTest:
    return WireTest(
        name=test.name,
        test_type=test.type.value.upper(),
        description=test.description or None,
        target_columns=test.columns,
        enabled=test.enabled,
    )


def _recent(call: Call, name: str) -> tuple[WireQualityRun, ...]:
    """The key's own last runs of these tests."""
    runs = (
        select(RUNS)
        .where(
            RUNS.c.kind == "quality",
            RUNS.c.name == name,
            RUNS.c.key_id == call.principal.key_id,
        )
        .order_by(desc(RUNS.c.submitted_at))
        .limit(_RECENT)
    )
    with call.services.database.connect() as connection:
        found = connection.execute(runs).mappings().all()
        verdicts = {
            row["run_id"]: [
                one.verdict
                for one in connection.execute(
                    select(QUALITY_RESULTS.c.verdict).where(
                        QUALITY_RESULTS.c.run_id == row["run_id"]
                    )
                )
            ]
            for row in found
        }
    return tuple(_run(row, verdicts[row["run_id"]]) for row in found)


def _run(row: Any, verdicts: Sequence[str]) -> WireQualityRun:
    failed = sum(one in ("fail", "error") for one in verdicts)
    seconds = None
    if row["started_at"] and row["ended_at"]:
        seconds = (row["ended_at"] - row["started_at"]).total_seconds()
    return WireQualityRun(
        run_id=row["run_id"],
        resource_name=row["name"],
        status=_ENDED.get(row["state"], row["state"]),
        overall_status=("FAILED" if failed else "PASSED") if verdicts else None,
        passed_tests=sum(one == "pass" for one in verdicts),
        failed_tests=failed,
        duration_seconds=seconds,
        started_at=row["started_at"] or row["submitted_at"],
        completed_at=row["ended_at"],
        executed_by=row["owner"],
    )


ENDPOINTS = (
    Endpoint(
        method="GET",
        path=_PATH,
        handler=list_,
        access=Scope.CATALOG,
        summary="The quality specs, one for each tested resource.",
        query=QualityQuery,
        answer=list[QualityAnswer],
    ),
    Endpoint(
        method="GET",
        path=f"{_PATH}/{{name}}",
        handler=get,
        access=Scope.CATALOG,
        summary="The quality spec of one resource with its files and tests.",
        answer=QualityAnswer,
    ),
    Endpoint(
        method="POST",
        path=_PATH,
        handler=register,
        access=Scope.REGISTER,
        summary="Register the quality files of a resource.",
        body=QualityRegistration,
        answer=RegisteredAnswer,
        status=201,
    ),
)

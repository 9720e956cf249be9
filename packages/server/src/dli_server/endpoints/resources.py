"""Registered datasets and metrics: list, get, register. One definition, built for each kind."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from dli_adapters.wire.specs import (
    PATHS,
    PROBLEMS_PATH,
    WITH_SPEC,
    DatasetAnswer,
    DatasetRegistration,
    MetricAnswer,
    MetricRegistration,
    ProblemsAnswer,
    ProblemsQuery,
    RegisteredAnswer,
    Registration,
    ResourceQuery,
    Summary,
    WireBundle,
    bundled,
    wired,
)
from dli_domain.errors import SpecNotFoundError
from dli_domain.model.spec import QueryType, ResourceKind, ResourceSpec
from dli_domain.ports.spec_registry import BundleKind, SpecBundle
from dli_server.audit.log import AuditEntry
from dli_server.http.endpoint import Answer, Call, Endpoint
from dli_server.http.refusals import HttpError
from dli_server.http.scopes import Scope
from dli_server.registry.repository import AlreadyRegisteredError, Kept
from dli_server.registry.visibility import as_seen_by, require_visible, sees

_ANSWERS: Mapping[ResourceKind, type[DatasetAnswer] | type[MetricAnswer]] = {
    ResourceKind.DATASET: DatasetAnswer,
    ResourceKind.METRIC: MetricAnswer,
}
_BODIES: Mapping[ResourceKind, type[Registration]] = {
    ResourceKind.DATASET: DatasetRegistration,
    ResourceKind.METRIC: MetricRegistration,
}


def list_(kind: ResourceKind, call: Call) -> list[Summary]:
    """The specs that the key sees and the query asks for, ordered by name."""
    query: ResourceQuery = call.query
    found = [
        spec
        for spec in call.services.registry.specs.list(kind).specs
        if sees(call.principal, str(spec.name)) and _fits(spec, query)
    ]
    page = found[query.offset : query.offset + query.limit]
    kept = {
        one.bundle.name: one
        for one in call.services.registry.repository.all(BundleKind(kind.value))
    }
    whole = query.include == WITH_SPEC
    return [_answer(call, spec, kept.get(str(spec.name)), whole=whole) for spec in page]


def get(kind: ResourceKind, call: Call) -> Summary:
    """One spec, whole."""
    name, specs = call.path["name"], call.services.registry.specs
    with as_seen_by(call.principal, BundleKind(kind.value), name, lambda: specs.names(kind)):
        spec = specs.get(name, kind)
    kept = call.services.registry.kept(BundleKind(kind.value), name)
    return _answer(call, spec, kept, whole=True)


def register(kind: ResourceKind, call: Call) -> Answer:
    """Check the spec and keep it."""
    body: Registration = call.body
    sent = body.spec or _written(kind, body)
    return registered(call, bundled(BundleKind(kind.value), body.name, sent), force=body.force)


def problems(call: Call) -> ProblemsAnswer:
    """What is wrong with spec files; a key with patterns is not told, as it may not see them."""
    if call.principal.specs is not None:
        return ProblemsAnswer()
    registry, kind = call.services.registry, call.query.kind
    if kind is BundleKind.QUALITY:
        return ProblemsAnswer(problems=registry.qualities.list().problems)
    listing = registry.specs.list(None if kind is None else ResourceKind(kind.value))
    return ProblemsAnswer(problems=listing.problems)


def registered(call: Call, bundle: SpecBundle, *, force: bool) -> Answer:
    """The bundle kept, or refused as the older API refuses.

    Raises:
        HttpError: 404 where the key may not name it, 409 where another version is there.
        SpecInvalidError: it is broken.
    """
    registry, principal = call.services.registry, call.principal
    require_visible(principal, bundle.kind, bundle.name, ())
    # Before it is kept: nothing changes that the log does not tell of.
    call.services.audit.record(
        AuditEntry(
            event="resource.register",
            key_id=principal.key_id,
            owner=principal.owner,
            address=principal.address,
            trace_id=call.trace_id,
            kind=bundle.kind.value,
            resource=bundle.name,
            version=bundle.version,
            decision="allowed",
            reason="force" if force else None,
        )
    )
    try:
        kept = registry.register(bundle, by=principal.owner, force=force)
    except AlreadyRegisteredError as error:
        code = f"{bundle.kind.value.upper()}_ALREADY_EXISTS"
        raise HttpError(409, code, error.message, dli=error) from error
    what = "is registered already" if kept.unchanged else "is registered"
    return Answer(
        body=RegisteredAnswer(
            message=f"{bundle.kind.value.capitalize()} {bundle.name!r} {what}",
            name=bundle.name,
            version=kept.version,
            unchanged=kept.unchanged,
            warnings=kept.warnings,
        ),
        status=200 if kept.unchanged else 201,
    )


def _fits(spec: ResourceSpec, query: ResourceQuery) -> bool:
    if query.tag is not None and query.tag not in spec.tags:
        return False
    if query.owner is not None and query.owner.casefold() not in spec.owner.casefold():
        return False
    if query.search is None:
        return True
    words = (str(spec.name), spec.description, spec.owner, spec.team, *spec.tags)
    return any(query.search.casefold() in word.casefold() for word in words)


def _answer(call: Call, spec: ResourceSpec, kept: Kept | None, *, whole: bool) -> Summary:
    registry = call.services.registry
    kind = BundleKind(spec.kind.value)
    fields: dict[str, Any] = {
        "name": str(spec.name),
        "type": spec.kind.value.capitalize(),
        "owner": spec.owner,
        "team": spec.team or None,
        "description": spec.description or None,
        "tags": spec.tags,
        **_times(kept),
    }
    if whole:
        bundle = kept.bundle if kept else registry.bundle(kind, str(spec.name))
        if bundle is None:
            raise SpecNotFoundError(f"There is no {kind.value} {str(spec.name)!r} any more")
        fields |= {
            "sql": spec.sql.text,
            "dependencies": spec.depends_on,
            "version": bundle.version,
            "spec": wired(bundle),
        }
    return _ANSWERS[spec.kind](**fields)


def _times(kept: Kept | None) -> dict[str, Any]:
    # A spec of the project folder has no times of its own.
    return {"created_at": kept.created_at, "updated_at": kept.updated_at} if kept else {}


def _written(kind: ResourceKind, body: Registration) -> WireBundle:
    """A spec file for who sends plain fields, as clients of the older API do."""
    if not body.sql or not body.sql.strip():
        raise HttpError(400, "VALIDATION_ERROR", "sql: must not be blank")
    fields: dict[str, object] = {
        "name": body.name,
        "owner": body.owner,
        "team": body.team or "@unknown",
        "type": kind.value.capitalize(),
        "description": body.description or "",
        "tags": body.tags,
        "query_statement": body.sql,
    }
    if isinstance(body, DatasetRegistration):
        fields["query_type"] = _query_type(body.sql).value
        fields["depends_on"] = body.dependencies
        if body.schedule is not None:
            fields["schedule"] = {"cron": body.schedule.cron, "timezone": body.schedule.timezone}
    path = f"{kind.value}s/{kind.value}.{body.name}.yaml"
    # Every JSON document is one of YAML.
    text = json.dumps(fields, ensure_ascii=False, indent=2)
    return WireBundle(path=path, files={path: text}, dialect="bigquery")


def _query_type(sql: str) -> QueryType:
    first = sql.lstrip().split(None, 1)[0].casefold() if sql.strip() else ""
    return QueryType.SELECT if first in ("select", "with") else QueryType.DML


def _rows(kind: ResourceKind) -> tuple[Endpoint, ...]:
    path, answer = PATHS[BundleKind(kind.value)], _ANSWERS[kind]
    name = kind.value

    def bound(handler: Callable[[ResourceKind, Call], Any]) -> Callable[[Call], Any]:
        return partial(handler, kind)

    return (
        Endpoint(
            method="GET",
            path=path,
            handler=bound(list_),
            access=Scope.CATALOG,
            summary=f"The {name}s.",
            query=ResourceQuery,
            answer=list[answer],  # type: ignore[valid-type]  # chosen by the kind
        ),
        Endpoint(
            method="GET",
            path=f"{path}/{{name}}",
            handler=bound(get),
            access=Scope.CATALOG,
            summary=f"One {name} with its files.",
            answer=answer,
        ),
        Endpoint(
            method="POST",
            path=path,
            handler=bound(register),
            access=Scope.REGISTER,
            summary=f"Register a {name}.",
            body=_BODIES[kind],
            answer=RegisteredAnswer,
            status=201,
        ),
    )


ENDPOINTS = (
    *_rows(ResourceKind.DATASET),
    *_rows(ResourceKind.METRIC),
    Endpoint(
        method="GET",
        path=PROBLEMS_PATH,
        handler=problems,
        access=Scope.CATALOG,
        summary="What is wrong with spec files, which lists leave out.",
        query=ProblemsQuery,
        answer=ProblemsAnswer,
    ),
)

"""Specs of a server, through the same ports as those of a project folder."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar, final

from dli_adapters.server.kept import KeptTransport
from dli_adapters.server.policy import policy_of
from dli_adapters.server.transport import segment
from dli_adapters.wire.messages import EXTENSION
from dli_adapters.wire.specs import (
    PATHS,
    PROBLEMS_PATH,
    WITH_SPEC,
    DatasetAnswer,
    DatasetRegistration,
    MetricAnswer,
    MetricRegistration,
    ProblemsAnswer,
    QualityAnswer,
    QualityRegistration,
    RegisteredAnswer,
    Registration,
    Summary,
    WireBundle,
    bundled,
    wired,
)
from dli_domain.errors import DliError, ErrorCode, SpecInvalidError, SpecNotFoundError
from dli_domain.model.names import InvalidNameError, ResourceName
from dli_domain.model.problems import Location, Problem
from dli_domain.model.quality import QualitySpec
from dli_domain.model.spec import (
    ExecutionSpec,
    QueryType,
    ResourceKind,
    ResourceSpec,
    SqlSource,
)
from dli_domain.ports.quality_source import QualityListing, QualitySource
from dli_domain.ports.spec_registry import BundleKind, Registered, SpecBundle, SpecRegistry
from dli_domain.ports.spec_source import SpecListing, SpecSource
from dli_domain.ports.unknown_names import (
    check_name,
    listed_by,
    no_quality_file,
    no_resource,
    the_one,
)

T = TypeVar("T")
_KINDS = (ResourceKind.DATASET, ResourceKind.METRIC)
# Older servers count pages, not entries: offsets must be multiples of it. Whole specs are large.
_PAGE, _WHOLE_PAGE = 500, 100
_WIDEST = 64 << 20


@final
class ServerSpecSource(SpecSource):
    """The datasets and metrics that a server knows and the token may see.

    Args:
        server: The connection.
        parse: Reads a bundle; raises SpecInvalidError where it is broken.
        dialect: What a spec is written in where the server does not tell.
    """

    def __init__(
        self,
        server: KeptTransport,
        parse: Callable[[SpecBundle], ResourceSpec],
        dialect: str = "trino",
    ) -> None:
        self._server = server
        self._parse = parse
        self._dialect = dialect

    def get(self, name: str, kind: ResourceKind | None = None) -> ResourceSpec:
        check_name(name)
        if kind is not None:
            found = self._find(name, kind)
            if found is None:
                raise self._not_found(name, kind)
            return found
        both = [spec for one in _KINDS if (spec := self._find(name, one)) is not None]
        if not both:
            raise self._not_found(name, None)
        return the_one(both)

    def names(self, kind: ResourceKind | None = None) -> Sequence[str]:
        wanted = _KINDS if kind is None else (kind,)
        return sorted({one.name for each in wanted for one in self._all(each, whole=False)})

    def list(self, kind: ResourceKind | None = None) -> SpecListing:
        specs: list[ResourceSpec] = []
        problems: list[Problem] = []
        for each in _KINDS if kind is None else (kind,):
            for one in sorted(self._all(each, whole=True), key=lambda found: found.name):
                try:
                    specs.append(self._spec(one, each))
                except SpecInvalidError as error:
                    problems.extend(_problems_of(error))
        problems.extend(_told_problems(self._server, kind.value if kind else None))
        return SpecListing(specs=tuple(specs), problems=tuple(problems))

    def _find(self, name: str, kind: ResourceKind) -> ResourceSpec | None:
        path = f"{PATHS[BundleKind(kind.value)]}/{segment(name)}"
        found: Summary | None
        if kind is ResourceKind.DATASET:
            found = self._server().find(path, answer=DatasetAnswer)
        else:
            found = self._server().find(path, answer=MetricAnswer)
        return None if found is None else self._spec(found, kind)

    def _all(self, kind: ResourceKind, *, whole: bool) -> Iterator[Summary]:
        answer = DatasetAnswer if kind is ResourceKind.DATASET else MetricAnswer
        return _pages(self._server, BundleKind(kind.value), answer, whole=whole)

    def _spec(self, found: Summary, kind: ResourceKind) -> ResourceSpec:
        if found.spec is not None:
            return self._parse(bundled(BundleKind(kind.value), found.name, found.spec))
        if found.sql is None:
            # A list of an older server tells no SQL.
            path = f"{PATHS[BundleKind(kind.value)]}/{segment(found.name)}"
            answer = DatasetAnswer if kind is ResourceKind.DATASET else MetricAnswer
            found = self._server().get(path, answer=answer)
        return _plain_spec(found, kind, self._dialect)

    def _not_found(self, name: str, kind: ResourceKind | None) -> SpecNotFoundError:
        other = None if kind is None else _KINDS[1 - _KINDS.index(kind)]
        return no_resource(
            name,
            kind,
            other=other if other is not None and self._find(name, other) is not None else None,
            known=lambda: self.names(kind),
            otherwise=listed_by(kind, "--source server"),
            context={"Searched": self._server.url},
        )


@final
class ServerQualitySource(QualitySource):
    """The quality files that a server knows and the token may see; names only, no paths.

    Args:
        server: The connection.
        parse: Reads a bundle; raises SpecInvalidError where it is broken.
    """

    def __init__(
        self, server: KeptTransport, parse: Callable[[SpecBundle], QualityListing]
    ) -> None:
        self._server = server
        self._parse = parse

    def find(self, reference: str) -> QualityListing:
        if reference.endswith((".yaml", ".yml")) or "/" in reference:
            raise SpecNotFoundError(
                f"The server has no quality file {reference!r}: it knows them by resource",
                code=ErrorCode.QUALITY_SPEC_NOT_FOUND,
                hint="Give the name of the resource that is tested.",
            )
        check_name(reference)
        path = f"{PATHS[BundleKind.QUALITY]}/{segment(reference)}"
        found = self._server().find(path, answer=QualityAnswer)
        if found is None:
            raise self._not_found(reference)
        return self._listing(found)

    def list(self) -> QualityListing:
        specs: list[QualitySpec] = []
        problems: list[Problem] = []
        for one in _pages(self._server, BundleKind.QUALITY, QualityAnswer, whole=True):
            try:
                listing = self._listing(one)
            except SpecInvalidError as error:
                problems.extend(_problems_of(error))
            else:
                specs.extend(listing.specs)
                problems.extend(listing.problems)
        problems.extend(_told_problems(self._server, BundleKind.QUALITY.value))
        ordered = sorted(specs, key=lambda spec: spec.location)
        return QualityListing(specs=tuple(ordered), problems=tuple(problems))

    def _listing(self, found: QualityAnswer) -> QualityListing:
        if found.spec is None:
            raise SpecInvalidError(
                f"The server does not give the quality files of {found.name!r}",
                hint="It is an older server; run the tests from local files.",
            )
        return self._parse(bundled(BundleKind.QUALITY, found.name, found.spec))

    def _not_found(self, name: str) -> SpecNotFoundError:
        pages = _pages(self._server, BundleKind.QUALITY, QualityAnswer, whole=False)
        return no_quality_file(name, (one.name for one in pages), {"Searched": self._server.url})


@final
class ServerSpecRegistry(SpecRegistry):
    """Keeps specs at a server; a token needs the scope `register`."""

    def __init__(self, server: KeptTransport) -> None:
        self._server = server

    def register(self, bundle: SpecBundle, *, force: bool) -> Registered:
        path = PATHS[bundle.kind]
        answer = self._server().post(path, _registration(bundle, force), answer=RegisteredAnswer)
        return Registered(
            kind=bundle.kind,
            name=bundle.name,
            version=answer.version or bundle.version,
            unchanged=answer.unchanged,
            warnings=answer.warnings,
        )


def _registration(bundle: SpecBundle, force: bool) -> Registration:
    spec: WireBundle = wired(bundle)
    if bundle.kind is BundleKind.QUALITY:
        return QualityRegistration(name=bundle.name, spec=spec, force=force)
    kind = DatasetRegistration if bundle.kind is BundleKind.DATASET else MetricRegistration
    # Beside the bundle, what an older server takes.
    return kind(
        name=bundle.name,
        owner=bundle.owner,
        team=bundle.team or None,
        description=bundle.description or None,
        tags=bundle.tags,
        sql=bundle.sql,
        spec=spec,
        force=force,
    )


def _pages(server: KeptTransport, kind: BundleKind, answer: type[T], *, whole: bool) -> Iterator[T]:
    size = _WHOLE_PAGE if whole else _PAGE
    offset = 0
    while True:
        query = {"limit": size, "offset": offset, "include": WITH_SPEC if whole else None}
        page = server().get(PATHS[kind], query, answer=list[answer], limit=_WIDEST)  # type: ignore[valid-type]  # chosen by the kind
        yield from page
        if len(page) < size:
            return
        offset += size


def _told_problems(server: KeptTransport, kind: str | None) -> Sequence[Problem]:
    """What is wrong with the specs that the server itself was started on."""
    if EXTENSION not in policy_of(server()).extensions:
        return ()
    found = server().find(PROBLEMS_PATH, {"kind": kind}, answer=ProblemsAnswer)
    return () if found is None else found.problems


def _plain_spec(found: Summary, kind: ResourceKind, dialect: str) -> ResourceSpec:
    """A resource of the few fields that an older server keeps."""
    place = Location(f"server:{kind.value}s/{found.name}")
    try:
        name = ResourceName.parse(found.name)
    except InvalidNameError as error:
        raise SpecInvalidError(
            f"The server has a {kind.value} {found.name[:80]!r}, which is no resource name: {error}",
            location=place,
        ) from error
    if not (found.sql or "").strip():
        raise SpecInvalidError(
            f"The server does not tell the SQL of {found.name!r}", location=place
        )
    sql = found.sql or ""
    first = sql.split(None, 1)[0].casefold()
    reads = kind is ResourceKind.METRIC or first in ("select", "with")
    return ResourceSpec(
        kind=kind,
        name=name,
        owner=found.owner,
        team=found.team or "",
        query_type=QueryType.SELECT if reads else QueryType.DML,
        sql=SqlSource(text=sql, origin=place),
        location=place,
        description=found.description or "",
        tags=found.tags,
        depends_on=found.dependencies or (),
        execution=ExecutionSpec(dialect=dialect),
    )


def _problems_of(error: DliError) -> Sequence[Problem]:
    return error.problems or (
        Problem(code=error.code, message=error.message, location=error.location, fix=error.hint),
    )

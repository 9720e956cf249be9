"""Where registered specs are kept: one current version a name, and every version there was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from dli_domain.errors import SpecInvalidError
from dli_domain.ports.clock import Clock
from dli_domain.ports.spec_registry import BundleKind, Registered, SpecBundle
from dli_server.storage.tables import RESOURCE_VERSIONS, RESOURCES


class AlreadyRegisteredError(SpecInvalidError):
    """Another version of it is registered, and nobody asked to replace it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A registered spec and when it came to be."""

    bundle: SpecBundle
    version: str
    created_at: datetime
    updated_at: datetime
    registered_by: str


class ResourceRepository:
    """The registered specs in the server's database. Safe to use from several threads."""

    def __init__(self, database: Engine, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def current(self, kind: BundleKind, name: str) -> Kept | None:
        """The current version of that name, or None."""
        found = self._read(RESOURCES.c.kind == kind.value, RESOURCES.c.name == name)
        return found[0] if found else None

    def all(self, kind: BundleKind) -> Sequence[Kept]:
        """Every current version of a kind, ordered by name."""
        return self._read(RESOURCES.c.kind == kind.value)

    def names(self, kind: BundleKind) -> Sequence[str]:
        """Their names, sorted."""
        query = select(RESOURCES.c.name).where(RESOURCES.c.kind == kind.value)
        with self._database.connect() as connection:
            return sorted(connection.execute(query).scalars())

    def keep(self, bundle: SpecBundle, *, by: str, force: bool) -> Registered:
        """Make the bundle the current version of its name.

        Raises:
            AlreadyRegisteredError: another version is, and `force` is false.
        """
        try:
            with self._database.begin() as connection:
                return self._keep(connection, bundle, by, force=force)
        except IntegrityError:
            # Somebody registered it at the same moment: now it is there, and judged as such.
            with self._database.begin() as connection:
                return self._keep(connection, bundle, by, force=force)

    def remove(self, kind: BundleKind, name: str) -> bool:
        """Take it out of use; its versions stay. Whether it was there."""
        query = delete(RESOURCES).where(RESOURCES.c.kind == kind.value, RESOURCES.c.name == name)
        with self._database.begin() as connection:
            return connection.execute(query).rowcount > 0

    def _keep(
        self, connection: Connection, bundle: SpecBundle, by: str, *, force: bool
    ) -> Registered:
        kind, name, version = bundle.kind, bundle.name, bundle.version
        mine = (RESOURCES.c.kind == kind.value, RESOURCES.c.name == name)
        known = connection.execute(select(RESOURCES.c.version).where(*mine)).scalar()
        if known == version:
            return Registered(kind=kind, name=name, version=version, unchanged=True)
        if known is not None and not force:
            raise already_registered(kind, name)
        now = self._clock.now()
        self._keep_version(connection, bundle, version, by, now)
        facts = _facts(bundle, version, by, now)
        if known is None:
            connection.execute(insert(RESOURCES).values(**facts, created_at=now))
        else:
            connection.execute(update(RESOURCES).where(*mine).values(**facts))
        return Registered(kind=kind, name=name, version=version)

    def _keep_version(
        self, connection: Connection, bundle: SpecBundle, version: str, by: str, now: datetime
    ) -> None:
        there = select(RESOURCE_VERSIONS.c.version).where(RESOURCE_VERSIONS.c.version == version)
        if connection.execute(there).scalar() is not None:
            return
        connection.execute(
            insert(RESOURCE_VERSIONS).values(
                version=version,
                kind=bundle.kind.value,
                name=bundle.name,
                path=bundle.path,
                files=dict(bundle.files),
                dialect=bundle.dialect,
                timeout_seconds=bundle.timeout_seconds,
                created_at=now,
                registered_by=by,
            )
        )

    def _read(self, *conditions: Any) -> Sequence[Kept]:
        query = (
            select(
                RESOURCES,
                RESOURCE_VERSIONS.c.path,
                RESOURCE_VERSIONS.c.files,
                RESOURCE_VERSIONS.c.dialect,
                RESOURCE_VERSIONS.c.timeout_seconds,
            )
            .join(RESOURCE_VERSIONS, RESOURCES.c.version == RESOURCE_VERSIONS.c.version)
            .where(*conditions)
            .order_by(RESOURCES.c.name)
        )
        with self._database.connect() as connection:
            return [_kept(row) for row in connection.execute(query).mappings()]


def already_registered(kind: BundleKind, name: str) -> AlreadyRegisteredError:
    """Why nothing was replaced."""
    return AlreadyRegisteredError(
        f"There is a {kind.value} {name!r} at the server already, in another version",
        hint=f"Replace it with 'dli {kind.value} register {name} --force'.",
    )


def _facts(bundle: SpecBundle, version: str, by: str, now: datetime) -> Mapping[str, Any]:
    return {
        "kind": bundle.kind.value,
        "name": bundle.name,
        "version": version,
        "owner": bundle.owner,
        "team": bundle.team or None,
        "description": bundle.description,
        "tags": list(bundle.tags),
        "updated_at": now,
        "registered_by": by,
    }


def _kept(row: RowMapping) -> Kept:
    return Kept(
        bundle=SpecBundle(
            kind=BundleKind(row["kind"]),
            name=row["name"],
            path=row["path"],
            files=row["files"],
            dialect=row["dialect"],
            timeout_seconds=row["timeout_seconds"],
            owner=row["owner"],
            team=row["team"] or "",
            description=row["description"],
            tags=tuple(row["tags"]),
        ),
        version=row["version"],
        created_at=_utc(row["created_at"]),
        updated_at=_utc(row["updated_at"]),
        registered_by=row["registered_by"],
    )


def _utc(moment: datetime) -> datetime:
    # SQLite keeps no zone; every time in the database is UTC.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

"""The keys of a server."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, final

from sqlalchemy import Engine, Row, insert, select, update

from dli_domain.errors import ConfigError
from dli_domain.ports.clock import Clock
from dli_server.http.endpoint import Principal
from dli_server.http.scopes import Scope
from dli_server.keys.form import NewKey, digest, key_id_of, new_key
from dli_server.storage.tables import KEYS

MAX_DAYS = 365
LIVE_PER_OWNER = 2
# A revoked key stops to work after this long at the latest.
_CACHED_SECONDS = 0.5
_CACHED_KEYS = 10_000
_USE_NOTED_SECONDS = 60.0
_NO_DIGEST = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """A key as it is kept: everything but its text."""

    key_id: str
    owner: str
    scopes: frozenset[Scope]
    specs: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    digest: bytes = _NO_DIGEST

    def live(self, now: datetime) -> bool:
        """Whether it opens the door at that moment."""
        return self.revoked_at is None and now < self.expires_at

    @property
    def principal(self) -> Principal:
        """Who calls with it."""
        return Principal(key_id=self.key_id, owner=self.owner, scopes=self.scopes, specs=self.specs)


@final
class KeyRing:
    """Makes, finds, lists and revokes keys; safe for threads.

    What it finds it remembers for half a second, so that a key revoked by another process is
    refused within a second.
    """

    def __init__(self, database: Engine, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = Lock()
        self._seen: dict[str, tuple[float, KeyFacts | None]] = {}
        self._noted: dict[str, float] = {}

    def create(
        self,
        owner: str,
        scopes: Iterable[Scope],
        *,
        specs: tuple[str, ...] | None = None,
        days: int = 90,
    ) -> tuple[NewKey, KeyFacts]:
        """A new key; its text is in the answer and nowhere else.

        Raises:
            ConfigError: it would live too long, may do nothing, or is a third live key.
        """
        granted = frozenset(scopes)
        if not 1 <= days <= MAX_DAYS:
            raise ConfigError(f"A key lives 1 to {MAX_DAYS} days, not {days}")
        if not granted:
            raise ConfigError(
                "A key without a scope could do nothing",
                hint=f"Name one with --scope: {', '.join(Scope)}.",
            )
        now = self._clock.now()
        if sum(key.live(now) for key in self.list() if key.owner == owner) >= LIVE_PER_OWNER:
            raise ConfigError(
                f"{owner!r} has {LIVE_PER_OWNER} live keys, which is what changing a key needs",
                hint="Revoke one with 'dli server key revoke ID', or name another owner.",
            )
        made = new_key()
        facts = KeyFacts(
            key_id=made.key_id,
            owner=owner,
            scopes=granted,
            specs=specs,
            created_at=now,
            expires_at=now + timedelta(days=days),
            digest=made.digest,
        )
        row = {
            "key_id": facts.key_id,
            "hash": made.digest,
            "owner": owner,
            "scopes": sorted(granted),
            "specs": None if specs is None else list(specs),
            "created_at": facts.created_at,
            "expires_at": facts.expires_at,
        }
        with self._database.begin() as connection:
            connection.execute(insert(KEYS).values(row))
        return made, facts

    def list(self) -> tuple[KeyFacts, ...]:
        """Every key, the oldest first."""
        with self._database.connect() as connection:
            rows = connection.execute(select(KEYS).order_by(KEYS.c.created_at)).all()
        return tuple(_facts(row) for row in rows)

    def revoke(self, key_id: str) -> bool:
        """Make a key worthless; whether there was one to revoke."""
        with self._database.begin() as connection:
            done = connection.execute(
                update(KEYS)
                .where(KEYS.c.key_id == key_id, KEYS.c.revoked_at.is_(None))
                .values(revoked_at=self._clock.now())
            )
        with self._lock:
            self._seen.pop(key_id, None)
        return bool(done.rowcount)

    def remembered(self, text: str) -> tuple[bool, Principal | None]:
        """Whether the answer is known without asking the database, and the answer."""
        key_id = key_id_of(text)
        if key_id is None:
            return True, None
        with self._lock:
            entry = self._seen.get(key_id)
        if entry is None or self._clock.monotonic() - entry[0] > _CACHED_SECONDS:
            return False, None
        return True, self._judged(entry[1], text)

    def principal(self, text: str) -> Principal | None:
        """Who holds the key; None for every key that does not open the door."""
        known, found = self.remembered(text)
        key_id = key_id_of(text)
        if known or key_id is None:
            return found
        # Of before the question: what was asked slowly is not remembered for longer.
        now = self._clock.monotonic()
        facts = self._stored(key_id)
        with self._lock:
            if len(self._seen) >= _CACHED_KEYS:
                self._seen.clear()
            self._seen[key_id] = (now, facts)
        principal = self._judged(facts, text)
        if principal is not None and now - self._noted.get(key_id, -1e9) > _USE_NOTED_SECONDS:
            self._noted[key_id] = now
            self._note_use(key_id)
        return principal

    def _judged(self, facts: KeyFacts | None, text: str) -> Principal | None:
        # An unknown id costs the same comparison as a known one.
        same = hmac.compare_digest(facts.digest if facts else _NO_DIGEST, digest(text))
        if facts is None or not same or not facts.live(self._clock.now()):
            return None
        return facts.principal

    def _stored(self, key_id: str) -> KeyFacts | None:
        with self._database.connect() as connection:
            row = connection.execute(select(KEYS).where(KEYS.c.key_id == key_id)).first()
        return None if row is None else _facts(row)

    def _note_use(self, key_id: str) -> None:
        with self._database.begin() as connection:
            connection.execute(
                update(KEYS).where(KEYS.c.key_id == key_id).values(last_used_at=self._clock.now())
            )


def _facts(row: Row[Any]) -> KeyFacts:
    return KeyFacts(
        key_id=row.key_id,
        owner=row.owner,
        # A scope of a newer version grants nothing here.
        scopes=frozenset(Scope(name) for name in row.scopes if name in set(Scope)),
        specs=None if row.specs is None else tuple(row.specs),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        digest=row.hash,
    )

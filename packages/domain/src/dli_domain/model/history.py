"""What a server has run: queries, whose they were, and how they ended."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

_SPAN = re.compile(r"(\d{1,6})\s*([smhdw])\Z", re.IGNORECASE)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class QueryState(StrEnum):
    """How far a query is; UNKNOWN: nobody can say whether it ran to its end."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def ended(self) -> bool:
        """Whether it will not change any more."""
        return self not in (QueryState.PENDING, QueryState.RUNNING)


class QueryScope(StrEnum):
    """Whose queries: one's own, those of programs, those of people, or all."""

    MY = "my"
    SYSTEM = "system"
    USER = "user"
    ALL = "all"


class AccountType(StrEnum):
    """Whether an account is a person's; a person's name is an e-mail address."""

    PERSONAL = "personal"
    SYSTEM = "system"


def account_type(account: str) -> AccountType:
    """What kind of account has that name."""
    return AccountType.PERSONAL if "@" in account else AccountType.SYSTEM


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryFilter:
    """Which queries; all that is said must hold.

    `account` and `sql` are parts of the name and of the text in any case of letters, `tags` are
    tags of the resource that ran, times are those of submission, `until` not included.
    """

    scope: QueryScope = QueryScope.MY
    account: str | None = None
    sql: str | None = None
    state: QueryState | None = None
    tags: tuple[str, ...] = ()
    engine: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryInfo:
    """A query in a list; None is what is not known.

    `title` is the resource that ran, or that a statement was sent for. `tables_used_count`
    counts the tables that the text names.
    """

    query_id: str
    engine: str
    state: QueryState
    account: str
    submitted_at: datetime
    kind: str = "statement"
    title: str = ""
    first_line: str = ""
    account_type: AccountType = AccountType.PERSONAL
    started_at: datetime | None = None
    finished_at: datetime | None = None
    duration_seconds: float | None = None
    rows_returned: int | None = None
    bytes_processed: int | None = None
    tables_used_count: int | None = None
    error_message: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableUsed:
    """A table that a query names, and what it does to it, such as `read` or `insert`."""

    name: str
    operation: str
    alias: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryDetail:
    """One query whole; `query_preview` is the beginning of `query_text`."""

    info: QueryInfo
    query_text: str = ""
    queue_time_seconds: float | None = None
    bytes_billed: int | None = None
    rows_affected: int | None = None
    tables_used: tuple[TableUsed, ...] = ()
    error_code: str | None = None
    job_id: str | None = None
    writes: bool | None = None
    cancelled_by: str | None = None
    cancel_reason: str | None = None

    @property
    def query_id(self) -> str:
        """The id that `query cancel` takes."""
        return self.info.query_id

    @property
    def query_preview(self) -> str:
        """The first lines of the text."""
        return preview(self.query_text)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPage:
    """Queries, newest first, and whether there are more behind them."""

    queries: tuple[QueryInfo, ...]
    has_more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryCancelled:
    """What became of a query that was asked to stop.

    `state` may still be RUNNING: then the engine has not confirmed it yet.
    """

    query_id: str
    state: QueryState
    cancelled_by: str = ""
    cancelled_at: datetime | None = None
    reason: str | None = None


_PREVIEW_LINES, _PREVIEW_LETTERS = 12, 1_000


def preview(text: str) -> str:
    """The beginning of a text, with an ellipsis where more follows."""
    head = "\n".join(text.strip().split("\n")[:_PREVIEW_LINES])[:_PREVIEW_LETTERS]
    return head if head == text.strip() else f"{head.rstrip()}\n…"


def moment(text: str, now: datetime) -> datetime:
    """The time that a text means: `24h` (so long before now), a day, or a day with a time.

    A time without a zone is UTC.

    Raises:
        ValueError: it means none.
    """
    span = _SPAN.match(text.strip())
    try:
        if span:
            return now - timedelta(**{_UNITS[span[2].lower()]: int(span[1])})
        told = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text!r} is no time; write 24h, 7d, 2025-01-31 or 2025-01-31T09:00"
        ) from None
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)

"""The catalog: which tables there are, who answers for them, and what is known of their state."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from dli_domain.model.result import Row

Parts: TypeAlias = tuple[str, ...]

MOST_TABLES = 500
"""The most tables of one answer."""


class Section(StrEnum):
    """A part of what the catalog tells of one table."""

    BASIC = "basic"
    COLUMNS = "columns"
    QUALITY = "quality"
    FRESHNESS = "freshness"
    OWNERSHIP = "ownership"
    IMPACT = "impact"
    QUERIES = "queries"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineColumn:
    """A column as the engine knows it."""

    name: str
    type: str = ""
    nullable: bool | None = None
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineTable:
    """A table as the engine knows it; None is what it does not tell.

    `parts` are catalog, schema and table; `key` is the same as the engine compares names, and
    orders them. `kind` is `table`, `view` or another word of the engine's. `rows` may count
    rows that are deleted already where `rows_exact` is false. `matched_column` is a column that
    holds the text that was looked for.
    """

    parts: Parts
    key: Parts
    kind: str = "table"
    rows: int | None = None
    rows_exact: bool = True
    bytes: int | None = None
    modified_at: datetime | None = None
    description: str = ""
    matched_column: str | None = None

    @property
    def name(self) -> str:
        """The parts joined by dots."""
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFilter:
    """Which tables of an engine: of a catalog, of a schema, or with a text.

    The text may stand in the name, the description or a column's name, in any case of letters.
    """

    catalog: str | None = None
    schema: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogFilter:
    """Which tables of the catalog; all that is said must hold.

    `project` is the first part of the name and `dataset` the second. `owner` is a part of the
    owner's name in any case of letters, `team` is exact, and a table has every one of `tags`.
    """

    project: str | None = None
    dataset: str | None = None
    owner: str | None = None
    team: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableInfo:
    """A table in a list.

    `kind` is the engine's word, and empty where the engine has no such table: then a dataset of
    that name is registered, and nothing has built it. `row_count` is an estimate where
    `rows_exact` is false. `match_context` tells where a search found its text.
    """

    name: str
    engine: str
    kind: str = ""
    owner: str = ""
    team: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    row_count: int | None = None
    rows_exact: bool = True
    size_bytes: int | None = None
    last_updated: datetime | None = None
    registered: bool = False
    match_context: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogPage:
    """Tables in the order of their names, and whether there are more behind them."""

    tables: tuple[TableInfo, ...]
    has_more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogColumn:
    """A column: what the engine has, and what the spec says of it.

    `exists` is false where only the spec names it. `is_pii` marks personal data, of which no
    sample is ever given.
    """

    name: str
    data_type: str = ""
    nullable: bool | None = None
    description: str = ""
    is_pii: bool = False
    exists: bool = True
    fill_rate: float | None = None
    distinct_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """Who answers for a table: `stewards` own its quality tests, `consumers` what rests on it."""

    owner: str
    team: str = ""
    stewards: tuple[str, ...] = ()
    consumers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How old the data is.

    `is_stale` is None where nothing says how old it may be. The threshold is the smallest
    `max_age` of its freshness tests; their last verdict counts before the time of change.
    """

    last_updated: datetime | None = None
    is_stale: bool | None = None
    stale_threshold_hours: float | None = None
    judged_at: datetime | None = None
    update_frequency: str = ""
    avg_update_lag_hours: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestVerdict:
    """One verdict of a quality test as it was recorded."""

    test_name: str
    test_type: str
    status: str
    severity: str = "error"
    rows_tested: int | None = None
    failed_rows: int | None = None
    judged_at: datetime | None = None

    # pytest takes every class called Test… for one of its own.
    __test__ = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityHistory:
    """The last verdict of each test, counted, and the verdicts newest first.

    `score` is the share of tests that passed, 0 to 100; None where none was ever judged.
    `total_tests` counts the tests that were judged, `declared_tests` those that specs declare.
    """

    score: float | None = None
    total_tests: int = 0
    passed_tests: int = 0
    failed_tests: int = 0
    warnings: int = 0
    declared_tests: int | None = None
    recent_tests: tuple[TestVerdict, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A resource or table that this one is made of, or that is made of it; `steps` away."""

    name: str
    type: str
    owner: str = ""
    team: str = ""
    steps: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What a table is made of, and what is made of it."""

    upstream: tuple[Neighbour, ...] = ()
    downstream: tuple[Neighbour, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableUse:
    """Runs of one text, or of one resource, that touched a table."""

    title: str
    sql: str
    author: str
    run_count: int
    last_run: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDetail:
    """All that is known of one table; a section that was not asked for is None or empty.

    `sample_data` is None unless a sample was asked for; columns of personal data are not in it.
    """

    table: TableInfo
    columns: tuple[CatalogColumn, ...] = ()
    ownership: Ownership | None = None
    freshness: Freshness | None = None
    quality: QualityHistory | None = None
    impact: Impact | None = None
    sample_queries: tuple[TableUse, ...] = ()
    sample_data: tuple[Row, ...] | None = None
    basecamp_url: str | None = None

    @property
    def name(self) -> str:
        """The table's whole name."""
        return self.table.name

    @property
    def engine(self) -> str:
        """The engine that holds it."""
        return self.table.engine

    @property
    def description(self) -> str:
        """What its spec says of it, or the engine."""
        return self.table.description

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of its spec."""
        return self.table.tags

"""`CatalogAPI`: the tables that the server knows."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dli_domain.errors import CatalogError, ConfigError, ErrorCode
from dli_domain.model.catalog import CatalogFilter, Section, TableDetail, TableInfo
from dli_domain.model.names import did_you_mean
from dli_domain.model.paging import total_of
from dli_domain.model.run import ExecutionMode, ResultStatus

if TYPE_CHECKING:
    from dli._context import ExecutionContext
    from dli_domain.ports.catalog import Catalog

_TABLE_PARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogListResult:
    """Tables in the order of their names; `total_count` is None where there are more."""

    tables: tuple[TableInfo, ...]
    has_more: bool = False
    total_count: int | None = None
    status: ResultStatus = ResultStatus.SUCCESS

    def __iter__(self) -> Iterator[TableInfo]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogSearchResult:
    """Tables with the keyword, each with its `match_context`."""

    keyword: str
    tables: tuple[TableInfo, ...]
    has_more: bool = False
    total_matches: int | None = None
    status: ResultStatus = ResultStatus.SUCCESS

    def __iter__(self) -> Iterator[TableInfo]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)


class CatalogAPI:
    """Asks the configured server, whatever the execution mode is.

    Args:
        context: Which server; read from the environment and the configuration files where it
            says nothing. No project is needed.

    Raises:
        ConfigError: a configuration file or variable is wrong, or not to be trusted.
    """

    def __init__(self, context: "ExecutionContext | None" = None) -> None:
        # Settings and YAML come with it: an import of this module must not pay for them.
        from dli._compose import compose  # noqa: PLC0415

        self._composed = compose(context, mode=ExecutionMode.SERVER)

    def list_tables(
        self,
        identifier: str | None = None,
        *,
        limit: int = 100,
        offset: int = 0,
        owner: str | None = None,
        team: str | None = None,
        tags: Collection[str] = (),
    ) -> CatalogListResult:
        """The tables of a project or a dataset, or all of them.

        Args:
            identifier: `project` or `project.dataset`.
            limit: The most to give.
            offset: How many to pass over.
            owner: Only those whose owner's name has this in it.
            team: Only those of this team.
            tags: Only those with all of these tags.

        Raises:
            CatalogError: DLI-703, the identifier has other parts.
            ServerError: there is no server (DLI-501), or it refuses.
        """
        parts = identifier.split(".") if identifier is not None else []
        if len(parts) >= _TABLE_PARTS or not all(parts):
            raise CatalogError(
                f"{identifier!r} is no project and no dataset",
                code=ErrorCode.CATALOG_INVALID_IDENTIFIER,
                hint="Write project or project.dataset; get() takes a table.",
            )
        project, dataset = (*parts, None, None)[:2]
        wanted = CatalogFilter(
            project=project, dataset=dataset, owner=owner, team=team, tags=tuple(tags)
        )
        with self._catalog(limit) as catalog:
            page = catalog.tables(wanted, limit=limit, offset=offset)
        return CatalogListResult(
            tables=page.tables,
            has_more=page.has_more,
            total_count=total_of(len(page.tables), offset, has_more=page.has_more),
        )

    def get(
        self, table: str, *, sections: Collection[str] | None = None, sample: bool = False
    ) -> TableDetail:
        """All that is known of a table.

        Args:
            table: `project.dataset.table`.
            sections: `basic`, `columns`, `quality`, `freshness`, `ownership`, `impact`,
                `queries`; all of them by default. What is left out is not looked up.
            sample: Read the first rows too, without columns of personal data.

        Raises:
            CatalogError: there is no such table (DLI-702), or it is no name of one (DLI-703).
            ServerError: there is no server (DLI-501), or it refuses.
        """
        known = {one.value: one for one in Section}
        for name in sections or ():
            if name not in known:
                raise ConfigError(
                    f"There is no section {name!r}; there are {', '.join(known)}",
                    code=ErrorCode.CONFIG_VALIDATION_FAILED,
                    hint=did_you_mean(name, known),
                )
        wanted = tuple(known[name] for name in sections) if sections is not None else tuple(Section)
        with self._catalog() as catalog:
            return catalog.table(table, wanted, sample=sample)

    def search(
        self, pattern: str, *, limit: int = 100, project: str | None = None
    ) -> CatalogSearchResult:
        """Tables with a word in their name, description or a column's name.

        Args:
            pattern: At least two letters, taken as they are.
            limit: The most to give.
            project: Only tables of this project.

        Raises:
            CatalogError: DLI-703, the word is too short.
            ServerError: there is no server (DLI-501), or it refuses.
        """
        with self._catalog(limit) as catalog:
            page = catalog.search(pattern, project=project, limit=limit)
        return CatalogSearchResult(
            keyword=pattern,
            tables=page.tables,
            has_more=page.has_more,
            total_matches=total_of(len(page.tables), 0, has_more=page.has_more),
        )

    @contextmanager
    def _catalog(self, limit: int = 1) -> "Iterator[Catalog]":
        if limit < 1:
            raise ConfigError(
                f"limit is {limit}; it must be at least 1", code=ErrorCode.CONFIG_VALIDATION_FAILED
            )
        from dli_adapters.registry import open_catalog  # noqa: PLC0415 - as above

        composed = self._composed
        with open_catalog(composed.settings, composed.clock) as catalog:
            yield catalog

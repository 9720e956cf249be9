"""The port that the catalog is asked through."""

from collections.abc import Collection
from typing import Protocol

from dli_domain.model.catalog import CatalogFilter, CatalogPage, Section, TableDetail


class Catalog(Protocol):
    """The tables of an engine, joined with what is registered and what was run."""

    def tables(self, wanted: CatalogFilter, *, limit: int, offset: int = 0) -> CatalogPage:
        """A page of tables in the order of their names."""
        ...

    def search(self, keyword: str, *, project: str | None = None, limit: int) -> CatalogPage:
        """Tables with the keyword in their name, description or a column's name.

        Raises:
            CatalogError: DLI-703, the keyword is shorter than two letters.
        """
        ...

    def table(self, name: str, sections: Collection[Section], *, sample: bool) -> TableDetail:
        """What is known of one table.

        Args:
            name: Catalog, schema and table.
            sections: What to tell beside the basic facts; only that is looked up.
            sample: Whether to read the first rows, without columns of personal data.

        Raises:
            CatalogError: there is no such table (DLI-702), or it is no name of one (DLI-703).
        """
        ...

"""What may be asked of a catalog, checked where it is asked and where it is answered."""

from dli_domain.errors import CatalogError, ErrorCode
from dli_domain.model.catalog import Parts

_SHORTEST = 2


def table_parts(name: str) -> Parts:
    """Catalog, schema and table; without the catalog it is the engine's own.

    Raises:
        CatalogError: DLI-703, it has not two or three parts.
    """
    parts = tuple(name.split("."))
    if len(parts) not in (2, 3) or not all(parts):
        raise CatalogError(
            f"{name!r} is no table: a table has two or three parts",
            code=ErrorCode.CATALOG_INVALID_IDENTIFIER,
            hint="Write project.dataset.table.",
        )
    return parts


def search_word(keyword: str) -> str:
    """The word without the spaces around it.

    Raises:
        CatalogError: DLI-703, it is too short.
    """
    word = keyword.strip()
    if len(word) < _SHORTEST:
        raise CatalogError(
            f"Cannot search for {keyword!r}: it has fewer than {_SHORTEST} letters",
            code=ErrorCode.CATALOG_INVALID_IDENTIFIER,
            hint="Search for a longer word, or run 'dli catalog list'.",
        )
    return word

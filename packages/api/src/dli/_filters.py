"""What a list may be narrowed by."""

from collections.abc import Sequence
from typing import TypedDict

from dli_domain.model.spec import ResourceSpec


class ListFilters(TypedDict, total=False):
    """Filters of `list_datasets` and `list_metrics`; a spec must pass all that are given."""

    domain: str | None
    """One of the spec's domains."""
    owner: str | None
    """The spec's owner."""
    tags: Sequence[str] | None
    """Tags that the spec must all have."""
    catalog: str | None
    """The name's first of three parts."""
    schema: str | None
    """The name's part before the last."""


def passes(spec: ResourceSpec, filters: ListFilters) -> bool:
    """Whether the spec has everything that is asked for."""
    domain, owner = filters.get("domain"), filters.get("owner")
    catalog, schema = filters.get("catalog"), filters.get("schema")
    return (
        (domain is None or domain in spec.domains)
        and (owner is None or owner == spec.owner)
        and set(filters.get("tags") or ()) <= set(spec.tags)
        and (catalog is None or catalog == spec.name.catalog)
        and (schema is None or schema == spec.name.schema)
    )

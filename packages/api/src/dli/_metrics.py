"""Metrics from Python."""

from collections.abc import Sequence
from os import PathLike
from typing import final

from dli._resources import ResourceAPI, has_all
from dli_domain.model.spec import ResourceKind, ResourceSpec


@final
class MetricAPI(ResourceAPI):
    """Lists, reads, checks and runs metrics. Safe to use from several threads."""

    _kind = ResourceKind.METRIC

    def list_metrics(
        self,
        path: str | PathLike[str] | None = None,
        *,
        source: str = "local",
        domain: str | None = None,
        owner: str | None = None,
        tags: Sequence[str] | None = None,
        catalog: str | None = None,
        schema: str | None = None,
    ) -> list[ResourceSpec]:
        """The project's metrics that pass every filter, ordered by name.

        Args:
            path: Another project than the context's.
            source: Where specs are read: `local`.
            domain: One of the spec's domains.
            owner: The spec's owner.
            tags: Tags that the spec must all have.
            catalog: The name's first of three parts.
            schema: The name's part before the last.

        Raises:
            SpecInvalidError: a spec is broken: a list without it would hide it.
            ServerUnreachableError: `source` is `server`.
        """
        keep = has_all(domain=domain, owner=owner, tags=tags, catalog=catalog, schema=schema)
        return self._list(path, source, keep)

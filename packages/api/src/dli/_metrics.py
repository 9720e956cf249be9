"""Metrics from Python."""

from os import PathLike
from typing import Unpack, final

from dli._filters import ListFilters
from dli._resources import ResourceAPI
from dli_domain.model.spec import ResourceKind, ResourceSpec


@final
class MetricAPI(ResourceAPI):
    """Lists, reads, checks and runs metrics. Safe to use from several threads."""

    _kind = ResourceKind.METRIC

    def list_metrics(
        self,
        path: str | PathLike[str] | None = None,
        *,
        source: str | None = None,
        **filters: Unpack[ListFilters],
    ) -> list[ResourceSpec]:
        """The project's metrics that pass every filter, ordered by name.

        Args:
            path: Another project than the context's.
            source: Where specs are read, `local` or `server`; as the settings say unless given.
            filters: `domain`, `owner`, `tags` (all of them), `catalog`, `schema` of the name.

        Raises:
            SpecInvalidError: a spec is broken: a list without it would hide it.
            ServerError: the server failed, or none is configured.
        """
        return self._list(path, source, filters)

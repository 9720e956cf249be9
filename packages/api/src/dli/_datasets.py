"""Datasets from Python."""

from collections.abc import Mapping
from os import PathLike
from typing import Any, Unpack, final

from dli._filters import ListFilters
from dli._resources import ResourceAPI
from dli_domain.model.run import ExecutionResult
from dli_domain.model.spec import ResourceKind, ResourceSpec


@final
class DatasetAPI(ResourceAPI):
    """Lists, reads, checks and runs datasets. Safe to use from several threads."""

    _kind = ResourceKind.DATASET

    def list_datasets(
        self,
        path: str | PathLike[str] | None = None,
        *,
        source: str | None = None,
        **filters: Unpack[ListFilters],
    ) -> list[ResourceSpec]:
        """The project's datasets that pass every filter, ordered by name.

        Args:
            path: Another project than the context's.
            source: Where specs are read, `local` or `server`; as the settings say unless given.
            filters: `domain`, `owner`, `tags` (all of them), `catalog`, `schema` of the name.

        Raises:
            SpecInvalidError: a spec is broken: a list without it would hide it.
            ServerError: the server failed, or none is configured.
        """
        return self._list(path, source, filters)

    def run_sql(
        self,
        sql: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        dialect: str | None = None,
        timeout: int | None = None,
        max_bytes: int | None = None,
    ) -> ExecutionResult:
        """Run one statement that stands in no spec.

        It is a template like any spec's: `{{ name }}` places a value by its Python type,
        `METRIC(name)` and `ref()` work.

        Args:
            sql: The statement.
            parameters: The values that the template names.
            dialect: The language of `sql`; the project's default unless said.
            timeout: Seconds, 1 to 3600.
            max_bytes: Refuse, before submission, to read more.

        Raises:
            DliError: as in `run`.
        """
        # they render and write, which `from dli import DatasetAPI` must not pay for
        from dli._adhoc import AdHocSpecs  # noqa: PLC0415
        from dli._writing import writer_of  # noqa: PLC0415

        adhoc = AdHocSpecs(self._composed.specs_if_any, sql, parameters or {}, dialect)
        composed = self._composed.reading(adhoc)
        request = composed.request(
            adhoc.NAME, self._kind, parameters, timeout=timeout, max_bytes=max_bytes
        )
        return composed.run(request, writer_of(None, None), self._progress(adhoc.NAME))

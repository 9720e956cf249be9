"""A statement that stands in no file, as a spec among the project's specs."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, final

from dli_domain.errors import ParameterError
from dli_domain.model.names import ResourceName
from dli_domain.model.problems import Location
from dli_domain.model.spec import (
    ExecutionSpec,
    ParameterSpec,
    ParameterType,
    QueryType,
    ResourceKind,
    ResourceSpec,
    SqlSource,
)
from dli_domain.ports.spec_source import SpecListing, SpecSource

_HERE = Location("<sql>")
# In this order: a bool is an int, a datetime is a date.
_TYPES: Sequence[tuple[type, ParameterType]] = (
    (bool, ParameterType.BOOLEAN),
    (int, ParameterType.INTEGER),
    (float, ParameterType.FLOAT),
    (Decimal, ParameterType.DECIMAL),
    (datetime, ParameterType.TIMESTAMP),
    (date, ParameterType.DATE),
    (str, ParameterType.STRING),
)


@final
class AdHocSpecs(SpecSource):
    """The project's specs, and the dataset `sql` beside them.

    Raises:
        ParameterError: a value has a type that no parameter has.
    """

    NAME: ClassVar[str] = "sql"

    def __init__(
        self, specs: SpecSource, sql: str, parameters: Mapping[str, object], dialect: str | None
    ) -> None:
        self._specs = specs
        self._spec = ResourceSpec(
            kind=ResourceKind.DATASET,
            name=ResourceName.parse(self.NAME),
            owner="",
            team="",
            query_type=QueryType.SELECT,
            sql=SqlSource(text=sql, origin=_HERE),
            location=_HERE,
            parameters=tuple(_declared(name, value) for name, value in parameters.items()),
            execution=ExecutionSpec(dialect=dialect),
        )

    def get(self, name: str, kind: ResourceKind | None = None) -> ResourceSpec:
        if name == self.NAME and kind is ResourceKind.DATASET:
            return self._spec
        return self._specs.get(name, kind)

    def names(self, kind: ResourceKind | None = None) -> Sequence[str]:
        return self._specs.names(kind)

    def list(self, kind: ResourceKind | None = None) -> SpecListing:
        return self._specs.list(kind)


def _declared(name: str, value: object) -> ParameterSpec:
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        kinds = {_kind(name, item) for item in value}
        if len(kinds) > 1:
            raise ParameterError(f"parameter {name!r} is a list of {', '.join(sorted(kinds))}")
        items = next(iter(kinds), ParameterType.STRING)
        return ParameterSpec(name=name, type=ParameterType.LIST, items=items, location=_HERE)
    if value is None:
        return ParameterSpec(name=name, required=False, location=_HERE)
    return ParameterSpec(name=name, type=_kind(name, value), location=_HERE)


def _kind(name: str, value: object) -> ParameterType:
    for python_type, kind in _TYPES:
        if isinstance(value, python_type):
            return kind
    raise ParameterError(
        f"parameter {name!r} is a {type(value).__name__}, which has no place in SQL",
        hint="Give text, a number, a boolean, a date, a datetime, or a list of these.",
    )

from collections.abc import Sequence

from dli_adapters.memory.spec_source import MemorySpecSource
from dli_domain.model.names import ResourceName
from dli_domain.model.problems import Location
from dli_domain.model.spec import QueryType, ResourceKind, ResourceSpec, SqlSource
from dli_domain.ports.spec_source import SpecSource
from tests.contracts.spec_source_contract import SpecSourceContract


class TestMemorySpecSource(SpecSourceContract):
    def source(self, resources: Sequence[tuple[ResourceKind, str]]) -> SpecSource:
        return MemorySpecSource(
            _spec(number, kind, name) for number, (kind, name) in enumerate(resources, start=1)
        )


def _spec(line: int, kind: ResourceKind, name: str) -> ResourceSpec:
    place = Location("memory.yaml", line)
    return ResourceSpec(
        kind=kind,
        name=ResourceName.parse(name),
        owner="kim@example.com",
        team="@data",
        query_type=QueryType.SELECT if kind is ResourceKind.METRIC else QueryType.DML,
        sql=SqlSource(text=f"SELECT '{name}'", origin=place),
        location=place,
    )

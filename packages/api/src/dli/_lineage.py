"""`LineageAPI`: where data comes from and where it goes, read off the project's specs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from dli_domain.errors import ConfigError, ErrorCode
from dli_domain.model.lineage import ColumnEdge, LineageEdge, LineageNode, LineageView
from dli_domain.model.problems import Problem

if TYPE_CHECKING:
    from dli._context import ExecutionContext
    from dli_domain.usecases.trace_lineage import TraceLineage


class LineageDirection(StrEnum):
    """Which way to follow: what it is made of, what is made of it, or both."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageResult:
    """A part of the lineage around `root`, the node that was asked for.

    Upstream nodes have negative depths. `column_edges` tell how each column is made; `cycles`
    are paths whose last name is the first again; `problems` say what could not be read.
    """

    root: LineageNode
    nodes: tuple[LineageNode, ...]
    edges: tuple[LineageEdge, ...]
    column_edges: tuple[ColumnEdge, ...]
    cycles: tuple[tuple[str, ...], ...]
    problems: tuple[Problem, ...]
    direction: LineageDirection
    max_depth: int

    @property
    def total_upstream(self) -> int:
        """How many nodes it is made of."""
        return sum(node.depth < 0 for node in self.nodes)

    @property
    def total_downstream(self) -> int:
        """How many nodes are made of it."""
        return sum(node.depth > 0 for node in self.nodes)


class LineageAPI:
    """Reads the local specs; nothing runs and no socket opens.

    Args:
        context: Where the project is, and values of parameters.

    Raises:
        ConfigError: a configuration file or variable is wrong.
    """

    def __init__(self, context: "ExecutionContext | None" = None) -> None:
        # jinja2, YAML and sqlglot come with it: an import of this module must not pay for them
        from dli._compose import compose  # noqa: PLC0415

        self._composed = compose(context)

    def get_lineage(
        self,
        resource_name: str,
        direction: str = "both",
        depth: int = -1,
        *,
        column: str | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> LineageResult:
        """What a resource or a table is made of, and what is made of it.

        Args:
            resource_name: A resource, or a table that some SQL uses.
            direction: `upstream`, `downstream` or `both`.
            depth: The most steps away; -1 for all.
            column: Only the paths of this column.
            parameters: Values by name; what nobody gives has a sample value of its type.

        Raises:
            ConfigError: `direction` or `depth` is none.
            SpecNotFoundError: there is no such resource, table or column.
            SpecInvalidError: the spec of that name is broken.
        """
        if direction not in tuple(LineageDirection) or depth < -1:
            raise ConfigError(
                f"No lineage in direction {direction!r} with depth {depth}",
                code=ErrorCode.CONFIG_VALIDATION_FAILED,
                hint="direction is 'upstream', 'downstream' or 'both'; depth is -1 or more.",
            )
        trace = self._trace()
        view = trace(
            resource_name,
            column=column,
            upstream=direction != LineageDirection.DOWNSTREAM,
            downstream=direction != LineageDirection.UPSTREAM,
            depth=depth,
            parameters=parameters,
        )
        return _result(view, LineageDirection(direction), depth)

    def get_upstream(self, resource_name: str, depth: int = -1) -> LineageResult:
        """What it is made of; raises as `get_lineage`."""
        return self.get_lineage(resource_name, LineageDirection.UPSTREAM, depth)

    def get_downstream(self, resource_name: str, depth: int = -1) -> LineageResult:
        """What is made of it; raises as `get_lineage`."""
        return self.get_lineage(resource_name, LineageDirection.DOWNSTREAM, depth)

    def _trace(self) -> "TraceLineage":
        # as above: these are for those who ask
        from dli_adapters.yaml_specs.schema_snapshot import read_schema_snapshot  # noqa: PLC0415
        from dli_domain.usecases.trace_lineage import TraceLineage, schemas_of  # noqa: PLC0415

        composed = self._composed
        known, _ = read_schema_snapshot(str(composed.loaded.require_project()))
        return TraceLineage(
            render=composed.render,
            common=composed.settings.parameters,
            schemas=schemas_of(known),
        )


def _result(view: LineageView, direction: LineageDirection, depth: int) -> LineageResult:
    root = view.root
    if root is None:
        raise ValueError("a result is about one node")
    return LineageResult(
        root=view.node(root),
        nodes=view.nodes,
        edges=view.edges,
        column_edges=view.column_edges,
        cycles=view.cycles,
        problems=view.problems,
        direction=direction,
        max_depth=depth,
    )

"""Parts of a project's lineage: around one resource, or along one column."""

from collections.abc import Iterable
from dataclasses import replace

from dli_domain.errors import ErrorCode, SpecNotFoundError
from dli_domain.lineage.graph import distances
from dli_domain.lineage.project import ProjectLineage
from dli_domain.model.lineage import ColumnEdge, LineageNode, LineageView
from dli_domain.model.names import did_you_mean

# A node and a column of it.
_Point = tuple[str, str]


def whole_view(project: ProjectLineage) -> LineageView:
    """All of it; depths are 0."""
    return LineageView(
        root=None,
        nodes=tuple(sorted(project.nodes.values(), key=_by_place)),
        edges=project.edges,
        column_edges=tuple(sorted(project.column_edges, key=_by_ends)),
        cycles=project.cycles,
        problems=tuple(project.problems),
    )


def view_of(
    project: ProjectLineage,
    root: str,
    *,
    column: str | None = None,
    upstream: bool = True,
    downstream: bool = True,
    depth: int = -1,
) -> LineageView:
    """What `root` is made of and what is made of it.

    Args:
        project: The project's lineage.
        root: A node's name, in any case.
        column: Keep only the paths of this column of the root, in any case.
        upstream: Show where it comes from.
        downstream: Show where it goes.
        depth: The most steps away; negative for all.

    Raises:
        SpecNotFoundError: DLI-103, there is no such node, or the root has no such column.
    """
    node = _found(project, root)
    depths = _depths(project, node.name, upstream=upstream, downstream=downstream, depth=depth)
    column_edges: Iterable[ColumnEdge] = [
        one for one in project.column_edges if one.source in depths and one.target in depths
    ]
    if column is not None:
        column = _column(node, column)
        paths = _Paths(column_edges)
        column_edges = paths.along((node.name, column), upstream=upstream, downstream=downstream)
        on_path = {node.name, *(n for one in column_edges for n in (one.source, one.target))}
        depths = {name: steps for name, steps in depths.items() if name in on_path}
    nodes = [replace(project.nodes[name], depth=steps) for name, steps in depths.items()]
    problems = [one.problem for one in nodes if one.problem is not None]
    return LineageView(
        root=node.name,
        column=column,
        nodes=tuple(sorted(nodes, key=_by_place)),
        edges=tuple(e for e in project.edges if e.source in depths and e.target in depths),
        column_edges=tuple(sorted(column_edges, key=_by_ends)),
        cycles=tuple(one for one in project.cycles if any(name in depths for name in one)),
        problems=tuple(dict.fromkeys(problems)),
    )


def _found(project: ProjectLineage, root: str) -> LineageNode:
    node = project.nodes.get(root)
    if node is None:
        same = [name for name in project.nodes if name.lower() == root.lower()]
        node = project.nodes[same[0]] if len(same) == 1 else None
    if node is None:
        raise SpecNotFoundError(
            f"There is no resource and no table {root!r}",
            code=ErrorCode.TABLE_NOT_FOUND,
            hint=did_you_mean(root, project.nodes) or "Run 'dli dataset list' to see the names.",
        )
    return node


def _column(node: LineageNode, wanted: str) -> str:
    for one in node.columns:
        if one.name.lower() == wanted.lower():
            return one.name
    if node.columns_known:
        raise SpecNotFoundError(
            f"{node.name!r} has no column {wanted!r}",
            code=ErrorCode.TABLE_NOT_FOUND,
            hint=did_you_mean(wanted, [one.name for one in node.columns])
            or f"It has {', '.join(one.name for one in node.columns) or 'none'}.",
        )
    return wanted


def _depths(
    project: ProjectLineage, root: str, *, upstream: bool, downstream: bool, depth: int
) -> dict[str, int]:
    sources: dict[str, set[str]] = {}
    readers: dict[str, set[str]] = {}
    for edge in project.edges:
        sources.setdefault(edge.target, set()).add(edge.source)
        readers.setdefault(edge.source, set()).add(edge.target)
    found = {root: 0}
    if downstream:
        found |= distances(root, readers, depth)
    if upstream:
        for name, steps in distances(root, sources, depth).items():
            if name not in found or steps < found[name]:
                found[name] = -steps
    return found


class _Paths:
    """The ways from column to column."""

    def __init__(self, edges: Iterable[ColumnEdge]) -> None:
        self._into: dict[_Point, list[ColumnEdge]] = {}
        self._out: dict[_Point, list[ColumnEdge]] = {}
        self._filters: dict[str, list[ColumnEdge]] = {}
        for edge in edges:
            if edge.target_column is None:
                self._filters.setdefault(edge.target, []).append(edge)
            else:
                point = (edge.target, edge.target_column.lower())
                self._into.setdefault(point, []).append(edge)
            if edge.source_column is not None:
                point = (edge.source, edge.source_column.lower())
                self._out.setdefault(point, []).append(edge)

    def along(self, start: _Point, *, upstream: bool, downstream: bool) -> list[ColumnEdge]:
        """Every edge on a path of the column, and the filters on what it is made by.

        A filter is shown and not followed: it decides about rows, it gives no value.
        """
        point = (start[0], start[1].lower())
        found: dict[int, ColumnEdge] = {}
        if upstream:
            for edge in self._upstream(point):
                found[id(edge)] = edge
        if downstream:
            for edge in self._downstream(point):
                found[id(edge)] = edge
        return list(found.values())

    def _upstream(self, point: _Point) -> Iterable[ColumnEdge]:
        seen, queue = {point}, [point]
        makers: set[str] = set()
        for here in queue:
            steps = self._into.get(here, ())
            yield from steps
            if here[0] not in makers:
                makers.add(here[0])
                yield from self._filters.get(here[0], ())
            for edge in steps:
                if edge.source_column is not None:
                    _visit((edge.source, edge.source_column.lower()), seen, queue)

    def _downstream(self, point: _Point) -> Iterable[ColumnEdge]:
        seen, queue = {point}, [point]
        for here in queue:
            for edge in self._out.get(here, ()):
                yield edge
                if edge.target_column is not None:
                    _visit((edge.target, edge.target_column.lower()), seen, queue)


def _visit(point: _Point, seen: set[_Point], queue: list[_Point]) -> None:
    if point not in seen:
        seen.add(point)
        queue.append(point)


def _by_place(node: LineageNode) -> tuple[int, str]:
    return (node.depth, node.name)


def _by_ends(edge: ColumnEdge) -> tuple[str, str, str, str, str]:
    return (
        edge.target,
        edge.target_column or "",
        edge.source,
        edge.source_column or "",
        edge.making,
    )

"""Lineage as a text tree that fits a terminal."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from rich.cells import cell_len

from dli_cli.grid import fitted
from dli_cli.lineage.words import counts, edge_note, how, remarks
from dli_cli.text import safe_line
from dli_domain.model.lineage import ColumnEdge, LineageNode, LineageView, Making

_END = (Making.FILTER, Making.DECLARED)


@dataclass(frozen=True, slots=True)
class _Branch:
    """A line below another. `name` is what must never be cut; `facts` may be."""

    item: object
    name: str
    facts: str


_Point = tuple[str, str | None]
Branches = Callable[[object], Sequence[_Branch]]


def lines(view: LineageView, width: int | None) -> Iterator[str]:
    """The tree around the root of the view, within `width` columns where the names allow it."""
    if view.root is None:
        raise ValueError("a tree needs a root")
    nodes = {node.name: node for node in view.nodes}
    root = nodes[view.root]
    if view.column is not None:
        yield from _column_tree(view, root, view.column, width)
    else:
        yield from _table_tree(view, nodes, root, width)
        yield from _columns(view, root, width)
    told = [safe_line(remark) for remark in remarks(root)]
    if told:
        yield ""
        yield "remarks"
    for remark in told:
        yield from wrap(remark, width or 1000, initial_indent="  ", subsequent_indent="    ")
    yield ""
    yield counts(view)


def _table_tree(
    view: LineageView, nodes: Mapping[str, LineageNode], root: LineageNode, width: int | None
) -> Iterator[str]:
    before: dict[str, list[_Branch]] = defaultdict(list)
    after: dict[str, list[_Branch]] = defaultdict(list)
    for edge in view.edges:
        note = f", {edge_note(edge)}" if edge_note(edge) else ""
        source, target = nodes[edge.source], nodes[edge.target]
        before[edge.target].append(_Branch(edge.source, edge.source, _facts(source) + note))
        after[edge.source].append(_Branch(edge.target, edge.target, _facts(target) + note))
    yield _line("", root.name, _facts(root), width)
    for heading, branches in (("upstream", before), ("downstream", after)):
        if branches[root.name]:
            yield ""
            yield heading
            yield from _grown(root.name, lambda item, b=branches: b[item], width)  # type: ignore[misc]


def _facts(node: LineageNode) -> str:
    known = [node.type.value.lower(), node.team]
    if node.problem is not None:
        known.append(f"unknown: {node.problem.message}")
    elif not node.columns_known and not node.is_external:
        known.append("some columns unknown")
    return ", ".join(part for part in known if part)


def _grown(root: object, branches: Branches, width: int | None) -> Iterator[str]:
    """The lines below a root. What has branches is followed once; a path never meets itself."""
    followed: set[object] = set()

    def grow(item: object, indent: str, path: tuple[object, ...]) -> Iterator[str]:
        below = branches(item)
        for place, branch in enumerate(below):
            last = place == len(below) - 1
            facts, deeper = branch.facts, bool(branches(branch.item))
            if branch.item in path:
                facts, deeper = f"{facts}, a cycle", False
            elif branch.item in followed and deeper:
                facts, deeper = f"{facts}, see above", False
            yield _line(f"{indent}{'└─ ' if last else '├─ '}", branch.name, facts, width)
            if deeper:
                followed.add(branch.item)
                yield from grow(
                    branch.item, f"{indent}{'   ' if last else '│  '}", (*path, branch.item)
                )

    yield from grow(root, "", (root,))


def _line(before: str, name: str, facts: str, width: int | None) -> str:
    text = f"{before}{safe_line(name)}"
    room = None if width is None else width - cell_len(text) - 2
    told = safe_line(facts)
    if room is not None and cell_len(told) > room:
        if room < _SHORTEST_FACT:
            return text
        told = fitted(told, room).rstrip()
    return f"{text}  {told}".rstrip()


_SHORTEST_FACT = 8


def _columns(view: LineageView, root: LineageNode, width: int | None) -> Iterator[str]:
    """How each column of the root is made, and what decides about its rows."""
    into: dict[str | None, list[ColumnEdge]] = defaultdict(list)
    for edge in view.column_edges:
        if edge.target == root.name:
            into[_lower(edge.target_column)].append(edge)
    if root.is_external or not (root.columns or into):
        return
    yield ""
    yield "columns"
    longest = max((cell_len(safe_line(c.name)) for c in root.columns), default=0)
    word = max((len(c.making.value) for c in root.columns), default=0)
    for column in root.columns:
        name = safe_line(column.name)
        head = f"  {name}{' ' * (longest - cell_len(name))}  {column.making.value:<{word}}  "
        yield from _listed(
            head, [_source(e, column.making) for e in into[_lower(column.name)]], width
        )
    whole, deciding = _apart(into[None])
    if not root.columns_known:
        yield from _listed(_MORE_COLUMNS + (", from " if whole else ""), whole, width)
    if deciding:
        yield ""
        yield "rows are decided by"
        yield from _deciders(deciding, width)


_MORE_COLUMNS = "  and more columns, not known which"


def _apart(edges: Sequence[ColumnEdge]) -> tuple[list[str], list[ColumnEdge]]:
    """The tables whose stars give columns that nobody knows, and what decides about the rows."""
    stars = [edge for edge in edges if edge.making is Making.UNKNOWN and not edge.clauses]
    tables = dict.fromkeys(safe_line(edge.source) for edge in stars)
    return list(tables), [edge for edge in edges if edge not in stars]


def _deciders(edges: Sequence[ColumnEdge], width: int | None) -> Iterator[str]:
    rows: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        doubt = "unknown: " if edge.making is Making.UNKNOWN else ""
        rows[doubt + (", ".join(edge.clauses) or edge.making.value)].append(
            _source(edge, edge.making)
        )
    longest = max(map(len, rows))
    for use, sources in sorted(rows.items()):
        yield from _listed(f"  {use:<{longest}}  ", sources, width)


def _source(edge: ColumnEdge, usual: Making) -> str:
    name = f"{edge.source}.{edge.source_column or '(some column)'}"
    return safe_line(name if edge.making is usual else f"{name} ({how(edge)})")


def _listed(head: str, names: Sequence[str], width: int | None) -> Iterator[str]:
    """The names after the head, on more lines where one is too narrow."""
    if not names:
        yield head.rstrip()
        return
    indent, line = " " * cell_len(head), head
    for place, name in enumerate(names):
        text = name if place == len(names) - 1 else f"{name}, "
        full = width is not None and cell_len(line) + cell_len(text.rstrip()) > width
        if full and line not in (head, indent):
            yield line.rstrip()
            line = indent
        line += text
    yield line.rstrip()


def _column_tree(
    view: LineageView, root: LineageNode, column: str, width: int | None
) -> Iterator[str]:
    before: dict[_Point, list[_Branch]] = defaultdict(list)
    after: dict[_Point, list[_Branch]] = defaultdict(list)
    deciding: dict[str, list[ColumnEdge]] = defaultdict(list)
    external = {node.name for node in view.nodes if node.is_external}
    for edge in view.column_edges:
        source, target = (edge.source, edge.source_column), (edge.target, edge.target_column)
        outside = ", external" if edge.source in external else ""
        if edge.target_column is None and edge.source != root.name:
            deciding[edge.target].append(edge)
        else:
            before[_point(target)].append(_column_branch(source, edge, outside))
        after[_point(source)].append(_column_branch(target, edge, ""))
    making = next((c.making.value for c in root.columns if c.name == column), "")
    yield _line("", f"{root.name}.{column}", "" if root.is_external else making, width)
    start = _point((root.name, column))
    for heading, branches in (("made from", before), ("used by", after)):
        if branches[start]:
            yield ""
            yield heading
            yield from _grown(start, lambda item, b=branches: b.get(item, ()), width)  # type: ignore[misc]
    for table, edges in sorted(deciding.items()):
        yield ""
        yield f"rows of {safe_line(table)} are decided by"
        yield from _deciders(edges, width)


def _column_branch(end: _Point, edge: ColumnEdge, note: str) -> _Branch:
    table, column = end
    if column is not None:
        name = f"{table}.{column}"
    else:
        name = f"{table} (its rows)" if edge.clauses else f"{table} (some column)"
    # What only decides about rows ends the way: the branch is no key of the tree.
    item: object = ("end", *end) if edge.making in _END else _point(end)
    return _Branch(item, name, how(edge) + note)


def _point(end: _Point) -> _Point:
    return end[0], _lower(end[1])


def _lower(column: str | None) -> str | None:
    return None if column is None else column.lower()

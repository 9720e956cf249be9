"""Orders and circles of a directed graph of names."""

from collections.abc import Iterable, Mapping, Sequence


def layers(edges: Mapping[str, Iterable[str]], names: Iterable[str]) -> list[list[str]]:
    """The strongly connected groups of names, sources before what reads them.

    `edges` lead from a name to its sources. A group of one is no circle. Deep graphs are no
    matter: nothing recurses.
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    open_names: list[str] = []
    is_open: set[str] = set()
    groups: list[list[str]] = []
    for root in names:
        if root in index:
            continue
        work: list[tuple[str, list[str]]] = []

        def enter(name: str, work: list[tuple[str, list[str]]] = work) -> None:
            index[name] = low[name] = len(index)
            open_names.append(name)
            is_open.add(name)
            work.append((name, sorted(edges.get(name, ()), reverse=True)))

        enter(root)
        while work:
            name, left = work[-1]
            if left:
                source = left.pop()
                if source not in index:
                    enter(source)
                elif source in is_open:
                    low[name] = min(low[name], index[source])
                continue
            work.pop()
            if work:
                above = work[-1][0]
                low[above] = min(low[above], low[name])
            if low[name] == index[name]:
                groups.append(_popped(open_names, is_open, name))
    return groups


def _popped(open_names: list[str], is_open: set[str], name: str) -> list[str]:
    at = open_names.index(name)
    group = open_names[at:]
    del open_names[at:]
    is_open.difference_update(group)
    return sorted(group)


def cycle_in(group: Sequence[str], downstream: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """A shortest circle through the first name of a group, that name at both ends."""
    start, inside = group[0], set(group)
    before: dict[str, str] = {}
    queue = [start]
    for name in queue:
        for reader in sorted(downstream.get(name, ())):
            if reader == start:
                path = [name]
                while path[-1] != start:
                    path.append(before[path[-1]])
                return (*reversed(path), start)
            if reader in inside and reader not in before:
                before[reader] = name
                queue.append(reader)
    return ()


def distances(start: str, edges: Mapping[str, Iterable[str]], depth: int) -> dict[str, int]:
    """The steps from `start` to each name within `depth`; a negative depth is no limit."""
    found = {start: 0}
    queue = [start]
    for name in queue:
        steps = found[name]
        if 0 <= depth <= steps:
            continue
        for other in sorted(edges.get(name, ())):
            if other not in found:
                found[other] = steps + 1
                queue.append(other)
    return found

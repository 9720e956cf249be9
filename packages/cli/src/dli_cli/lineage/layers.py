"""Which layer each node of a graph stands in, and in which order: sources left, users right."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Edge = tuple[int, int]

_SWEEPS = 8
# Bends keep long edges out of the boxes; a graph that would need more of them is drawn without.
_MOST_BENDS = 30_000


@dataclass(frozen=True, slots=True)
class Layers:
    """Nodes by layer, top to bottom.

    Items from the number of nodes on are bends of long edges. `routes` gives each edge's items
    from left to right: an edge that closes a cycle runs backwards and its route starts at its
    target. `backwards` holds those edges.
    """

    layers: tuple[tuple[int, ...], ...]
    routes: Mapping[Edge, tuple[int, ...]]
    backwards: frozenset[Edge]


def layered(count: int, edges: Sequence[Edge]) -> Layers:
    """The layers of a graph of `count` nodes. The same graph always gives the same layers."""
    straight = [edge for edge in dict.fromkeys(edges) if edge[0] != edge[1]]
    backwards = _closing_cycles(count, straight)
    forward = [(b, a) if (a, b) in backwards else (a, b) for a, b in straight]
    ranks = _ranks(count, forward)
    paths = _with_bends(count, forward, ranks)
    order = _ordered(count, ranks, paths)
    routes = {edge: tuple(path) for edge, path in zip(straight, paths, strict=True)}
    routes |= {edge: (edge[0],) for edge in edges if edge[0] == edge[1]}
    return Layers(order, routes, backwards | {edge for edge in edges if edge[0] == edge[1]})


def _closing_cycles(count: int, edges: Sequence[Edge]) -> frozenset[Edge]:
    """The edges that a walk finds to lead back to where it came from."""
    after: dict[int, list[int]] = defaultdict(list)
    for source, target in edges:
        after[source].append(target)
    closing: set[Edge] = set()
    state = [0] * count
    for start in range(count):
        walk = [] if state[start] else [(start, iter(after[start]))]
        state[start] = state[start] or 1
        while walk:
            node, targets = walk[-1]
            for target in targets:
                if state[target] == 1:
                    closing.add((node, target))
                elif not state[target]:
                    state[target] = 1
                    walk.append((target, iter(after[target])))
                    break
            else:
                state[node] = 2
                walk.pop()
    return frozenset(closing)


def _ranks(count: int, edges: Sequence[Edge]) -> list[int]:
    """The longest way to each node, then every source as near to its users as it can be."""
    after: dict[int, list[int]] = defaultdict(list)
    waiting = [0] * count
    for source, target in edges:
        after[source].append(target)
        waiting[target] += 1
    ranks = [0] * count
    ready = [node for node in range(count) if not waiting[node]]
    done = []
    while ready:
        node = ready.pop()
        done.append(node)
        for target in after[node]:
            ranks[target] = max(ranks[target], ranks[node] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    has_source = {target for _, target in edges}
    for node in reversed(done):
        if node not in has_source and after[node]:
            ranks[node] = min(ranks[target] for target in after[node]) - 1
    return ranks


def _with_bends(count: int, edges: Sequence[Edge], ranks: Sequence[int]) -> list[list[int]]:
    """Each edge as items, one a layer; the bends' numbers go on after the nodes'."""
    needed = sum(ranks[target] - ranks[source] - 1 for source, target in edges)
    if needed > _MOST_BENDS:
        return [[source, target] for source, target in edges]
    paths, fresh = [], count
    for source, target in edges:
        bends = ranks[target] - ranks[source] - 1
        paths.append([source, *range(fresh, fresh + bends), target])
        fresh += bends
    return paths


def _ordered(
    count: int, ranks: Sequence[int], paths: Sequence[Sequence[int]]
) -> tuple[tuple[int, ...], ...]:
    """Each layer in an order with few crossings: by the middle of the neighbours, back and forth."""
    layers: list[list[int]] = [[] for _ in range(max(ranks, default=-1) + 1)]
    for node in range(count):
        layers[ranks[node]].append(node)
    before: dict[int, list[int]] = defaultdict(list)
    after: dict[int, list[int]] = defaultdict(list)
    for path in paths:
        for step, item in enumerate(path):
            if item >= count:
                layers[ranks[path[0]] + step].append(item)
        for left, right in pairwise(path):
            after[left].append(right)
            before[right].append(left)
    places = [0.0] * (max(map(max, layers), default=-1) + 1)
    for layer in layers:
        _take_places(layer, places)
    for sweep in range(_SWEEPS):
        back = bool(sweep % 2)
        neighbours = after if back else before
        for layer in reversed(layers) if back else layers:
            layer.sort(key=lambda item: _middle(item, neighbours, places))
            _take_places(layer, places)
    return tuple(tuple(layer) for layer in layers)


def _take_places(layer: Sequence[int], places: list[float]) -> None:
    for place, item in enumerate(layer):
        places[item] = (place + 0.5) / len(layer)


def _middle(item: int, neighbours: Mapping[int, Sequence[int]], places: Sequence[float]) -> float:
    near = neighbours.get(item, ())
    return sum(places[other] for other in near) / len(near) if near else places[item]

"""Laws of the layers, for any graph."""

from hypothesis import given
from hypothesis import strategies as st

from dli_cli.lineage.layers import layered

Graph = tuple[int, list[tuple[int, int]]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    count = draw(st.integers(0, 25))
    if not count:
        return 0, []
    node = st.integers(0, count - 1)
    return count, draw(st.lists(st.tuples(node, node), max_size=60))


@given(graphs())
def test_every_node_stands_once_and_every_edge_goes_right_or_closes_a_cycle(graph: Graph) -> None:
    count, edges = graph
    found = layered(count, edges)
    rank = {item: place for place, layer in enumerate(found.layers) for item in layer}
    placed = [item for layer in found.layers for item in layer]
    assert len(placed) == len(set(placed))
    assert set(range(count)) <= set(placed)
    for source, target in edges:
        if (source, target) in found.backwards:
            assert rank[source] >= rank[target]
        else:
            assert rank[source] < rank[target]


@given(graphs())
def test_every_route_takes_one_item_of_each_layer_between(graph: Graph) -> None:
    count, edges = graph
    found = layered(count, edges)
    rank = {item: place for place, layer in enumerate(found.layers) for item in layer}
    for source, target in edges:
        route = found.routes[source, target]
        ends = (target, source) if (source, target) in found.backwards else (source, target)
        assert (route[0], route[-1]) == ends
        assert [rank[item] for item in route] == list(range(rank[route[0]], rank[route[-1]] + 1))
        assert all(item >= count for item in route[1:-1])


@given(graphs())
def test_only_edges_of_cycles_run_backwards(graph: Graph) -> None:
    count, edges = graph
    reach = {node: {node} for node in range(count)}
    for _ in range(count):
        for source, target in edges:
            reach[source] |= reach[target]
    for source, target in layered(count, edges).backwards:
        assert source in reach[target]


def test_a_source_stands_next_to_its_first_user() -> None:
    found = layered(4, [(0, 1), (1, 2), (3, 2)])
    assert found.layers == ((0,), (1, 3), (2,))


def test_a_chain_of_ten_thousand_has_as_many_layers() -> None:
    found = layered(10_000, [(n, n + 1) for n in range(9_999)])
    assert len(found.layers) == 10_000

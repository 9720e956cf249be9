"""The forms of one view, as people and programs read them."""

import json

from rich.cells import cell_len
from syrupy.assertion import SnapshotAssertion

from dli_cli.lineage import dot, mermaid, tree
from dli_cli.lineage.document import fields
from dli_cli.output import plain
from dli_domain.model.lineage import LineageEdge, LineageNode, LineageView, Making, NodeType
from tests.cli.conftest import Pages
from tests.cli.lineage.views import (
    DAILY,
    HOSTILE,
    ORDERS,
    RAW,
    REVENUE,
    circle,
    flow,
    hostile,
    large,
    shop,
)


def test_a_tree_of_tables(snapshot: SnapshotAssertion) -> None:
    assert "\n".join(tree.lines(shop(), 80)) == snapshot(extension_class=Pages)


def test_a_star_over_an_unknown_table_decides_no_rows() -> None:
    view = LineageView(
        root="m",
        nodes=(
            LineageNode(name="m", type=NodeType.DATASET, columns_known=False),
            LineageNode(name="raw.t", type=NodeType.EXTERNAL, depth=-1),
        ),
        column_edges=(flow("raw.t.*", "m.*", Making.UNKNOWN),),
    )
    said = list(tree.lines(view, 80))
    assert "  and more columns, not known which, from raw.t" in said
    assert "rows are decided by" not in said


def test_a_tree_of_one_column(snapshot: SnapshotAssertion) -> None:
    assert "\n".join(tree.lines(shop(column="sales"), 80)) == snapshot(extension_class=Pages)


def test_a_tree_of_a_cycle_ends(snapshot: SnapshotAssertion) -> None:
    assert "\n".join(tree.lines(circle(), 80)) == snapshot(extension_class=Pages)


def test_a_flowchart_of_tables_and_of_a_column(snapshot: SnapshotAssertion) -> None:
    assert "\n".join(mermaid.lines(shop())) == snapshot(extension_class=Pages)
    assert "\n".join(mermaid.lines(shop(column="sales"))) == snapshot(extension_class=Pages)


def test_a_graph_of_tables_and_of_a_column(snapshot: SnapshotAssertion) -> None:
    assert "\n".join(dot.lines(shop())) == snapshot(extension_class=Pages)
    assert "\n".join(dot.lines(shop(column="sales"))) == snapshot(extension_class=Pages)


def test_a_tree_keeps_within_the_screen_where_names_allow_it() -> None:
    for width in (60, 80, 100):
        assert all(cell_len(line) <= width for line in tree.lines(shop(), width))


def test_a_tree_cuts_no_name_and_shows_each_branch_once() -> None:
    view = large(200)
    lines = list(tree.lines(view, 40))
    assert any(node.name in lines[0] for node in view.nodes)
    # The paths of such a graph are millions; its tree is no longer than its edges.
    assert len(lines) < 2 * len(view.edges) + 40


def test_a_table_that_is_met_again_points_up() -> None:
    names = ("a", "b", "c", "d", "e")
    ends = (("e", "d"), ("d", "b"), ("d", "c"), ("b", "a"), ("c", "a"))
    view = LineageView(
        root="a",
        nodes=tuple(LineageNode(name=name, type=NodeType.DATASET) for name in names),
        edges=tuple(LineageEdge(source=source, target=target) for source, target in ends),
    )
    assert [line for line in tree.lines(view, 80) if "─" in line] == [
        "├─ b  dataset",
        "│  └─ d  dataset",
        "│     └─ e  dataset",
        "└─ c  dataset",
        "   └─ d  dataset, see above",
    ]


def test_the_document_has_the_keys_that_its_users_know() -> None:
    found = json.loads(json.dumps(fields(shop()), default=plain))
    assert found["root"] == DAILY
    by_name = {node["name"]: node for node in found["nodes"]}
    assert set(by_name[ORDERS]) >= {
        "name",
        "type",
        "owner",
        "team",
        "description",
        "tags",
        "depth",
    }
    assert (by_name[ORDERS]["depth"], by_name[REVENUE]["depth"]) == (-1, 1)
    # Nobody here knows how the columns of an external table are made.
    assert {column["making"] for column in by_name[RAW]["columns"]} == {None}
    assert by_name[ORDERS]["columns"][0]["making"] == "copied"
    assert by_name[ORDERS]["type"] == "Dataset"
    assert {"source": ORDERS, "target": DAILY} in [
        {key: edge[key] for key in ("source", "target")} for edge in found["edges"]
    ]
    assert {
        "source": ORDERS,
        "source_column": "segment",
        "target": DAILY,
        "target_column": None,
        "making": "filter",
        "clauses": ["group"],
    } in found["column_edges"]


def test_no_name_leaves_its_quotes() -> None:
    flowchart = list(mermaid.lines(hostile()))
    boxes = [line for line in flowchart if line.startswith("  n") and "-->" not in line]
    assert len(boxes) == len(HOSTILE)
    assert all(line.count('"') == 2 for line in boxes)
    assert not any(char in line for line in boxes for char in "<>`\\\x1b\u202e\u2028")
    for line in dot.lines(hostile()):
        inside = line.replace("\\\\", "").replace('\\"', "")
        assert inside.count('"') % 2 == 0
        assert line.isprintable()
    assert all(line.isprintable() for line in tree.lines(hostile(), 80))

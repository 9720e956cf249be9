"""LineageAPI on a real project."""

from pathlib import Path

import pytest

from dli import ConfigError, ExecutionContext, LineageAPI, LineageResult, SpecNotFoundError

SPEC = "name: {name}\nowner: kim@example.com\nteam: '@data'\nquery_statement: |\n  {sql}\n"


@pytest.fixture
def api(tmp_path: Path) -> LineageAPI:
    root = tmp_path / "shop"
    (root / "datasets").mkdir(parents=True)
    (root / "dli.yaml").write_text("project: {name: shop}\n", encoding="utf-8")
    for name, sql in (
        ("lake.a", "SELECT x, y FROM raw.t"),
        ("lake.b", "SELECT x, sum(y) AS y FROM lake.a GROUP BY x"),
        ("lake.c", "SELECT y FROM lake.b"),
    ):
        path = root / "datasets" / f"dataset.{name}.yaml"
        path.write_text(SPEC.format(name=name, sql=sql), encoding="utf-8")
    return LineageAPI(context=ExecutionContext(project_path=root))


def depths(result: LineageResult) -> dict[str, int]:
    return {node.name: node.depth for node in result.nodes}


def test_lineage_goes_both_ways_with_negative_depths_upstream(api: LineageAPI) -> None:
    result = api.get_lineage("lake.b")
    assert depths(result) == {"raw.t": -2, "lake.a": -1, "lake.b": 0, "lake.c": 1}
    assert (result.root.name, result.direction, result.max_depth) == ("lake.b", "both", -1)
    assert (result.total_upstream, result.total_downstream) == (2, 1)
    assert ("lake.a", "y", "y", "aggregated") in [
        (e.source, e.source_column, e.target_column, e.making) for e in result.column_edges
    ]


def test_a_direction_and_a_depth_choose_a_part(api: LineageAPI) -> None:
    assert depths(api.get_upstream("lake.b", 1)) == {"lake.a": -1, "lake.b": 0}
    assert depths(api.get_downstream("raw.t")) == {
        "raw.t": 0,
        "lake.a": 1,
        "lake.b": 2,
        "lake.c": 3,
    }
    assert depths(api.get_lineage("lake.c", "upstream", 0)) == {"lake.c": 0}


def test_one_column(api: LineageAPI) -> None:
    result = api.get_lineage("lake.c", "upstream", column="y")
    assert {(e.source, e.source_column) for e in result.column_edges if e.target_column} == {
        ("lake.b", "y"),
        ("lake.a", "y"),
        ("raw.t", "y"),
    }


def test_what_cannot_be_meant_is_refused(api: LineageAPI) -> None:
    with pytest.raises(SpecNotFoundError, match="zzz"):
        api.get_lineage("lake.zzz")
    with pytest.raises(ConfigError, match="sideways"):
        api.get_lineage("lake.a", "sideways")
    with pytest.raises(ConfigError, match="depth -5"):
        api.get_upstream("lake.a", -5)

"""A server on a project of its own, shared by the tests of a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.projects import write_dataset, write_metric, write_project
from tests.server.fixtures import RunningServer, running_server

ORDERS = """\
name: shop.mart.orders
owner: kim@example.com
team: "@shop"
type: Dataset
query_type: SELECT
tags: [daily, shop]
description: 주문
depends_on: [shop.raw.orders]
query_file: sql/orders.sql
"""
BUYERS = """\
name: shop.kpi.buyers
owner: lee@example.com
team: "@shop"
type: Metric
query_statement: SELECT count(*) AS buyers FROM shop.mart.orders
metrics:
  - {name: buyers, aggregation: count, expression: "*"}
"""
QUALITY = """\
version: 1
target: {type: dataset, name: shop.mart.orders}
metadata: {owner: kim@example.com, team: "@shop", tags: [daily]}
tests:
  - {name: id_there, type: not_null, column: id}
  - {name: some, type: singular, file: sql/some.sql}
"""


def write_shop(root: Path) -> Path:
    """A project with a dataset, a metric and quality tests, in several files."""
    write_project(root)
    write_dataset(root, "shop.mart.orders", ORDERS)
    (root / "datasets" / "sql").mkdir(exist_ok=True)
    (root / "datasets" / "sql" / "orders.sql").write_text("SELECT 1 AS id, '가' AS name\n")
    write_metric(root, "shop.kpi.buyers", BUYERS)
    (root / "sql").mkdir(exist_ok=True)
    (root / "sql" / "some.sql").write_text("SELECT * FROM {{ target }} WHERE id < 0\n")
    (root / "quality.shop.mart.orders.yaml").write_text(QUALITY)
    return root


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server over the shop."""
    with running_server(write_shop(tmp_path_factory.mktemp("shop") / "project")) as server:
        yield server


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server over a project without specs."""
    root = tmp_path_factory.mktemp("empty") / "project"
    root.mkdir()
    (root / "dli.yaml").write_text(
        'version: "1"\ndefaults: {dialect: duckdb}\nlocal: {engine: duckdb}\n'
    )
    with running_server(root) as server:
        yield server

"""Small projects that tests write into an empty folder."""

from pathlib import Path

SEED_NAMES = ("my_dataset", "test_dataset", "test.schema.dataset")

DLI_YAML = """\
version: "1"
project: {name: seed}
defaults: {dialect: duckdb}
local:
  engine: duckdb
"""

SEED_SPEC = """\
name: NAME
owner: kim@example.com
team: "@seed"
type: Dataset
query_type: SELECT
tags: [daily, seed]
domains: [shop]
parameters:
  - {name: date, type: date, required: false, default: "2024-12-31"}
query_statement: |
  SELECT 1 AS id, DATE '{{ date }}' AS d
"""


def write_project(root: Path, *, dli_yaml: str = DLI_YAML) -> Path:
    """A project whose datasets have the names of the contract's examples."""
    (root / "datasets").mkdir(parents=True, exist_ok=True)
    (root / "dli.yaml").write_text(dli_yaml)
    for name in SEED_NAMES:
        write_dataset(root, name, SEED_SPEC.replace("NAME", name))
    return root


def write_dataset(root: Path, name: str, text: str) -> None:
    (root / "datasets" / f"dataset.{name}.yaml").write_text(text)


def write_metric(root: Path, name: str, text: str) -> None:
    (root / "metrics").mkdir(exist_ok=True)
    (root / "metrics" / f"metric.{name}.yaml").write_text(text)

"""The files of a new project: it runs at once on DuckDB, with data of its own."""

import json
from collections.abc import Mapping

DATASET = "demo.daily_clicks"
METRIC = "demo.clicks_per_user"

_PROJECT = """\
version: "1"
project:
  name: {name}

# The language your SQL is written in. It may differ from the engine below.
defaults:
  dialect: duckdb

local:
  engine: duckdb
  duckdb:
    path: ":memory:"
    # Files that look like tables: name in SQL, path from this folder.
    sources:
      raw.visits: data/clicks.csv
"""

_DATASET = """\
name: demo.daily_clicks
owner: you@example.com
team: "@data"
type: Dataset
query_type: SELECT
description: Clicks and users of each day
tags: [demo, daily]
parameters:
  - name: from_day
    type: date
    required: false
    default: 2025-01-01
    description: The first day
  - name: pages
    type: list
    items: string
    required: false
    default: [home, search, 상품]
    description: Which pages count
query_file: daily_clicks.sql
"""

_DATASET_SQL = """\
SELECT
    day,
    sum(clicks) AS click_count,
    sum(users) AS unique_users,
    round(sum(orders) / sum(clicks), 4) AS conversion_rate
FROM raw.visits
WHERE day >= {{ from_day }}
  AND page IN ({{ pages }})
GROUP BY day
ORDER BY day
"""

_METRIC = """\
name: demo.clicks_per_user
owner: you@example.com
team: "@data"
type: Metric
description: How often a user clicks, for each page
tags: [demo]
query_statement: |
  SELECT page, round(sum(clicks) / sum(users), 2) AS clicks_per_user
  FROM raw.visits
  GROUP BY page
  ORDER BY page
"""

_QUALITY = """\
version: 1
target: {type: dataset, name: demo.daily_clicks}
metadata: {owner: you@example.com, team: "@data"}
tests:
  - {name: each_day_once, type: unique, columns: [day]}
  - {name: days_are_there, type: row_count, min: 1}
  - {name: rate_is_a_part, type: range_check, column: conversion_rate, min: 0, max: 1}
"""

_ROWS = (
    ("2025-01-01", "home", 31204, 9120, 702),
    ("2025-01-01", "search", 11873, 2988, 301),
    ("2025-01-01", "상품", 2154, 348, 56),
    ("2025-01-02", "home", 33410, 9671, 811),
    ("2025-01-02", "search", 12240, 2954, 322),
    ("2025-01-02", "상품", 2452, 396, 74),
    ("2025-01-03", "home", 29877, 8790, 640),
    ("2025-01-03", "search", 10921, 2703, 266),
    ("2025-01-03", "상품", 2018, 331, 49),
)


def project_files(name: str) -> Mapping[str, str]:
    """Path to text of every file of a new project; `name` is what it is called."""
    lines = ["day,page,clicks,users,orders", *(",".join(map(str, row)) for row in _ROWS)]
    # A YAML double-quoted scalar takes what JSON takes, so any folder's name is a good name.
    return {
        "dli.yaml": _PROJECT.format(name=quoted(name)),
        "datasets/dataset.demo.daily_clicks.yaml": _DATASET,
        "datasets/daily_clicks.sql": _DATASET_SQL,
        "metrics/metric.demo.clicks_per_user.yaml": _METRIC,
        "quality.demo.daily_clicks.yaml": _QUALITY,
        "data/clicks.csv": "\n".join(lines) + "\n",
    }


def quoted(text: str) -> str:
    """The text as a double-quoted YAML scalar."""
    return json.dumps(text, ensure_ascii=False)

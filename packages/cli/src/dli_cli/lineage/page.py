"""Lineage as one page of HTML that needs nothing but a browser."""

import json
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template

from dli_cli import __version__
from dli_cli.lineage.layers import layered
from dli_cli.lineage.words import counts, cycle_text, edge_note, remarks, title
from dli_cli.text import safe, safe_line
from dli_domain.model.lineage import LineageColumn, LineageNode, LineageView

# One script: later files use what earlier ones define.
_SCRIPTS = ("model.js", "layout.js", "drawing.js", "moving.js", "choosing.js", "controls.js")
# Inside a script element only these could end it or be read as markup.
_IN_SCRIPT = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def render(view: LineageView) -> str:
    """The whole page. Its scripts and styles are allowed by their hashes; it opens no connection."""
    script = "\n".join(("(() => {", '"use strict";', *map(_part, _SCRIPTS), "})();"))
    style = _part("page.css")
    data = json.dumps(_data(view), ensure_ascii=False, separators=(",", ":"))
    return Template(_part("page.html")).substitute(
        version=escape(__version__),
        title=escape(safe_line(title(view))),
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        data=data.translate(_IN_SCRIPT),
    )


def _part(name: str) -> str:
    return files("dli_cli.lineage").joinpath("page", name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _data(view: LineageView) -> dict[str, object]:
    """What the scripts draw: nodes by number, columns by their number in the node."""
    numbers = {node.name: number for number, node in enumerate(view.nodes)}
    columns = _columns(view)
    places = {
        (name, column.name.lower()): place
        for name, listed in columns.items()
        for place, column in enumerate(listed)
    }
    ends = [(numbers[edge.source], numbers[edge.target]) for edge in view.edges]
    graph = layered(len(view.nodes), ends)
    root = None if view.root is None else numbers.get(view.root)
    return {
        "root": root,
        "column": None
        if view.root is None or view.column is None
        else places.get((view.root, view.column.lower())),
        "counts": safe_line(counts(view)),
        "notes": [
            *(f"cycle: {safe_line(cycle_text(cycle))}" for cycle in view.cycles),
            *(safe_line(str(problem)) for problem in view.problems),
        ],
        "layers": graph.layers,
        "nodes": [_node(node, columns[node.name]) for node in view.nodes],
        "edges": [
            {
                "source": source,
                "target": target,
                "declared": edge.declared,
                "note": edge_note(edge),
                "cycle": (source, target) in graph.backwards,
                "route": graph.routes[source, target],
            }
            for edge, (source, target) in zip(view.edges, ends, strict=True)
        ],
        # Tuples: there are many, and names would be most of the page.
        "flows": _flows(view, numbers, places),
    }


def _columns(view: LineageView) -> dict[str, tuple[LineageColumn, ...]]:
    """Each node's columns, and those that an edge names though the node does not list them."""
    found = {
        node.name: {column.name.lower(): column for column in node.columns} for node in view.nodes
    }
    for edge in view.column_edges:
        ends = (edge.source, edge.source_column), (edge.target, edge.target_column)
        for table, name in ends:
            if name is not None:
                found[table].setdefault(name.lower(), LineageColumn(name=name))
    return {table: tuple(columns.values()) for table, columns in found.items()}


def _node(node: LineageNode, columns: tuple[LineageColumn, ...]) -> dict[str, object]:
    return {
        "name": safe_line(node.name),
        "type": node.type.value,
        "owner": safe_line(node.owner),
        "team": safe_line(node.team),
        "description": safe(node.description),
        "tags": [safe_line(tag) for tag in node.tags],
        "file": "" if node.location is None else safe_line(str(node.location)),
        "remarks": [safe_line(remark) for remark in remarks(node)],
        "problem": "" if node.problem is None else safe_line(str(node.problem)),
        # Of an external table only what somebody reads is listed; more is no news.
        "known": node.columns_known or node.is_external,
        "columns": [
            (
                safe_line(c.name),
                "external" if node.is_external else c.making.value,
                safe_line(c.type),
                safe(c.description),
            )
            for c in columns
        ],
    }


def _flows(
    view: LineageView, numbers: Mapping[str, int], places: Mapping[tuple[str, str], int]
) -> list[tuple[object, ...]]:
    def place(table: str, column: str | None) -> int:
        return -1 if column is None else places[table, column.lower()]

    return [
        (
            numbers[edge.source],
            place(edge.source, edge.source_column),
            numbers[edge.target],
            place(edge.target, edge.target_column),
            edge.making.value,
            *map(safe_line, edge.clauses),
        )
        for edge in view.column_edges
    ]

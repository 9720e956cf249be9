"""Lineage as a graph for Graphviz: https://graphviz.org/doc/info/lang.html."""

from collections.abc import Iterator, Mapping

from dli_cli.lineage.drawn import drawing
from dli_cli.text import safe_line
from dli_domain.model.lineage import LineageView

_LOOKS: Mapping[str, str] = {
    "dataset": "",
    "metric": "shape=ellipse",
    "table": "style=rounded",
    "external": 'shape=cylinder style="dashed"',
    "unknown": 'color="#b3261e" style="dashed"',
}


def lines(view: LineageView) -> Iterator[str]:
    """The graph, sources left."""
    drawn = drawing(view)
    yield "digraph lineage {"
    yield "  rankdir=LR"
    yield '  node [shape=box fontname="sans-serif"]'
    yield '  edge [fontname="sans-serif" fontsize=10]'
    for place, box in enumerate(drawn.boxes):
        wide = "penwidth=3" if box.root else ""
        attributes = [f"label={_text(box.name)}", _LOOKS[box.look], wide]
        yield f"  n{place} [{' '.join(filter(None, attributes))}]"
    for arrow in drawn.arrows:
        attributes = [
            f"label={_text(arrow.label)}" if arrow.label else "",
            "style=dashed" if arrow.thin else "",
        ]
        said = " ".join(filter(None, attributes))
        yield f"  n{arrow.source} -> n{arrow.target}{f' [{said}]' if said else ''}"
    yield "}"


def _text(text: str) -> str:
    # A backslash starts an escape of a label, such as \N for the node's name.
    return '"{}"'.format(safe_line(text).replace("\\", "\\\\").replace('"', '\\"'))

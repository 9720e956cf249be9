"""Lineage as a flowchart for Markdown: https://mermaid.js.org/syntax/flowchart.html."""

import re
from collections.abc import Iterator, Mapping

from dli_cli.lineage.drawn import Arrow, Box, drawing
from dli_cli.text import safe_line
from dli_domain.model.lineage import LineageView

_SHAPES: Mapping[str, tuple[str, str]] = {
    "dataset": ("[", "]"),
    "metric": ("([", "])"),
    "table": ("[", "]"),
    "external": ("[(", ")]"),
    "unknown": ("[", "]"),
}
_CLASSES = (
    "classDef external stroke-dasharray:4 3",
    "classDef unknown stroke:#b3261e,stroke-dasharray:4 3",
    "classDef root stroke-width:3px",
)
# What mermaid or the Markdown around it could read as more than text.
_SPECIAL = re.compile(r"[^\w .,:/@-]")


def lines(view: LineageView) -> Iterator[str]:
    """The flowchart, sources left."""
    drawn = drawing(view)
    yield "flowchart LR"
    for place, box in enumerate(drawn.boxes):
        yield f"  n{place}{_box(box)}"
    for arrow in drawn.arrows:
        yield f"  n{arrow.source} {_arrow(arrow)} n{arrow.target}"
    yield from (f"  {line}" for line in _CLASSES)
    for name in ("external", "unknown"):
        members = [f"n{place}" for place, box in enumerate(drawn.boxes) if box.look == name]
        if members:
            yield f"  class {','.join(members)} {name}"
    yield from (f"  class n{place} root" for place, box in enumerate(drawn.boxes) if box.root)


def _box(box: Box) -> str:
    before, after = _SHAPES[box.look]
    return f'{before}"{_text(box.name)}"{after}'


def _arrow(arrow: Arrow) -> str:
    line = "-.->" if arrow.thin else "-->"
    return f'{line}|"{_text(arrow.label)}"|' if arrow.label else line


def _text(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"#{ord(found.group())};", safe_line(text))

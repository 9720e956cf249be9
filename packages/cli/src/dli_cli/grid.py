"""Columns of text that line up, whatever script they are in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from dli_cli.cells import CellFormat, is_number
from dli_cli.text import safe_line
from dli_domain.model.result import Cell

_CAPS = (60, 40, 30, 24)
_MORE = "…"
_BETWEEN = 3


@dataclass(frozen=True, slots=True)
class Grid:
    """A table laid out: what fits, padded, and the names of the columns that do not fit."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]
    hidden: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Columns of the screen that a line of it takes, the bars between included."""
        return sum(self.widths) + _BETWEEN * max(len(self.widths) - 1, 0)

    def lines(self, bar: str = " │ ") -> Iterable[str]:
        """The rows below the header."""
        return (bar.join(row) for row in self.rows)


def lay_out(names: Sequence[str], rows: Sequence[Sequence[Cell]], limit: int | None) -> Grid:
    """Fit a table into `limit` columns of the screen, at least one column of it.

    Long texts are cut with an ellipsis first; then columns are left out from the right.
    """
    formats = [CellFormat(name) for name in names]
    heads = [safe_line(name) for name in names]
    texts = [[show(cell) for show, cell in zip(formats, row, strict=True)] for row in rows]
    right = [_numeric(row[i] for row in rows) for i in range(len(names))]
    natural = [max(cell_len(t[i]) for t in (heads, *texts)) for i in range(len(names))]
    widths = _capped(natural, right, limit)
    shown = _that_fit(widths, limit)
    if shown == 1 and limit is not None:
        widths[0] = min(widths[0], limit)
    return Grid(
        header=tuple(_padded(heads[i], widths[i], right=right[i]) for i in range(shown)),
        rows=tuple(
            tuple(_padded(row[i], widths[i], right=right[i]) for i in range(shown)) for row in texts
        ),
        widths=tuple(widths[:shown]),
        hidden=tuple(heads[shown:]),
    )


def fitted(text: str, width: int) -> str:
    """The text in exactly `width` columns of the screen: padded, or cut with an ellipsis."""
    length = cell_len(text)
    if length <= width:
        return text + " " * (width - length)
    return set_cell_size(set_cell_size(text, width - 1).rstrip() + _MORE, width)


def _padded(text: str, width: int, *, right: bool) -> str:
    missing = width - cell_len(text)
    return " " * missing + text if right and missing > 0 else fitted(text, width)


def _numeric(cells: Iterable[Cell]) -> bool:
    said = [is_number(cell) for cell in cells if cell is not None]
    return bool(said) and all(said)


def _capped(natural: Sequence[int], right: Sequence[bool], limit: int | None) -> list[int]:
    widths = list(natural)
    for cap in _CAPS:
        # A number is worth nothing when it is cut; texts give way.
        widths = [w if number else min(w, cap) for w, number in zip(natural, right, strict=True)]
        if limit is None or sum(widths) + _BETWEEN * (len(widths) - 1) <= limit:
            break
    return widths


def _that_fit(widths: Sequence[int], limit: int | None) -> int:
    if limit is None:
        return len(widths)
    used, shown = 0, 0
    for width in widths:
        used += width + (_BETWEEN if shown else 0)
        if used > limit and shown:
            break
        shown += 1
    return shown

"""Columns of text that line up, whatever script they are in."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from dli_cli.cells import CellFormat, is_number
from dli_cli.text import safe_line
from dli_domain.model.result import Cell

_WIDEST = 60
_NARROWEST = 16
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


def lay_out(
    names: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    limit: int | None,
    *,
    whole: Collection[str] = (),
) -> Grid:
    """Fit a table into `limit` columns of the screen, at least one column of it.

    The widest texts are cut with an ellipsis first, then columns are left out from the right.
    Numbers and the columns named in `whole` are never cut while another one is there.
    """
    formats = [CellFormat(name) for name in names]
    heads = [safe_line(name) for name in names]
    texts = [[show(cell) for show, cell in zip(formats, row, strict=True)] for row in rows]
    right = [_numeric(row[i] for row in rows) for i in range(len(names))]
    natural = [max(cell_len(t[i]) for t in (heads, *texts)) for i in range(len(names))]
    kept = [right[i] or name in whole for i, name in enumerate(names)]
    widths = _fit(natural, kept, limit)
    shown = len(widths)
    return Grid(
        header=tuple(_padded(heads[i], widths[i], right=right[i]) for i in range(shown)),
        rows=tuple(
            tuple(_padded(row[i], widths[i], right=right[i]) for i in range(shown)) for row in texts
        ),
        widths=tuple(widths),
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


def _fit(natural: Sequence[int], kept: Sequence[bool], limit: int | None) -> list[int]:
    """The widths of the columns that are shown."""
    widths = [w if keep else min(w, _WIDEST) for w, keep in zip(natural, kept, strict=True)]
    if limit is None:
        return widths
    floors = [w if keep else min(w, _NARROWEST) for w, keep in zip(widths, kept, strict=True)]
    widths = widths[: _that_fit(floors, limit)]
    excess = sum(widths) + _BETWEEN * (len(widths) - 1) - limit
    for _ in range(excess):
        spare = [width - floor for width, floor in zip(widths, floors, strict=False)]
        if max(spare) <= 0:
            # One column alone that is wider than the screen.
            return [limit]
        loosest = max((w, i) for i, w in enumerate(widths) if spare[i] > 0)[1]
        widths[loosest] -= 1
    return widths


def _that_fit(widths: Sequence[int], limit: int) -> int:
    used, shown = 0, 0
    for width in widths:
        used += width + (_BETWEEN if shown else 0)
        if used > limit and shown:
            break
        shown += 1
    return shown

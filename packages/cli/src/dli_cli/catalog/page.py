"""One table's page in the catalog, section by section."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from dli_cli.catalog.tables import row_count, when
from dli_cli.listing import table_lines
from dli_cli.text import safe_line
from dli_domain.model.catalog import (
    Freshness,
    Impact,
    Neighbour,
    Ownership,
    QualityHistory,
    Section,
    TableDetail,
    TableInfo,
    TableUse,
)
from dli_domain.model.result import Cell, Row

_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")


def page_lines(
    detail: TableDetail, sections: Collection[Section], width: int | None
) -> Iterator[str]:
    """The page; what nobody knows is left out."""
    yield from _facts(_basic(detail.table) if Section.BASIC in sections else _name(detail.table))
    if detail.basecamp_url:
        yield f"Page: {safe_line(detail.basecamp_url)}"
    parts: Mapping[Section, Iterator[str]] = {
        Section.COLUMNS: _columns(detail, width),
        Section.OWNERSHIP: _ownership(detail.ownership),
        Section.FRESHNESS: _freshness(detail.freshness),
        Section.QUALITY: _quality(detail.quality, width),
        Section.IMPACT: _impact(detail.impact, width),
        Section.QUERIES: _queries(detail.sample_queries, width),
    }
    for section, lines in parts.items():
        if section in sections:
            yield from lines
    if detail.sample_data is not None:
        yield from _sample(detail, detail.sample_data, width)


def size(count: int) -> str:
    """Bytes as people read them."""
    amount = float(count)
    for unit in _UNITS:
        if amount < 1000 or unit == _UNITS[-1]:
            return f"{amount:,.0f} {unit}" if unit == "B" else f"{amount:,.1f} {unit}"
        amount /= 1000
    raise AssertionError


def _name(info: TableInfo) -> Sequence[tuple[str, str]]:
    return (("Table", info.name),)


def _basic(info: TableInfo) -> Sequence[tuple[str, str]]:
    kind = info.kind or "none yet: the dataset is registered, and nothing has built it"
    return (
        ("Table", info.name),
        ("Kind", kind if info.kind != "table" else ""),
        ("Engine", info.engine),
        ("Description", info.description.strip()),
        ("Owner", info.owner),
        ("Team", info.team),
        ("Tags", ", ".join(info.tags)),
        ("Rows", row_count(info)),
        ("Size", "" if info.size_bytes is None else size(info.size_bytes)),
        ("Last updated", _utc(when(info.last_updated))),
    )


def _columns(detail: TableDetail, width: int | None) -> Iterator[str]:
    rows = [
        (
            one.name,
            one.data_type,
            "" if one.nullable is None else "yes" if one.nullable else "no",
            "; ".join(
                word
                for word, said in (("personal data", one.is_pii), ("not built yet", not one.exists))
                if said
            ),
            one.description.strip(),
        )
        for one in detail.columns
    ]
    names = ("name", "type", "nullable", "note", "description")
    # A column of the page that says nothing is none.
    used = [i for i in range(len(names)) if i < 2 or any(row[i] for row in rows)]
    yield from _section(
        "Columns", [names[i] for i in used], [[row[i] for i in used] for row in rows], width
    )


def _ownership(ownership: Ownership | None) -> Iterator[str]:
    if ownership is None:
        return
    yield from _under(
        "Ownership",
        (
            ("Owner", ownership.owner),
            ("Team", ownership.team),
            ("Tested by", ", ".join(ownership.stewards)),
            ("Used by", ", ".join(ownership.consumers)),
        ),
    )


def _freshness(freshness: Freshness | None) -> Iterator[str]:
    if freshness is None:
        return
    verdict = {None: "", True: "stale", False: "fresh"}[freshness.is_stale]
    threshold = freshness.stale_threshold_hours
    lag = freshness.avg_update_lag_hours
    yield from _under(
        "Freshness",
        (
            ("State", verdict),
            ("Last updated", _utc(when(freshness.last_updated))),
            ("May be old", "" if threshold is None else f"{threshold:g} hours"),
            ("Tested", _utc(when(freshness.judged_at))),
            ("Built", freshness.update_frequency),
            ("Usual lag", "" if lag is None else f"{lag:g} hours"),
        ),
    )


def _quality(quality: QualityHistory | None, width: int | None) -> Iterator[str]:
    if quality is None:
        return
    yield ""
    never = f"; {quality.declared_tests} declared" if quality.declared_tests is not None else ""
    if not quality.total_tests:
        yield f"Quality: never tested{never}"
    else:
        score = "" if quality.score is None else f" ({quality.score:g} %)"
        warned = f", {quality.warnings} warned" if quality.warnings else ""
        yield (
            f"Quality: {quality.passed_tests} of {quality.total_tests} tests passed{score}, "
            f"{quality.failed_tests} failed{warned}{never}"
        )
    rows: list[Sequence[Cell]] = [
        (one.test_name, one.test_type, one.status, one.failed_rows, when(one.judged_at))
        for one in quality.recent_tests
    ]
    names = ("name", "type", "verdict", "rows failed", "when")
    if rows:
        yield from (f"  {line}" for line in table_lines(names, rows, _inside(width)))


def _impact(impact: Impact | None, width: int | None) -> Iterator[str]:
    if impact is None:
        return
    for title, found in (("Made of", impact.upstream), ("Used by", impact.downstream)):
        yield from _section(
            title, ("name", "type", "owner", "steps"), [_neighbour(one) for one in found], width
        )
    if not impact.upstream and not impact.downstream:
        yield ""
        yield "Impact: no spec reads or writes it."


def _neighbour(one: Neighbour) -> Sequence[Cell]:
    return (one.name, one.type, one.owner, one.steps)


def _queries(uses: Sequence[TableUse], width: int | None) -> Iterator[str]:
    rows: list[Sequence[Cell]] = [
        (one.title or " ".join(one.sql.split()), one.author, one.run_count, when(one.last_run))
        for one in uses
    ]
    yield from _section("Queries", ("what", "author", "runs", "last run"), rows, width)


def _sample(detail: TableDetail, rows: Sequence[Row], width: int | None) -> Iterator[str]:
    left_out = [one.name for one in detail.columns if one.is_pii]
    yield ""
    if not rows:
        yield "Sample: no rows."
    else:
        names = list(rows[0])
        yield "Sample:"
        cells = [[row.get(name) for name in names] for row in rows]
        yield from (f"  {line}" for line in table_lines(names, cells, _inside(width)))
    if left_out:
        yield f"  Not shown, as personal data: {', '.join(map(safe_line, left_out))}"


def _section(
    title: str, names: Sequence[str], rows: Sequence[Sequence[Cell]], width: int | None
) -> Iterator[str]:
    if rows:
        yield ""
        yield f"{title}:"
        yield from (f"  {line}" for line in table_lines(names, rows, _inside(width)))


def _under(title: str, facts: Sequence[tuple[str, str]]) -> Iterator[str]:
    lines = list(_facts(facts))
    if lines:
        yield ""
        yield f"{title}:"
        yield from (f"  {line}" for line in lines)


def _facts(facts: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield from (f"{name}: {safe_line(value)}" for name, value in facts if value)


def _utc(time: str) -> str:
    return f"{time} UTC" if time else ""


def _inside(width: int | None) -> int | None:
    return None if width is None else width - 2

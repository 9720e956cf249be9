"""The catalog and the query history as `--json` shows them."""

from collections.abc import Collection
from dataclasses import asdict

from dli_domain.model.catalog import Section, TableDetail, TableInfo
from dli_domain.model.history import QueryDetail, QueryInfo


def table_fields(info: TableInfo) -> dict[str, object]:
    """A table of a list."""
    return asdict(info)


def detail_fields(detail: TableDetail, sections: Collection[Section]) -> dict[str, object]:
    """A table's page; a section that was not asked for is left out."""
    whole = asdict(detail)
    shown: dict[str, object] = {**table_fields(detail.table), "basecamp_url": detail.basecamp_url}
    for section, name in (
        (Section.COLUMNS, "columns"),
        (Section.OWNERSHIP, "ownership"),
        (Section.FRESHNESS, "freshness"),
        (Section.QUALITY, "quality"),
        (Section.IMPACT, "impact"),
        (Section.QUERIES, "sample_queries"),
    ):
        if section in sections:
            shown[name] = whole[name]
    if detail.sample_data is not None:
        shown["sample_data"] = [dict(row) for row in detail.sample_data]
    return shown


def query_fields(info: QueryInfo) -> dict[str, object]:
    """A query of a list."""
    return asdict(info)


def query_detail_fields(detail: QueryDetail, *, full: bool) -> dict[str, object]:
    """A query; its whole text where it is asked for."""
    fields = {**asdict(detail), "query_preview": detail.query_preview}
    info = query_fields(detail.info)
    del fields["info"]
    if not full:
        del fields["query_text"]
    return {**info, **fields}

"""Step 7: the engine reads the statement as the policy did, or it is refused."""

import re

from dli_domain.model.policy import CheckedQuery, Opinion, ReadAccess, TablePath
from dli_domain.policy.function_names import NAMES, TABLE_NAMES
from dli_domain.policy.refusal import Step, refused
from dli_domain.policy.tables import ascii_lower, check_tables, covers, is_metadata

_WORD = re.compile(r"\w+")
# What DuckDB's parser makes of its operators and literals.
_OPERATORS = frozenset(
    {"struct_pack", "list_value", "array_slice", "~~", "like_escape", "count_star", "row", "map"}
)


def check_agreement(checked: CheckedQuery, opinion: Opinion, access: ReadAccess) -> None:
    """Refuse unless the engine sees one query, on the same tables, within the limit.

    Raises:
        PolicyError: naming what the two parsers see differently, or the limit.
    """
    if opinion.count != 1:
        raise refused(Step.ENGINE, f"the engine sees {opinion.count} statements in it")
    if opinion.statement != "SELECT":
        raise refused(Step.ENGINE, f"the engine sees a {opinion.statement} statement")
    if opinion.foreign:
        raise refused(Step.ENGINE, f"the engine sees {', '.join(sorted(opinion.foreign))} in it")
    _check_functions(checked.dialect, opinion)
    _check_tables(checked, opinion, access)
    _check_bytes(opinion, access)


def _check_functions(dialect: str, opinion: Opinion) -> None:
    known = NAMES[dialect] | TABLE_NAMES[dialect] | _OPERATORS
    foreign = {name for name in opinion.functions or () if _WORD.search(name)} - known
    if foreign:
        raise refused(Step.ENGINE, f"the engine sees the function {min(foreign)[:40]}() in it")


def _check_tables(checked: CheckedQuery, opinion: Opinion, access: ReadAccess) -> None:
    if opinion.tables is None:
        return
    if opinion.through_views:
        if bool(opinion.tables) != any(not is_metadata(path) for path in checked.tables):
            raise refused(Step.ENGINE, "the parsers disagree on whether it reads a table")
        for path in sorted(opinion.tables):
            _check_behind(path, opinion.default, checked.dialect, access)
        return
    seen = {_lowered(path) for path in opinion.tables}
    read = {_lowered(path) for path in checked.tables}
    if seen != read:
        odd = min(seen ^ read)
        raise refused(Step.ENGINE, f"the parsers disagree on the table {'.'.join(odd)[:60]!r}")


def _check_behind(path: TablePath, default: TablePath, dialect: str, access: ReadAccess) -> None:
    """A table behind a view must be allowed too, by its full name or without the default."""
    shorter = path[len(default) :] if default and path[: len(default)] == default else path
    named = shorter if covers(access.tables, shorter, dialect) else path
    check_tables(frozenset({named}), dialect, access)


def _check_bytes(opinion: Opinion, access: ReadAccess) -> None:
    if access.max_bytes is None or opinion.bytes_processed is None:
        return
    if opinion.bytes_processed > access.max_bytes:
        raise refused(
            Step.ENGINE,
            f"it would read {opinion.bytes_processed:,} bytes, the most are {access.max_bytes:,}",
            hint="Read fewer columns or partitions.",
        )


def _lowered(path: TablePath) -> TablePath:
    return tuple(ascii_lower(part) for part in path)

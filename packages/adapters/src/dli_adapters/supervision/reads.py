"""Whether a statement is sure to change nothing."""

import re

_COMMENTS = re.compile(r"\A(?:\s+|--[^\n]*(?:\n|\Z)|#[^\n]*(?:\n|\Z)|/\*.*?\*/|\()*", re.DOTALL)
_WORD = re.compile(r"\w+")
_READS = frozenset(
    {"select", "with", "from", "values", "show", "describe", "summarize", "explain", "pivot"}
)
# They count wherever they stand, in a comment or a text too: a wrong "may have changed data"
# costs a look, a wrong "changed nothing" costs data.
_CHANGES = frozenset(
    {"insert", "update", "delete", "merge", "create", "drop", "alter", "truncate", "copy", "call"}
    | {"export", "execute", "begin", "load", "install", "attach", "nextval"}
)


def only_reads(sql: str) -> bool:
    """True where the text can only be a query; False where that is not sure."""
    start = _COMMENTS.match(sql)
    words = _WORD.findall(sql[start.end() if start else 0 :].lower())
    return bool(words) and words[0] in _READS and _CHANGES.isdisjoint(_WORD.findall(sql.lower()))

"""What a statement's text tells before it is sent: labels, and whether it leaves state behind."""

import hashlib
import re

from dli_domain.model.run import RunScope

_LABEL_LENGTH = 63
_DIGEST_LENGTH = 8
# Blanks, comments and opening brackets before the first word.
_LEADING = re.compile(r"(?:\s+|--[^\n]*(?:\n|\Z)|#[^\n]*(?:\n|\Z)|/\*.*?\*/|\()*", re.DOTALL)
_WORD = re.compile(r"\w+")
_READS = frozenset({"SELECT", "WITH"})
_STATELESS = _READS | {"INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE"}


def leaves_state(sql: str) -> bool:
    """Whether the statement may leave something that a later one in the session sees.

    A single query or change of data leaves nothing; anything else is taken to. A session costs
    a job to end, so the usual single SELECT does without.
    """
    return _first_word(sql) not in _STATELESS or _may_be_a_script(sql)


def only_reads(sql: str) -> bool:
    """Whether the statement is sure to change nothing, so that it may be run again."""
    return _first_word(sql) in _READS and not _may_be_a_script(sql)


def _first_word(sql: str) -> str:
    start = _LEADING.match(sql)
    word = _WORD.match(sql, start.end() if start else 0)
    return word.group().upper() if word else ""


def _may_be_a_script(sql: str) -> bool:
    return ";" in sql.rstrip().rstrip(";")


def labels_of(scope: RunScope) -> dict[str, str]:
    """The labels that tell, in BigQuery's own job list, which run a job belongs to."""
    return {"dli_run": label_value(scope.run_id), "dli_resource": label_value(scope.resource)}


def label_value(text: str) -> str:
    """The text in the letters that a label may hold; a long one keeps a digest at its end."""
    kept = "".join(c if c.isalnum() or c in "-_" else "_" for c in text.lower())
    # lower() leaves title-case letters of some scripts, which BigQuery refuses
    kept = "".join("_" if c.isupper() or c.istitle() else c for c in kept)
    if len(kept) <= _LABEL_LENGTH:
        return kept
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{kept[: _LABEL_LENGTH - _DIGEST_LENGTH - 1]}-{digest}"

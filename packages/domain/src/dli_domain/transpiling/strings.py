"""Texts: patterns, regular expressions, pieces of strings, JSON."""

import re

from sqlglot import exp

from dli_domain.transpiling.kinds import Value, kind_of, type_kind
from dli_domain.transpiling.passage import (
    Checks,
    Loss,
    Passage,
    Rewrites,
    number_of,
    texts_of,
    written,
)

_JAVA_ONLY = re.compile(r"\(\?(?:[=!>]|<[=!])|\\[1-9]|[*+?}]\+")
_RE2_ONLY = re.compile(r"\(\?P<|\\C|\\pN(?!\w)")
_GROUP = re.compile(r"(?<!\\)\((?!\?)")
_DOLLAR_GROUP = re.compile(r"\\(\$|\\)|\$(\d)")
_SLASH_GROUP = re.compile(r"\\(\d|\\)|(\$)")
_REGEX_NODES = (exp.RegexpLike, exp.RegexpExtract, exp.RegexpReplace, exp.RegexpExtractAll)


def _regex_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    """Trino has Java's expressions, DuckDB and BigQuery those of RE2."""
    if not ({passage.source, passage.target} & {"trino"}):
        return None
    pattern = texts_of(node.args.get("expression"))
    if pattern is None:
        return Loss(
            node=node,
            what="a regular expression that is no literal cannot be checked: Trino has Java's, "
            "DuckDB and BigQuery have RE2's",
            certain=False,
        )
    found = (_RE2_ONLY if passage.to("trino") else _JAVA_ONLY).search(pattern)
    if found is None:
        return None
    return Loss(
        node=node,
        what=f"{found[0]!r} of the regular expression {pattern!r} has no equal in {passage.target}",
        fix="Write the pattern without it.",
    )


def _extract_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    """BigQuery gives the only group; the others the whole match, or the group that is named."""
    if not passage.to("bigquery"):
        return None
    pattern = texts_of(node.args.get("expression"))
    group = number_of(node.args.get("group")) or 0
    if pattern is None:
        return Loss(
            node=node,
            what="BigQuery's REGEXP_EXTRACT gives the group of a pattern that has one",
            fix="Write the pattern as a text.",
        )
    groups = len(_GROUP.findall(pattern))
    if groups == (1 if group else 0) and group < 2:
        return None
    return Loss(
        node=node,
        what=f"REGEXP_EXTRACT of {pattern!r} has {groups} groups, and BigQuery gives the only one",
        fix="Write (?:...) for groups that are not wanted.",
    )


def _no_match(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """Where nothing matches, DuckDB gives '' and the others NULL."""
    if passage.of("trino") and passage.to("duckdb"):
        found = exp.RegexpLike(this=node.this.copy(), expression=node.expression.copy())
        bare = node.copy()
        return exp.Case(ifs=[exp.If(this=found, true=bare)])
    if passage.of("duckdb"):
        there = exp.Not(this=exp.Is(this=node.this.copy(), expression=exp.Null()))
        empty = exp.Case(ifs=[exp.If(this=there, true=exp.Literal.string(""))])
        return exp.Coalesce(this=node.copy(), expressions=[empty])
    return None


def _replacement(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    r"""A group is `$1` in Trino, `\1` in DuckDB and BigQuery."""
    said = texts_of(node.args.get("replacement"))
    copy = node.copy()
    copy.set("modifiers", None)
    copy.set("single_replace", None)
    if said is not None and passage.of("trino"):
        text = _DOLLAR_GROUP.sub(
            lambda m: "\\" + m[2] if m[2] else ("\\\\" if m[1] == "\\" else m[1]), said
        )
        copy.set("replacement", exp.Literal.string(text))
    elif said is not None and passage.to("trino"):
        text = _SLASH_GROUP.sub(
            lambda m: r"\$" if m[2] else ("$" + m[1] if m[1].isdigit() else "\\\\"), said
        )
        copy.set("replacement", exp.Literal.string(text))
    return copy


def _replacement_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    replacement, modifiers = node.args.get("replacement"), node.args.get("modifiers")
    if passage.of("duckdb") and texts_of(modifiers) != "g":
        return Loss(
            node=node,
            what=f"{written(node, 'duckdb')} replaces the first match only, "
            f"{passage.target} all of them",
            fix="Give it 'g', and no other option.",
        )
    if "trino" in (passage.source, passage.target) and (
        replacement is not None and texts_of(replacement) is None
    ):
        return Loss(
            node=node,
            what=r"a replacement that is no literal may hold groups: $1 in Trino, \1 elsewhere",
            certain=False,
        )
    return None


def _like_of(node: exp.Expr) -> tuple[exp.Expr, str | None]:
    return node.this, texts_of(node.expression)


def _escaped_like(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """BigQuery has no ESCAPE: the backslash is always it."""
    like, mark = _like_of(node)
    pattern = texts_of(like.expression)
    if not passage.to("bigquery") or pattern is None or mark is None:
        return None
    copy = like.copy()
    copy.set("expression", exp.Literal.string(_with_backslashes(pattern, mark)))
    return copy


def _with_backslashes(pattern: str, mark: str) -> str:
    out, rest = [], iter(pattern)
    for char in rest:
        if char == mark:
            out.append("\\" + next(rest, ""))
        else:
            out.append("\\\\" if char == "\\" else char)
    return "".join(out)


def _like(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    pattern = texts_of(node.expression)
    if pattern is None or "\\" not in pattern or isinstance(node.parent, exp.Escape):
        return None
    if passage.to("bigquery"):
        copy = node.copy()
        copy.set("expression", exp.Literal.string(pattern.replace("\\", "\\\\")))
        return copy
    if passage.of("bigquery"):
        return exp.Escape(this=node.copy(), expression=exp.Literal.string("\\"))
    return None


def _like_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    if texts_of(node.expression) is not None or "bigquery" not in (passage.source, passage.target):
        return None
    if isinstance(node.expression, exp.Any | exp.All | exp.Tuple):
        return None
    return Loss(
        node=node,
        what="a backslash in a LIKE pattern escapes in BigQuery only, "
        "and this pattern is no literal",
        certain=False,
    )


def _escape_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    if not passage.to("bigquery"):
        return None
    like, mark = _like_of(node)
    if mark is not None and texts_of(like.expression) is not None:
        return None
    return Loss(node=node, what="BigQuery has no ESCAPE", fix="Write the pattern as a text.")


def _substring_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    if number_of(node.args.get("start")) != 0:
        return None
    return Loss(
        node=node,
        what=f"{written(node, passage.source)}: position 0 is '' in Trino, one place before the "
        "text in DuckDB, and its first letter in BigQuery",
        fix="Count from 1.",
    )


def _part_lost(node: exp.Expr, _: Passage) -> Loss | None:
    return Loss(
        node=node,
        what="a part that is not there is NULL in Trino and '' in DuckDB",
        certain=False,
    )


def _length_of_type(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """A cast to VARCHAR(n) cuts in Trino, and nowhere else."""
    to = node.args["to"]
    if to.this is not exp.DType.VARCHAR or not to.expressions:
        return None
    bare = type(node)(this=node.this.copy(), to=exp.DataType(this=exp.DType.VARCHAR))
    if not passage.of("trino"):
        return bare
    return exp.Left(this=bare, expression=to.expressions[0].this.copy())


def _char_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    to = node.args["to"]
    if to.this in (exp.DType.CHAR, exp.DType.NCHAR) and passage.of("trino"):
        return Loss(
            node=node,
            what=f"{written(node, 'trino')} pads and cuts in Trino only",
            fix="Cast to VARCHAR(n).",
        )
    return None


def _joined_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    sides = [kind_of(one, passage.source) for one in (node.this, node.expression)]
    if not passage.of("duckdb") or any(kind is not Value.UNKNOWN for kind in sides):
        return None
    if isinstance(node.this, exp.Cast) and type_kind(node.this.args["to"]) is Value.TEXT:
        return None
    return Loss(
        node=node,
        what=f"{written(node, 'duckdb')} would join the texts of two lists",
        fix="Use list_concat() for lists.",
        certain=False,
    )


def _scalar(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """Trino gives NULL for an object or an array, DuckDB's ->> its text."""
    if passage.of("trino") and passage.to("duckdb"):
        copy = node.copy()
        copy.set("scalar_only", True)
        return copy
    return None


def _scalar_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    if not passage.of("duckdb"):
        return None
    return Loss(
        node=node,
        what=f"{written(node, 'duckdb')} gives objects as text in DuckDB, "
        f"and NULL in {passage.target}",
        fix="Extract scalar values only.",
        certain=False,
    )


def _contains(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """BigQuery's CONTAINS_SUBSTR does not tell letters' case apart, contains() does."""
    if not passage.to("bigquery") or not passage.of("duckdb"):
        return None
    place = exp.StrPosition(this=node.this.copy(), substr=node.expression.copy())
    return exp.paren(exp.GT(this=place, expression=exp.Literal.number(0)))


def _contains_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    if passage.of("bigquery"):
        what = "CONTAINS_SUBSTR normalises letters before it looks"
        return Loss(node=node, what=what, fix="Use STRPOS(LOWER(...), ...) > 0.")
    if passage.of("duckdb") and passage.to("trino"):
        return Loss(
            node=node,
            what="contains() looks into arrays only in Trino",
            fix="Use strpos(...) > 0, or list_contains().",
        )
    return None


REWRITES: Rewrites = {
    exp.RegexpExtract: (_no_match,),
    exp.RegexpReplace: (_replacement,),
    exp.Escape: (_escaped_like,),
    exp.Like: (_like,),
    exp.Cast: (_length_of_type,),
    exp.TryCast: (_length_of_type,),
    exp.JSONExtractScalar: (_scalar,),
    exp.Contains: (_contains,),
}
CHECKS: Checks = {
    **dict.fromkeys(_REGEX_NODES, (_regex_lost,)),
    exp.RegexpExtract: (_regex_lost, _extract_lost),
    exp.RegexpReplace: (_regex_lost, _replacement_lost),
    exp.Like: (_like_lost,),
    exp.Escape: (_escape_lost,),
    exp.Substring: (_substring_lost,),
    exp.SplitPart: (_part_lost,),
    exp.Cast: (_char_lost,),
    exp.TryCast: (_char_lost,),
    exp.DPipe: (_joined_lost,),
    exp.JSONExtractScalar: (_scalar_lost,),
    exp.Contains: (_contains_lost,),
}

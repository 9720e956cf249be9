"""Lineage as a few lines of text, so that expectations can be written by hand.

= day <- =orders.day            a copied column
~ label <- ~orders.id           computed
+ total <- +orders.amount       aggregated
. one <-                        constant
? x <- ?a.x ?b.x                not known which
rest: a                         further columns of a, names not known
where: orders.day ?orders.id    filters by clause; one in doubt
"""

from collections.abc import Mapping, Sequence

import sqlglot

from dli_domain.lineage.columns import columns_of
from dli_domain.model.lineage import Making, StatementLineage

MARKS = {
    Making.CONSTANT: ".",
    Making.COPIED: "=",
    Making.COMPUTED: "~",
    Making.AGGREGATED: "+",
    Making.UNKNOWN: "?",
}
Tables = Mapping[str, str]


def said(lineage: StatementLineage) -> list[str]:
    """The lines that tell `lineage`: columns in their order, then the rest, sorted."""
    lines = [
        " ".join(
            (
                MARKS[column.making],
                column.name,
                "<-",
                *(f"{MARKS[s.making]}{s.table}.{s.column or '*'}" for s in column.sources),
            )
        )
        for column in lineage.columns
    ]
    clauses: dict[str, list[str]] = {}
    for use in lineage.filters:
        for clause in use.clauses:
            doubt = "" if use.certain else "?"
            clauses.setdefault(clause, []).append(f"{doubt}{use.table}.{use.column or '*'}")
    filters = [f"{clause}: {' '.join(sorted(uses))}" for clause, uses in sorted(clauses.items())]
    rest = [] if lineage.complete else [f"rest: {' '.join(lineage.rest_of)}".rstrip()]
    return [*lines, *rest, *filters]


def expected(text: str) -> list[str]:
    """The lines of a hand-made expectation, in the order `said` gives them."""
    lines = [" ".join(line.split()) for line in text.strip().splitlines() if line.strip()]
    columns = [line for line in lines if "<-" in line]
    rest = [line for line in lines if line.startswith("rest:")]
    filters = sorted(line for line in lines if line not in columns and line not in rest)
    return [*map(_sorted_sources, columns), *rest, *map(_sorted_uses, filters)]


def lineage_of(sql: str, dialect: str = "duckdb", tables: Tables | None = None) -> StatementLineage:
    """The lineage of one statement; `tables` maps names to their columns, spaced."""
    known = {name: columns.split() for name, columns in (tables or {}).items()}

    def schemas(parts: tuple[str, ...]) -> Sequence[str] | None:
        return known.get(".".join(parts).lower())

    return columns_of(sqlglot.parse_one(sql, read=dialect), dialect, schemas)


def _sorted_sources(line: str) -> str:
    head, _, sources = line.partition("<-")
    ordered = sorted(sources.split(), key=lambda one: one[1:])
    return " ".join((head.strip(), "<-", *ordered))


def _sorted_uses(line: str) -> str:
    clause, _, uses = line.partition(":")
    return f"{clause}: {' '.join(sorted(uses.split()))}"

"""CPU of a checked translation, as a multiple of sqlglot's own in the same run.

    uv run python benchmarks/transpile.py

sqlglot parses and prints. What dli adds: every node is looked at, gaps are rewritten, and the
translation is read again in the target's grammar. The texts are TPC-DS's queries.
"""

import argparse
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import sqlglot

from dli_domain.model.problems import Location
from dli_domain.model.spec import SqlSource
from dli_domain.rendering.rendered import RenderedSql, Segment
from dli_domain.transpiling.translation import translate

LIMIT = 3.5
QUERIES = Path(__file__).resolve().parents[1] / "tests" / "corpora" / "tpcds.sql"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="the least CPU of so many rounds")
    rounds = parser.parse_args().rounds
    logging.disable(logging.CRITICAL)
    texts = [text for text in QUERIES.read_text().split("\n;\n") if text.strip()]
    print(f"{len(texts)} queries; {'to':10} {'way':8} {'ms each':>8} {'ratio':>6} {'limit':>6}")
    kept = True
    for target in ("trino", "bigquery"):
        bare, ours = _measured(texts, target, rounds)
        ratio = ours / bare
        kept &= ratio <= LIMIT
        print(f"{'':12}{target:10} {'sqlglot':8} {bare / len(texts) * 1000:8.2f} {1:6.2f}")
        each = ours / len(texts) * 1000
        print(f"{'':12}{target:10} {'dli':8} {each:8.2f} {ratio:6.2f} {LIMIT:6.2f}")
    print("within the limits" if kept else "OUTSIDE THE LIMITS")
    return 0 if kept else 1


def _measured(texts: Sequence[str], target: str, rounds: int) -> tuple[float, float]:
    """The least CPU seconds of both ways, measured in turns."""
    sources = [_rendered(text) for text in texts]

    def bare() -> None:
        for text in texts:
            sqlglot.transpile(text, read="duckdb", write=target, pretty=True)

    def ours() -> None:
        for source in sources:
            if _says_no(source, target):
                continue

    pairs = [(_cpu(bare), _cpu(ours)) for _ in range(rounds + 1)][1:]
    return min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)


def _says_no(source: RenderedSql, target: str) -> bool:
    from dli_domain.errors import SqlError  # noqa: PLC0415 - not part of what is measured

    try:
        translate(source, "duckdb", target)
    except SqlError:
        return True
    return False


def _rendered(text: str) -> RenderedSql:
    source = SqlSource(text=text, origin=Location("query.sql"))
    return RenderedSql(text=text, source=source, segments=(Segment(0, 0, literal=True),))


def _cpu(work: Callable[[], None]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


if __name__ == "__main__":
    raise SystemExit(main())

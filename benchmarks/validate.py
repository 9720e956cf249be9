"""CPU of `dli validate` on projects of 41-line statements, cold, warm and with one file touched.

    uv run python -m benchmarks.validate                # 1,000 and 10,000 specs
    uv run python -m benchmarks.validate --specs 1000

The goal is 1.3 times a prototype of 8 ms a spec, which also kept facts and traced columns. The bare
libraries, which only read, render, parse and qualify (300 specs, two processes at once), take 0.7
of that; so a cold run may take 1.85 times what they take in the same run. A warm one may take 0.6
CPU seconds.
"""

import argparse
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from benchmarks.projects import spec_path, woven_project

DLI = str(Path(sys.executable).with_name("dli"))
SAMPLE = 300
COLD_LIMIT = 1.85
BARE = """
import sys, yaml, jinja2, sqlglot
from pathlib import Path
from sqlglot.optimizer.qualify import qualify
paths = sorted(Path(sys.argv[1], "datasets").rglob("*.yaml"))[: int(sys.argv[2])]
environment = jinja2.Environment()
for path in paths:
    spec = yaml.load(path.read_text(), yaml.CSafeLoader)
    values = {one["name"]: one["default"] for one in spec["parameters"]}
    sql = environment.from_string(spec["query_statement"]).render(values)
    qualify(sqlglot.parse_one(sql, read="duckdb"), dialect="duckdb")
"""
WARM_LIMIT = 0.6
PROVE_LIMIT_MS = 50.0


class Cost(NamedTuple):
    cpu: float
    wall: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--specs", type=int, nargs="*", default=[1_000, 10_000])
    kept = True
    for count in parser.parse_args().specs:
        with tempfile.TemporaryDirectory() as scratch:
            kept &= _table(Path(scratch), count)
    print("within the limits" if kept else "OUTSIDE THE LIMITS")
    return 0 if kept else 1


def _table(scratch: Path, count: int) -> bool:
    project = woven_project(scratch / "project", count)
    time.sleep(2.1)  # files as old as those of a real checkout: their stamps are believed
    touched, changed = spec_path(project, count // 2), spec_path(project, count // 3)
    print(f"{count:,} specs{'':26} {'CPU s':>7} {'wall s':>7} {'limit':>7}")
    start = _bare(project, 1)
    bare = (_bare(project, SAMPLE) - start) / (SAMPLE - 1) * count
    print(f"  {'bare libraries, scaled':36} {bare:7.2f}")
    kept = _line("cold", _run(project, scratch), bare * COLD_LIMIT)
    kept &= _line("warm", _run(project, scratch), WARM_LIMIT)
    touched.touch()
    kept &= _line("one file touched", _run(project, scratch), WARM_LIMIT)
    changed.write_text(changed.read_text().replace("upper('shop", "lower('shop"))
    kept &= _line("one statement changed", _run(project, scratch), None)
    changed.write_text(changed.read_text().replace("AS place", "AS position"))
    kept &= _line("one column renamed", _run(project, scratch, fails=True), None)
    if count <= 1_000:
        proof = _run(project, scratch, "--prove-safe", fails=True)
        kept &= _line("warm, --prove-safe", proof, PROVE_LIMIT_MS * count / 1000)
    return kept


def _line(what: str, cost: Cost, limit: float | None) -> bool:
    shown = "-" if limit is None else f"{limit:.1f}"
    print(f"  {what:36} {cost.cpu:7.2f} {cost.wall:7.2f} {shown:>7}", flush=True)
    return limit is None or cost.cpu <= limit


def _run(project: Path, home: Path, *options: str, fails: bool = False) -> Cost:
    """User and system time of the command and of its worker processes."""
    command = [DLI, "validate", "--project", str(project), *options]
    environ = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    return _measured(command, environ, 1 if fails else 0)


def _bare(project: Path, count: int) -> float:
    """The mean of two at once: cores that share a pipeline count more seconds for the same work."""
    command = [sys.executable, "-c", BARE, str(project), str(count)]
    with ThreadPoolExecutor(2) as both:
        costs = list(both.map(lambda _: _measured(command, dict(os.environ), 0).cpu, range(2)))
    return sum(costs) / 2


def _measured(command: list[str], environ: dict[str, str], expected: int) -> Cost:
    with Path(os.devnull).open("w") as nowhere:
        began = time.monotonic()
        child = os.posix_spawn(
            command[0],
            command,
            environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1)],
        )
        _, status, usage = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status) != expected:
        raise SystemExit(f"{' '.join(command)} ended with {status}")
    return Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - began)


if __name__ == "__main__":
    raise SystemExit(main())

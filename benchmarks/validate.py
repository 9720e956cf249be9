"""CPU of `dli validate` on projects of 41-line statements, cold, warm and with one file touched.

    uv run python -m benchmarks.validate                # 1,000 and 10,000 specs
    uv run python -m benchmarks.validate --specs 1000

The limits are those of a prototype that only reads, renders, parses and qualifies: 8 CPU seconds
cold for 1,000 specs and 80 for 10,000 with sqlglot in pure Python, and 0.6 with one file touched.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.projects import spec_path, woven_project

DLI = str(Path(sys.executable).with_name("dli"))
COLD_LIMIT_MS = 8.0 * 1.3
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
    kept = _line("cold", _run(project, scratch), COLD_LIMIT_MS * count / 1000)
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
    with Path(os.devnull).open("w") as nowhere:
        began = time.monotonic()
        child = os.posix_spawn(
            command[0],
            command,
            environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1)],
        )
        _, status, usage = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status) != (1 if fails else 0):
        raise SystemExit(f"{' '.join(command)} ended with {status}")
    return Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - began)


if __name__ == "__main__":
    raise SystemExit(main())

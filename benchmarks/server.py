"""Through a server beside directly: CPU and wall of a large result, start-up, memory.

    uv run python -m benchmarks.server                      # 1 M rows; memory at 10 M
    uv run python -m benchmarks.server --rows 100000 --rounds 2 --memory-rows 1000000

The server listens on this machine and is a process of its own, so the CPU of a run through it is
that of the client and what the server used meanwhile. Each round runs every way once, so that
whatever else the machine does meets all of them.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from benchmarks.export import ROWS
from benchmarks.serving import Serving, serving

DLI = str(Path(sys.executable).with_name("dli"))
SPEC = """\
name: bench.wide.{name}
owner: bench@example.com
team: "@bench"
type: Dataset
query_type: SELECT
query_statement: {sql}
"""
BY_TEXT, BY_NAME = ("--server",), ("--server", "--source", "server")
WAYS: Mapping[str, tuple[str, ...]] = {
    "local": ("--local",),
    "text in a session": BY_TEXT,
    "by name": BY_NAME,
}
LARGE_LIMIT = 2.0
START_LIMITS = {"local": 55.0, "text in a session": 55.0, "by name": 50.0}
# Where the rows go, a local run and a run through the server write the same way.
MEMORY_LIMIT = 1.10


@dataclass(frozen=True, slots=True)
class Used:
    """What a run took: seconds, and the client's memory at its peak in MiB."""

    wall: float
    client: float
    server: float
    memory: float

    @property
    def cpu(self) -> float:
        """Of both sides."""
        return self.client + self.server


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--memory-rows", type=int, default=10_000_000, help="0 leaves it out")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        kept = _large(scratch, arguments.rows, arguments.rounds)
        kept &= _memory(scratch, arguments.memory_rows) if arguments.memory_rows else True
    load = os.getloadavg()[0]
    print(f"load average {load:.1f} on {os.cpu_count()} cores; more than those distorts")
    print("within the limits" if kept else "OUTSIDE THE LIMITS")
    return 0 if kept else 1


def _large(scratch: Path, rows: int, rounds: int) -> bool:
    with _side_by_side(scratch, rows) as (server, folders):
        large = {way: list[Used]() for way in WAYS}
        tiny = {way: list[Used]() for way in WAYS}
        python: list[float] = []
        for number in range(rounds + 1):
            for way in WAYS:
                large_one = _run(server, folders[way], way, "rows", scratch / "x.csv")
                tiny_one = _run(server, folders[way], way, "tiny")
                if number:  # the first round warms caches and writes bytecode
                    large[way].append(large_one)
                    tiny[way].append(tiny_one)
            python.append(_bare(scratch))
    kept = _tell_large(rows, large)
    return _tell_start(tiny, statistics.median(python)) and kept


def _tell_large(rows: int, found: Mapping[str, Sequence[Used]]) -> bool:
    print(f"dli dataset run -o x.csv, {rows:,} rows x 8 columns; beside the local run")
    print(
        f"{'way':20} {'wall s':>7} {'ratio':>6} {'CPU s':>7} {'client':>7} {'ratio':>6} {'limit':>6}"
    )
    kept = True
    for way, runs in found.items():
        wall = _ratio(runs, found["local"], lambda one: one.wall)
        cpu = _ratio(runs, found["local"], lambda one: one.cpu)
        kept &= wall <= LARGE_LIMIT and cpu <= LARGE_LIMIT
        seconds = statistics.median(one.wall for one in runs)
        both = statistics.median(one.cpu for one in runs)
        client = statistics.median(one.client for one in runs)
        limit = "-" if way == "local" else f"{LARGE_LIMIT:.1f}"
        print(
            f"{way:20} {seconds:7.2f} {wall:6.2f} {both:7.2f} {client:7.2f} {cpu:6.2f} {limit:>6}"
        )
    return kept


def _tell_start(found: Mapping[str, Sequence[Used]], python: float) -> bool:
    print(
        f"\ndli dataset run of one row: the client's CPU beside `python -c pass` ({python * 1e3:.0f} ms)"
    )
    print(f"{'way':20} {'CPU ms':>7} {'ratio':>6} {'limit':>6} {'server':>7} {'wall ms':>8}")
    kept = True
    for way, runs in found.items():
        client = statistics.median(one.client for one in runs)
        server = statistics.median(one.server for one in runs)
        wall = statistics.median(one.wall for one in runs)
        ratio, limit = client / python, START_LIMITS[way]
        kept &= ratio <= limit
        print(
            f"{way:20} {client * 1e3:7.0f} {ratio:6.1f} {limit:6.0f} {server * 1e3:7.0f} "
            f"{wall * 1e3:8.0f}"
        )
    return kept


def _memory(scratch: Path, rows: int) -> bool:
    """Peaks of both sides, beside those of a tenth of the rows; each in servers of their own."""
    print(f"\npeak memory in MiB, {rows:,} rows beside {rows // 10:,}")
    print(f"{'way':20} {'client':>7} {'ratio':>6} {'server':>7} {'ratio':>6} {'limit':>6}")
    kept = True
    for way in ("text in a session", "by name"):
        small, large = (_peaks(scratch, way, count) for count in (rows // 10, rows))
        ratios = [here / there for here, there in zip(large, small, strict=True)]
        kept &= all(ratio <= MEMORY_LIMIT for ratio in ratios)
        print(
            f"{way:20} {large[0]:7.0f} {ratios[0]:6.2f} {large[1]:7.0f} {ratios[1]:6.2f} "
            f"{MEMORY_LIMIT:6.2f}"
        )
    return kept


def _peaks(scratch: Path, way: str, rows: int) -> tuple[float, float]:
    folder = scratch / f"computed-{way.replace(' ', '-')}-{rows}"
    # Computed rows, or DuckDB's cache of the file would be what grows.
    _project(folder, ROWS.format(rows=rows), rows)
    with serving(folder, limits={"rows": rows, "result_bytes": 10 << 30}) as server:
        _run(server, folder, way, "tiny")
        used = _run(server, folder, way, "rows", scratch / "x.csv")
        return used.memory, server.peak_memory()


@contextmanager
def _side_by_side(scratch: Path, rows: int) -> "Iterator[tuple[Serving, Mapping[str, Path]]]":
    """A server over one project, and a second one like it: a DuckDB file has one process."""
    here, there = scratch / "here", scratch / "there"
    for folder in (here, there):
        _project(folder, "SELECT * FROM t", rows)
        with duckdb.connect(str(folder / "t.duckdb")) as connection:
            connection.execute(f"CREATE TABLE t AS {ROWS.format(rows=rows)}")
    with serving(there) as server:
        yield server, {way: here if way == "local" else there for way in WAYS}


def _project(folder: Path, sql: str, rows: int) -> None:
    folder.mkdir()
    (folder / "datasets").mkdir()
    (folder / "dli.yaml").write_text(
        "defaults: {dialect: duckdb}\n"
        "local: {engine: duckdb, duckdb: {path: t.duckdb}}\n"
        f"# {rows} rows\n"
    )
    told = "|\n  " + "\n  ".join(sql.strip().splitlines())
    for name, text in (("rows", told), ("tiny", "SELECT 1 AS n")):
        path = folder / "datasets" / f"dataset.bench.wide.{name}.yaml"
        path.write_text(SPEC.format(name=name, sql=text))


def _run(server: Serving, folder: Path, way: str, name: str, output: Path | None = None) -> Used:
    command = [DLI, "dataset", "run", f"bench.wide.{name}", *WAYS[way]]
    if output is not None:
        command += ["-o", str(output)]
    before = server.cpu_seconds()
    start = time.perf_counter()
    log = folder / "client.log"
    with log.open("w") as told:
        child = subprocess.Popen(
            command, cwd=folder, stdout=told, stderr=told, env=server.environ()
        )
        _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}:\n{log.read_text()}")
    if output is not None:
        output.unlink()
    return Used(
        wall=wall,
        client=used.ru_utime + used.ru_stime,
        server=server.cpu_seconds() - before,
        memory=used.ru_maxrss / 1024,
    )


def _bare(folder: Path) -> float:
    child = subprocess.Popen([sys.executable, "-c", "pass"], cwd=folder)
    _, _, used = os.wait4(child.pid, 0)
    child.returncode = 0
    return used.ru_utime + used.ru_stime


def _ratio(runs: Sequence[Used], beside: Sequence[Used], seconds: Callable[[Used], float]) -> float:
    """The median of the ratios of each round."""
    pairs = zip(runs, beside, strict=True)
    return statistics.median(seconds(one) / seconds(other) for one, other in pairs)


if __name__ == "__main__":
    raise SystemExit(main())

"""The server under many requests: cost of one, latency of runs, and who suffers from a flood.

    uv run python -m benchmarks.server_load                 # 20 s for each table
    uv run python -m benchmarks.server_load --seconds 5

Clients are threads of processes of their own that speak plain HTTP over one kept connection each.
Server and clients share the machine, so latencies hold what the clients cost as well.
"""

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from uuid import uuid4

from benchmarks.plain_http import Connection, request
from benchmarks.projects import small_project
from benchmarks.serving import Serving, cpu_of, serving

from dli_domain.errors import DliError

COST_LIMIT = 3.0
OVERHEAD_LIMIT, OVERHEAD_RATE = 0.020, 50
# Accepted, audited, rows kept, ended, audited.
SYNCS = 5
UNFAIR_LIMIT = 2.0
CLIENTS, PROCESSES, KEYS = 64, 4, 8
HONEST, HONEST_RATE = 4, 2
POLICY = "/api/v1/run/policy"
RUN = b'{"resource":{"kind":"dataset","name":"lake.mart.orders_1"}}'
# Room for a whole flood: what is measured is the server, not its limits.
ROOMY = {"running_per_key": 16, "queued": 1000}

# What an operator sets who gives the file to the server: to open it costs more than a small run.
HELD = 60.0
FILE = "defaults: {dialect: duckdb}\nlocal: {engine: duckdb, duckdb: {path: lake.duckdb}}\n"
# The same bytes at the same path, by the framework alone.
BARE = """
import socket, sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
BODY = sys.argv[1].encode()
async def answer(request):
    return Response(BODY, media_type="application/json")
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
listener.bind(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
app = Starlette(routes=[Route(sys.argv[2], answer)])
uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run(sockets=[listener])
"""


@dataclass
class Tally:
    """What clients saw: seconds of each good request or run, and all others by what they were."""

    seconds: list[float] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        """Take in what another client saw."""
        self.seconds += other.seconds
        self.others += other.others

    def at(self, share: float) -> float:
        """The quantile in milliseconds."""
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--requests", type=int, default=4000, help="for the cost of one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, clients() as pool:
        project = small_project(Path(folder, "project"), 10)
        (project / "dli.yaml").write_text(FILE)
        kept = _cost(project, arguments.requests)
        kept &= _overhead(project, arguments.seconds)
        kept &= _many(project, pool, arguments.seconds)
        kept &= _flood(project, pool, arguments.seconds)
    load = os.getloadavg()[0]
    print(f"load average {load:.1f} on {os.cpu_count()} cores; more than those distorts")
    print("within the limits" if kept else "OUTSIDE THE LIMITS")
    return 0 if kept else 1


@contextmanager
def clients() -> "Iterator[ProcessPoolExecutor]":
    """Processes for clients, started before there is anything to measure."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        for ready in [pool.submit(time.sleep, 0.2) for _ in range(PROCESSES)]:
            ready.result()
        yield pool


# --- the cost of one request -----------------------------------------------------------------


def _cost(project: Path, count: int) -> bool:
    with serving(project) as server:
        head = request("GET", POLICY, server.keys[0])
        with Connection(server.port) as connection:
            body = connection.send(head).body.decode()
        with _bare(body) as (pid, port):
            ours, plain = [], []
            for number in range(8):
                ours.append(_cpu_each(server.pid, server.port, head, count // 4))
                plain.append(_cpu_each(pid, port, head, count // 4))
                if not number:  # warmed
                    ours.clear()
                    plain.clear()
    mine, bare = statistics.median(ours), statistics.median(plain)
    ratio = mine / bare
    print(f"CPU of the server for one request (GET {POLICY}, {len(body)} bytes)")
    print(f"{'by':30} {'ms':>7} {'ratio':>6} {'limit':>6}")
    print(f"{'Starlette and uvicorn alone':30} {bare * 1e3:7.3f} {1:6.2f} {'-':>6}")
    print(f"{'dli server':30} {mine * 1e3:7.3f} {ratio:6.2f} {COST_LIMIT:6.1f}")
    return ratio <= COST_LIMIT


def _cpu_each(pid: int, port: int, head: bytes, count: int) -> float:
    with Connection(port) as connection:
        before = cpu_of(pid)
        for _ in range(count):
            if connection.send(head).status != 200:
                raise SystemExit("a request failed")
        return (cpu_of(pid) - before) / count


@contextmanager
def _bare(body: str) -> Iterator[tuple[int, int]]:
    command = [sys.executable, "-c", BARE, body, POLICY]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.pid, int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(10)


# --- the latency of runs -----------------------------------------------------------------------


def _overhead(project: Path, seconds: float) -> bool:
    """Runs by name at a fixed rate, timed from when each was due, by the library's client.

    Beside them what the disk alone takes: a run is on it before it begins and when it ends.
    """
    with serving(project, limits=ROOMY, held=HELD) as server:
        run = _library_run(server)
        _paced(run, OVERHEAD_RATE, 2.0)
        disk = _paced(_syncs(server.home), OVERHEAD_RATE, seconds / 2)
        before = server.cpu_seconds()
        found = _paced(run, OVERHEAD_RATE, seconds)
        cpu = (server.cpu_seconds() - before) / max(len(found.seconds), 1)
    over, limit = found.at(0.99) - disk.at(0.99), OVERHEAD_LIMIT * 1000
    print(f"\nruns by name, {OVERHEAD_RATE} a second, until their rows are here")
    print(
        f"{'':24} {'runs':>6} {'others':>7} {'p50 ms':>7} {'p99 ms':>7} {'limit':>6} {'CPU ms':>7}"
    )
    print(f"{f'{SYNCS} syncs of the disk':24} {'':14} {disk.at(0.5):7.1f} {disk.at(0.99):7.1f}")
    print(
        f"{'a run':24} {len(found.seconds):6} {found.others.total():7} {found.at(0.5):7.1f} "
        f"{found.at(0.99):7.1f} {'':6} {cpu * 1e3:7.1f}"
    )
    print(f"{'p99 beyond the disk':24} {'':22} {over:7.1f} {limit:6.0f}")
    return over <= limit and not found.others


def _syncs(folder: Path) -> Callable[[], str | None]:
    """The same writes that a run waits for, by nobody but the disk."""

    def work() -> None:
        with tempfile.TemporaryFile(dir=folder) as file:
            for _ in range(SYNCS):
                file.write(b"x" * 500)
                file.flush()
                os.fsync(file.fileno())

    return work


def _library_run(server: Serving) -> Callable[[], str | None]:
    from dli_adapters.clock.system import SystemClock  # noqa: PLC0415 - not in the clients
    from dli_adapters.server.opening import ServerEngine  # noqa: PLC0415
    from dli_adapters.server.registered_runs import ServerRegisteredRuns  # noqa: PLC0415
    from dli_adapters.server.transport import Transport  # noqa: PLC0415
    from dli_domain.model.requests import RunRequest  # noqa: PLC0415
    from dli_domain.model.spec import ResourceKind  # noqa: PLC0415

    clock = SystemClock()
    policy = ServerEngine(server.target(), "duckdb", clock).policy
    asked = RunRequest(name="lake.mart.orders_1", kind=ResourceKind.DATASET)
    local = threading.local()

    def run() -> str | None:
        if not hasattr(local, "transport"):
            # Kept open: what is measured is a run, not a connection.
            local.opened = Transport.connect(server.target(), clock)
            local.transport = local.opened.__enter__()
        runs = ServerRegisteredRuns(local.transport, policy, uuid4().hex)
        found = runs.run(asked, lambda _: None)
        count = len(found.result.rows)
        return None if count == 1 else f"{count} rows"

    return run


def _paced(run: Callable[[], str | None], rate: float, seconds: float) -> Tally:
    """So many a second, each on time whatever became of the others."""
    found, lock = Tally(), threading.Lock()
    start = time.perf_counter() + 0.1
    numbers = itertools.count()
    most = int(rate * seconds)

    def work() -> None:
        while (number := next(numbers)) < most:
            due = start + number / rate
            time.sleep(max(due - time.perf_counter(), 0))
            try:
                wrong = run()
            except DliError as error:
                wrong = error.code.value
            took = time.perf_counter() - due
            with lock:
                if wrong is None:
                    found.seconds.append(took)
                else:
                    found.others[wrong] += 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


# --- many clients ------------------------------------------------------------------------------


def _many(project: Path, pool: ProcessPoolExecutor, seconds: float) -> bool:
    with serving(project, limits=ROOMY, callers=KEYS, held=HELD) as server:
        before = server.cpu_seconds()
        found = _gathered(_submitted(pool, server.port, server.keys, seconds))
        cpu = server.cpu_seconds() - before
        memory = server.peak_memory()
    rate = len(found.seconds) / seconds
    print(f"\n{CLIENTS} clients of {KEYS} keys, run after run: submit, wait, fetch")
    print(f"{'runs/s':>7} {'p50 ms':>7} {'p99 ms':>7} {'errors':>7} {'cores':>6} {'MiB':>6}")
    print(
        f"{rate:7.0f} {found.at(0.5):7.0f} {found.at(0.99):7.0f} {found.others.total():7} "
        f"{cpu / seconds:6.2f} {memory:6.0f}"
    )
    _tell_others(found)
    return not found.others


def _submitted(
    pool: ProcessPoolExecutor, port: int, keys: Sequence[str], seconds: float
) -> list[Future[Tally]]:
    each = CLIENTS // PROCESSES
    return [pool.submit(busy_clients, port, keys, each, seconds) for _ in range(PROCESSES)]


def _gathered(parts: Sequence[Future[Tally]]) -> Tally:
    found = Tally()
    for part in parts:
        found.add(part.result())
    return found


def busy_clients(port: int, keys: Sequence[str], count: int, seconds: float) -> Tally:
    """Clients that send run after run, whatever they are answered."""
    found, lock = Tally(), threading.Lock()
    until = time.perf_counter() + seconds

    def work(key: str) -> None:
        mine = Tally()
        with Connection(port) as connection:
            while (start := time.perf_counter()) < until:
                wrong = one_run(connection, key)
                if wrong is None:
                    mine.seconds.append(time.perf_counter() - start)
                else:
                    mine.others[wrong] += 1
        with lock:
            found.add(mine)

    threads = [threading.Thread(target=work, args=(keys[n % len(keys)],)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def one_run(connection: Connection, key: str) -> str | None:
    """A run by name until its rows are here; what went wrong, if anything did."""
    runs = "/api/v1/runs"
    new = {"Idempotency-Key": os.urandom(16).hex()}
    answer = connection.send(request("POST", runs, key, RUN, new))
    if answer.status == 429:
        told = answer.headers.get("retry-after", "")
        return "429" if told.isdecimal() and int(told) >= 1 else "429 without Retry-After"
    if answer.status not in (200, 202):
        return f"POST {answer.status}"
    run_id = answer.text("run_id")
    while answer.text("state") in ("ACCEPTED", "RUNNING"):
        answer = connection.send(request("GET", f"{runs}/{run_id}?wait=20", key))
        if answer.status != 200:
            return f"GET {answer.status}"
    if answer.text("state") != "DONE":
        return answer.text("state")
    answer = connection.send(request("GET", f"{runs}/{run_id}/result", key))
    return None if answer.status == 200 and answer.body else f"result {answer.status}"


# --- a flood -------------------------------------------------------------------------------------


def _flood(project: Path, pool: ProcessPoolExecutor, seconds: float) -> bool:
    """Honest clients beside 64 of one other key, that heed no 429; limits as they come."""
    limits = {"requests_per_second": 10, "burst": 20}
    with serving(project, limits=limits, callers=HONEST + 1, held=HELD) as server:
        *honest, greedy = server.keys
        idle = _honest(server.port, honest, seconds)
        parts = _submitted(pool, server.port, [greedy], seconds + 1)
        time.sleep(0.5)
        before = server.cpu_seconds()
        busy = _honest(server.port, honest, seconds)
        cpu = (server.cpu_seconds() - before) / seconds
        flood = _gathered(parts)
    ratio = busy.at(0.99) / idle.at(0.99)
    print(f"\n{HONEST} honest clients beside {CLIENTS} of another key that heed no 429")
    print(
        f"{'':12} {'runs':>6} {'others':>7} {'p50 ms':>7} {'p99 ms':>7} {'ratio':>6} {'limit':>6}"
    )
    for name, one in (("alone", idle), ("in a flood", busy)):
        shown = f"{ratio:6.2f} {UNFAIR_LIMIT:6.1f}" if one is busy else ""
        print(
            f"{name:12} {len(one.seconds):6} {one.others.total():7} {one.at(0.5):7.1f} "
            f"{one.at(0.99):7.1f} {shown}"
        )
    _tell_others(busy)
    print(f"the flood: {len(flood.seconds)} runs; the server used {cpu:.2f} cores")
    _tell_others(flood)
    wrong = set(flood.others) - {"429", "GET 429", "result 429"}
    return ratio <= UNFAIR_LIMIT and not busy.others and not wrong


def _honest(port: int, keys: Sequence[str], seconds: float) -> Tally:
    """Clients of one key each that stay below their limit: a run now and then, in turns."""
    found = Tally()
    with Connection(port) as connection:
        for number in range(int(HONEST_RATE * HONEST * seconds)):
            start = time.perf_counter()
            wrong = one_run(connection, keys[number % HONEST])
            took = time.perf_counter() - start
            if wrong is None:
                found.seconds.append(took)
            else:
                found.others[wrong] += 1
            time.sleep(max(1 / HONEST_RATE / HONEST - took, 0))
    return found


def _tell_others(found: Tally) -> None:
    for what, count in sorted(found.others.items()):
        print(f"  {what}: {count:,}")


if __name__ == "__main__":
    raise SystemExit(main())

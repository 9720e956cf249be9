"""Programs that the process tests start: one write, or many that are killed or compete.

python child.py once PATH ROWS             exit 0, or 8 when the output failed
python child.py killed PATH ROUNDS SEED    prints how the rounds ended, as JSON
python child.py pairs PATH ROUNDS          the same
"""

import json
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NoReturn

import pyarrow as pa

from dli_adapters.arrow.stream import ArrowStream
from dli_adapters.writers.files import file_writer
from dli_domain.errors import OutputError
from dli_domain.model.result import Column, QueryResult

ROWS = 20_000


def result(rows: int, word: str = "word") -> QueryResult:
    batch = pa.record_batch([pa.array(range(rows)), pa.array([word] * rows)], names=["n", "word"])
    stream = ArrowStream(batch.schema, iter([batch]), [Column("n"), Column("word")])
    return QueryResult(stream=stream)


def content(rows: int, word: str = "word") -> bytes:
    return b"n,word\n" + b"".join(f"{n},{word}\n".encode() for n in range(rows))


def once(path: str, rows: str) -> int:
    stdout = sys.stdout.buffer if sys.stdout else None
    writer = file_writer(path, stdout=stdout)
    try:
        writer.prepare()
        writer.write(result(int(rows)))
    except OutputError:
        return 8
    return 0


def limited(path: str, size: str) -> int:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), int(size)))
    return once(path, str(ROWS))


def killed(path: str, rounds: str, seed: str) -> int:
    """Kill a process that writes again and again, each time at another instant."""
    chance = random.Random(int(seed))  # noqa: S311 - instants, no secrets
    allowed = {content(ROWS, word) for word in ("first", "second")} | {None}
    torn = left = most_left = 0
    for _ in range(int(rounds)):
        pid = _started(lambda: _write_for_ever(path))
        time.sleep(chance.uniform(0, 0.06))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        torn += (Path(path).read_bytes() if Path(path).exists() else None) not in allowed
        left = _left_over(path)
        most_left = max(left, most_left)
    once(path, str(ROWS))
    print(json.dumps({"torn": torn, "most_left": most_left, "left": _left_over(path)}))
    return 0


def pairs(path: str, rounds: str) -> int:
    """Let two processes write one path at the same time."""
    allowed = {content(ROWS, "first"), content(ROWS, "second")}
    mixed = failed = 0
    for _ in range(int(rounds)):
        children = [
            _started(partial(file_writer(path).write, result(ROWS, word)))
            for word in ("first", "second")
        ]
        failed += sum(os.waitpid(pid, 0)[1] != 0 for pid in children)
        mixed += Path(path).read_bytes() not in allowed
    print(json.dumps({"mixed": mixed, "failed": failed, "left": _left_over(path)}))
    return 0


def _write_for_ever(path: str) -> NoReturn:
    while True:
        for word in ("first", "second"):
            file_writer(path).write(result(ROWS, word))


def _started(work: Callable[[], object]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
    except BaseException:  # noqa: BLE001 - the other process is told by the exit code
        os._exit(1)
    os._exit(0)


def _left_over(path: str) -> int:
    return len(list(Path(path).parent.glob(".*.dli-tmp")))


if __name__ == "__main__":
    programs: dict[str, Callable[..., int]] = {
        "once": once,
        "limited": limited,
        "killed": killed,
        "pairs": pairs,
    }
    sys.exit(programs[sys.argv[1]](*sys.argv[2:]))

"""Work spread over forked processes: they begin with everything that is already read."""

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain
from typing import TypeVar, final

from dli_domain.analysis.keeping import Workers
from dli_domain.errors import DliError

# Below this a process costs more than it saves.
_WORTH_A_PROCESS = 150
_CHUNK = 50
_MAX_PROCESSES = 16

Item = TypeVar("Item")
Result = TypeVar("Result")

# Forked processes find the work here: it need not be picklable.
_work: Callable[[object], object] | None = None


@final
class ForkedWorkers(Workers):
    """As many processes as there are cores to run on; one, without a fork, for little work.

    Args:
        processes: How many at most; by default the cores that this process may use.
    """

    def __init__(self, processes: int | None = None) -> None:
        self._processes = processes or min(_cores(), _MAX_PROCESSES)

    def map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        processes = min(self._processes, len(items) // _WORTH_A_PROCESS)
        if processes < 2 or "fork" not in multiprocessing.get_all_start_methods():
            return _alone(work, items)
        return self._forked(work, items, processes)

    def _forked(
        self, work: Callable[[Item], Result], items: Sequence[Item], processes: int
    ) -> Iterator[Result]:
        global _work  # noqa: PLW0603 - what a fork inherits must be reachable from a module
        _work = work  # type: ignore[assignment]  # given back with the types it came with
        chunks = [items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK)]
        try:
            with ProcessPoolExecutor(
                processes, multiprocessing.get_context("fork"), initializer=_begin
            ) as pool:
                done: Iterator[list[Result]] = pool.map(_do, chunks)
                yield from chain.from_iterable(done)
        except BrokenProcessPool as error:
            raise DliError(
                "A worker process died while it examined specs",
                causes=("The machine ran out of memory.", "Somebody ended the process."),
                hint="Validate fewer specs at once, or with more memory.",
            ) from error
        finally:
            _work = None


def _alone(work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    for item in items:
        yield work(item)


def _begin() -> None:
    # What came with the fork is never garbage; walking it would copy its pages.
    gc.freeze()
    gc.disable()


def _do(items: Sequence[Item]) -> list[Result]:
    assert _work is not None, "only called in a process that _forked made"  # noqa: S101 - own invariant
    results = [_work(item) for item in items]
    # Syntax trees hold their parents: one walk for each chunk instead of thousands.
    gc.collect()
    return results  # type: ignore[return-value]  # see _forked


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

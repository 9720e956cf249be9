"""Something opened, used and closed in a worker, under the deadline of a run."""

from collections.abc import Callable, Iterator
from concurrent.futures import wait
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import TypeVar

from dli_adapters.supervision.watch import CLOSE_SECONDS, Stoppable, Watch
from dli_adapters.supervision.worker import Worker
from dli_domain.errors import DliError
from dli_domain.model.run import RunScope
from dli_domain.ports.clock import Clock

Inner = TypeVar("Inner", bound=Stoppable)


@contextmanager
def attended(
    open_inner: Callable[[RunScope], AbstractContextManager[Inner]], scope: RunScope, clock: Clock
) -> Iterator[tuple[Inner, Watch]]:
    """What was opened, and the watch through which it is called.

    It has one worker thread, which ends with it unless its driver never comes back; then that
    is left behind, and closes it if the driver ever does.
    """
    worker = Worker(f"dli-run-{scope.run_id}")
    watch = Watch(worker, scope, clock)
    stack = ExitStack()
    try:
        # The worker enters and leaves: a driver may be bound to the thread that made it.
        inner = watch.call(lambda: stack.enter_context(open_inner(scope)))
        watch.inner = inner
        yield inner, watch
    except BaseException:
        with suppress(DliError):  # the failure under way says more
            _leave(worker, stack, watch)
        raise
    _leave(worker, stack, watch)


def _leave(worker: Worker, stack: ExitStack, watch: Watch) -> None:
    """Close it in the worker; wait for that to the deadline, and if that is past, hardly."""
    closed = worker.submit(stack.close)
    seconds = 0 if watch.lost else max(watch.remaining, CLOSE_SECONDS)
    wait((closed,), seconds)
    worker.close(CLOSE_SECONDS if closed.done() else 0)
    if closed.done():
        closed.result()

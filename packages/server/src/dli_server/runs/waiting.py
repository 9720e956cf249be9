"""Waiting for the end of a run without holding a thread."""

import asyncio

from starlette.requests import Request

from dli_server.runs.live import LiveRun

# How soon a closed connection is noticed.
_LOOK_SECONDS = 0.1


async def waited(request: Request, run: LiveRun, seconds: float) -> bool:
    """Wait for the end, at most so long; True where the caller went away before it."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    until = loop.time() + seconds

    def wake() -> None:
        loop.call_soon_threadsafe(over.set)

    with run.listening(wake):
        while not run.ended.is_set() and (rest := until - loop.time()) > 0:
            try:
                await asyncio.wait_for(over.wait(), min(rest, _LOOK_SECONDS))
            except TimeoutError:
                if await request.is_disconnected():
                    return True
    return False

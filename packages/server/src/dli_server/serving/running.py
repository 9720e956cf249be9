"""Runs the application on a socket until a signal ends it."""

import asyncio
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import final

import uvicorn
from starlette.concurrency import run_in_threadpool

from dli_domain.errors import ConfigError
from dli_server.app import create_app
from dli_server.configuration import ServerConfig
from dli_server.observing.logs import log_to
from dli_server.services import Services
from dli_server.serving.protocol import GuardedProtocol, protocol_for

# Of the time to stop: what answers have after the runs have ended, and the very end.
_ANSWER_SECONDS = 1.5
_LAST_SECONDS = 0.8
# A run passes through several threads; by default each may keep the others waiting for 5 ms.
_SWITCH_SECONDS = 0.001
_STOPPING = (signal.SIGINT, signal.SIGTERM)


def serve(services: Services, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; returns when all that ran is done or cancelled.

    Args:
        services: What handlers use.
        announce: Called with the address once requests are answered.

    Raises:
        ConfigError: the address cannot be listened on.
    """
    config = services.config
    log_to()
    listener = _listener(config.host, config.port)
    port = listener.getsockname()[1]
    scheme = "https" if config.tls_certificate else "http"
    host = f"[{config.host}]" if ":" in config.host else config.host
    server = StoppingServer(
        uvicorn.Config(
            create_app(services),
            lifespan="off",
            ws="none",
            http=_protocol(config),
            loop="asyncio",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ssl_certfile=config.tls_certificate,
            ssl_keyfile=config.tls_key,
            timeout_graceful_shutdown=1,
            timeout_keep_alive=30,
        ),
        services,
        lambda: announce(f"{scheme}://{host}:{port}"),
    )
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        services.lifecycle.start()
        server.run(sockets=[listener])
    finally:
        listener.close()
        services.lifecycle.close()


def _protocol(config: ServerConfig) -> type[GuardedProtocol]:
    limits = config.limits
    return protocol_for(
        head_seconds=limits.head_seconds,
        body_seconds=limits.body_seconds,
        write_seconds=limits.write_seconds,
        # Behind a proxy all connections have its address.
        per_address=None if config.behind_proxy else limits.connections_per_address,
    )


@final
class StoppingServer(uvicorn.Server):
    """uvicorn, with our order of stopping: take nothing new, drain, end, in bounded time."""

    def __init__(
        self, config: uvicorn.Config, services: Services, started: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._services = services
        self._started = started

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop by INT and TERM, in order and with exit code 0; a second one hurries.

        uvicorn would raise the signal again at the end, as if nobody had heeded it.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {name: signal.signal(name, self.handle_exit) for name in _STOPPING}
        try:
            yield
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets=sockets)
        self._started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take nothing new, let work end, cut what is left."""
        seconds = self._services.config.limits.drain_seconds
        lifecycle = self._services.lifecycle
        lifecycle.stopping = True
        _leave_after(seconds + _LAST_SECONDS)
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        drained = asyncio.ensure_future(
            run_in_threadpool(lifecycle.drain, max(0.0, seconds - _ANSWER_SECONDS))
        )
        await asyncio.wait([drained], timeout=seconds)
        await super().shutdown(sockets=sockets)
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()


def _leave_after(seconds: float) -> None:
    """End the process even where a driver's thread hangs; the journal knows what ran."""

    def leave() -> None:
        time.sleep(seconds)
        os._exit(128 + signal.SIGTERM)

    threading.Thread(target=leave, daemon=True, name="dli-leave").start()


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # By the protocol's number asyncio knows to send at once; without it each answer waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"The server cannot listen on {host}:{port}: {error.strerror}",
            hint="Choose another one with --port; 0 takes a free one.",
        ) from error
    listener.listen(2048)
    return listener

"""Runs the application on a socket until a signal ends it."""

import asyncio
import socket
from collections.abc import Callable
from typing import final

import uvicorn
from starlette.concurrency import run_in_threadpool

from dli_domain.errors import ConfigError
from dli_server.app import create_app
from dli_server.services import Services


def serve(services: Services, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; returns when all that ran is done or cancelled.

    Args:
        services: What handlers use.
        announce: Called with the address once requests are answered.

    Raises:
        ConfigError: the address cannot be listened on.
    """
    config = services.config
    listener = _listener(config.host, config.port)
    port = listener.getsockname()[1]
    scheme = "https" if config.tls_certificate else "http"
    host = f"[{config.host}]" if ":" in config.host else config.host
    server = StoppingServer(
        uvicorn.Config(
            create_app(services),
            lifespan="off",
            ws="none",
            http="h11",
            loop="asyncio",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ssl_certfile=config.tls_certificate,
            ssl_keyfile=config.tls_key,
            timeout_graceful_shutdown=1,
        ),
        services,
        lambda: announce(f"{scheme}://{host}:{port}"),
    )
    try:
        services.lifecycle.start()
        server.run(sockets=[listener])
    finally:
        listener.close()
        services.lifecycle.close()


@final
class StoppingServer(uvicorn.Server):
    """uvicorn, with our order of stopping: no new connections, drain, end."""

    def __init__(
        self, config: uvicorn.Config, services: Services, started: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._services = services
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets=sockets)
        self._started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take nothing new, let work end, close what is left."""
        for server in self.servers:
            server.close()
        seconds = self._services.config.limits.drain_seconds
        drained = asyncio.ensure_future(
            run_in_threadpool(self._services.lifecycle.drain, max(0.0, seconds - 1))
        )
        await asyncio.wait([drained], timeout=seconds)
        await super().shutdown(sockets=sockets)


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
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

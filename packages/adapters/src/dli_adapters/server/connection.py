"""Connections to one origin that keep a moment instead of a time limit for each read."""

import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from math import inf
from typing import Any
from urllib.parse import urlsplit

import certifi
import httpcore

from dli_domain.errors import ConfigError, ErrorCode, ServerAuthError, ServerError
from dli_domain.model.settings import ServerTarget

# uvicorn closes after 5 s: who closes first loses nothing.
_KEPT_SECONDS = 3.0
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """The only place that is ever talked to; `prefix` is the path that stands before all paths."""

    scheme: str
    host: str
    port: int
    prefix: str

    @classmethod
    def of(cls, url: str) -> "Origin":
        """The origin of an address.

        Raises:
            ServerError: DLI-505, it is no http or https address, or it holds a password.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise _no_address() from error
        if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
            raise _no_address()
        host = parts.hostname.encode("idna").decode() if not parts.hostname.isascii() else None
        return cls(
            parts.scheme,
            host or parts.hostname,
            port or _PORTS[parts.scheme],
            parts.path.rstrip("/"),
        )

    @property
    def loopback(self) -> bool:
        """Whether it is this machine."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def authority(self) -> str:
        """Host and port as the header `Host` wants them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def _no_address() -> ServerError:
    return ServerError(
        "'server.url' is no address of a server: it must be http:// or https:// and a host, "
        "without a user or a password",
        code=ErrorCode.SERVER_PROTOCOL,
        hint="Set it with 'dli config set server.url URL'.",
    )


def check_token(target: ServerTarget, origin: Origin) -> None:
    """Refuse a token that cannot be sent, or must not be.

    Raises:
        ServerAuthError: it holds a sign that no token has.
        ServerError: DLI-505, it would go in clear to another machine.
    """
    if target.api_key is None:
        return
    token = target.api_key.reveal()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ServerAuthError(
            "The token holds a sign that no token has",
            hint="Set it with 'dli config set --global server.api_key -', or in DLI_API_TOKEN.",
        )
    if origin.scheme != "https" and not origin.loopback:
        raise ServerError(
            "The token is not sent in clear to another machine",
            code=ErrorCode.SERVER_PROTOCOL,
            context={"Server": target.url},
            hint="Use an https address in 'server.url'.",
        )


def open_pool(
    monotonic: Callable[[], float], tls: ssl.SSLContext, *, kept: bool = True
) -> httpcore.ConnectionPool:
    """Connections whose time limits are moments of `monotonic`, not seconds.

    No proxies are taken from the environment. With `kept` a connection
    carries more than one request, for as long as usual servers keep them too.
    """
    return httpcore.ConnectionPool(
        ssl_context=tls,
        max_connections=8,
        max_keepalive_connections=8 if kept else 0,
        keepalive_expiry=_KEPT_SECONDS,
        network_backend=_Network(monotonic),
    )


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """TLS 1.2 or newer, with the public authorities and those of `ca_file`.

    No certificates are taken from the environment.

    Raises:
        ConfigError: the file cannot be read, or holds no certificates.
    """
    # without a file it would obey SSL_CERT_FILE of the environment
    context = ssl.create_default_context(cafile=certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"'server.ca_file' cannot be used: {ca_file!r} is no file of certificates (PEM)",
                code=ErrorCode.CONFIG_VALIDATION_FAILED,
            ) from error
    return context


def no_tls() -> ssl.SSLContext:
    """A context that believes nobody, for an origin without TLS."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class _Network(httpcore.NetworkBackend):
    """The plain network, where a timeout is the moment at which waiting ends.

    httpcore hands timeouts through as they are given. As moments they bound the whole exchange:
    a server that sends one byte now and then gains no time by it.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, self._monotonic, httpcore.ConnectTimeout)
        stream = self._plain.connect_tcp(host, port, left, local_address, socket_options)
        return _Stream(stream, self._monotonic)


class _Stream(httpcore.NetworkStream):
    def __init__(self, plain: httpcore.NetworkStream, monotonic: Callable[[], float]) -> None:
        self._plain = plain
        self._monotonic = monotonic

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._plain.read(max_bytes, _left(timeout, self._monotonic, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._plain.write(buffer, _left(timeout, self._monotonic, httpcore.WriteTimeout))

    def close(self) -> None:
        self._plain.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, self._monotonic, httpcore.ConnectTimeout)
        return _Stream(self._plain.start_tls(ssl_context, server_hostname, left), self._monotonic)

    def get_extra_info(self, info: str) -> Any:
        return self._plain.get_extra_info(info)


def _left(
    until: float | None, monotonic: Callable[[], float], late: type[Exception]
) -> float | None:
    if until is None or until == inf:
        return None
    left = until - monotonic()
    if left <= 0:
        raise late("the time is up")
    return left

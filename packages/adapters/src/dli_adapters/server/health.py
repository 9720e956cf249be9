"""Whether a server answers, and takes the token."""

import http.client
from ipaddress import ip_address
from urllib.parse import urlsplit

from dli_domain.errors import ErrorCode, ServerAuthError, ServerError, ServerUnreachableError
from dli_domain.model.settings import ServerTarget

HEALTH_PATH = "/api/v1/health"
_OK = 200
_REFUSED = (401, 403)


def check_health(target: ServerTarget, timeout: float) -> str:
    """Ask the server for its health, with the token if there is one; say what was found.

    No redirect is followed. The token is never sent in clear to another machine.

    Raises:
        ServerUnreachableError: there is no connection, or no HTTP behind it.
        ServerAuthError: it refused the token, or wants one.
        ServerError: it answered something else than 200, or the token would go in clear.
    """
    status = _status(target, timeout)
    if status in _REFUSED:
        told = "the token" if target.api_key else "a request without a token"
        raise ServerAuthError(
            f"The server refused {told}: {status} to GET {HEALTH_PATH}",
            context={"Server": target.url},
            causes=("The token is wrong or has expired", "No token is set"),
            hint="Set it with 'dli config set --global server.api_key -', or in DLI_API_TOKEN.",
        )
    if status != _OK:
        raise ServerError(
            f"The server answered {status} to GET {HEALTH_PATH}",
            context={"Server": target.url},
            hint="Check that server.url is the address of a Basecamp server.",
        )
    with_token = "with the token" if target.api_key else "without a token"
    return f"{target.url} answered GET {HEALTH_PATH} {with_token}"


def _status(target: ServerTarget, timeout: float) -> int:
    parts = urlsplit(target.url)
    secure = parts.scheme == "https"
    headers = {"Accept": "*/*"}
    if target.api_key is not None:
        if not secure and not _loopback(parts.hostname or ""):
            raise ServerError(
                "The token is not sent in clear to another machine",
                code=ErrorCode.SERVER_PROTOCOL,
                context={"Server": target.url},
                hint="Use an https address in 'server.url'.",
            )
        headers["Authorization"] = f"Bearer {target.api_key.reveal()}"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request("GET", f"{parts.path}{HEALTH_PATH}", headers=headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise ServerUnreachableError(
            f"Cannot reach the server: {str(error) or type(error).__name__}",
            context={"Server": target.url},
            causes=("The server is not running", "server.url is wrong", "No network to it"),
            hint="Correct 'server.url', or start the server.",
        ) from error
    finally:
        connection.close()


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

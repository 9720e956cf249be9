"""Whether a server answers, asked without any credential."""

import http.client
from urllib.parse import urlsplit

from dli_domain.errors import ServerError, ServerUnreachableError
from dli_domain.model.settings import ServerTarget

HEALTH_PATH = "/api/v1/health"
_OK = 200


def check_health(target: ServerTarget, timeout: float) -> None:
    """Ask the server for its health; no token is sent and no redirect is followed.

    Raises:
        ServerUnreachableError: there is no connection, or no HTTP behind it.
        ServerError: it answered something else than 200.
    """
    parts = urlsplit(target.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request("GET", f"{parts.path}{HEALTH_PATH}", headers={"Accept": "*/*"})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise ServerUnreachableError(
            f"Cannot reach the server: {str(error) or type(error).__name__}",
            context={"Server": target.url},
            causes=("The server is not running", "server.url is wrong", "No network to it"),
            hint="Correct 'server.url', or start the server.",
        ) from error
    finally:
        connection.close()
    if status != _OK:
        raise ServerError(
            f"The server answered {status} to GET {HEALTH_PATH}",
            context={"Server": target.url},
            hint="Check that server.url is the address of a Basecamp server.",
        )

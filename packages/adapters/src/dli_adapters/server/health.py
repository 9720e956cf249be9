"""Whether a server answers, and takes the token."""

from dli_adapters.server.transport import Transport
from dli_domain.errors import ServerAuthError, ServerError
from dli_domain.model.settings import ServerTarget
from dli_domain.ports.clock import Clock

HEALTH_PATH = "/api/v1/health"
_OK = 200
_REFUSED = (401, 403)


def check_health(target: ServerTarget, timeout: float, clock: Clock) -> str:
    """Ask the server for its health, once, with the token if there is one; say what was found.

    Raises:
        ServerUnreachableError: there is no connection, or no answer within `timeout` seconds.
        ServerAuthError: it refused the token, or wants one.
        ServerError: it answered something else than 200, or the token would go in clear.
    """
    with Transport.connect(target, clock, tries=1) as transport:
        status = transport.status(HEALTH_PATH, within=timeout)
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

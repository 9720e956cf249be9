"""What is told where no answer came."""

from dli_adapters.server.exchange import NeverLeftError, Request
from dli_domain.errors import (
    DliError,
    ExecutionTimeoutError,
    ExecutionUnknownError,
    ServerUnreachableError,
)
from dli_domain.model.run import Deadline
from dli_domain.model.settings import ServerTarget
from dli_domain.ports.clock import Clock


class LostAnswerError(ExecutionUnknownError):
    """The request may have arrived, and no answer came: look it up before it is sent again."""


def lost(target: ServerTarget, request: Request) -> LostAnswerError:
    """The failure of a request that may have been carried out."""
    return LostAnswerError(
        f"No answer came to {request}: whether the server carried it out is not known",
        context={"Server": target.url},
        hint="Look at the server whether it did, before you send it again.",
    )


def late(
    target: ServerTarget, request: Request, deadline: Deadline | None, clock: Clock
) -> DliError:
    """The failure of a question that was not answered in time."""
    if deadline is not None and deadline.remaining(clock.monotonic()) <= 0:
        return ExecutionTimeoutError(
            f"The deadline of {deadline.seconds:g} seconds passed during {request}",
            context={"Server": target.url},
        )
    return ServerUnreachableError(
        f"The server did not answer {request} in time",
        context={"Server": target.url},
        hint="Try it again; 'server.timeout' is how many seconds each request may take.",
    )


def unreachable(target: ServerTarget, request: Request, error: Exception) -> ServerUnreachableError:
    """The failure of a request that got no answer and did nothing."""
    sent = "; nothing was sent" if isinstance(error, NeverLeftError) else ""
    return ServerUnreachableError(
        f"Cannot reach the server: {error}{sent}",
        context={"Server": target.url, "Request": str(request)},
        causes=("The server is not running", "server.url is wrong", "No network to it"),
        hint="Correct 'server.url', or start the server.",
    )

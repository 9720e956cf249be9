"""Which of its two languages a server speaks, and an executor that speaks it."""

from collections.abc import Iterator
from contextlib import contextmanager

from dli_adapters.server.executor import ServerExecutor
from dli_adapters.server.policy import policy_of
from dli_adapters.server.transport import Transport
from dli_adapters.wire.messages import EXTENSION
from dli_domain.model.run import Deadline, RunScope
from dli_domain.model.settings import ServerTarget
from dli_domain.ports.clock import Clock
from dli_domain.ports.query_executor import QueryExecutor

# Whoever opens the executor watches the deadline; by itself it ends a little later, so that
# there is one who stops the run at the server and says what is known.
_SLACK_SECONDS = 2.0


@contextmanager
def open_on_server(
    target: ServerTarget, scope: RunScope, clock: Clock, dialect: str
) -> Iterator[QueryExecutor]:
    """An executor behind the server, for one run.

    Args:
        target: The server.
        scope: The run.
        clock: For all times.
        dialect: What the SQL is written in; a server of the older API is told to run it so.

    Raises:
        EngineError: it cannot be reached, or refuses.
    """
    limit = Deadline(scope.deadline.at + _SLACK_SECONDS, scope.deadline.seconds)
    with Transport.connect(target, clock, limit) as transport:
        policy = policy_of(transport)
        if EXTENSION in policy.extensions:
            with ServerExecutor.opened(transport, policy, scope) as executor:
                yield executor
            return
        from dli_adapters.server.classic import ClassicExecutor  # noqa: PLC0415 - rarely needed

        yield ClassicExecutor(transport, policy, scope, dialect)

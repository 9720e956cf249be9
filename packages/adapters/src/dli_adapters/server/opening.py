"""Which of its two languages a server speaks, and executors that speak it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

from dli_adapters.server.executor import ServerExecutor
from dli_adapters.server.policy import policy_of
from dli_adapters.server.transport import Transport
from dli_adapters.wire.messages import EXTENSION, PolicyAnswer
from dli_domain.errors import ErrorCode, ServerError
from dli_domain.model.run import Deadline, RunScope
from dli_domain.model.settings import ServerTarget
from dli_domain.ports.clock import Clock
from dli_domain.ports.query_executor import QueryExecutor

# Whoever opens the executor watches the deadline; by itself it ends a little later, so that
# there is one who stops the run at the server and says what is known.
_SLACK_SECONDS = 2.0


@final
class ServerEngine:
    """The engine behind a server. Its policy is asked for once, when it is needed first.

    Args:
        target: The server.
        dialect: What SQL is written in for a server that does not say its engine; it is told
            to run it so.
        clock: For all times.
        truncate: Whether a result may be cut that a server of the older API cut.
        limit: Seconds that a run may take, where they are known: the question for the policy
            before it takes no longer.
    """

    def __init__(
        self,
        target: ServerTarget,
        dialect: str,
        clock: Clock,
        *,
        truncate: bool = False,
        limit: float | None = None,
    ) -> None:
        self.target = target
        self._limit = limit
        self._truncate = truncate
        self._dialect = dialect
        self._clock = clock
        self._policy: PolicyAnswer | None = None

    @property
    def policy(self) -> PolicyAnswer:
        """What the server allows and offers.

        Raises:
            ServerError: it cannot be reached, or refuses.
            ExecutionTimeoutError: no answer came in the time that a run may take.
        """
        if self._policy is None:
            with Transport.connect(self.target, self._clock, self._until()) as transport:
                self._policy = policy_of(transport)
        return self._policy

    def _until(self) -> Deadline | None:
        """The end of what is asked before a run; None where `server.timeout` comes first."""
        if self._limit is None or self._limit >= self.target.timeout:
            return None
        return Deadline(self._clock.monotonic() + self._limit, self._limit)

    @property
    def published(self) -> str | None:
        """The engine that the server says it has; None for one of the older API.

        Raises:
            ServerError: it cannot be reached, or refuses.
        """
        return self.policy.engine

    @property
    def name(self) -> str:
        """The engine's name, or the dialect that stands for it."""
        return self.published or self._dialect

    @contextmanager
    def open(self, scope: RunScope) -> Iterator[QueryExecutor]:
        """An executor for one run, without supervision.

        Raises:
            EngineError: the server cannot be reached, or refuses.
        """
        limit = Deadline(scope.deadline.at + _SLACK_SECONDS, scope.deadline.seconds)
        with Transport.connect(self.target, self._clock, limit) as transport:
            if self._policy is None:
                self._policy = policy_of(transport)
            if EXTENSION in self._policy.extensions:
                with ServerExecutor.opened(transport, self._policy, scope) as executor:
                    yield executor
                return
            from dli_adapters.server.classic import ClassicExecutor  # noqa: PLC0415 - rarely needed

            _check_dialect(self._policy, self._dialect, self.target)
            yield ClassicExecutor(
                transport, self._policy, scope, self._dialect, truncate=self._truncate
            )


def _check_dialect(policy: PolicyAnswer, dialect: str, target: ServerTarget) -> None:
    allowed = tuple(engine.lower() for engine in policy.allowed_engines)
    if allowed and dialect.lower() not in allowed:
        raise ServerError(
            f"The server runs {', '.join(allowed)}, and the SQL is written for {dialect}",
            code=ErrorCode.POLICY_REFUSED,
            context={"Server": target.url},
            hint="Set defaults.dialect, or DLI_DIALECT, to one of them.",
        )

"""The port that asks an engine how it reads a statement."""

from collections.abc import Mapping
from typing import Protocol

from dli_domain.model.policy import Opinion


class SqlReferee(Protocol):
    """The second parser of the policy: the one that would run the statement."""

    def opinion(self, sql: str, params: Mapping[str, object] | None = None) -> Opinion:
        """How the engine itself reads the text. Nothing of it runs.

        Args:
            sql: The text, byte for byte as it would be sent.
            params: The values that would be bound to it, as the executor takes them.

        Raises:
            EngineError: the engine cannot read it, or cannot be asked.
        """
        ...

"""The port that asks an engine how it reads a statement."""

from typing import Protocol

from dli_domain.model.policy import Opinion


class SqlReferee(Protocol):
    """The second parser of the policy: the one that would run the statement."""

    def opinion(self, sql: str) -> Opinion:
        """How the engine itself reads the text. Nothing of it runs.

        Args:
            sql: The text, byte for byte as it would be sent.

        Raises:
            EngineError: the engine cannot read it, or cannot be asked.
        """
        ...

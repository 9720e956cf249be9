"""A long answer of the server, read piece by piece."""

from collections.abc import Iterator, Mapping


class Source:
    """The bytes of a long answer, read as they come."""

    def __init__(self, pieces: Iterator[bytes], headers: Mapping[str, str]) -> None:
        self._pieces = pieces
        self._held = bytearray()
        self.headers = headers

    def read(self, count: int, /) -> bytes:
        """The next `count` bytes; fewer only at the end.

        Raises:
            CutResultError: the connection broke off; another source may go on.
            ExecutionTimeoutError: the deadline passed.
        """
        while len(self._held) < count:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._held += piece
        taken = bytes(self._held[:count])
        del self._held[:count]
        return taken

"""The rows of a run at the server, fetched as they are read, and proved to be all."""

import io
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, final

import pyarrow as pa

from dli_adapters.arrow.stream import ArrowStream
from dli_adapters.server.remote_runs import GONE_SECONDS, RUNS
from dli_adapters.server.transport import Transport, segment
from dli_adapters.wire.frames import CutResultError, FrameReader
from dli_adapters.wire.messages import RunAnswer
from dli_domain.errors import ResultInvalidError, ServerUnreachableError
from dli_domain.model.result import QueryResult

_TRIES = 5
_PAUSE = 0.5


def fetched(
    transport: Transport, run: RunAnswer, check: Callable[[], None] = lambda: None
) -> QueryResult:
    """The result of a run that is done.

    Args:
        transport: The server that has it.
        run: What the server says of the run.
        check: Called for each batch; raises to end the reading.

    Raises:
        ResultInvalidError: what comes is cut, altered, or not what the run tells of.
        ServerUnreachableError: the server cannot be reached.
    """
    facts = run.result
    if facts is None or not facts.has_rows:
        affected = None if facts is None else facts.affected_rows
        return QueryResult(affected_rows=affected, stats=run.stats)
    fetch = _Fetch(transport, run, check)
    try:
        reader = pa.ipc.open_stream(io.BufferedReader(_Joined(fetch.parts), 1 << 16))
    except pa.ArrowException as error:
        fetch.close()
        raise ResultInvalidError(f"The result cannot be read: {error}") from error
    except BaseException:
        fetch.close()
        raise
    if len(reader.schema) != len(facts.columns):
        fetch.close()
        raise ResultInvalidError(
            f"The result has {len(reader.schema)} columns where the run tells of "
            f"{len(facts.columns)}"
        )
    batches = fetch.batches(reader)
    stream = ArrowStream(reader.schema, batches, facts.columns, on_close=fetch.close)
    return QueryResult(stream=stream, stats=run.stats)


class _Fetch:
    """One result on its way; goes on where it broke off."""

    def __init__(self, transport: Transport, run: RunAnswer, check: Callable[[], None]) -> None:
        self._transport = transport
        self._run = run
        self._check = check
        self._open = ExitStack()
        self._frames: FrameReader | None = None
        self.parts = self._payloads()

    def _payloads(self) -> Iterator[bytes]:
        """The parts of the Arrow stream, each checked; ends only after the end frame."""
        monotonic = self._transport.line.clock.monotonic
        tries, reached, heard = 0, -1, monotonic()
        while True:
            try:
                frames = self._connected()
                yield from frames.payloads()
            except (CutResultError, ServerUnreachableError) as error:
                self.close()
                at = 0 if self._frames is None else self._frames.offset
                if at > reached:
                    tries, reached, heard = 0, at, monotonic()
                if isinstance(error, CutResultError):
                    tries += 1
                    if tries == _TRIES:
                        raise
                # The server may be on its way back, and it still has the result.
                elif monotonic() - heard > GONE_SECONDS:
                    raise
                else:
                    time.sleep(_PAUSE)
                self._check()
            else:
                return

    def batches(self, reader: Any) -> Iterator[pa.RecordBatch]:
        """The rows; raises at the end where they are not those that the server told of."""
        rows = 0
        self._check()
        for batch in reader:
            rows += batch.num_rows
            yield batch
            self._check()
        for _ in self.parts:
            pass  # The stream ends before its frames do; what counts is the last of those.
        self._prove(rows)

    def close(self) -> None:
        """End the reading."""
        self._open.close()

    def _connected(self) -> FrameReader:
        start = 0 if self._frames is None else self._frames.offset
        path = f"{RUNS}/{segment(self._run.run_id)}/result"
        source = self._open.enter_context(self._transport.stream(path, start))
        if self._frames is None:
            self._frames = FrameReader(source)
        else:
            self._frames.source = source
        return self._frames

    def _prove(self, rows: int) -> None:
        facts = self._run.result
        end = None if self._frames is None else self._frames.end
        if facts is None or end is None:
            raise ResultInvalidError("The result ended before its end was told")
        told = {"its end": end.rows, "the run": facts.rows}
        for who, count in told.items():
            if count is not None and count != rows:
                raise ResultInvalidError(
                    f"The result has {rows:,} rows where {who} tells of {count:,}"
                )
        if facts.digest is not None and facts.digest != end.digest:
            raise ResultInvalidError("The result is another than the one the run tells of")


@final
class _Joined(io.RawIOBase):
    """The payloads as one file to read from."""

    def __init__(self, payloads: Iterator[bytes]) -> None:
        self._payloads = payloads
        self._held = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._held:
            payload = next(self._payloads, None)
            if payload is None:
                return 0
            self._held = memoryview(payload)
        count = min(len(buffer), len(self._held))
        buffer[:count] = self._held[:count]
        self._held = self._held[count:]
        return count

"""A server that offers `runs/1` and runs nothing: it counts, and lies where a test wants it to.

A double for what no real server does: forget a run, never end, change its rows on the way.
"""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from dli_adapters.wire.frames import FrameWriter
from tests.server_client.listening import Listener, each_request, http_answer, listening

POLICY = {"engine": "duckdb", "extensions": ["runs/1"]}
_UNKNOWN = http_answer("{}", 404)
AT = "2026-01-01T00:00:00Z"


def frames_of(batches: list[pa.RecordBatch], rows: int | None = None) -> bytes:
    """A result as the server keeps it; `rows` is what its end tells."""
    out, sink = io.BytesIO(), io.BytesIO()
    frames = FrameWriter(out.write)
    with pa.ipc.new_stream(sink, batches[0].schema) as stream:
        for batch in batches:
            stream.write_batch(batch)
            frames.arrow(sink.getvalue())
            sink.seek(0)
            sink.truncate()
    frames.arrow(sink.getvalue())
    frames.end(sum(batch.num_rows for batch in batches) if rows is None else rows)
    return out.getvalue()


def numbers(count: int, first: int = 0) -> pa.RecordBatch:
    """A batch of one column `n`."""
    return pa.record_batch({"n": pa.array(range(first, first + count), pa.int64())})


@dataclass
class RunServer:
    """What it does: `states` in turn, `result` as it is sent, and 404 after `forgets` looks."""

    result: bytes = field(default_factory=lambda: frames_of([numbers(3)]))
    states: list[str] = field(default_factory=lambda: ["DONE"])
    columns: tuple[str, ...] = ("n",)
    rows: int | None = 3
    forgets: bool = False
    keys: dict[str, str] = field(default_factory=dict)
    executions: int = 0
    submissions: int = 0
    cancelled: int = 0
    looks: int = 0

    def answer(self, request: bytes) -> bytes:
        head = request.partition(b"\r\n\r\n")[0]
        line, *lines = head.decode().split("\r\n")
        method, target, _ = line.split(" ")
        headers = {k.lower(): v for k, _, v in (one.partition(": ") for one in lines)}
        path = target.partition("?")[0].removeprefix("/api/v1/")
        return self._routed(method, path, headers)

    def _routed(self, method: str, path: str, headers: dict[str, str]) -> bytes:
        area, _, rest = path.partition("/")
        if area == "runs":
            return self._of_runs(method, rest, headers)
        if path == "run/policy":
            return _json(POLICY)
        if method == "DELETE":
            return http_answer(b"", 204)
        return _json({"session_id": "s1", "engine": "duckdb"}, 201)

    def _of_runs(self, method: str, rest: str, headers: dict[str, str]) -> bytes:
        if method == "POST":
            return self._ordered(rest, headers)
        if rest.endswith("/result"):
            start = int(headers.get("range", "bytes=0-")[6:-1])
            return http_answer(self.result[start:], 206 if start else 200)
        if rest.startswith("key/"):
            return _json(self._run("RUNNING")) if rest[4:] in self.keys else _UNKNOWN
        self.looks += 1
        if self.forgets:
            return _UNKNOWN
        return _json(self._run(self.states.pop(0) if len(self.states) > 1 else self.states[0]))

    def _ordered(self, rest: str, headers: dict[str, str]) -> bytes:
        if rest.endswith("/cancel"):
            self.cancelled += 1
            self.states = ["CANCELLED"]
            return _json(self._run("CANCELLED"))
        self.submissions += 1
        key = headers["idempotency-key"]
        if key not in self.keys:
            self.keys[key] = f"r{len(self.keys)}"
            self.executions += 1
        return _json(self._run("ACCEPTED"), 202)

    def _run(self, state: str) -> dict[str, Any]:
        found: dict[str, Any] = {"run_id": "r1", "state": state, "submitted_at": AT}
        if state == "DONE":
            columns = [{"name": name, "type": "BIGINT"} for name in self.columns]
            found["result"] = {"columns": columns, "has_rows": True, "rows": self.rows}
        if state == "CANCELLED":
            found["failure"] = {
                "code": "DLI-406",
                "type": "ExecutionCancelledError",
                "message": "cancelled",
            }
        return found


def _json(value: object, status: int = 200) -> bytes:
    return http_answer(json.dumps(value), status)


@contextmanager
def run_server(server: RunServer) -> Iterator[Listener]:
    """It, listening."""
    with listening(each_request(server.answer)) as listener:
        yield listener

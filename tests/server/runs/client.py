"""The run extension as a test speaks it: plain requests, nothing of dli's client."""

import io
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self
from uuid import uuid4

import httpx
import pyarrow as pa

from dli_adapters.wire.frames import FrameReader
from dli_server.http.scopes import Scope
from tests.server.fixtures import RunningServer


class RunsClient:
    """One key's requests; `token` is that of a key made before."""

    def __init__(
        self, server: RunningServer, *scopes: Scope, token: str | None = None, **options: Any
    ) -> None:
        held = {"Authorization": f"Bearer {token}"} if token else server.headers(*scopes, **options)
        self._sessions: list[str] = []
        self.http = httpx.Client(
            base_url=f"{server.url}/api/v1",
            headers=held,
            timeout=40,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for session in self._sessions:
            with suppress(httpx.TransportError):
                self.http.delete(f"/sessions/{session}")
        self.http.close()

    def submit(self, body: Mapping[str, Any], key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key or uuid4().hex}
        return self.http.post("/runs", json=body, headers=headers)

    def by_name(self, name: str, kind: str = "dataset", **rest: Any) -> httpx.Response:
        more: dict[str, Any] = {
            key: rest.pop(key) for key in ("attached", "timeout_seconds") if key in rest
        }
        return self.submit({"resource": {"kind": kind, "name": name, **rest}, **more})

    def session(self, **body: Any) -> str:
        said = {"resource": "test", "run_id": uuid4().hex, **body}
        answer = self.http.post("/sessions", json=said)
        assert answer.status_code == 201, answer.text
        found: str = answer.json()["session_id"]
        self._sessions.append(found)
        return found

    def send(self, session: str, sql: str, **rest: Any) -> httpx.Response:
        params = rest.pop("params", {})
        statement = {"session_id": session, "sql": sql, "params": params}
        return self.submit({"statement": statement, **rest})

    def statement(self, session: str, sql: str, **rest: Any) -> dict[str, Any]:
        return self.ended(self.send(session, sql, **rest))

    def ended(self, submitted: httpx.Response) -> dict[str, Any]:
        """The run's last answer."""
        assert submitted.status_code in (200, 202), submitted.text
        return self.awaited(submitted.json()["run_id"])

    def awaited(self, run_id: str, times: int = 8) -> dict[str, Any]:
        for _ in range(times):
            found = self.look(run_id, wait=10)
            if found["state"] not in ("ACCEPTED", "RUNNING"):
                return found
        raise AssertionError(f"the run did not end: {found}")

    def look(self, run_id: str, wait: float = 0) -> dict[str, Any]:
        answer = self.http.get(f"/runs/{run_id}", params={"wait": wait} if wait else {})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def rows(self, run_id: str) -> pa.Table:
        answer = self.http.get(f"/runs/{run_id}/result")
        assert answer.status_code == 200, answer.text
        return table_of(answer.content)


def table_of(data: bytes) -> pa.Table:
    """The rows in whole frames."""
    stream = b"".join(FrameReader(io.BytesIO(data)).payloads())
    return pa.ipc.open_stream(stream).read_all()

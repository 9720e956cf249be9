"""A server of the older API as the reference describes it: bare lists, few fields, odd times.

It answers from what a test gives it, and keeps what it was asked.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Row = Mapping[str, Any]


@dataclass
class OlderServer:
    """`tables` and `queries` are what it knows; `asked` are the requests it got."""

    tables: list[Row] = field(default_factory=list)
    details: dict[str, Row] = field(default_factory=dict)
    uses: list[Row] = field(default_factory=list)
    lineage: dict[str, Row] = field(default_factory=dict)
    queries: list[Row] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    def answer(self, method: str, path: str, query: Mapping[str, str]) -> tuple[int, Any]:
        parts = path.removeprefix("/api/v1/").split("/")
        if parts == ["run", "policy"]:
            return 200, {"maxQueryDurationSeconds": 600, "allowedEngines": ["bigquery"]}
        if parts[:2] == ["catalog", "tables"]:
            return self._catalog(parts[2:], query)
        if parts[:2] == ["catalog", "search"]:
            word = query["keyword"].lower()
            return 200, [t for t in self.tables if word in t["name"].lower()][: int(query["limit"])]
        if parts[0] == "lineage":
            return (200, self.lineage[parts[1]]) if parts[1] in self.lineage else (404, None)
        return self._queries(method, parts[1:], query)

    def _catalog(self, parts: list[str], query: Mapping[str, str]) -> tuple[int, Any]:
        if not parts:
            start = int(query["offset"])
            return 200, self.tables[start : start + int(query["limit"])]
        if parts[0] not in self.details:
            body = {"code": "TABLE_NOT_FOUND", "details": {"path": "uri=/x"}}
            return 404, {
                "success": False,
                "message": f"Table not found: {parts[0]}",
                "error": body,
                "timestamp": "2025-01-01 00:00:00",
            }
        return 200, self.uses if parts[1:] else self.details[parts[0]]

    def _queries(self, method: str, parts: list[str], query: Mapping[str, str]) -> tuple[int, Any]:
        if not parts:
            found = [
                one for one in self.queries if query.get("status", one["status"]) == one["status"]
            ]
            start = int(query["offset"])
            return 200, found[start : start + int(query["limit"])]
        one = next((one for one in self.queries if one["query_id"] == parts[0]), None)
        if one is None:
            return 404, None
        if method == "POST":
            return 200, {
                "query_id": parts[0],
                "status": "CANCELLED",
                "cancelled_by": "analyst@example.com",
                "cancelled_at": "2025-01-01T00:00:00Z",
            }
        return 200, one


@contextmanager
def older_server(**known: Any) -> Iterator[OlderServer]:
    """Such a server on a free port of 127.0.0.1."""
    server = OlderServer(**known)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query))
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            server.asked.append((f"{self.command} {parts.path}", query))
            status, body = server.answer(self.command, parts.path, query)
            data = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET  # noqa: N815 - the name that the base class calls

        def log_message(self, *args: Any) -> None:
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{listener.server_port}"
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()

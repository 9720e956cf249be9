"""A server of the older API, as the reference describes it: no extension, few fields."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_RUN = {
    "run_id": "lake.mart.orders_manual_20250601_120000",
    "dataset_name": "lake.mart.orders",
    "status": "PENDING",
    "trigger_mode": "MANUAL",
    "execution_date": "2025-06-01T12:00:00Z",
    "parameters": {},
    "triggered_by": "system",
    "airflow_dag_run_id": "lake.mart.orders_manual_20250601_120000",
}
_WORKFLOW = {
    "dataset_name": "lake.mart.orders",
    "source_type": "MANUAL",
    "status": "ACTIVE",
    "owner": "kim@example.com",
    "airflow_dag_id": "lake_mart_orders",
    "created_at": "2025-06-01T12:00:00Z",
    "updated_at": "2025-06-01T12:00:00Z",
}
_BACKFILL = {
    "backfill_id": "b1",
    "dataset_name": "lake.mart.orders",
    "start_date": "2025-01-01",
    "end_date": "2025-01-02",
    "total_runs": 2,
    "run_ids": ["lake.mart.orders_backfill_2025-01-01", "lake.mart.orders_backfill_2025-01-02"],
    "status": "PENDING",
    "created_at": "2025-06-01T12:00:00Z",
}
_POLICY = {"maxQueryDurationSeconds": 300, "maxResultRows": 10000, "allowedEngines": ["bigquery"]}
_BASE = "/api/v1/workflows"
_ANSWERS: dict[tuple[str, str], tuple[int, Any]] = {
    ("GET", "/api/v1/run/policy"): (200, _POLICY),
    ("GET", _BASE): (200, [_WORKFLOW]),
    ("GET", f"{_BASE}/history"): (200, [_RUN, {**_RUN, "status": "STOPPED", "run_id": "r2"}]),
    ("GET", f"{_BASE}/runs/{_RUN['run_id']}"): (200, {**_RUN, "status": "SUCCESS"}),
    ("POST", f"{_BASE}/lake.mart.orders/run"): (202, _RUN),
    ("POST", f"{_BASE}/lake.mart.orders/backfill"): (202, _BACKFILL),
}
_MISSING = {
    "success": False,
    "message": "Workflow not found: lake.mart.order",
    "error": {"code": "WORKFLOW_NOT_FOUND"},
    "timestamp": "2025-06-01 12:00:00",
}


@contextmanager
def basecamp() -> Iterator[tuple[str, list[tuple[str, str, Any]]]]:
    """Its address, and what it was asked: method, path with query, body."""
    asked: list[tuple[str, str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            asked.append((self.command, self.path, json.loads(body) if body else None))
            found = _ANSWERS.get((self.command, self.path.partition("?")[0]), (404, _MISSING))
            data = json.dumps(found[1]).encode()
            self.send_response(found[0])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

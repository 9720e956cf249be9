"""A stand-in of the older Basecamp, with the oddities of its execution endpoints.

A double of a server that cannot be had: 200 with FAILED, SUCCESS for what others call COMPLETED,
no list of columns, 10,000 rows and no word of more, BigQuery unless told otherwise, an explicit
null refused, and a mock engine that takes nothing but SELECT and WITH.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.server_client.listening import Listener, each_request, http_answer, listening

MOST_ROWS = 10_000
_TYPING_ERRORS = ("SELET", "FORM", "WEHRE", "GRUOP", "ODRER")
_NOT_NULL = ("parameters", "execution_timeout", "transpile_used_server_policy")
_ENGINES = ("trino", "bigquery", "spark", "duckdb", "mysql", "postgresql", "any")


@dataclass
class Basecamp:
    """Answers as the server does; `calls` are the bodies it was sent."""

    done: str = "SUCCESS"
    policy: bool = True
    calls: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        method, target, _ = head.decode().split("\r\n")[0].split(" ")
        if target == "/api/v1/run/policy" and self.policy:
            return _json(
                {
                    "maxQueryDurationSeconds": 1800,
                    "maxResultRows": MOST_ROWS,
                    "maxResultSizeMb": 100,
                    "allowedEngines": ["bigquery", "trino"],
                    "rateLimits": {"queriesPerHour": 50, "queriesPerDay": 200},
                    "currentUsage": {"queriesToday": 0, "queriesThisHour": 0},
                }
            )
        if method == "POST" and re.fullmatch("/api/v1/execution/(datasets|metrics)/run", target):
            return self._run(json.loads(body))
        # an unknown path is an inner error there
        return _error(500, "INTERNAL_ERROR", "No static resource")

    def _run(self, call: dict[str, Any]) -> bytes:
        self.calls.append(call)
        if any(name in call and call[name] is None for name in _NOT_NULL):
            return _error(400, "MALFORMED_REQUEST", "null is no value")
        sql = call.get("rendered_sql") or ""
        if not sql.strip() or len(sql) > 100_000:
            return _error(400, "VALIDATION_ERROR", "rendered_sql: size")
        engine = call.get("transpile_target_dialect") or "bigquery"
        if engine not in _ENGINES:
            return _error(400, "INVALID_ARGUMENT", f"no enum constant {engine}")
        fault = _fault(sql, engine)
        if fault:
            return self._answered("FAILED", sql, error=fault)
        return self._answered(self.done, sql, rows=_rows(sql))

    def _answered(self, status: str, sql: str, **more: Any) -> bytes:
        rows = more.get("rows")
        counted = {} if rows is None else {"row_count": len(rows)}
        return _json(
            {
                "execution_id": "exec_1_00000000",
                "status": status,
                "duration_seconds": 0.1,
                "rendered_sql": sql,
                **more,
                **counted,
            }
        )


def _fault(sql: str, engine: str) -> str | None:
    if engine not in ("trino", "bigquery"):
        return f"Engine {engine} is not supported"
    if not sql.upper().startswith(("SELECT", "WITH")):
        return "Only SELECT is supported"
    if any(word in sql.upper() for word in _TYPING_ERRORS):
        return "Syntax error"
    return "Unbalanced brackets" if sql.count("(") != sql.count(")") else None


def _rows(sql: str) -> list[dict[str, Any]]:
    limit = re.search(r"LIMIT (\d+)", sql)
    count = min(int(limit[1]) if limit else 100, MOST_ROWS)
    return [{"id": number, "name": f"n{number}"} for number in range(count)]


def _json(value: object, status: int = 200) -> bytes:
    return http_answer(json.dumps(value), status)


def _error(status: int, code: str, message: str) -> bytes:
    body = {"success": False, "message": message, "error": {"code": code, "details": {}}}
    return _json({**body, "timestamp": "2026-01-01 00:00:00"}, status)


@contextmanager
def basecamp(server: Basecamp) -> Iterator[Listener]:
    """It, listening."""
    with listening(each_request(server.answer)) as listener:
        yield listener

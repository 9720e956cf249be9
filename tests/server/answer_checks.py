"""What schemathesis asks of every answer beside its own checks; it loads this file by its name."""

import os
import re
from typing import Any

import schemathesis

# Stack traces, paths of a machine and versions of what the server is made of.
_TELLING = re.compile(
    r"Traceback|site-packages|\.py\b|/(?:tmp|home|root)/|sqlite3?\.|sqlalchemy|starlette|uvicorn"
    r"|duckdb/\d|python/\d",
    re.IGNORECASE,
)
_OPEN = {"/api/health", "/api/v1/openapi.json"}


@schemathesis.check
def tells_nothing_of_its_inside(_context: Any, response: Any, case: Any) -> None:
    """No answer above 399, and no header of any, says how the server is made."""
    body = response.text if response.status_code >= 400 else ""
    # What the caller sent may be told to him again.
    found = _TELLING.search(f"{body}\n{response.headers}")
    assert found is None or found[0] in str(case.body), f"it tells {found[0]!r}"
    assert "server" not in {name.lower() for name in response.headers}


@schemathesis.check
def lets_nobody_in_without_a_key(_context: Any, response: Any, case: Any) -> None:
    """Whatever is asked: without the right key it is 401, and says nothing else."""
    if os.environ.get("DLI_FUZZ_KEYED") == "1" or case.operation.path in _OPEN:
        return
    # 400: the path itself is ambiguous, and is looked at by nobody.
    # 405: schemathesis tries methods that the path has not.
    assert response.status_code in (400, 401, 404, 405), response.status_code
    if response.status_code == 400:
        assert "ambiguous" in response.text

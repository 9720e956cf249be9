"""Memory of the server and of the command stays flat, however long a result is (B1)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.server.conftest import LIMITS
from tests.faults.server.project import write_counting_project
from tests.server.fixtures import RunningServer, running_server

# 10,000,000 rows by DLI_ROWS=10000000.
ROWS = int(os.environ.get("DLI_ROWS", "1000000"))
FEW = 100_000
MIB = 1 << 20
LARGE = {**LIMITS, "result_bytes": 4 << 30}
pytestmark = [
    pytest.mark.deep,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc"),
]


def test_memory_of_both_sides_is_flat(tmp_path: Path) -> None:
    project = write_counting_project(tmp_path / "project")
    peaks = {rows: _peaks(project, tmp_path / str(rows), rows) for rows in (FEW, ROWS)}
    for rows, (there, here) in peaks.items():
        print(f"{rows:,} rows: server {there // MIB} MiB, command {here // MIB} MiB")
    for few, many in zip(peaks[FEW], peaks[ROWS], strict=True):
        # The goal is 20 MiB; the modules of each side are most of the rest.
        assert many - few < 40 * MIB
        assert many < 260 * MIB


def _peaks(project: Path, folder: Path, rows: int) -> tuple[int, int]:
    """Of a new server and of a command that writes that many rows to a file."""
    folder.mkdir()
    file = folder / "rows.csv"
    with running_server(project, folder / "state", limits=LARGE) as server:
        said = subprocess.run(
            [sys.executable, "-c", _COMMAND, *_tokens(rows, file)],
            cwd=project,
            env={**os.environ, **server.environ()},
            capture_output=True,
            text=True,
            check=True,
        )
        with file.open("rb") as written:
            assert sum(1 for _ in written) == rows + 1
        file.unlink()
        return _peak(server), int(said.stdout.splitlines()[-1])


def _tokens(rows: int, file: Path) -> list[str]:
    run = ["dataset", "run", "lake.marts.wide", "-p", f"n={rows}", "-o", str(file)]
    return [*run, "--server", "--source", "server"]


def _peak(server: RunningServer) -> int:
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) << 10


_COMMAND = """
import io, sys
from pathlib import Path
from dli_cli.app import run
from dli_cli.output import Screen, Stream
out, err = io.StringIO(), io.StringIO()
told = Screen(Stream(out, "o", colour=False), Stream(err, "e", colour=False), None, json=False)
code = int(run(tuple(sys.argv[1:]), told))
if code:
    sys.exit(err.getvalue())
lines = Path("/proc/self/status").read_text().splitlines()
print(int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) << 10)
"""

"""A log in which every change shows."""

import random
import resource
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dli_adapters.clock.system import SystemClock
from dli_domain.errors import OutputError
from dli_server.audit.files import FOLDER, log_files
from dli_server.audit.head import digest_of
from dli_server.audit.log import AuditEntry, AuditLog
from dli_server.audit.verifying import verify


def written(state: Path, count: int = 40, max_bytes: int = 4000) -> AuditLog:
    log = AuditLog(state, SystemClock(), max_bytes)
    for number in range(count):
        log.record(
            AuditEntry(
                event="run.submitted",
                key_id="k1",
                run_id=f"{number:032x}",
                sql_sha256=digest_of("SELECT 1"),
            )
        )
    return log


def test_a_log_that_nobody_touched_is_sound_over_files_and_processes(tmp_path: Path) -> None:
    written(tmp_path)
    log = written(tmp_path, 5)
    verdict = verify(tmp_path, log.head)
    assert len(log_files(tmp_path / FOLDER)) > 2
    assert (verdict.lines, verdict.faults) == (45, ())
    assert verdict.head == log.head


def test_writers_at_once_make_one_chain(tmp_path: Path) -> None:
    logs = [AuditLog(tmp_path, SystemClock(), 4000) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda at: logs[at % 4].record(AuditEntry(event=f"e{at}")), range(80)))
    verdict = verify(tmp_path)
    assert (verdict.lines, verdict.faults) == (80, ())


def test_every_flipped_byte_shows(tmp_path: Path) -> None:
    written(tmp_path, 12, 1500)
    rng = random.Random(3)  # noqa: S311 - the same bytes in every run
    for path in log_files(tmp_path / FOLDER):
        whole = path.read_bytes()
        for at in {0, len(whole) - 1, *rng.sample(range(len(whole)), 60)}:
            bit = 1 << rng.randrange(8)
            path.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
            assert verify(tmp_path).faults, f"{path.name} byte {at}"
        path.write_bytes(whole)
    assert verify(tmp_path).faults == ()


def test_every_lost_doubled_or_swapped_line_shows(tmp_path: Path) -> None:
    written(tmp_path, 12, 1500)
    for path in log_files(tmp_path / FOLDER):
        whole = path.read_bytes()
        lines = whole.splitlines(keepends=True)
        changed = [lines[:at] + lines[at + 1 :] for at in range(len(lines))]
        changed += [[*lines[:at], lines[at], *lines[at:]] for at in range(len(lines))]
        changed += [
            [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]
            for at in range(len(lines) - 1)
        ]
        for other in changed:
            path.write_bytes(b"".join(other))
            assert verify(tmp_path).faults
        path.write_bytes(whole)
        path.rename(tmp_path / "away")
        assert verify(tmp_path).faults
        (tmp_path / "away").rename(path)


def test_a_head_that_was_kept_elsewhere_shows_a_log_that_was_written_anew(tmp_path: Path) -> None:
    head = written(tmp_path / "a").head
    written(tmp_path / "b")
    assert verify(tmp_path / "a", head).faults == ()
    assert verify(tmp_path / "b", head).faults


def test_the_half_line_of_a_crash_is_cut_off_and_the_chain_goes_on(tmp_path: Path) -> None:
    written(tmp_path, 3, 1 << 20)
    path = tmp_path / FOLDER / "audit.jsonl"
    path.write_bytes(path.read_bytes() + b'{"event":"run.sub')
    written(tmp_path, 2, 1 << 20)
    verdict = verify(tmp_path)
    assert (verdict.lines, verdict.faults) == (5, ())


_WRITER = """
import sys
from pathlib import Path
from dli_adapters.clock.system import SystemClock
from dli_server.audit.log import AuditEntry, AuditLog
log = AuditLog(Path(sys.argv[1]), SystemClock(), 3000)
for number in range(10_000):
    log.record(AuditEntry(event="run.submitted", run_id=str(number)))
    print(number, flush=True)
"""


def test_what_was_told_is_there_after_kill_9(tmp_path: Path) -> None:
    told = -1
    total = 0
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                told = int(line)
                if told >= 25:
                    process.send_signal(signal.SIGKILL)
                    break
            told = max([told, *(int(line) for line in process.stdout if line.endswith("\n"))])
        total += told + 1
    verdict = verify(tmp_path)
    assert verdict.faults == ()
    # At most the one record that each process was killed over.
    assert total <= verdict.lines <= total + 3


def test_a_full_disk_refuses_what_would_go_untold(tmp_path: Path) -> None:
    log = written(tmp_path, 2, 1 << 20)
    path = tmp_path / FOLDER / "audit.jsonl"
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, limits[1]))
        with pytest.raises(OutputError, match="audit log"):
            log.record(AuditEntry(event="run.submitted"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, old)
    assert path.read_bytes() == before
    log.record(AuditEntry(event="run.submitted"))
    assert verify(tmp_path).faults == ()

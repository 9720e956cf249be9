"""Pipes, closed and full outputs, signals and odd environments, on real processes."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Process, add_dataset, command

RUN = ("dataset", "run", "demo.daily_clicks")
SLOW = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(100000) b"


def shell(script: str, *tokens: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", "-c", script, "dli", *command(*tokens)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    "tokens",
    [RUN, (*RUN, "-o", "-"), (*RUN, "--json"), ("--help",), ("--version",), ("dataset", "list")],
    ids=" ".join,
)
@pytest.mark.parametrize("how", ["> /dev/full", ">&-"])
def test_a_full_or_closed_stdout_ends_in_8(
    how: str, tokens: tuple[str, ...], project: Path
) -> None:
    done = shell(f'"$@" {how}', *tokens)
    assert done.returncode == 8
    assert done.stderr.startswith("[DLI-414] ") or "\n[DLI-414] " in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize(
    "tokens",
    [("dataset", "run", "demo.many", "-o", "-"), ("dataset", "run", "demo.many", "--json")],
    ids=["data", "json"],
)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_ends_the_run_by_sigpipe_and_in_silence(
    unbuffered: str, tokens: tuple[str, ...], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    add_dataset("demo.many", "SELECT range AS n FROM range(3000000)")
    rows = () if "-o" in tokens else ("--rows", "200000")
    done = shell('"$@" | head -1 > /dev/null; echo "${PIPESTATUS[0]}"', *tokens, *rows)
    assert (done.stdout, done.stderr) == ("141\n", "")


def started(*tokens: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command(*tokens), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def started_slow(*tokens: str) -> "subprocess.Popen[str]":
    """A run whose main statement is at work, for minutes."""
    head = "pre_statements:\n  - {name: mark, sql: COPY (SELECT 1) TO 'at_work.csv'}\n"
    add_dataset("demo.slow", SLOW, head=head)
    running = started("dataset", "run", "demo.slow", *tokens)
    for _ in range(600):
        if Path("at_work.csv").exists():
            break
        time.sleep(0.05)
    time.sleep(0.3)
    return running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_cancels_cleans_up_and_is_what_the_process_dies_by(
    number: signal.Signals, project: Path
) -> None:
    running = started_slow("-o", "out.csv")
    began = time.monotonic()
    running.send_signal(number)
    out, err = running.communicate(timeout=20)
    assert time.monotonic() - began < 5
    assert running.returncode == -number
    assert out == ""
    assert err.startswith(f"[DLI-406] Stopped by {number.name}")
    assert list(Path().glob("*out.csv*")) == []


def test_ctrl_c_at_any_instant_is_no_crash(project: Path) -> None:
    for step in range(10):
        running = started(*RUN, "--dry-run")
        time.sleep(0.02 + step * 0.05)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=20)
        # What falls into Python's own start or end is Python's to print; a crash of ours is not.
        assert "DLI-999" not in err
        assert running.returncode in (0, 1, 130, -signal.SIGINT), (out, err)


def test_a_second_signal_leaves_at_once(project: Path) -> None:
    running = started_slow()
    running.send_signal(signal.SIGINT)
    running.send_signal(signal.SIGINT)
    began = time.monotonic()
    running.communicate(timeout=20)
    assert time.monotonic() - began < 2
    assert running.returncode == -signal.SIGINT


def test_the_environment_changes_no_byte(project: Path, process: Process) -> None:
    add_dataset("demo.korean", "SELECT '가나다' AS 이름")
    usual = process("dataset", "run", "demo.korean", "-o", "-").stdout
    assert usual == "이름\n가나다\n"
    odd = {"PYTHONUTF8": "0", "LC_ALL": "C", "TERM": "dumb", "COLUMNS": "0"}
    assert process("dataset", "run", "demo.korean", "-o", "-", **odd).stdout == usual
    assert "가나다" in process("dataset", "run", "demo.korean", **odd).stdout


def test_piped_output_has_no_escapes_and_no_progress(project: Path, process: Process) -> None:
    add_dataset(
        "demo.slow", "SELECT sum(sin(a.range * b.range)) FROM range(9000) a, range(10000) b"
    )
    for tokens in (RUN, ("dataset", "run", "demo.slow"), ("--help",), ("dataset", "run", "none")):
        done = process(*tokens)
        assert "\x1b" not in done.stdout + done.stderr
        assert "\r" not in done.stderr


def on_terminal(*tokens: str, **environ: str) -> str:
    """What a terminal of 100 columns receives."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    running = subprocess.Popen(
        command(*tokens),
        stdin=child,
        stdout=child,
        stderr=child,
        env={"TERM": "xterm-256color", **os.environ, **environ},
    )
    os.close(child)
    received = b""
    while True:
        try:
            data = os.read(parent, 65536)
        except OSError:
            break
        if not data:
            break
        received += data
    running.wait(timeout=60)
    os.close(parent)
    return received.decode()


def test_a_terminal_gets_colour_its_width_and_a_progress_line(project: Path) -> None:
    add_dataset(
        "demo.slow", "SELECT sum(sin(a.range * b.range)) AS s FROM range(10000) a, range(15000) b"
    )
    columns = ", ".join(f"{n} AS column_number_{n}" for n in range(12))
    add_dataset("demo.wide", f"SELECT {columns}")
    slow = on_terminal("dataset", "run", "demo.slow")
    assert "… main · demo.slow · 1s" in slow
    add_dataset("demo.rows", "SELECT sin(range) || 'x' AS t FROM range(12000000)")
    assert re.search(
        r"… main · demo.rows · [0-9,]+ rows · \ds", on_terminal("dataset", "run", "demo.rows")
    )
    assert slow.rindex("\x1b[2K") < slow.index("┌")
    wide = on_terminal("dataset", "run", "demo.wide", "-o", "x.csv")
    assert "columns not shown" in wide
    assert max(len(line) for line in wide.splitlines()) <= 100
    assert "\x1b[32m✓\x1b[0m Results saved to: x.csv" in wide
    assert "\x1b" not in on_terminal("dataset", "run", "demo.slow", NO_COLOR="1")
    assert "\x1b" not in on_terminal("--help", NO_COLOR="1")
    assert "\x1b" not in on_terminal("dataset", "run", "demo.wide", TERM="dumb")

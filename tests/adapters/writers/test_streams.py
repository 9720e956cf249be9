"""Pipes, devices and standard output."""

import io
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dli_adapters.writers.files import file_writer
from dli_domain.errors import OutputError
from tests.adapters.writers import child
from tests.adapters.writers.results import Engine

COMMAND = f"'{sys.executable}' '{child.__file__}' once"


def shell(command: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["bash", "-c", command], capture_output=True, check=False, timeout=60)


def test_a_dash_is_standard_output(engine: Engine) -> None:
    stdout = io.BytesIO()
    written = file_writer("-", format="ndjson", stdout=stdout).write(engine.many(2))
    assert stdout.getvalue() == b'{"n":0,"note":"row 0"}\n{"n":1,"note":"row 1"}\n'
    assert (written.path, written.row_count) == (None, 2)


def test_parquet_can_be_streamed() -> None:
    code = "import sys,pyarrow.parquet as q,io;print(q.read_table(io.BytesIO(sys.stdin.buffer.read())).num_rows)"
    stream = (
        "from tests.adapters.writers.child import *;"
        "file_writer('-', format='parquet', stdout=sys.stdout.buffer).write(result(10))"
    )
    root = Path(__file__).parents[3]
    ended = shell(
        f"cd {root} && '{sys.executable}' -c \"{stream}\" | '{sys.executable}' -c '{code}'"
    )
    assert ended.stdout == b"10\n", ended.stderr


@pytest.mark.parametrize("path", ["-", "/dev/stdout"])
def test_a_full_standard_output_is_exit_8(path: str) -> None:
    ended = shell(f"{COMMAND} {path} 20000 > /dev/full")
    assert (ended.returncode, ended.stderr) == (8, b"")


@pytest.mark.parametrize("path", ["-", "/dev/stdout"])
def test_a_closed_standard_output_is_exit_8_before_any_query(path: str) -> None:
    assert shell(f"{COMMAND} {path} 3 >&-").returncode == 8


def test_a_closed_standard_output_is_refused_while_preparing() -> None:
    with pytest.raises(OutputError, match="it is closed"):
        file_writer("-", stdout=None).prepare()


def test_dev_stdout_goes_on_where_the_file_behind_it_stands(tmp_path: Path) -> None:
    out = tmp_path / "out"
    shell(f"(echo before; {COMMAND} /dev/stdout 1; echo after) > '{out}'")
    assert out.read_text() == "before\nn,word\n0,word\nafter\n"


@pytest.mark.parametrize("name", ["csv", "json", "ndjson", "parquet"])
def test_a_reader_that_goes_away_ends_the_query_and_is_told_as_a_broken_pipe(
    engine: Engine, name: str
) -> None:
    reader, end = os.pipe()
    os.close(reader)
    with os.fdopen(end, "wb") as stdout, pytest.raises(BrokenPipeError):
        file_writer("-", format=name, stdout=stdout).write(engine.many(300_000))
    assert engine.closed == 1


def test_a_named_pipe_is_written_directly_and_stays(engine: Engine, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    writer = file_writer(str(pipe))
    writer.prepare()
    writer.write(engine.many(1))
    reader.join(10)
    assert read == [b"n,note\n0,row 0\n"]
    assert pipe.is_fifo()


def test_a_device_is_written_directly(engine: Engine) -> None:
    assert file_writer("/dev/null").write(engine.many(5)).row_count == 5
    with pytest.raises(OutputError, match="No space left on device"):
        file_writer("/dev/full").write(engine.many(5))
    assert engine.closed == 2


def test_a_pipe_that_does_not_block_is_waited_for(engine: Engine) -> None:
    reader, end = os.pipe()
    os.set_blocking(end, False)
    read = bytearray()

    def slowly() -> None:
        while piece := os.read(reader, 65536):
            read.extend(piece)
            time.sleep(0.001)

    thread = threading.Thread(target=slowly)
    thread.start()
    with os.fdopen(end, "wb") as stdout:
        file_writer("-", stdout=stdout).write(engine.many(40_000))
    thread.join(20)
    os.close(reader)
    assert read.count(b"\n") == 40_001

"""The same promises with real disks that are full and real processes that die."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dli_adapters.writers.files import file_writer
from dli_domain.errors import OutputError
from tests.adapters.writers import child
from tests.adapters.writers.results import Engine

CHILD = [sys.executable, child.__file__]
ROWS = 20_000  # two parts: the header, and two writes for each part
WRITES = 5
WHOLE = child.content(ROWS)


def run(*arguments: str, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, *CHILD, *arguments], capture_output=True, text=True, check=False, timeout=120
    )


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".dli-tmp")]


@pytest.fixture(scope="module")
def strace() -> str:
    found = shutil.which("strace")
    if not found or subprocess.run([found, "-e", "trace=none", "true"], check=False).returncode:
        pytest.skip("strace cannot run here; the sweep over the file system's calls stands in")
    return found


INJECTIONS = [
    *(f"write:error=ENOSPC:when={n}" for n in range(1, WRITES + 1)),
    *(f"write:signal=KILL:when={n}" for n in range(1, WRITES + 1)),
    "fsync:error=EIO:when=1",
    "fsync:error=EIO:when=2",
    "fsync:signal=KILL:when=1",
    "fsync:signal=KILL:when=2",
    "rename:error=EXDEV:when=1",
    "rename:signal=KILL:when=1",
]


@pytest.mark.parametrize("injection", INJECTIONS)
def test_a_failing_system_call_leaves_the_old_or_the_whole_new_file(
    strace: str, tmp_path: Path, injection: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")
    call = injection.split(":", maxsplit=1)[0]
    log = str(tmp_path / "strace.log")
    ended = run(
        *("once", str(path), str(ROWS)),
        before=(strace, "-o", log, "-e", f"trace={call}", "-e", f"inject={injection}"),
    )
    assert "(INJECTED)" in Path(log).read_text() or "KILL" in injection
    if "KILL" in injection:
        assert ended.returncode == -9
        assert path.read_bytes() in (b"old", WHOLE)
        assert run("once", str(path), str(ROWS)).returncode == 0
    elif injection == "fsync:error=EIO:when=2":
        assert (ended.returncode, path.read_bytes()) == (8, WHOLE)
    else:
        assert (ended.returncode, path.read_bytes()) == (8, b"old")
    assert left_over(tmp_path) == []


def test_kill_9_at_any_instant_leaves_a_whole_file_and_the_next_run_tidies_up(
    tmp_path: Path,
) -> None:
    ended = run("killed", str(tmp_path / "a.csv"), "60", "7")
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["torn"] == 0
    assert told["left"] == 0
    # A living writer's file is not taken away, but a dead one's is, by the next writer.
    assert told["most_left"] <= 1


def test_of_two_writers_on_one_path_one_whole_file_wins(tmp_path: Path) -> None:
    ended = run("pairs", str(tmp_path / "a.csv"), "40")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == {"mixed": 0, "failed": 0, "left": 0}


def test_whoever_replaces_a_file_that_changed_meanwhile_is_told(
    engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    writer = file_writer(str(path))
    writer.prepare()
    path.write_text("from another program")
    assert "changed by another program" in writer.write(engine.many(1)).warnings[0]
    assert file_writer(str(path)).write(engine.many(1)).warnings == ()


def test_a_temporary_file_of_a_living_writer_is_left_alone(engine: Engine, tmp_path: Path) -> None:
    path = str(tmp_path / "a.csv")
    first = file_writer(path)._target.open()
    with first as sink:
        sink.write(b"from the first")
        file_writer(path).write(engine.many(1))
        assert len(left_over(tmp_path)) == 1
        sink.commit()
    assert Path(path).read_bytes() == b"from the first"


def test_a_file_size_limit_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")
    assert run("limited", str(path), "65536").returncode == 8
    assert path.read_bytes() == b"old"
    assert left_over(tmp_path) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here; ulimit and /dev/full stand in")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.ndjson", "a.parquet", "a.csv.gz"])
def test_a_full_disk_leaves_the_old_file(engine: Engine, small_disk: Path, name: str) -> None:
    path = small_disk / name
    path.write_bytes(b"old")
    with pytest.raises(OutputError, match="No space left on device") as caught:
        file_writer(str(path)).write(engine.run("SELECT uuid()::VARCHAR AS u FROM range(60000)"))
    assert caught.value.hint == "Free some space there, or write to another disk."
    assert path.read_bytes() == b"old"
    assert left_over(small_disk) == []
    assert engine.closed == 1

"""A file appears whole or not at all, whatever the path is and whatever fails."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dli_adapters.writers.atomic_file import AtomicFile
from dli_adapters.writers.file_system import FileSystem, PosixFileSystem
from dli_adapters.writers.files import FORMATS, FileWriter, file_writer
from dli_domain.errors import ExecutionQueryError, OutputError
from tests.adapters.writers.results import Engine

NEW = "n,note\n0,row 0\n"


@contextmanager
def umask(mask: int) -> Iterator[None]:
    old = os.umask(mask)
    try:
        yield
    finally:
        os.umask(old)


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.endswith(".dli-tmp"))


class TestPlaces:
    def test_a_new_file_is_for_its_owner_only(self, engine: Engine, tmp_path: Path) -> None:
        with umask(0):
            file_writer(str(tmp_path / "a.csv")).write(engine.many(1))
        assert stat.S_IMODE((tmp_path / "a.csv").stat().st_mode) == 0o600

    @pytest.mark.parametrize("mode", [0o640, 0o444, 0o755])
    def test_the_mode_of_an_existing_file_is_kept(
        self, engine: Engine, tmp_path: Path, mode: int
    ) -> None:
        path = tmp_path / "a.csv"
        path.write_text("old")
        path.chmod(mode)
        file_writer(str(path)).write(engine.many(1))
        assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == (NEW, mode)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser gives files away")
    def test_the_owner_of_an_existing_file_is_kept(self, engine: Engine, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        path.write_text("old")
        os.chown(path, 1234, 2345)
        file_writer(str(path)).write(engine.many(1))
        assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)

    def test_a_symbolic_link_stays_and_its_target_is_replaced(
        self, engine: Engine, tmp_path: Path
    ) -> None:
        (tmp_path / "real").mkdir()
        target, link = tmp_path / "real" / "a.csv", tmp_path / "link.csv"
        target.write_text("old")
        link.symlink_to("real/a.csv")
        assert file_writer(str(link)).write(engine.many(1)).path == str(link)
        assert link.is_symlink()
        assert target.read_text() == NEW

    def test_a_link_to_nothing_yet_makes_its_target(self, engine: Engine, tmp_path: Path) -> None:
        (tmp_path / "link.csv").symlink_to("later.csv")
        file_writer(str(tmp_path / "link.csv")).write(engine.many(1))
        assert (tmp_path / "later.csv").read_text() == NEW

    def test_another_hard_link_keeps_the_old_content(self, engine: Engine, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        path.write_text("old")
        os.link(path, tmp_path / "other")
        file_writer(str(path)).write(engine.many(1))
        assert ((tmp_path / "other").read_text(), path.read_text()) == ("old", NEW)

    def test_a_long_name_that_is_allowed_works(self, engine: Engine, tmp_path: Path) -> None:
        path = tmp_path / ("한" * 83 + "ab.csv")
        assert len(path.name.encode()) == 255
        file_writer(str(path)).write(engine.many(1))
        assert path.read_text() == NEW

    def test_relative_paths_and_dots_are_the_users_right(
        self, engine: Engine, tmp_path: Path
    ) -> None:
        file_writer("../a.csv").write(engine.many(1))
        assert (tmp_path / "a.csv").read_text() == NEW

    @pytest.mark.parametrize(
        ("path", "reason"),
        [
            ("missing/a.csv", "No such file or directory"),
            ("file/a.csv", "Not a directory"),
            ("folder", "is a directory"),
            ("folder/", "is a directory"),
            ("new/", "is a directory"),
            ("x" * 300 + ".csv", "File name too long"),
            ("loop", "Too many levels of symbolic links"),
            ("a\0b", "is no file name"),
            ("", "is no file name"),
            (os.fsdecode(b"\xff.csv"), "is not valid UTF-8"),
        ],
    )
    def test_a_place_that_cannot_be_is_refused_before_any_query(
        self, path: str, reason: str
    ) -> None:
        Path("file").write_text("")
        Path("folder").mkdir()
        Path("loop").symlink_to("loop")
        with pytest.raises(OutputError, match=reason) as caught:
            file_writer(path).prepare()
        assert caught.value.code == "DLI-414"
        assert caught.value.hint

    def test_a_directory_without_write_permission_is_refused_before_any_query(
        self, tmp_path: Path, drop_rights: Callable[[], None]
    ) -> None:
        tmp_path.chmod(0o555)
        drop_rights()
        with pytest.raises(OutputError, match="Permission denied"):
            file_writer(str(tmp_path / "a.csv")).prepare()

    def test_preparing_leaves_nothing_behind(self, tmp_path: Path) -> None:
        before = sorted(tmp_path.iterdir())
        file_writer(str(tmp_path / "a.csv")).prepare()
        assert sorted(tmp_path.iterdir()) == before


@pytest.fixture
def drop_rights(tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Become an ordinary user for a while, where the tests run as the superuser."""
    if os.geteuid() == 0:
        for folder in (tmp_path, *tmp_path.parents):
            if folder.stat().st_uid == 0 and len(folder.parts) > 2:
                folder.chmod(folder.stat().st_mode | 0o055)
        yield lambda: os.seteuid(65534)
        os.seteuid(0)
    else:
        yield lambda: None


class TestEngineFailures:
    @pytest.mark.parametrize("name", sorted(FORMATS))
    def test_an_engine_that_breaks_midway_leaves_the_old_file(
        self, engine: Engine, tmp_path: Path, name: str
    ) -> None:
        path = tmp_path / "a"
        path.write_text("old")
        with pytest.raises(ExecutionQueryError, match="the engine broke"):
            file_writer(str(path), format=name).write(engine.breaking(50_000))
        assert path.read_text() == "old"
        assert left_over(tmp_path) == []
        assert engine.closed == 1

    @pytest.mark.parametrize("name", sorted(FORMATS))
    def test_an_interrupt_leaves_the_old_file_and_closes_the_query(
        self, engine: Engine, tmp_path: Path, name: str
    ) -> None:
        path = tmp_path / "a"
        path.write_text("old")
        result = engine.breaking(20_000, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            file_writer(str(path), format=name).write(result)
        assert (path.read_text(), left_over(tmp_path), engine.closed) == ("old", [], 1)


class Faulty(FileSystem):
    """The real file system, but its n-th operation fails or, for a write, is short."""

    def __init__(self, fail_at: int, number: int) -> None:
        self._real = PosixFileSystem()
        self._fail_at = fail_at
        self._number = number
        self.operations: list[str] = []

    def create(self, path: Path) -> int:
        self._step("create")
        return self._real.create(path)

    def write(self, descriptor: int, data: memoryview) -> int:
        self._step("write")
        return self._real.write(descriptor, data[: max(1, len(data) // 2)])

    def sync(self, descriptor: int) -> None:
        self._step("sync")
        self._real.sync(descriptor)

    def close(self, descriptor: int) -> None:
        self._real.close(descriptor)
        self._step("close")

    def replace(self, source: Path, destination: Path) -> None:
        self._step("replace")
        self._real.replace(source, destination)

    def remove(self, path: Path) -> None:
        self._real.remove(path)

    def sync_directory(self, path: Path) -> None:
        self._step("sync_directory")
        self._real.sync_directory(path)

    def remove_abandoned(self, path: Path) -> None:
        self._real.remove_abandoned(path)

    def _step(self, name: str) -> None:
        self.operations.append(name)
        if len(self.operations) == self._fail_at:
            raise OSError(self._number, os.strerror(self._number))


class TestNthOperation:
    NUMBERS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EXDEV)

    @pytest.mark.parametrize("number", NUMBERS, ids=errno.errorcode.get)
    @pytest.mark.parametrize("name", sorted(FORMATS))
    def test_each_failing_operation_in_turn_leaves_the_old_or_the_whole_new_file(
        self, engine: Engine, tmp_path: Path, name: str, number: int
    ) -> None:
        whole = self.attempt(engine, tmp_path / "whole", name, Faulty(0, 0))
        for nth in range(1, 10_000):
            path = tmp_path / "a"
            path.write_bytes(b"old")
            faulty = Faulty(nth, number)
            error = self.failure(engine, path, name, faulty)
            if error is None:
                break
            assert error.code == "DLI-414"
            assert isinstance(error.__cause__, OSError)
            unconfirmed = faulty.operations[-1] == "sync_directory"
            assert ("did not confirm" in error.message) == unconfirmed
            assert path.read_bytes() == (whole if unconfirmed else b"old")
            assert left_over(tmp_path) == []
        assert path.read_bytes() == whole
        assert nth == len(faulty.operations) + 1 > 5

    def failure(
        self, engine: Engine, path: Path, name: str, files: FileSystem
    ) -> OutputError | None:
        try:
            self.attempt(engine, path, name, files)
        except OutputError as error:
            return error
        return None

    def attempt(self, engine: Engine, path: Path, name: str, files: FileSystem) -> bytes:
        FileWriter(AtomicFile(str(path), files), FORMATS[name]).write(engine.many(500))
        return path.read_bytes()

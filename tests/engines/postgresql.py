"""A real PostgreSQL on a free port of 127.0.0.1."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.engines.peers import free_port

_NEWEST_FIRST = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def postgresql_binaries() -> Path | None:
    """The folder of `initdb` and `postgres`; None where PostgreSQL is not installed."""
    for folder in _NEWEST_FIRST:
        if (folder / "postgres").exists():
            return folder
    found = shutil.which("postgres")
    return Path(found).parent if found else None


@contextmanager
def running_postgresql(binaries: Path) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database `dli`; the server is ended by its pid."""
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="dli-pg-"))
    process: subprocess.Popen[bytes] | None = None
    try:
        if user is not None:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        data = folder / "data"
        subprocess.run(
            [
                binaries / "initdb",
                "-D",
                data,
                "-U",
                "dli",
                "-A",
                "trust",
                "-N",
                "--no-locale",
                "-E",
                "UTF8",
            ],
            check=True,
            capture_output=True,
            user=user,
            cwd=folder,
        )
        port = free_port()
        settings = (f"port={port}", "listen_addresses=127.0.0.1", "fsync=off")
        process = subprocess.Popen(
            [
                *(binaries / "postgres", "-D", data, "-k", folder),
                *(part for setting in settings for part in ("-c", setting)),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=user,
            cwd=folder,
        )
        _await(port)
        yield f"postgresql+psycopg://dli@127.0.0.1:{port}/postgres"
    finally:
        if process is not None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> str | None:
    """PostgreSQL does not run as root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _await(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("PostgreSQL does not answer")

"""The README's chapter on servers, followed by the letter.

The server's environment has DuckDB, the client's has no driver of any engine. What the README
cannot know is put in: the address that the server prints, and the key that it makes.
"""

import csv
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ROOT, Environment

pytestmark = pytest.mark.xdist_group("wheels")

_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
_DRIVERS = ("duckdb", "google.cloud.bigquery", "dli_server")


@dataclass
class Chapter:
    """The commands of the chapter, block by block, as lists of words."""

    install_server: list[str]
    start: list[str]
    key: list[str]
    install_client: list[str]
    exported: list[str]
    client: list[list[str]]


def chapter() -> Chapter:
    """The console blocks of the README's chapter."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    text = readme.partition("\n## Through a server\n")[2].partition("\n## ")[0]
    blocks = [
        [shlex.split(line, comments=True) for line in block.splitlines()]
        for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    ]
    (install_server, start), (key,), (install_client, exported, *client) = blocks
    return Chapter(install_server, start, key, install_client, exported, client)


@dataclass
class Machine:
    """Where somebody types: an environment, a folder, and what was exported."""

    environment: Environment
    folder: Path
    exported: dict[str, str] = field(default_factory=dict)

    def environ(self) -> dict[str, str]:
        home = self.folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        path = f"{self.environment.folder / 'bin'}{os.pathsep}{self.environment.environ['PATH']}"
        return {**self.environment.environ, "HOME": str(home), "PATH": path, **self.exported}

    def typed(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        program = str(self.environment.folder / "bin" / words[0])
        return subprocess.run(
            [program, *words[1:]],
            cwd=self.folder,
            env=self.environ(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def said(self, words: list[str]) -> str:
        done = self.typed(words)
        assert (words, done.returncode) == (words, 0), done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def shown() -> Chapter:
    return chapter()


@pytest.fixture(scope="module")
def beside(
    installed: Callable[[str], Environment],
    shown: Chapter,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Machine]:
    """The server's machine, with a clone and a server that runs; its log is server.log."""
    assert shown.install_server[:2] == ["pip", "install"]
    environment = installed(" ".join(shown.install_server[2:]))
    machine = Machine(environment, tmp_path_factory.mktemp("clone"))
    for name in ("examples", "README.md"):
        _copied(ROOT / name, machine.folder / name)
    program = str(environment.folder / "bin" / shown.start[0])
    with (machine.folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [program, *shown.start[1:], "--port", "0"],
            cwd=machine.folder,
            env=machine.environ(),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    try:
        address = _ADDRESS.search(process.stdout.readline())
        assert address, (machine.folder / "server.log").read_text()
        machine.exported["DLI_SERVER_URL"] = address[0]
        yield machine
    finally:
        process.terminate()
        assert process.wait(30) == 0
        process.stdout.close()


def _copied(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.duckdb*", ".dli*"))
    else:
        shutil.copy(source, target)


@pytest.fixture(scope="module")
def client(
    beside: Machine,
    installed: Callable[[str], Environment],
    shown: Chapter,
    tmp_path_factory: pytest.TempPathFactory,
) -> Machine:
    """Another machine: no project, no driver, the server's address and a key of its own."""
    key = beside.said(shown.key).strip()
    assert key.startswith("dli_")
    machine = Machine(
        installed(" ".join(shown.install_client[2:])), tmp_path_factory.mktemp("client")
    )
    assert shown.exported[0] == "export"
    names = [word.partition("=")[0] for word in shown.exported[1:]]
    assert names == ["DLI_SERVER_URL", "DLI_API_TOKEN"]
    machine.exported |= {"DLI_SERVER_URL": beside.exported["DLI_SERVER_URL"], "DLI_API_TOKEN": key}
    return machine


def test_the_client_has_no_driver_of_any_engine(client: Machine) -> None:
    for name in _DRIVERS:
        missing = client.typed(["python", "-c", f"import {name}"])
        assert "ModuleNotFoundError" in missing.stderr, name
    # and still `dli config check` finds nothing wrong
    assert "answered" in client.said(["dli", "config", "check"])


def test_every_command_of_the_chapter_works_as_it_stands(client: Machine, shown: Chapter) -> None:
    said = [client.said(words) for words in shown.client]
    assert [words[1] for words in shown.client] == (
        "dataset dataset metric quality catalog catalog query".split()
    )
    listed, rows, metric, quality, found, table, queries = said
    assert "nyc.marts.daily_delays" in listed
    assert "Execution: SERVER (DuckDB)" in rows
    assert "47" in rows
    assert "항공사" in metric
    assert (client.folder / "punctuality.csv").read_text().startswith("항공사,운항 수,정시율")
    assert "6 tests: 5 passed, 1 warned" in quality
    assert "nyc.marts.daily_delays" in found
    assert "Owner: data@example.com" in table
    assert "Quality: 5 of 6 tests passed" in table
    assert queries.count("success") == 3


def _runs(shown: Chapter) -> list[list[str]]:
    return [words for words in shown.client if words[1] in ("dataset", "metric") and "run" in words]


def test_the_rows_are_those_that_the_servers_machine_gives(
    client: Machine, beside: Machine, shown: Chapter
) -> None:
    project = shown.start[shown.start.index("--project") + 1]
    runs = _runs(shown)
    assert len(runs) == 2
    for words, ending in zip(runs, ("parquet", "csv"), strict=True):
        asked = words[: words.index("-o")] if "-o" in words else words
        local = ["--local" if word == "--server" else word for word in asked]
        client.said([*asked, "-o", f"rows.{ending}"])
        beside.said([*local, "--project", project, "-o", f"rows.{ending}"])
        remote = (client.folder / f"rows.{ending}").read_bytes()
        assert remote == (beside.folder / f"rows.{ending}").read_bytes()
    with (client.folder / "rows.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.reader(file))) == 12


def test_the_verdicts_and_their_evidence_are_those_of_the_servers_machine(
    client: Machine, beside: Machine, shown: Chapter
) -> None:
    project = shown.start[shown.start.index("--project") + 1]
    (words,) = [one for one in shown.client if one[1] == "quality"]
    local = ["--local" if word == "--server" else word for word in words]
    remote = json.loads(client.said([*words, "--json"]))
    here = json.loads(beside.said([*local, "--project", project, "--json"]))
    assert _judged(remote) == _judged(here)
    assert len(_judged(remote)) == 6


def _judged(report: dict[str, Any]) -> list[dict[str, Any]]:
    measured = ("execution_time_ms", "job_id")
    return [
        {name: value for name, value in test.items() if name not in measured}
        for test in report["test_results"]
    ]


def test_a_failure_reads_as_it_does_on_the_servers_machine(
    client: Machine, beside: Machine, shown: Chapter
) -> None:
    project = shown.start[shown.start.index("--project") + 1]
    wrong = ["dli", "dataset", "run", "nyc.marts.daily_delays", "-p", "from_date=yesterday"]
    remote = client.typed([*wrong, "--server"])
    local = beside.typed([*wrong, "--local", "--project", project])
    assert remote.returncode == local.returncode == 3
    assert remote.stderr.splitlines()[0] == local.stderr.splitlines()[0]
    assert remote.stderr.startswith("[DLI-204]")


def test_the_key_does_what_its_scopes_say_and_no_more(client: Machine, shown: Chapter) -> None:
    _copied(ROOT / "examples" / "flights", client.folder / "mine")
    run = ["dli", "metric", "run", "nyc.kpi.punctuality", "--server", "--project", "mine"]
    text = client.typed(run)
    assert (text.returncode, text.stderr[:9]) == (5, "[DLI-404]")
    assert "'run:adhoc'" in text.stderr
    assert "--source server" in text.stderr
    assert "SkyWest" not in client.said([*run, "--source", "server"])

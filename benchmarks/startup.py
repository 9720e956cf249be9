"""CPU of starting up, as a multiple of `python -c pass` in the same run.

    uv run python -m benchmarks.startup             # medians of 9 rounds
    uv run python -m benchmarks.startup --rounds 3

Each round runs every command once, so that whatever else the machine does meets all of them.
"""

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.projects import small_project

DLI = str(Path(sys.executable).with_name("dli"))
PYTHON = [sys.executable, "-c"]
FEW, MANY = 10, 10_000

BARE_APP = """
import cyclopts
app = cyclopts.App(help="A bare app.")
for name in ("config", "dataset", "explain", "init", "metric", "version"):
    app.command(cyclopts.App(name=name, help="A command."))
app(["--help"])
"""


LIBRARIES = "import cyclopts, jinja2.sandbox, yaml"


@dataclass(frozen=True, slots=True)
class Case:
    """One command, and what its median may be: a multiple of another case's, if that is named."""

    name: str
    command: Sequence[str]
    limit: float | None = None
    beside: str = "python"
    folder: Path | None = None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as scratch:
        few = small_project(Path(scratch, "few"), FEW)
        many = small_project(Path(scratch, "many"), MANY)
        cases = all_cases(few, many)
        medians = measure(cases, rounds)
    print(f"{'command':44} {'CPU ms':>7} {'ratio':>6} {'limit':>6}  beside")
    kept = True
    for case in cases:
        ratio = medians[case.name] / medians[case.beside]
        kept &= case.limit is None or ratio <= case.limit
        limit = "-" if case.limit is None else f"{case.limit:.1f}"
        line = f"{case.name:44} {medians[case.name] * 1000:7.0f} {ratio:6.2f} {limit:>6}"
        print(f"{line}  {case.beside}")
    print("within the limits" if kept else "OUTSIDE THE LIMITS")
    return 0 if kept else 1


def all_cases(few: Path, many: Path) -> list[Case]:
    def dry(name: str, folder: Path, count: int, **rest: str | float) -> Case:
        command = [DLI, "dataset", "run", f"lake.mart.orders_{count // 2}", "--dry-run"]
        return Case(name, command, folder=folder, **rest)  # type: ignore[arg-type]  # limit and beside

    run = [DLI, "dataset", "run", f"lake.mart.orders_{FEW // 2}"]
    return [
        Case("python", [*PYTHON, "pass"]),
        Case("bare cyclopts --help", [*PYTHON, BARE_APP]),
        # What the libraries cost by themselves: the floor under the rows below.
        Case("import cyclopts, jinja2.sandbox, yaml", [*PYTHON, LIBRARIES]),
        Case("the same and duckdb, pyarrow", [*PYTHON, f"{LIBRARIES}, duckdb, pyarrow"]),
        Case("from dli import DatasetAPI", [*PYTHON, "from dli import DatasetAPI"], 12),
        Case("dli --version", [DLI, "--version"], 3),
        Case("dli --help", [DLI, "--help"], 1.2, "bare cyclopts --help"),
        dry(f"dli dataset run --dry-run, {FEW} specs", few, FEW, limit=35.0),
        dry(f"dli dataset run --dry-run, {MANY:,} specs", many, MANY, limit=35.0),
        dry(
            f"the same, {MANY:,} beside {FEW}",
            many,
            MANY,
            limit=1.2,
            beside=f"dli dataset run --dry-run, {FEW} specs",
        ),
        Case("dli dataset run on DuckDB", run, 55, folder=few),
    ]


def measure(cases: Sequence[Case], rounds: int) -> Mapping[str, float]:
    """The median CPU seconds of each case."""
    seconds: dict[str, list[float]] = {case.name: [] for case in cases}
    with tempfile.TemporaryDirectory() as home:
        environ = {**os.environ, "HOME": home, "NO_COLOR": "1"}
        # An installed package has its bytecode; compiling it anew would double every figure.
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        for number in range(rounds + 1):
            for case in cases:
                used = cpu_seconds(case, environ)
                # the first round warms the file cache and writes bytecode
                if number:
                    seconds[case.name].append(used)
    return {name: statistics.median(all_of) for name, all_of in seconds.items()}


def cpu_seconds(case: Case, environ: Mapping[str, str]) -> float:
    """User and system time of the command and of what it started."""
    with Path(os.devnull).open("w") as nowhere:
        actions = [(os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1)]
        before = Path.cwd()
        try:
            if case.folder is not None:
                os.chdir(case.folder)
            process = os.posix_spawn(
                case.command[0], list(case.command), dict(environ), file_actions=actions
            )
        finally:
            os.chdir(before)
    _, status, usage = os.wait4(process, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{case.name} failed: {' '.join(case.command)}")
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    raise SystemExit(main())

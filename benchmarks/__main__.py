"""Every table of figures, each with its limit beside it.

uv run python -m benchmarks            # all of it, some minutes
uv run python -m benchmarks --quick    # fewer rounds, a tenth of the rows
"""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TABLES = {
    "validate.py": (("--specs", "1000", "10000"), ("--specs", "1000")),
    "startup.py": (("--rounds", "9"), ("--rounds", "3")),
    "lineage.py": (("--specs", "1000"), ("--specs", "200")),
    "quality_scans.py": (("--rows", "5000000"), ("--rows", "500000", "--rounds", "3")),
    "export.py": (("--rows", "10000000"), ("--rows", "1000000")),
    "server.py": (
        ("--rows", "1000000", "--memory-rows", "10000000"),
        ("--rows", "200000", "--memory-rows", "1000000", "--rounds", "3"),
    ),
    "server_load.py": (("--seconds", "20"), ("--seconds", "6", "--requests", "2000")),
    "transpile.py": (("--rounds", "5"), ("--rounds", "2")),
    "airflow_parse.py": (("--datasets", "1000"), ("--datasets", "200", "--rounds", "3")),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, fewer rows")
    quick = parser.parse_args().quick
    failed = []
    for script, (full, short) in TABLES.items():
        print(f"== {script}", flush=True)
        module = f"{HERE.name}.{script.removesuffix('.py')}"
        command = [sys.executable, "-m", module, *(short if quick else full)]
        if subprocess.run(command, check=False, cwd=HERE.parent).returncode != 0:
            failed.append(script)
    print(f"outside the limits: {', '.join(failed)}" if failed else "all within their limits")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())

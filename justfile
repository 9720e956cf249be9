# Every command of the project; `just check` is what CI runs. `uv run just` lists them.

_list:
    @just --list --unsorted

# Everything that must hold: format, lint, types, import contracts, lock, tests.
check: lint types imports lock test

# Style and format.
lint:
    ruff format --check --quiet .
    ruff check --quiet .

# Types of packages, tests and benchmarks.
types:
    mypy packages tests benchmarks examples

# The rings, as .importlinter draws them.
imports:
    lint-imports --no-logo

# The lock is fresh and names no address but PyPI's.
lock:
    uv lock --check --quiet
    ! grep -oE 'https?://[^/"]+' uv.lock | grep -vE '^https://(pypi\.org|files\.pythonhosted\.org)$'

# The tests; arguments go to pytest: `just test tests/domain -x`.
test *args:
    pytest -n 2 --dist loadgroup -q {{ args }}

# The long property runs.
deep:
    HYPOTHESIS_PROFILE=deep pytest -n 2 --dist loadgroup -q tests/properties
    DLI_FUZZ_SECONDS=600 pytest -n 2 --dist loadgroup -q --timeout=1200 -m deep

# The figures of docs/performance.md with the limit beside each.
bench *args:
    python -m benchmarks {{ args }}

# Bring the format and what can be mended by itself in order.
fix:
    ruff format .
    ruff check --fix .

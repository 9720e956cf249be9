"""The `dli` command: parse, compose, call one use case, show what came of it."""

# A constant, because importlib.metadata costs as much as the interpreter's own start.
__version__ = "0.1.0"

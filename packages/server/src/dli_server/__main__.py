"""`python -m dli_server CONFIG.json PROJECT`: one server, for who starts it from a program.

Prints its address on a line of its own once it answers. People use `dli server start`.
"""

import sys
from pathlib import Path

import msgspec

from dli_server.configuration import ServerConfig
from dli_server.operations import start


def main(arguments: list[str]) -> None:
    """Serve until a signal comes."""
    config, project = arguments
    start(
        msgspec.json.decode(Path(config).read_bytes(), type=ServerConfig),
        Path(project),
        lambda url, _key: print(url, flush=True),  # noqa: T201 - what the caller waits for
    )


if __name__ == "__main__":
    main(sys.argv[1:])

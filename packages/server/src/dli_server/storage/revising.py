"""`python -m dli_server.storage.revising MESSAGE`: write the step that the tables call for.

For developers, after a change of `tables.py`. The step is a draft: read it, then set `HEAD` in
`migrating.py` to its number.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command
from alembic.config import Config

from dli_server.storage.migrating import HEAD, SCRIPTS, migrate
from dli_server.storage.opening import connect


def revise(message: str, number: str) -> None:
    """Write the difference between the last step and `tables.py` as a new step."""
    with TemporaryDirectory() as folder:
        engine = connect(f"sqlite:///{Path(folder) / 'server.db'}")
        if number != "0001":
            migrate(engine)
        config = Config()
        config.set_main_option("script_location", str(SCRIPTS))
        config.set_main_option("file_template", "step_%%(rev)s")
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.revision(config, message, autogenerate=True, rev_id=number)
        engine.dispose()


if __name__ == "__main__":
    first = not any((SCRIPTS / "versions").glob("step_*.py"))
    revise(sys.argv[1], "0001" if first else f"{int(HEAD) + 1:04}")

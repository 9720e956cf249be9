"""The folder in which a server keeps everything."""

from pathlib import Path

from dli_domain.errors import ConfigError


def make_state(folder: Path) -> None:
    """Make the folder where it is not there yet; nobody else may look into it.

    Raises:
        ConfigError: it cannot be made, or something else has its name.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"The server cannot keep its state there: {error.strerror}",
            context={"Folder": str(folder)},
            hint="Name a folder that you may write to with --state.",
        ) from error

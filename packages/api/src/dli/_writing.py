"""Where the rows of a run go."""

from os import PathLike, fspath

from dli_adapters.writers.files import file_writer
from dli_adapters.writers.held import TableWriter
from dli_domain.errors import ConfigError, ErrorCode
from dli_domain.ports.result_writer import ResultWriter


def writer_of(output: str | PathLike[str] | None, format_name: str | None) -> ResultWriter:
    """Memory, or a file.

    Raises:
        ConfigError: a format without a file.
        OutputError: the format is unknown, or the path can be no file.
    """
    if output is not None:
        return file_writer(fspath(output), format=format_name)
    if format_name is not None:
        raise ConfigError(
            f"format {format_name!r} is given without output",
            code=ErrorCode.CONFIG_VALIDATION_FAILED,
            hint="Name the file with output=, or leave format out.",
        )
    return TableWriter()

"""Where the rows of a run go."""

from os import PathLike, fspath

from dli_adapters.arrow.from_rows import stream_of
from dli_adapters.writers.held import TableWriter
from dli_adapters.writers.limited import LimitedWriter
from dli_domain.errors import ConfigError, ErrorCode
from dli_domain.ports.result_writer import ResultWriter

__all__ = ["limited", "stream_of", "writer_of"]


def writer_of(output: str | PathLike[str] | None, format_name: str | None) -> ResultWriter:
    """Memory, or a file.

    Raises:
        ConfigError: a format without a file.
        OutputError: the format is unknown, or the path can be no file.
    """
    if output is not None:
        # every format's encoder comes with it, 100 ms that rows in memory need not pay
        from dli_adapters.writers.files import file_writer  # noqa: PLC0415

        return file_writer(fspath(output), format=format_name)
    if format_name is not None:
        raise ConfigError(
            f"format {format_name!r} is given without output",
            code=ErrorCode.CONFIG_VALIDATION_FAILED,
            hint="Name the file with output=, or leave format out.",
        )
    return TableWriter()


def limited(
    writer: ResultWriter, most: int | None, *, truncate: bool, cut_before: bool
) -> ResultWriter:
    """The writer, with at most so many rows.

    With `cut_before`, `truncate` says something without a limit too: a server may have cut.

    Raises:
        ConfigError: the limit is below 1, or cutting is asked for without one.
    """
    if most is None and (cut_before or not truncate):
        return writer
    if most is None or most < 1:
        raise ConfigError(
            "truncate cuts at max_rows, which is not given"
            if most is None
            else f"max_rows is {most}; it must be 1 or more",
            code=ErrorCode.CONFIG_VALIDATION_FAILED,
        )
    return LimitedWriter(writer, most, truncate=truncate)

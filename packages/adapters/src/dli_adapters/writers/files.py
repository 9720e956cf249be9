"""The writer of files and pipes: a format, a compression and a place."""

from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, final

from dli_adapters.arrow.from_rows import stream_of
from dli_adapters.arrow.stream import ArrowStream
from dli_adapters.writers.compression import COMPRESSIONS, Compressed
from dli_adapters.writers.encoder import Encoder, OpenEncoder, Write
from dli_adapters.writers.held import Head
from dli_adapters.writers.parts import parts_of
from dli_adapters.writers.places import target_of
from dli_adapters.writers.target import Target
from dli_domain.errors import OutputError
from dli_domain.model.names import did_you_mean
from dli_domain.model.result import QueryResult
from dli_domain.ports.result_writer import ResultWriter, Written


# Each encoder brings its own libraries; a run needs one of them.
def _csv(stream: ArrowStream, write: Write, *, safe: bool = False) -> Encoder:
    from dli_adapters.writers.csv_encoder import CsvEncoder  # noqa: PLC0415

    return CsvEncoder(stream.columns, write, safe=safe)


def _json(stream: ArrowStream, write: Write) -> Encoder:
    from dli_adapters.writers.json_encoder import JsonEncoder  # noqa: PLC0415

    return JsonEncoder(stream.columns, write)


def _ndjson(stream: ArrowStream, write: Write) -> Encoder:
    from dli_adapters.writers.json_encoder import NdjsonEncoder  # noqa: PLC0415

    return NdjsonEncoder(stream.columns, write)


def _parquet(stream: ArrowStream, write: Write) -> Encoder:
    from dli_adapters.writers.parquet_encoder import ParquetEncoder  # noqa: PLC0415

    return ParquetEncoder(stream.schema, stream.columns, write)


FORMATS: Mapping[str, OpenEncoder] = MappingProxyType(
    {"csv": _csv, "json": _json, "ndjson": _ndjson, "parquet": _parquet}
)
_ENDINGS = {".csv": "csv", ".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson"} | {
    ".parquet": "parquet"
}


class UnfitFormatError(OutputError):
    """What was asked for goes together in no file; nothing of the machine is at fault."""


def file_writer(
    path: str,
    *,
    format: str | None = None,  # noqa: A002 - the name users know from --format
    preview: int = 0,
    csv_safe: bool = False,
    stdout: BinaryIO | None = None,
) -> "FileWriter":
    """The writer for `path`.

    Args:
        path: A file; `-` is `stdout`. `.gz` or `.zst` at its end compresses.
        format: One of FORMATS; None goes by the file's ending, and is CSV for any other one.
        preview: How many of the first rows to keep beside the file; 0 keeps no table at all.
        csv_safe: Make text cells of CSV harmless to spreadsheets.
        stdout: The binary standard output; None where it is closed.

    Raises:
        UnfitFormatError: the format is unknown, or does not go with the ending or `csv_safe`.
        OutputError: there can be no such file.
    """
    stem, compression = _compression(path)
    name = format or _ENDINGS.get(Path(stem).suffix.lower(), "csv")
    if name not in FORMATS:
        raise UnfitFormatError(
            f"Unknown output format {name!r}; known are {', '.join(FORMATS)}",
            hint=did_you_mean(name, FORMATS) or "Choose one of them with --format.",
        )
    if name == "parquet" and compression:
        raise UnfitFormatError(
            f"{path!r}: a compressed Parquet file cannot be read by anyone; "
            "Parquet compresses its pages itself",
            hint=f"Take the {compression!r} off the name.",
        )
    if csv_safe and name != "csv":
        raise UnfitFormatError(
            f"--csv-safe changes CSV only, and {path!r} is written as {name}",
            hint="Leave --csv-safe out, or choose --format csv.",
        )
    encoder = partial(_csv, safe=True) if csv_safe else FORMATS[name]
    return FileWriter(target_of(path, stdout), encoder, compression=compression, preview=preview)


@final
class FileWriter(ResultWriter):
    """Writes a result to a place, and keeps its first rows for a screen.

    `BrokenPipeError` of a pipe whose reader went away passes through; the query is closed then.
    """

    def __init__(
        self,
        target: Target,
        encoder: OpenEncoder,
        *,
        compression: str | None = None,
        preview: int = 0,
    ) -> None:
        self._target = target
        self._encoder = encoder
        self._compression = compression
        self._preview = preview

    def prepare(self) -> None:
        self._target.prepare()

    def write(self, result: QueryResult) -> Written:
        with (
            closing(result),
            closing(stream_of(result)) as stream,
            self._target.open() as sink,
        ):
            head = Head(stream, self._preview)
            compressed = Compressed(self._compression, sink.write)
            rows, warnings = self._encode(stream, compressed, head)
            warnings += sink.commit()
        return Written(
            row_count=rows,
            table=head.table() if self._preview else None,
            path=self._target.path,
            byte_count=compressed.byte_count,
            warnings=warnings,
        )

    def _encode(
        self, stream: ArrowStream, compressed: Compressed, head: Head
    ) -> tuple[int, tuple[str, ...]]:
        encoder, rows = self._encoder(stream, compressed.write), 0
        try:
            for part in parts_of(stream):
                encoder.add(part)
                head.add(part)
                rows += part.num_rows
            warnings = encoder.finish()
        except BaseException:
            encoder.abandon()
            raise
        compressed.finish()
        return rows, warnings


def _compression(path: str) -> tuple[str, str | None]:
    ending = Path(path).suffix.lower()
    return (path[: -len(ending)], ending) if ending in COMPRESSIONS else (path, None)

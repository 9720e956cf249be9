"""Rows over the Storage Read API: Arrow from the engine on, resumed at the row where it broke."""

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, final

import grpc
import pyarrow as pa
import pyarrow.compute as pc
from google.api_core import exceptions as api
from google.auth.credentials import Credentials
from google.cloud.bigquery import SchemaField, TableReference
from google.cloud.bigquery_storage_v1.services.big_query_read import BigQueryReadClient
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import (
    BigQueryReadGrpcTransport,
)
from google.cloud.bigquery_storage_v1.types import (
    ArrowSerializationOptions,
    DataFormat,
    ReadSession,
)

from dli_adapters.bigquery.calls import TRIES, Patience, is_transient
from dli_adapters.bigquery.types import arrow_schema
from dli_domain.errors import ResultInvalidError
from dli_domain.model.settings import BigQueryTarget

_OPEN_SECONDS = 10.0
# BigQuery sends up to 128 MB at once; gRPC by itself takes 4.
_CHANNEL = (("grpc.max_receive_message_length", 130 * 1024 * 1024),)
_NANOS = 1_000_000_000


def open_reader(target: BigQueryTarget, credentials: Credentials) -> BigQueryReadClient:
    """The client; an endpoint of its own speaks without TLS, as emulators do."""
    if target.storage_endpoint is None:
        return BigQueryReadClient(credentials=credentials)
    address = target.storage_endpoint.rpartition("://")[2].rstrip("/")
    channel = grpc.insecure_channel(address, options=_CHANNEL)
    return BigQueryReadClient(transport=BigQueryReadGrpcTransport(channel=channel))


@final
class StorageRead:
    """One read of one result table.

    One stream only: that keeps the engine's order and the memory flat.

    Raises:
        google.api_core.exceptions.GoogleAPICallError: the session cannot be opened.
    """

    def __init__(
        self,
        client: BigQueryReadClient,
        table: TableReference,
        schema: Sequence[SchemaField],
        patience: Patience,
    ) -> None:
        self._client = client
        self._schema = arrow_schema(schema)
        self._patience = patience
        session = ReadSession(
            table=f"projects/{table.project}/datasets/{table.dataset_id}/tables/{table.table_id}",
            data_format=DataFormat.ARROW,
            read_options=ReadSession.TableReadOptions(
                arrow_serialization_options=ArrowSerializationOptions(
                    buffer_compression=ArrowSerializationOptions.CompressionCodec.LZ4_FRAME
                )
            ),
        )
        self._session = patience.read(
            lambda: client.create_read_session(
                parent=f"projects/{table.project}",
                read_session=session,
                max_stream_count=1,
                retry=None,
                timeout=max(0.1, min(_OPEN_SECONDS, patience.remaining())),
            )
        )

    def batches(self) -> Generator[pa.RecordBatch, None, None]:
        """The rows, in the engine's order, in the result's own Arrow form."""
        sent = pa.ipc.read_schema(pa.py_buffer(self._session.arrow_schema.serialized_schema))

        def decoded(payload: pa.Buffer) -> pa.RecordBatch:
            return as_declared(pa.ipc.read_record_batch(payload, sent), self._schema)

        for stream in self._session.streams:
            yield from map(decoded, self._payloads(stream.name))

    def _payloads(self, stream: str) -> Iterator[pa.Buffer]:
        """The messages' contents; none is kept while the next one, perhaps as large, arrives."""
        offset, failures = 0, 0
        while True:
            answers: Any = None
            try:
                # the first message is awaited here already
                answers = self._client.read_rows(
                    read_stream=stream,
                    offset=offset,
                    retry=None,
                    timeout=max(0.1, self._patience.remaining()),
                )
                for row_count, payload in map(_opened, answers):
                    yield payload
                    del payload
                    offset += row_count
                    failures = 0
            except api.GoogleAPICallError as error:
                failures += 1
                if (
                    failures >= TRIES
                    or not is_transient(error)
                    or not self._patience.waited(error, failures)
                ):
                    raise
            else:
                return
            finally:
                _end(answers)


def _opened(message: Any) -> tuple[int, pa.Buffer]:
    payload = message.arrow_record_batch.serialized_record_batch
    return int(message.row_count), pa.py_buffer(payload)


def _end(answers: Any) -> None:
    cancel: Callable[[], Any] | None = getattr(answers, "cancel", None)
    if cancel is not None:
        with contextlib.suppress(grpc.RpcError):
            cancel()


def as_declared(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with the column types that the REST route gives too.

    Raises:
        ResultInvalidError: a column is missing, or a value has no exact form.
    """
    if batch.num_columns != len(schema):
        raise ResultInvalidError(
            f"BigQuery sent {batch.num_columns} columns where {len(schema)} were announced"
        )
    arrays = []
    for column, field in zip(batch.columns, schema, strict=True):
        try:
            arrays.append(_converted(column, field.type))
        except (pa.ArrowException, ValueError) as error:
            raise ResultInvalidError(
                f"column {field.name!r} holds a value that cannot be kept exactly",
                hint="CAST the column AS STRING in the query to get its text.",
            ) from error
    return pa.record_batch(arrays, schema=schema)


def _converted(column: pa.Array, target: pa.DataType) -> pa.Array:
    if column.type == target:
        return column
    if pa.types.is_interval(column.type):
        return pa.array([_interval_text(cell) for cell in column.to_pylist()], pa.string())
    if pa.types.is_struct(target):
        # by place: an engine may name the parts of a RANGE as it likes
        parts = [
            _converted(pc.struct_field(column, [index]), target.field(index).type)
            for index in range(target.num_fields)
        ]
        return pa.StructArray.from_arrays(parts, fields=list(target), mask=column.is_null())
    if pa.types.is_list(target):
        flat = _converted(column.flatten(), target.value_type)
        lengths = pc.fill_null(pc.list_value_length(column), 0)
        offsets = pa.concat_arrays(
            [pa.array([0], pa.int64()), pc.cumulative_sum(lengths).cast(pa.int64())]
        )
        return pa.ListArray.from_arrays(offsets.cast(pa.int32()), flat)
    return column.cast(target)


def _interval_text(cell: Any) -> str | None:
    """`Y-M D H:M:S.F`, as BigQuery writes an INTERVAL."""
    if cell is None:
        return None
    months, days, nanos = cell
    years, months_left = divmod(abs(months), 12)
    seconds, fraction = divmod(abs(nanos), _NANOS)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    tail = f".{fraction:09d}".rstrip("0") if fraction else ""
    return (
        f"{'-' if months < 0 else ''}{years}-{months_left} {days} "
        f"{'-' if nanos < 0 else ''}{hours}:{minute}:{second}{tail}"
    )

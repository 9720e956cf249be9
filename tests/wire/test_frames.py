"""A framed result arrives as it was sent, or not at all."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli_adapters.wire.frames import FrameReader, FrameWriter
from dli_domain.errors import ErrorCode, ResultInvalidError

PAYLOADS = st.lists(st.binary(max_size=60), max_size=6)


def written(payloads: list[bytes], rows: int = 3) -> bytes:
    out = io.BytesIO()
    writer = FrameWriter(out.write)
    for payload in payloads:
        writer.arrow(payload)
    writer.end(rows)
    return out.getvalue()


@given(PAYLOADS)
def test_what_is_written_is_read(payloads: list[bytes]) -> None:
    reader = FrameReader(io.BytesIO(written(payloads)))
    assert list(reader.payloads()) == payloads
    assert reader.end is not None
    assert (reader.end.rows, reader.end.frames) == (3, len(payloads))


def test_every_cut_is_seen() -> None:
    whole = written([b"schema", b"", b"batch" * 9, b"end"])
    for length in range(len(whole)):
        with pytest.raises(ResultInvalidError) as caught:
            list(FrameReader(io.BytesIO(whole[:length])).payloads())
        assert caught.value.code is ErrorCode.RESULT_INVALID


def test_every_flipped_bit_is_seen() -> None:
    whole = written([b"schema", b"", b"batch" * 9, b"end"])
    for place in range(len(whole)):
        for bit in (1, 128):
            altered = bytearray(whole)
            altered[place] ^= bit
            with pytest.raises(ResultInvalidError):
                list(FrameReader(io.BytesIO(bytes(altered))).payloads())


def test_a_missing_repeated_or_swapped_part_is_seen() -> None:
    whole = written([b"one", b"two", b"six"])
    size = len(whole) - len(written([b"one", b"two"]))
    one, two, rest = whole[:40], whole[40:80], whole[80:]
    assert size == 40
    for altered in (one + rest, two + one + rest, one + one + two + rest):
        with pytest.raises(ResultInvalidError):
            list(FrameReader(io.BytesIO(altered)).payloads())


def test_reading_goes_on_at_the_frame_that_broke_off() -> None:
    whole = written([b"one", b"two", b"six"])
    for length in range(len(whole)):
        reader = FrameReader(io.BytesIO(whole[:length]))
        found: list[bytes] = []
        with pytest.raises(ResultInvalidError):
            found.extend(reader.payloads())
        reader.source = io.BytesIO(whole[reader.offset :])
        assert [*found, *reader.payloads()] == [b"one", b"two", b"six"]

"""Which format and which compression a path and the options give."""

import gzip
from pathlib import Path

import pytest
import zstandard

from dli_adapters.writers.files import file_writer
from dli_domain.errors import OutputError
from tests.adapters.writers.results import Engine

CSV = b"n,note\n0,row 0\n"
JSON = b'[\n{"n":0,"note":"row 0"}\n]\n'
NDJSON = b'{"n":0,"note":"row 0"}\n'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", CSV),
        ("a.CSV", CSV),
        ("a.json", JSON),
        ("a.ndjson", NDJSON),
        ("a.jsonl", NDJSON),
        ("a.txt", CSV),
        ("a", CSV),
        (".json", CSV),
    ],
)
def test_the_ending_chooses_the_format_and_csv_is_for_the_rest(
    engine: Engine, tmp_path: Path, name: str, content: bytes
) -> None:
    file_writer(str(tmp_path / name)).write(engine.many(1))
    assert (tmp_path / name).read_bytes() == content


def test_a_format_that_is_named_beats_the_ending(engine: Engine, tmp_path: Path) -> None:
    file_writer(str(tmp_path / "a.csv"), format="ndjson").write(engine.many(1))
    assert (tmp_path / "a.csv").read_bytes() == NDJSON


def test_gz_and_zst_compress_what_the_ending_before_them_says(
    engine: Engine, tmp_path: Path
) -> None:
    plain, gz, zst = (tmp_path / f"a.json{ending}" for ending in ("", ".gz", ".zst"))
    for path in (plain, gz, zst):
        written = file_writer(str(path)).write(engine.many(20_000))
        assert written.byte_count == path.stat().st_size
    assert gzip.decompress(gz.read_bytes()) == plain.read_bytes()
    with zstandard.open(zst, "rb") as reader:
        assert reader.read() == plain.read_bytes()
    assert gz.stat().st_size < plain.stat().st_size / 4


def test_compressed_files_of_equal_rows_are_equal(engine: Engine, tmp_path: Path) -> None:
    for name in ("a.csv.gz", "b.csv.gz"):
        file_writer(str(tmp_path / name)).write(engine.many(10))
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


def test_an_unknown_format_is_refused_with_the_closest_one() -> None:
    with pytest.raises(OutputError, match="Unknown output format 'ndjsn'") as caught:
        file_writer("x", format="ndjsn")
    assert "ndjson" in str(caught.value.hint)


def test_csv_safe_without_csv_is_refused() -> None:
    with pytest.raises(OutputError, match="--csv-safe changes CSV only"):
        file_writer("x.json", csv_safe=True)

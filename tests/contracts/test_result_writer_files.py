"""The writers of files, of standard output and of named places."""

import io
from pathlib import Path

import pytest

from dli_adapters.writers.files import file_writer
from dli_domain.ports.result_writer import ResultWriter
from tests.contracts.result_writer_contract import ResultWriterContract


class FileContract(ResultWriterContract):
    name: str

    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self.path = tmp_path / self.name
        self.path.write_bytes(b"old")

    def writer(self) -> ResultWriter:
        return file_writer(str(self.path), preview=5)

    def traces(self) -> list[str]:
        return [
            f"{path.name} {path.read_bytes()!r}"
            for path in sorted(self.path.parent.iterdir())
            if path.is_file()
        ]


class TestCsvFile(FileContract):
    name = "result.csv"


class TestJsonFile(FileContract):
    name = "result.json"


class TestNdjsonFile(FileContract):
    name = "result.ndjson"


class TestParquetFile(FileContract):
    name = "result.parquet"


class TestGzipFile(FileContract):
    name = "result.csv.gz"


class TestZstandardFile(FileContract):
    name = "result.json.zst"


class TestStandardOutput(ResultWriterContract):
    def writer(self) -> ResultWriter:
        return file_writer("-", preview=5, stdout=io.BytesIO())


class TestDevice(ResultWriterContract):
    def writer(self) -> ResultWriter:
        return file_writer("/dev/null", preview=5)

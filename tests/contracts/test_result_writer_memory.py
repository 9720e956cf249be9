"""The writers that keep rows in memory."""

import pytest

from dli_adapters.writers.held import PreviewWriter, TableWriter
from dli_domain.ports.result_writer import ResultWriter
from tests.contracts.result_writer_contract import Query, ResultWriterContract


class TestTableWriter(ResultWriterContract):
    def writer(self) -> ResultWriter:
        return TableWriter()

    def test_every_row_is_kept(self) -> None:
        table = self.writer().write(Query(1050).result()).table
        assert table is not None
        assert len(table) == 1050


class TestPreviewWriter(ResultWriterContract):
    def writer(self) -> ResultWriter:
        return PreviewWriter(120)

    @pytest.mark.parametrize(("limit", "kept"), [(0, 0), (1, 1), (120, 120), (9999, 1050)])
    def test_the_first_rows_are_kept_and_all_counted(self, limit: int, kept: int) -> None:
        written = PreviewWriter(limit).write(Query(1050).result())
        assert written.row_count == 1050
        assert written.table is not None
        assert len(written.table) == kept

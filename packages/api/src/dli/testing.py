"""What users need to test their own pipelines without an engine.

    from dli import DatasetAPI, ExecutionContext, QueryResult
    from dli.testing import MockExecutor

    mock = MockExecutor(return_value=QueryResult(rows=[{"id": 1}], row_count=1))
    api = DatasetAPI(context=ExecutionContext(project_path="..."), executor=mock)
    result = api.run("my_dataset", parameters={"date": "2025-01-01"})

    assert result.data == [{"id": 1}]
    assert "2025-01-01" in mock.calls[-1].sql

The injected executor receives every statement of the run, rendered for the configured engine,
whatever the execution mode says. `MockExecutor` answers with what it was given and never
invents rows; `FixedClock` stands still.
"""

from dli_adapters.memory.clock import FixedClock
from dli_adapters.memory.executor import MockCall, MockExecutor
from dli_adapters.memory.spec_source import MemorySpecSource

__all__ = ["FixedClock", "MemorySpecSource", "MockCall", "MockExecutor"]

"""All rows of a result or an error, wherever it breaks on its way (A5, A6, A7, A8, B3)."""

import json
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from dli_adapters.clock.system import SystemClock
from dli_adapters.server.remote_runs import RemoteRuns
from dli_adapters.server.results import fetched
from dli_adapters.server.transport import Transport
from dli_adapters.wire.messages import ResourceRun, RunAnswer, RunSubmission
from dli_domain.errors import ResultInvalidError
from dli_domain.model.secret import Secret
from dli_domain.model.settings import ServerTarget
from tests.cli.conftest import Dli
from tests.faults.proxy import Corrupt, Cut, Fault, FaultProxy, Reset, Reshape
from tests.faults.server.project import MANY_ROWS
from tests.server.fixtures import RunningServer

GATE = 60
OFFSETS = int(os.environ.get("DLI_OFFSETS", str(GATE)))
pytestmark = pytest.mark.timeout(3600)


@contextmanager
def reached(proxy: FaultProxy, server: RunningServer) -> Iterator[Transport]:
    target = ServerTarget(url=proxy.url, api_key=Secret(server.key()), timeout=5)
    with Transport.connect(target, SystemClock()) as transport:
        yield transport


def done(transport: Transport, name: str) -> RunAnswer:
    runs = RemoteRuns(transport=transport)
    asked = RunSubmission(resource=ResourceRun(kind="dataset", name=f"lake.marts.{name}"))
    return runs.done(runs.followed(runs.submit(asked, uuid4().hex)))


def rows(transport: Transport, run: RunAnswer) -> list[dict[str, object]]:
    stream = fetched(transport, run).stream
    assert stream is not None
    return [dict(row) for row in stream.rows()]


def _offsets(size: int) -> list[int]:
    """Spread over the whole, with its first and its last bytes."""
    dice = random.Random(size)  # noqa: S311 - a seed to see it again
    edges = [*range(8), *range(size - 8, size)]
    spread = range(size) if size <= OFFSETS else sorted(dice.sample(range(size), OFFSETS))
    return sorted({*edges, *spread})


def _breaks(size: int, name: str) -> list[int]:
    """Some of the offsets with the first and the last; more of them by DLI_OFFSETS.

    Each is a wait, and reading all the rows of `many` as objects takes its time.
    """
    offsets = _offsets(size)
    if OFFSETS > GATE and name == "few":
        return offsets
    count = {"few": 8, "many": 7 if OFFSETS > GATE else 3}[name]
    some = random.Random(7).sample(offsets[1:-1], count)  # noqa: S311 - a seed to see it again
    return [offsets[0], *some, offsets[-1]]


@pytest.mark.parametrize("fault", [Cut, Reset])
@pytest.mark.parametrize("name", ["few", "many"])
def test_a_result_that_breaks_off_is_read_on_where_it_broke(
    name: str, fault: type[Cut | Reset], proxy: FaultProxy, server: RunningServer
) -> None:
    with reached(proxy, server) as transport:
        run = done(transport, name)
        assert run.result is not None
        whole = rows(transport, run)
        assert len(whole) == {"few": 20, "many": MANY_ROWS}[name]
        for offset in _breaks(run.result.bytes or 0, name):
            proxy.clear()
            proxy.on("GET", "/result", fault(offset + 200), times=1)
            assert rows(transport, run) == whole, offset


def _cut_short(count: int, headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    """As a gateway cuts that then says the length of what it has."""
    return headers, body[: len(body) - count]


def test_a_result_without_its_end_is_an_error_though_its_length_is_right(
    proxy: FaultProxy, server: RunningServer
) -> None:
    with reached(proxy, server) as transport:
        run = done(transport, "few")
        assert run.result is not None
        for count in _offsets(run.result.bytes or 0)[1:]:
            proxy.clear()
            proxy.on("GET", "/result", Reshape(partial(_cut_short, count)))
            with pytest.raises(ResultInvalidError) as caught:
                rows(transport, run)
            assert caught.value.code == "DLI-409"


@pytest.mark.parametrize("name", ["few", "many"])
def test_a_flipped_byte_is_noticed(name: str, proxy: FaultProxy, server: RunningServer) -> None:
    with reached(proxy, server) as transport:
        run = done(transport, name)
        assert run.result is not None
        offsets = _offsets(run.result.bytes or 0)
        if name == "many" and OFFSETS <= GATE:
            offsets = offsets[::3]
        for offset in offsets:
            proxy.clear()
            proxy.on("GET", "/result", Corrupt(offset))
            with pytest.raises(ResultInvalidError) as caught:
                rows(transport, run)
            assert caught.value.code == "DLI-409", offset
        print(f"{len(offsets)} of {len(offsets)} flipped bytes noticed in {name}")


@pytest.mark.parametrize("source", ["server", "local"])
@pytest.mark.parametrize(
    ("fault", "code"), [(Corrupt(1000), 6), (Cut(900), 0), (Reset(900), 0)], ids=str
)
def test_the_command_gives_the_rows_or_leaves_no_file(
    source: str, fault: Fault, code: int, dli: Dli, there: FaultProxy, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    file = tmp_path / "out" / "rows.csv"
    there.on("GET", "/result", fault, times=None if code else 1)
    told = dli(
        *("dataset", "run", "lake.marts.many", "--server", "--source", source, "-o", str(file))
    )
    assert told.code == code, told
    if code:
        assert "[DLI-409]" in told.err
        assert list(file.parent.iterdir()) == []
    else:
        assert len(file.read_text().splitlines()) == MANY_ROWS + 1


@pytest.mark.parametrize("source", ["server", "local"])
def test_a_limit_of_rows_is_told_and_leaves_no_file(
    source: str, dli: Dli, there: FaultProxy, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    file = tmp_path / "out" / "rows.csv"
    run = ("dataset", "run", "lake.marts.many", "--server", "--source", source)
    told = dli(*run, "-o", str(file), "--max-rows", str(MANY_ROWS - 1))
    assert told.code == 9
    assert "[DLI-408]" in told.err
    assert list(file.parent.iterdir()) == []
    shown = json.loads(dli(*run, "--max-rows", "3", "--truncate", "--json").out)
    assert (shown["truncated"], shown["row_count"]) == (True, 3)

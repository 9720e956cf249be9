"""A run through a faulty network happens at most once, and what is told of it is true (A4, A12)."""

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from tests.cli.conftest import Dli
from tests.faults.proxy import (
    Answer,
    Cut,
    Fault,
    FaultProxy,
    HalfClose,
    Refuse,
    Reset,
    Silence,
    Swallow,
)
from tests.faults.server.conftest import counts
from tests.server.fixtures import RunningServer
from tests.server.runs.client import RunsClient

SEEDS = int(os.environ.get("DLI_SEEDS", "12"))
FIRST = int(os.environ.get("DLI_FIRST_SEED", "0"))
DIALOGUE = ("/policy", "/sessions$", r"/runs(\?|$)", "/key/", r"/runs/[0-9a-z-]+\?", "/sessions/.")
WAYS = {"by name": "server", "its text in a session": "local"}
pytestmark = [pytest.mark.timeout(7200), pytest.mark.usefixtures("impatient")]


def _fault(dice: random.Random) -> Fault:
    kinds: tuple[Fault, ...] = (
        Swallow(reset=True),
        Refuse(),
        Cut(dice.randrange(400)),
        Reset(dice.randrange(400)),
        Answer(dice.choice((502, 503, 504)), b"<html>"),
        Swallow(),
        Silence(),
        HalfClose(dice.randrange(400)),
    )
    # The last three cost a second each.
    return dice.choices(kinds, weights=(6, 6, 6, 6, 4, 1, 1, 1))[0]


@pytest.mark.parametrize("way", WAYS)
def test_no_mixture_of_lost_answers_makes_a_second_execution(
    way: str, dli: Dli, there: FaultProxy, server: RunningServer
) -> None:
    numbers = range(FIRST, FIRST + SEEDS // 2)
    base = 1_000_000 * (1 + list(WAYS).index(way))
    ended: dict[int, int] = {}
    for seed in numbers:
        dice = random.Random(seed)  # noqa: S311 - a seed to see it again
        there.clear()
        for path in dice.sample(DIALOGUE, dice.randrange(1, 4)):
            there.on("*", path, _fault(dice), times=dice.randrange(1, 3), skip=dice.randrange(2))
        told = dli(
            *("dataset", "run", "lake.marts.add", "-p", f"n={base + seed}"),
            *("--server", "--source", WAYS[way], "--timeout", "15"),
        )
        assert told.code in (0, 6, 7, 10), (seed, told)
        assert "Traceback" not in told.err, (seed, told)
        ended[base + seed] = told.code
    with RunsClient(server) as client:
        found = counts(client)
    print(way, Counter(ended.values()))
    for number, code in ended.items():
        times = found.get(number, 0)
        assert times <= 1, (number, code, times)
        assert code != 0 or times == 1, (number, code)
        assert code != 6 or times == 0, (number, code)


@pytest.mark.parametrize("way", WAYS)
def test_each_answer_that_is_lost_once_is_made_good(
    way: str, dli: Dli, there: FaultProxy, server: RunningServer
) -> None:
    base = 100_000_000 * (1 + list(WAYS).index(way))
    lost = [(path, Swallow(reset=True)) for path in DIALOGUE]
    lost += [(r"/runs(\?|$)", Swallow()), ("/sessions/.", Swallow())]
    for number, (path, fault) in enumerate(lost, base):
        there.clear()
        there.on("*", path, fault, times=1)
        told = dli(
            *("dataset", "run", "lake.marts.add", "-p", f"n={number}"),
            *("--server", "--source", WAYS[way]),
        )
        assert told.code == 0, (path, told)
    with RunsClient(server) as client:
        found = counts(client)
    wanted = range(base, base + len(lost))
    assert {number: found.get(number) for number in wanted} == dict.fromkeys(wanted, 1)


def test_who_finds_no_server_is_told_that_nothing_was_sent(
    dli: Dli, there: FaultProxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there.close()
    for source in WAYS.values():
        told = dli(
            *("dataset", "run", "lake.marts.add", "-p", "n=1", "--server", "--source", source)
        )
        assert told.code == 6
        assert "[DLI-501]" in told.err
        assert "nothing was sent" in told.err

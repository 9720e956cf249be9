"""What lists and single specs say does not depend on where they are read."""

import pytest

from tests.parity.comparing import comparable, comparable_text
from tests.parity.conftest import Ask

_COMMANDS = (
    ("dataset", "list"),
    ("dataset", "list", "--search", "주문"),
    ("metric", "list", "--owner", "kim@example.com"),
    ("metric", "list", "--tag", "none"),
    ("dataset", "get", "p.build"),
    ("dataset", "get", "p.typed"),
    ("dataset", "get", "p.syntax"),
    ("dataset", "get", "p.broken"),
    ("dataset", "get", "p.kpi"),
    ("metric", "get", "p.kpi"),
    ("metric", "get", "p.kpo"),
    ("metric", "render", "p.kpi"),
    ("dataset", "render", "p.measure"),
    ("dataset", "render", "p.no_measure"),
    ("quality", "list"),
    ("quality", "list", "--target", "p.kpi"),
    ("quality", "get", "shop.orders"),
    ("quality", "get", "shop.order"),
)


@pytest.mark.parametrize("command", _COMMANDS, ids=" ".join)
def test_it_is_the_same_from_files_and_from_the_server(command: tuple[str, ...], ask: Ask) -> None:
    local, remote = (ask(*command, "--source", source, "--json") for source in ("local", "server"))
    assert remote.code == local.code
    assert comparable(remote.out) == comparable(local.out)
    assert comparable_text(remote.err) == comparable_text(local.err)


def test_a_screen_shows_the_same_places(ask: Ask) -> None:
    for command in (("dataset", "get", "p.syntax"), ("quality", "get", "shop.orders")):
        local, remote = (ask(*command, "--source", source) for source in ("local", "server"))
        assert remote == local

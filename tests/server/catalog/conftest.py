"""One server for all tests of the catalog, with a little history."""

from collections.abc import Iterator

import httpx
import pytest

from dli_server.http.scopes import Scope
from tests.server.catalog.shop import write_shop
from tests.server.fixtures import RunningServer, running_server
from tests.server.runs.client import RunsClient

NO_ADMIN = tuple(scope for scope in Scope if scope is not Scope.ADMIN)
KIM = "kim@example.com"


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The shop's server; kim has read the orders twice, built them, and judged them."""
    project = write_shop(tmp_path_factory.mktemp("catalog") / "shop")
    with running_server(project) as server:
        with RunsClient(server, *NO_ADMIN, owner=KIM) as kim:
            session = kim.session()
            for _ in range(2):
                done = kim.statement(session, "SELECT count(*) AS n FROM shop.mart.orders")
                assert done["state"] == "DONE", done
            failed = kim.statement(session, "SELECT nothing FROM shop.mart.orders")
            assert failed["state"] == "FAILED", failed
            built = kim.ended(kim.by_name("shop.mart.orders"))
            assert built["state"] == "DONE", built
            judged = kim.ended(kim.submit({"quality": {"reference": "shop.mart.orders"}}))
            assert judged["state"] == "DONE", judged
        with RunsClient(server, owner="nightly") as nightly:
            session = nightly.session()
            assert nightly.statement(session, "SELECT 1")["state"] == "DONE"
        yield server


@pytest.fixture
def kim(shop: RunningServer) -> Iterator[httpx.Client]:
    """Requests of the key that has run something; it is no admin."""
    with httpx.Client(
        base_url=f"{shop.url}/api/v1",
        headers=shop.headers(*NO_ADMIN, owner=KIM),
        trust_env=False,
        timeout=30,
    ) as client:
        yield client

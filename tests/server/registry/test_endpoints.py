"""The paths for specs, as an older client and as ours see them."""

from typing import Any

import httpx
import pytest

from dli_server.http.scopes import Scope
from tests.server.fixtures import RunningServer
from tests.server.registry.conftest import ORDERS


def _get(server: RunningServer, path: str, **options: Any) -> httpx.Response:
    scopes, specs = options.pop("scopes", (Scope.CATALOG,)), options.pop("specs", None)
    headers = server.headers(*scopes, specs=specs)
    return httpx.get(f"{server.url}/api/v1/{path}", headers=headers, **options)


def _post(server: RunningServer, path: str, body: Any, **options: Any) -> httpx.Response:
    headers = server.headers(Scope.REGISTER, **options)
    return httpx.post(f"{server.url}/api/v1/{path}", headers=headers, json=body)


def _bundle(name: str, sql: str, **more: Any) -> dict[str, Any]:
    text = f"name: {name}\nowner: kim@example.com\nteam: '@a'\nquery_file: q.sql\n"
    files = {"datasets/d.yaml": text + "type: Dataset\nquery_type: SELECT\n", "datasets/q.sql": sql}
    spec = {"path": "datasets/d.yaml", "files": files, "dialect": "duckdb"}
    return {"name": name, "spec": spec, **more}


def test_datasets_have_camel_case_and_metrics_snake_case(shop: RunningServer) -> None:
    sent = _bundle("shop.mart.camel", "SELECT 1 AS id")
    assert _post(shop, "datasets", sent).status_code == 201
    dataset = _get(shop, "datasets/shop.mart.camel").json()
    assert {"createdAt", "updatedAt", "sql", "dependencies"} <= dataset.keys()
    metric = {"name": "shop.kpi.snake", "owner": "a@example.com", "sql": "SELECT 1 AS one"}
    assert _post(shop, "metrics", metric).status_code == 201
    assert {"created_at", "updated_at", "sql"} <= _get(shop, "metrics/shop.kpi.snake").json().keys()


def test_the_projects_own_specs_are_there_with_their_files(shop: RunningServer) -> None:
    found = _get(shop, "datasets/shop.mart.orders").json()
    assert found["sql"] == "SELECT 1 AS id, '가' AS name\n"
    assert found["dependencies"] == ["shop.raw.orders"]
    assert found["spec"]["path"] == "datasets/dataset.shop.mart.orders.yaml"
    assert found["spec"]["files"] == {
        "datasets/dataset.shop.mart.orders.yaml": ORDERS,
        "datasets/sql/orders.sql": "SELECT 1 AS id, '가' AS name\n",
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"tag": "shop"}, ["shop.mart.orders"]),
        ({"owner": "KIM@ex", "tag": "shop"}, ["shop.mart.orders"]),
        ({"search": "주문"}, ["shop.mart.orders"]),
        ({"search": "nothing of that kind"}, []),
    ],
)
def test_lists_are_filtered(shop: RunningServer, query: dict[str, str], names: list[str]) -> None:
    found = _get(shop, "datasets", params=query).json()
    assert [one["name"] for one in found] == names


def test_lists_are_paged(empty: RunningServer) -> None:
    for number in range(5):
        _post(empty, "datasets", _bundle(f"page.a.n{number}", "SELECT 1 AS id"))
    pages = [
        [one["name"] for one in _get(empty, "datasets", params=page | {"search": "page.a"}).json()]
        for page in ({"limit": 2}, {"limit": 2, "offset": 2}, {"limit": 2, "offset": 4})
    ]
    assert pages == [["page.a.n0", "page.a.n1"], ["page.a.n2", "page.a.n3"], ["page.a.n4"]]
    assert _get(empty, "datasets", params={"limit": 0}).status_code == 400
    assert _get(empty, "datasets", params={"limit": 501}).status_code == 400


def test_another_version_needs_force(empty: RunningServer) -> None:
    first = _post(empty, "datasets", _bundle("force.a.b", "SELECT 1 AS id"))
    again = _post(empty, "datasets", _bundle("force.a.b", "SELECT 1 AS id"))
    other = _post(empty, "datasets", _bundle("force.a.b", "SELECT 2 AS id"))
    forced = _post(empty, "datasets", _bundle("force.a.b", "SELECT 2 AS id", force=True))
    assert [one.status_code for one in (first, again, other, forced)] == [201, 200, 409, 201]
    assert other.json()["error"]["code"] == "DATASET_ALREADY_EXISTS"
    assert again.json()["unchanged"]
    assert first.json()["version"] != forced.json()["version"]
    assert _get(empty, "datasets/force.a.b").json()["sql"] == "SELECT 2 AS id"


def test_a_spec_of_the_project_is_replaced_by_force_only(shop: RunningServer) -> None:
    sent = _bundle("test.schema.dataset", "SELECT 7 AS id")
    assert _post(shop, "datasets", sent).status_code == 409
    assert _post(shop, "datasets", sent | {"force": True}).status_code == 201
    assert _get(shop, "datasets/test.schema.dataset").json()["sql"] == "SELECT 7 AS id"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"datasets/q.sql": "SELEC 1"}, "datasets/q.sql"),
        ({"datasets/q.sql": "SELECT {{ nothing }} AS id"}, "nothing"),
        ({"datasets/d.yaml": "name: broken.a.b\nowner: [\n"}, "datasets/d.yaml"),
        ({"../d.sql": "SELECT 1"}, "no path inside a project"),
        ({"/etc/passwd": "x"}, "no path inside a project"),
    ],
)
def test_a_broken_spec_is_refused_with_its_problems(
    empty: RunningServer, change: dict[str, str], told: str
) -> None:
    sent = _bundle("broken.a.b", "SELECT 1 AS id")
    sent["spec"]["files"] |= change
    answer = _post(empty, "datasets", sent)
    assert answer.status_code == 400
    assert told in answer.text
    assert answer.json()["error"]["dli"]["code"].startswith("DLI-2")
    assert _get(empty, "datasets/broken.a.b").status_code == 404


def test_a_spec_is_registered_under_its_own_name_only(empty: RunningServer) -> None:
    answer = _post(empty, "datasets", _bundle("own.a.b", "SELECT 1 AS id") | {"name": "own.a.c"})
    assert answer.status_code == 400
    assert "'own.a.b'" in answer.json()["message"]


def test_what_a_key_may_not_name_is_not_there(shop: RunningServer) -> None:
    seen, unseen = ("shop.kpi.*",), ("other.*",)
    assert _get(shop, "metrics/shop.kpi.buyers", specs=seen).status_code == 200
    hidden = _get(shop, "metrics/shop.kpi.buyers", specs=unseen)
    missing = _get(shop, "metrics/shop.kpi.sellers", specs=unseen)
    assert (hidden.status_code, missing.status_code) == (404, 404)
    one, other = (answer.json()["error"] for answer in (hidden, missing))
    assert one["code"] == other["code"] == "METRIC_NOT_FOUND"
    assert one["dli"]["message"].replace("buyers", "sellers") == other["dli"]["message"]
    assert one["dli"]["hint"] == other["dli"]["hint"]
    assert _get(shop, "metrics", specs=unseen).json() == []
    assert _post(shop, "datasets", _bundle("shop.a.b", "SELECT 1"), specs=unseen).status_code == 404


def test_no_hint_names_what_a_key_may_not_see(shop: RunningServer) -> None:
    near = {
        "metrics/shop.mart.buyers": "shop.kpi.buyers",
        "quality/shop.kpi.orders": "shop.mart.orders",
    }
    for path, close in near.items():
        own = f"{path.split('/')[1].rpartition('.')[0]}.*"
        told, untold = _get(shop, path), _get(shop, path, specs=(own,))
        assert (told.status_code, untold.status_code) == (404, 404)
        assert close in told.json()["error"]["dli"]["hint"]
        assert close not in untold.text


def test_without_the_scope_nothing_is_told(shop: RunningServer) -> None:
    for path in ("datasets", "metrics/shop.kpi.buyers", "quality", "lineage/shop.mart.orders"):
        assert _get(shop, path, scopes=(Scope.RUN_SPEC,)).status_code == 403
    answer = httpx.post(
        f"{shop.url}/api/v1/datasets", headers=shop.headers(Scope.CATALOG), json={"name": "a"}
    )
    assert answer.status_code == 403


def test_quality_specs_are_told_with_their_tests(shop: RunningServer) -> None:
    (listed,) = _get(shop, "quality", params={"resourceType": "DATASET"}).json()
    assert (listed["name"], listed["test_count"]) == ("shop.mart.orders", 2)
    found = _get(shop, "quality/shop.mart.orders").json()
    assert [(one["name"], one["test_type"]) for one in found["tests"]] == [
        ("id_there", "NOT_NULL"),
        ("some", "SINGULAR"),
    ]
    assert sorted(found["spec"]["files"]) == ["quality.shop.mart.orders.yaml", "sql/some.sql"]
    assert _get(shop, "quality", params={"resourceType": "METRIC"}).json() == []
    assert _get(shop, "quality/shop.mart.nothing").status_code == 404


def test_lineage_is_told_in_the_older_envelope(shop: RunningServer) -> None:
    answer = _get(shop, "lineage/shop.mart.orders").json()
    assert answer["success"]
    data = answer["data"]
    assert (data["root"]["name"], data["root"]["depth"]) == ("shop.mart.orders", 0)
    assert {node["name"]: node["depth"] for node in data["nodes"]} == {
        "shop.raw.orders": -1,
        "shop.kpi.buyers": 1,
    }
    assert (data["total_upstream"], data["total_downstream"], data["total_edges"]) == (1, 1, 2)
    upstream = _get(shop, "lineage/shop.mart.orders", params={"direction": "upstream"}).json()
    assert upstream["data"]["total_downstream"] == 0
    assert _get(shop, "lineage/shop.mart.orders", params={"direction": "x"}).status_code == 400
    assert _get(shop, "lineage/shop.nothing.here").status_code == 404


def _run(server: RunningServer, path: str, body: Any, *scopes: Scope) -> httpx.Response:
    headers = server.headers(*(scopes or (Scope.RUN_SPEC, Scope.QUALITY)))
    return httpx.post(f"{server.url}/api/v1/{path}/run", headers=headers, json=body, timeout=60)


def test_an_older_client_runs_by_name(shop: RunningServer) -> None:
    dataset = _run(shop, "datasets/shop.mart.orders", {}).json()
    assert dataset["rows"] == [{"id": 1, "name": "가"}]
    assert dataset["rowCount"] == 1
    assert dataset["renderedSql"] == "SELECT 1 AS id, '가' AS name"
    refused = _run(shop, "metrics/shop.kpi.buyers", {})
    assert (refused.status_code, refused.json()["error"]["dli"]["code"]) == (422, "DLI-405")
    values = {"parameters": {"date": "2024-01-02"}, "limit": 1}
    assert _run(shop, "datasets/test_dataset", values).json()["rows"][0]["d"] == "2024-01-02"
    wrong = _run(shop, "datasets/test_dataset", {"parameters": {"dat": "x"}})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert _run(shop, "datasets/shop.mart.nothing", {}).status_code == 404
    assert _run(shop, "datasets/shop.mart.orders", {}, Scope.CATALOG).status_code == 403


def test_an_older_client_runs_quality_tests(shop: RunningServer) -> None:
    found = _run(shop, "quality/shop.mart.orders", {"test_names": ["id_there"]}).json()
    assert (found["status"], found["overall_status"]) == ("COMPLETED", "PASSED")
    assert (found["total_tests"], found["passed_tests"], found["failed_tests"]) == (1, 1, 0)
    assert [(one["test_name"], one["status"]) for one in found["test_results"]] == [
        ("id_there", "PASSED")
    ]
    recent = _get(shop, "quality/shop.mart.orders", scopes=tuple(Scope)).json()
    assert "recent_runs" in recent

"""`register` and what comes after it, from a terminal and from Python."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dli import DatasetAPI, ExecutionContext, ExecutionMode, MetricAPI, QualityAPI, SpecInvalidError
from dli_adapters.yaml_specs.bundles import YamlSpecBundles, qualities_of, resource_of
from dli_adapters.yaml_specs.quality_source import YamlQualitySource
from dli_adapters.yaml_specs.spec_source import YamlSpecSource
from dli_domain.model.settings import ProjectSettings
from dli_domain.ports.spec_registry import BundleKind
from dli_server.http.scopes import Scope
from tests.cli.conftest import Dli
from tests.server.fixtures import RunningServer, running_server
from tests.server.registry.conftest import write_shop

_CONFIG = 'version: "1"\ndefaults: {dialect: duckdb}\nlocal: {engine: duckdb}\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that knows no spec."""
    root = tmp_path_factory.mktemp("bare") / "project"
    root.mkdir()
    (root / "dli.yaml").write_text(_CONFIG)
    with running_server(root) as found:
        yield found


@pytest.fixture
def shop(tmp_path: Path, server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The author's project, with the server configured; the working directory."""
    root = write_shop(tmp_path / "shop")
    monkeypatch.chdir(root)
    for name, value in server.environ().items():
        monkeypatch.setenv(name, value)
    return root


def test_what_is_registered_runs_for_who_has_no_files(
    shop: Path, dli: Dli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = dli("dataset", "register", "shop.mart.orders", "--force", "--json")
    assert (done.code, json.loads(done.out)["name"]) == (0, "shop.mart.orders")
    assert dli("quality", "register", "shop.mart.orders", "--force").code == 0
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    monkeypatch.chdir(nowhere)
    shutil.rmtree(shop)
    ran = json.loads(dli("dataset", "run", "shop.mart.orders", "--server", "--json").out)
    assert ran["rows"] == [{"id": 1, "name": "가"}]
    assert ran["execution"] == {"mode": "server", "engine": "duckdb"}
    assert dli("quality", "run", "shop.mart.orders", "--server").code == 0
    listed = json.loads(dli("dataset", "list", "--source", "server", "--json").out)
    assert "shop.mart.orders" in [one["name"] for one in listed["items"]]


def test_another_version_needs_force(shop: Path, dli: Dli) -> None:
    assert dli("dataset", "register", "test_dataset", "--force").code == 0
    again = dli("dataset", "register", "test_dataset")
    assert (again.code, "unchanged" in again.out) == (0, True)
    file = shop / "datasets/dataset.test_dataset.yaml"
    file.write_text(file.read_text().replace("SELECT 1", "SELECT 2"))
    refused = dli("dataset", "register", "test_dataset")
    assert refused.code == 3
    assert "already, in another version" in refused.err
    assert "dli dataset register test_dataset --force" in refused.err
    assert dli("dataset", "register", "test_dataset", "--force").code == 0
    ran = dli("dataset", "run", "test_dataset", "--server", "--source", "server", "--json")
    assert json.loads(ran.out)["rows"][0]["id"] == 2


def test_a_broken_spec_is_not_even_sent(shop: Path, dli: Dli) -> None:
    (shop / "datasets/sql/orders.sql").write_text("SELECT 1 AS id FORM nothing at all\n")
    refused = dli("dataset", "register", "shop.mart.orders", "--force")
    assert refused.code == 3
    assert "datasets/sql/orders.sql:1:" in refused.err


def test_a_key_without_the_scope_registers_nothing(
    shop: Path, dli: Dli, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLI_API_TOKEN", server.key(Scope.CATALOG, Scope.RUN_SPEC))
    refused = dli("dataset", "register", "my_dataset")
    assert (refused.code, "[DLI-404]" in refused.err) == (5, True)


def test_from_python(shop: Path) -> None:
    datasets, metrics = DatasetAPI(), MetricAPI()
    datasets.register("shop.mart.orders", force=True)
    QualityAPI().register("shop.mart.orders", force=True)
    found = datasets.get("shop.mart.orders", source="server")
    assert found == datasets.get("shop.mart.orders")
    assert datasets.get("shop.mart.nothing", source="server") is None
    assert found in datasets.list_datasets(source="server")
    assert metrics.list_metrics(source="server") == []
    (shop / "dli.yaml").write_text(_CONFIG + "execution: {source: server}\n")
    context = ExecutionContext(execution_mode=ExecutionMode.SERVER)
    api = DatasetAPI(context)
    result = api.run("shop.mart.orders")
    assert (result.data, result.mode) == ([{"id": 1, "name": "가"}], ExecutionMode.SERVER)
    with api.stream("shop.mart.orders") as stream:
        assert list(stream.rows()) == [{"id": 1, "name": "가"}]
    report = QualityAPI(context).run("shop.mart.orders")
    assert (report.ok, report.mode) == (True, ExecutionMode.SERVER)
    metrics.register("shop.kpi.buyers")
    broken = shop / "metrics/metric.shop.kpi.buyers.yaml"
    broken.write_text(broken.read_text().replace("FROM", "FORM x y"))
    with pytest.raises(SpecInvalidError):
        MetricAPI(ExecutionContext(execution_mode="local")).register("shop.kpi.buyers")


def test_a_bundle_is_read_as_its_project_is(shop: Path) -> None:
    project = ProjectSettings(root=str(shop), default_dialect="duckdb", default_timeout_seconds=77)
    bundles = YamlSpecBundles(project)
    for spec in YamlSpecSource(project).list().specs:
        bundle = bundles.bundle(str(spec.name), BundleKind(spec.kind.value))
        assert resource_of(bundle) == spec
    bundle = bundles.bundle("shop.mart.orders", BundleKind.QUALITY)
    assert qualities_of(bundle) == YamlQualitySource(project).find("shop.mart.orders")

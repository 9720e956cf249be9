"""Which source wins, for every layer, and that everybody knows who it was."""

import itertools

import pytest

from dli_domain.errors import ConfigError
from dli_domain.model.run import ExecutionMode
from dli_domain.model.secret import Secret
from tests.adapters.settings.conftest import Place

# key, its variable, one text per layer from low to high, what a project without any gives
KEYS = [
    ("execution.timeout", "DLI_TIMEOUT", ["11", "12", "13", "14", "15", "16"], 300),
    ("execution.default_mode", "DLI_EXECUTION_MODE", ["mock", "local"] * 3, "local"),
    (
        "execution.dialect",
        "DLI_DIALECT",
        ["hive", "mysql", "spark", "trino", "redshift", "tsql"],
        None,
    ),
    ("local.engine", "DLI_ENGINE", ["duckdb", "bigquery"] * 3, "bigquery"),
    ("server.url", "DLI_SERVER_URL", [f"https://s{n}.example.com" for n in range(6)], None),
]
LAYERS = ("global", "project", "local", "dotenv", "env", "cli")


def _nest(key: str, text: str) -> str:
    *above, last = key.split(".")
    head = "".join(f"{'  ' * n}{part}:\n" for n, part in enumerate(above))
    return f"{head}{'  ' * len(above)}{last}: {text}\n"


def _say(place: Place, layer: str, key: str, variable: str, text: str) -> dict[str, object]:
    files = {"global": "~/.dli/config.yaml", "project": "dli.yaml", "local": ".dli.local.yaml"}
    if layer in files:
        place.write(files[layer], _nest(key, text))
    elif layer == "dotenv":
        place.write(".env", f"{variable}={text}\n")
    elif layer == "env":
        place.environ[variable] = text
    else:
        return {key: text}
    return {}


@pytest.mark.parametrize(("key", "variable", "texts", "default"), KEYS, ids=[k[0] for k in KEYS])
@pytest.mark.parametrize("said", list(itertools.product([False, True], repeat=6)), ids=str)
def test_the_highest_layer_that_speaks_wins_and_is_named(
    place: Place,
    said: tuple[bool, ...],
    key: str,
    variable: str,
    texts: list[str],
    default: object,
) -> None:
    place.write("dli.yaml", "version: '1'\n")
    overrides: dict[str, object] = {}
    winner, wanted = "default", default
    for layer, text, speaks in zip(LAYERS, texts, said, strict=True):
        if speaks:
            overrides |= _say(place, layer, key, variable, text)
            winner, wanted = layer, text
    configuration = place.read(overrides=overrides)
    found = configuration.values[tuple(key.split("."))]
    assert found.layer.label == winner
    assert str(configuration.shown(tuple(key.split(".")), found)) == str(wanted)
    assert len(configuration.history(tuple(key.split(".")))) == sum(said) + 1


def test_maps_merge_and_lists_are_replaced_whole(place: Place) -> None:
    place.user_config("vars: {region: us, tier: gold}\ntemplates: {env_vars: [A, B]}\n")
    place.write("dli.yaml", "vars: {region: 서울}\ntemplates: {env_vars: [C]}\n")
    project = place.load().settings.project
    assert dict(project.variables) == {"region": "서울", "tier": "gold"}
    assert project.allowed_env == ("C",)


def test_the_active_environment_beats_files_and_loses_to_variables(place: Place) -> None:
    place.write(
        "dli.yaml",
        "execution: {timeout: 10, default_mode: mock}\n"
        "environments:\n"
        "  dev: {timeout_seconds: 20, variables: {region: dev}}\n"
        "  prod:\n"
        "    execution: {timeout: 30}\n"
        "active_environment: dev\n",
    )
    place.write(".dli.local.yaml", "execution: {timeout: 15}\n")
    loaded = place.load()
    assert loaded.settings.timeout == 20
    assert loaded.settings.project.variables == {"region": "dev"}
    assert loaded.origins["execution.timeout"].layer.label == "environment"
    place.environ["DLI_ENVIRONMENT"] = "prod"
    assert place.load().settings.timeout == 30
    assert place.load(environment="dev").settings.timeout == 20
    place.environ["DLI_TIMEOUT"] = "40"
    assert place.load().settings.timeout == 40


def test_an_unknown_environment_is_told_with_the_known_ones(place: Place) -> None:
    place.write("dli.yaml", "environments: {production: {dialect: trino}}\n")
    place.environ["DLI_ENVIRONMENT"] = "prodution"
    with pytest.raises(ConfigError, match="no environment 'prodution'") as caught:
        place.load()
    assert caught.value.code == "DLI-004"
    assert caught.value.hint == "Did you mean 'production'?"
    assert caught.value.context["Asked for by"] == "DLI_ENVIRONMENT"


def test_an_environment_that_is_not_active_needs_no_variables(place: Place) -> None:
    place.write("dli.yaml", "environments: {prod: {variables: {key: '${NOT_SET}'}}}\n")
    assert place.load().settings.project.variables == {}


@pytest.mark.parametrize(
    ("overrides", "environ", "text", "engine"),
    [
        ({}, {}, "", "bigquery"),
        ({}, {}, "local: {engine: duckdb}", "duckdb"),
        ({"execution.dialect": "bigquery"}, {}, "local: {engine: duckdb}", "bigquery"),
        ({"execution.dialect": "trino"}, {}, "local: {engine: duckdb}", "trino"),
        ({"execution.dialect": "mysql"}, {}, "local: {engine: duckdb}", "duckdb"),
        ({}, {"DLI_DIALECT": "bigquery"}, "local: {engine: duckdb}", "bigquery"),
        ({}, {"DLI_DIALECT": "bigquery", "DLI_ENGINE": "duckdb"}, "", "duckdb"),
        (
            {"execution.dialect": "bigquery"},
            {"DLI_ENGINE": "duckdb"},
            "local: {engine: bigquery}",
            "duckdb",
        ),
        ({"local.engine": "bigquery"}, {"DLI_ENGINE": "duckdb"}, "", "bigquery"),
        ({}, {}, "execution: {dialect: duckdb}\nlocal: {engine: bigquery}", "bigquery"),
    ],
)
def test_the_engine_is_chosen_as_decided(
    place: Place,
    overrides: dict[str, object],
    environ: dict[str, str],
    text: str,
    engine: str,
) -> None:
    place.write("dli.yaml", text)
    place.environ.update(environ)
    assert place.load(overrides=overrides).settings.engine == engine


def test_relative_paths_start_at_the_file_that_says_them(place: Place) -> None:
    place.user_config("local: {duckdb: {attach: {mine: own.duckdb, far: ~/far.duckdb}}}\n")
    place.write(
        "dli.yaml",
        "local:\n"
        "  engine: duckdb\n"
        "  duckdb:\n"
        "    path: data/x.duckdb\n"
        "    attach:\n"
        "      lake: {path: ../lake.duckdb, read_only: true}\n"
        "    sources:\n"
        "      raw.clicks: data/*.parquet\n"
        "      a.b.c: {path: s3://bucket/x.csv, format: csv}\n",
    )
    duckdb = place.load().settings.duckdb
    assert duckdb.path == str(place.project / "data/x.duckdb")
    assert {a.alias: (a.path, a.read_only) for a in duckdb.attach} == {
        "mine": (str(place.home / ".dli/own.duckdb"), False),
        "far": (str(place.home / "far.duckdb"), False),
        "lake": (str(place.project.parent / "lake.duckdb"), True),
    }
    assert {s.name: (s.path, s.format) for s in duckdb.sources} == {
        "raw.clicks": (str(place.project / "data/*.parquet"), None),
        "a.b.c": ("s3://bucket/x.csv", "csv"),
    }


def test_a_path_on_the_command_line_starts_at_the_working_directory(place: Place) -> None:
    place.write("dli.yaml", "local: {engine: duckdb}\n")
    (place.project / "sub").mkdir()
    loaded = place.load(cwd=place.project / "sub", overrides={"local.duckdb.path": "x.duckdb"})
    assert loaded.settings.duckdb.path == str(place.project / "sub/x.duckdb")
    assert loaded.settings.project.root == str(place.project)


def test_the_samples_of_the_contract_load(place: Place) -> None:
    place.user_config(
        "execution:\n  default_mode: local\n  timeout: 300\n\n"
        "local:\n  engine: bigquery\n  bigquery:\n    project: my-gcp-project\n    location: US\n\n"
        "server:\n  url: https://basecamp.example.com\n  api_key: ${BASECAMP_API_KEY}\n"
    )
    settings = place.load().settings
    assert (settings.mode, settings.engine, settings.timeout) == (
        ExecutionMode.LOCAL,
        "bigquery",
        300,
    )
    assert (settings.bigquery.project, settings.bigquery.location) == ("my-gcp-project", "US")
    place.environ["BASECAMP_API_KEY"] = "canary"
    server = place.load(overrides={"execution.default_mode": "server"}).settings.server
    assert server is not None
    assert (server.url, server.api_key) == ("https://basecamp.example.com", Secret("canary"))


def test_older_spellings_mean_the_same_and_are_warned_about(place: Place) -> None:
    place.write(
        "dli.yaml",
        "execution:\n  mode: mock\n  bigquery: {project: old, location: EU}\n",
    )
    loaded = place.load()
    assert loaded.settings.mode is ExecutionMode.MOCK
    assert loaded.configuration.get("local.bigquery.project") == "old"
    assert [w.message for w in loaded.warnings] == [
        "'execution.mode' is written 'execution.default_mode' now",
        "'execution.bigquery.project' is written 'local.bigquery.project' now",
        "'execution.bigquery.location' is written 'local.bigquery.location' now",
    ]
    assert str(loaded.warnings[0].location) == f"{place.project}/dli.yaml:2:3"


def test_a_key_without_effect_is_said_to_have_none(place: Place) -> None:
    place.write("dli.yaml", "defaults: {retry_count: 2}\ntrace: always\n")
    notices = place.read().notices
    assert [n.message.partition(":")[0] for n in notices] == [
        "'defaults.retry_count' has no effect",
        "'trace' has no effect",
    ]


@pytest.mark.parametrize("value", ["127.0.0.1:9050", "http://127.0.0.1:9050"])
def test_the_emulator_variable_sets_the_endpoint_with_or_without_scheme(
    place: Place, value: str
) -> None:
    place.environ["BIGQUERY_EMULATOR_HOST"] = value
    assert place.load().settings.bigquery.endpoint == "http://127.0.0.1:9050"


def test_dry_run_and_parameters_come_from_variables(place: Place) -> None:
    place.environ.update(DLI_DRY_RUN="1", DLI_PARAMETERS='{"date": "2025-01-01"}', DLI_VERBOSE="no")
    loaded = place.load()
    assert loaded.settings.dry_run is True
    assert loaded.settings.parameters == {"date": "2025-01-01"}
    assert loaded.verbose is False


def test_layers_can_be_left_out(place: Place) -> None:
    place.user_config("execution: {timeout: 11}\n")
    place.write("dli.yaml", "execution: {timeout: 12}\n")
    place.write(".dli.local.yaml", "execution: {timeout: 13}\n")
    assert place.load(load_local=False).settings.timeout == 12
    place.write("dli.yaml", "")
    assert place.load(load_local=False, load_global=False).settings.timeout is None

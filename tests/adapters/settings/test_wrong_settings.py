"""F6 and F7: what is wrong is told with its code and its place, and never with a value."""

import pytest

from dli_domain.errors import ConfigError
from tests.adapters.settings.conftest import Place

CANARY = "c4n4ry-value"


@pytest.mark.parametrize(
    ("text", "line", "message", "fix"),
    [
        ("executon: {}\n", "1:1", "Unknown key 'executon'", "Did you mean 'execution'?"),
        (
            "local:\n  duckdb:\n    pth: x\n",
            "3:5",
            "Unknown key 'local.duckdb.pth'",
            "Did you mean 'local.duckdb.path'?",
        ),
        ("engine: duckdb\n", "1:1", "Unknown key 'engine'", "Did you mean 'local.engine'?"),
        ("zzz: 1\n", "1:1", "Unknown key 'zzz'", "Remove it"),
        ("execution: {timeout: 0}\n", "1:22", "'execution.timeout' must be a whole number", None),
        ("execution: {timeout: 3601}\n", "1:22", "'execution.timeout' must be a whole", None),
        ("execution: {timeout: 1.5}\n", "1:22", "'execution.timeout' must be a whole", None),
        ("execution: {timeout: true}\n", "1:22", "'execution.timeout' must be a whole", None),
        ("execution: {timeout: [1]}\n", "1:22", "'execution.timeout' must be a whole", None),
        ("execution: {timeout: ''}\n", "1:22", "'execution.timeout' is empty", None),
        ("execution: {default_mode: remote}\n", "1:27", "must be one of local, server, mock", None),
        ("execution: 5\n", "1:12", "'execution' must be a map", None),
        ("local: {engine: duckbd}\n", "1:17", "Did you mean 'duckdb'?", None),
        ("local: {bigquery: {location: }}\n", "1:30", "'local.bigquery.location' is empty", None),
        ("server: {url: ftp://x}\n", "1:15", "'server.url' must be a URL", None),
        (f"server: {{url: 'https://u:{CANARY}@x'}}\n", "1:15", "holds credentials", None),
        (f"server: {{api_key: '{CANARY} {CANARY}'}}\n", "1:19", "no HTTP header can carry", None),
        ("version: 2\n", "1:10", "'version' must be one of 1", None),
        ("templates: {env_vars: {a: 1}}\n", "1:23", "must be a list of texts", None),
        ("- a\n", "1:1", "must be a map", None),
        ("execution: {mode: mock, default_mode: local}\n", "1:39", "is said twice", None),
        ("environments: {dev: {server_ur: x}}\n", "1:22", "Unknown key", "Did you mean"),
    ],
)
def test_a_wrong_file_is_dli_006_at_its_place(
    place: Place, text: str, line: str, message: str, fix: str | None
) -> None:
    path = place.write("dli.yaml", text)
    with pytest.raises(ConfigError) as caught:
        place.load()
    error = caught.value
    assert error.code == "DLI-006"
    assert str(error.location) == f"{path}:{line}"
    assert message in error.message
    assert fix is None or fix in str(error.hint)
    assert CANARY not in f"{error} {error.context} {error.hint} {error.problems}"


def test_every_problem_of_every_file_is_told_at_once(place: Place) -> None:
    place.user_config("local: {engin: duckdb}\n")
    place.write("dli.yaml", "execution: {timeout: 0, mod: local}\nfoo: 1\n")
    with pytest.raises(ConfigError, match=r"\(and 3 more\)") as caught:
        place.load()
    assert len(caught.value.problems) == 4


def test_a_file_that_is_no_yaml_is_dli_001_with_its_place(place: Place) -> None:
    path = place.write("dli.yaml", "execution:\n\ttimeout: 3\n")
    with pytest.raises(ConfigError) as caught:
        place.load()
    assert caught.value.code == "DLI-001"
    assert str(caught.value.problems[0].location) == f"{path}:2:1"


@pytest.mark.parametrize(
    "variable",
    [
        "DLI_TIMEOUT",
        "DLI_EXECUTION_MODE",
        "DLI_ENGINE",
        "DLI_SERVER_URL",
        "DLI_API_TOKEN",
        "DLI_DIALECT",
        "DLI_DRY_RUN",
        "DLI_PARAMETERS",
        "DLI_PROJECT_PATH",
        "DLI_HOME",
        "DLI_STRICT",
        "DLI_ENVIRONMENT",
        "BIGQUERY_EMULATOR_HOST",
    ],
)
def test_an_empty_variable_is_an_error_that_names_it(place: Place, variable: str) -> None:
    place.user_config("server: {api_key: x1}\n", 0o644)
    place.environ[variable] = ""
    with pytest.raises(ConfigError, match=variable) as caught:
        place.load()
    assert caught.value.code == "DLI-006"
    assert caught.value.context["Variable"] == variable


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("DLI_TIMEOUT", CANARY),
        ("DLI_TIMEOUT", "0"),
        ("DLI_EXECUTION_MODE", CANARY),
        ("DLI_DRY_RUN", CANARY),
        ("DLI_PARAMETERS", f'["{CANARY}"]'),
        ("DLI_PARAMETERS", f'{{"{CANARY}'),
        ("DLI_API_TOKEN", f"{CANARY}\n"),
        ("DLI_SERVER_URL", f"https://user:{CANARY}@example.com"),
    ],
)
def test_a_variable_of_the_wrong_type_is_named_without_its_value(
    place: Place, variable: str, text: str
) -> None:
    place.environ[variable] = text
    with pytest.raises(ConfigError, match=variable) as caught:
        place.load()
    error = caught.value
    assert error.code == "DLI-006"
    assert CANARY not in f"{error} {error.context} {error.hint}"


def test_an_unknown_dli_variable_warns_with_the_closest_name(place: Place) -> None:
    place.environ.update(DLI_TIMEOUTS="3", DLI_SECRET_ANYTHING="x", DLI_API_KEY="y")
    place.write(".env", "DLI_ENGIN=duckdb\nOTHER=1\n")
    found = [(w.message, w.fix) for w in place.load().warnings]
    assert found == [
        ("Unknown variable DLI_ENGIN; it has no effect", "Did you mean 'DLI_ENGINE'?"),
        ("Unknown variable DLI_TIMEOUTS; it has no effect", "Did you mean 'DLI_TIMEOUT'?"),
    ]


def test_an_override_is_checked_like_everything_else(place: Place) -> None:
    with pytest.raises(ConfigError, match=r"'execution\.timeout' must be a whole number") as caught:
        place.load(overrides={"execution.timeout": 0})
    assert caught.value.context == {"Given by": "command line"}
    with pytest.raises(ConfigError, match=r"no setting 'execution\.timeot'"):
        place.load(overrides={"execution.timeot": 5})
    assert place.load(overrides={"execution.timeout": None}).settings.timeout is None


@pytest.mark.parametrize(
    ("written", "environ", "result"),
    [
        ("${A}", {"A": "x"}, "x"),
        ("a-${A}-${B}", {"A": "1", "B": "2"}, "a-1-2"),
        ("${A:-dflt}", {}, "dflt"),
        ("${A:-dflt}", {"A": "set"}, "set"),
        ("${A:-}", {}, ""),
        ("${A}", {"A": ""}, ""),
        ("${A:-dflt}", {"A": ""}, ""),
        ("$${A}", {"A": "x"}, "${A}"),
        ("$A", {"A": "x"}, "$A"),
        ("${A}", {"A": "${B}", "B": "deep"}, "${B}"),
        ("${A:?needed}", {"A": "x"}, "x"),
    ],
)
def test_placeholders_are_filled_once(
    place: Place, written: str, environ: dict[str, str], result: str
) -> None:
    place.write("dli.yaml", f"vars: {{it: '{written}', list: [{{deep: '{written}'}}]}}\n")
    place.environ.update(environ)
    found = place.load().settings.project.variables
    assert found == {"it": result, "list": [{"deep": result}]}


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("${NOT_SET}", "The variable 'NOT_SET', which 'vars.it' needs, is not set"),
        ("${A}${NOT_SET}", "The variable 'NOT_SET', which 'vars.it' needs, is not set"),
        ("${NOT_SET:?ask the team}", "is not set: ask the team"),
        ("${NOT_SET:-${A}}", "a placeholder that cannot be read"),
        ("${}", "a placeholder that cannot be read"),
        ("${A", "a placeholder that cannot be read"),
        ("${1A}", "a placeholder that cannot be read"),
        ("${A!r}", "a placeholder that cannot be read"),
    ],
)
def test_a_placeholder_that_cannot_be_filled_is_dli_005_at_its_place(
    place: Place, written: str, message: str
) -> None:
    path = place.write("dli.yaml", f"vars:\n  it: '{written}'\n")
    place.environ["A"] = CANARY
    with pytest.raises(ConfigError) as caught:
        place.load()
    error = caught.value
    assert error.code == "DLI-005"
    assert message in error.message
    assert str(error.location) == f"{path}:2:7"
    assert CANARY not in f"{error} {error.hint} {error.context}"


def test_what_a_variable_gives_must_fit_its_key(place: Place) -> None:
    path = place.write("dli.yaml", "execution:\n  timeout: ${T}\n")
    place.environ["T"] = "60"
    assert place.load().settings.timeout == 60
    place.environ["T"] = CANARY
    with pytest.raises(
        ConfigError, match=r"'execution\.timeout', filled in from T, must"
    ) as caught:
        place.load()
    assert (caught.value.code, str(caught.value.location)) == ("DLI-006", f"{path}:2:12")
    assert CANARY not in f"{caught.value} {caught.value.hint}"


def test_a_server_that_is_not_used_needs_no_variables(place: Place) -> None:
    place.user_config("server: {url: https://s.example.com, api_key: '${NOT_SET}'}\n")
    loaded = place.load()
    assert loaded.settings.server is None
    with pytest.raises(ConfigError, match="NOT_SET"):
        loaded.server()


def test_work_that_needs_a_project_says_where_it_looked(place: Place) -> None:
    loaded = place.load()
    with pytest.raises(ConfigError) as caught:
        loaded.require_project()
    assert caught.value.code == "DLI-003"
    assert str(place.project) in caught.value.context["Searched"]
    assert "dli init" in str(caught.value.hint)


@pytest.mark.parametrize("how", ["option", "DLI_PROJECT_PATH", "DLI_HOME"])
def test_a_named_folder_without_a_project_is_dli_003(place: Place, how: str) -> None:
    (place.home / "empty").mkdir(parents=True)
    named = place.home / "empty"
    if how != "option":
        place.environ[how] = str(named)
    with pytest.raises(ConfigError, match=r"holds no dli\.yaml") as caught:
        place.load(project=named if how == "option" else None)
    assert caught.value.code == "DLI-003"
    assert caught.value.context["Given by"] == ("--project" if how == "option" else how)


def test_a_named_project_beats_the_search(place: Place) -> None:
    place.write("dli.yaml", "project: {name: here}\n")
    place.write("other/dli.yaml", "project: {name: there}\n")
    place.environ["DLI_PROJECT_PATH"] = "other"
    assert place.load().settings.project.name == "there"
    assert place.load(project=place.project / "dli.yaml").settings.project.name == "here"

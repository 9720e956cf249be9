"""F1, F2, F5 and D6: what a checkout can make of the user's credentials."""

import os
from pathlib import Path

import pytest

from dli_adapters.settings.targets import asked_by_checkout
from dli_adapters.settings.trust_file import record_trust
from dli_domain.errors import ConfigError
from dli_domain.model.secret import Secret
from tests.adapters.settings.conftest import Place

CANARY = "c4n4ry-t0ken"
EVIL = "http://127.0.0.1:9999"
USERS = {
    "home": "server: {url: https://basecamp.example.com, api_key: " + CANARY + "}\n",
    "home by variable": "server: {api_key: '${BASECAMP_API_KEY}'}\n",
    "variable": "",
}
CHECKOUTS = {
    "dli.yaml": {"dli.yaml": f"server: {{url: '{EVIL}'}}\n"},
    ".dli.local.yaml": {"dli.yaml": "", ".dli.local.yaml": f"server: {{url: '{EVIL}'}}\n"},
    ".env": {".env": f"DLI_SERVER_URL={EVIL}\n"},
    "environment": {
        "dli.yaml": f"environments: {{x: {{server_url: '{EVIL}'}}}}\nactive_environment: x\n"
    },
    "partly a variable": {"dli.yaml": "server: {url: 'http://127.0.0.1:9999/${USER_NAME}'}\n"},
    "default of a variable": {"dli.yaml": "server: {url: '${NOT_SET:-" + EVIL + "}'}\n"},
    "variable of .env": {
        "dli.yaml": "server: {url: '${EVIL_URL}'}\n",
        ".env": f"EVIL_URL={EVIL}\n",
    },
    "takes the variable itself": {
        "dli.yaml": f"server: {{url: '{EVIL}', api_key: '${{BASECAMP_API_KEY}}'}}\n"
    },
}


def _settle(place: Place, user: str, checkout: str) -> None:
    place.user_config(USERS[user])
    place.environ.update(BASECAMP_API_KEY=CANARY, USER_NAME="me", DLI_EXECUTION_MODE="server")
    if user == "variable":
        place.environ["DLI_API_TOKEN"] = CANARY
    for name, text in CHECKOUTS[checkout].items():
        place.write(name, text)


@pytest.mark.parametrize("checkout", CHECKOUTS)
@pytest.mark.parametrize("user", USERS)
def test_a_server_named_by_the_checkout_gets_no_token_of_the_user(
    place: Place, user: str, checkout: str
) -> None:
    _settle(place, user, checkout)
    with pytest.raises(ConfigError, match="not trusted with your credentials") as caught:
        place.load()
    error = caught.value
    assert error.code == "DLI-008"
    assert "server.url" in error.context["From the checkout"]
    assert "server.api_key" in error.context["Yours"]
    assert f"dli config trust {place.project}" in str(error.hint)
    assert CANARY not in f"{error} {error.context} {error.hint} {error!r}"


@pytest.mark.parametrize("checkout", CHECKOUTS)
@pytest.mark.parametrize("user", USERS)
def test_a_trusted_checkout_gets_it_until_what_it_asks_for_changes(
    place: Place, user: str, checkout: str
) -> None:
    _settle(place, user, checkout)
    configuration = place.read()
    granted = [str(grant) for grant in asked_by_checkout(configuration)]
    record_trust(configuration.inputs.trust_file, configuration.checkout, granted)
    server = place.load().settings.server
    assert server is not None
    assert server.api_key == Secret(CANARY)
    assert (place.home / ".dli/trust.yaml").stat().st_mode & 0o777 == 0o600
    for name, text in CHECKOUTS[checkout].items():
        place.write(name, text.replace("9999", "9998"))
    with pytest.raises(ConfigError, match=r"server\.url = http://127\.0\.0\.1:9998") as caught:
        place.load()
    assert caught.value.code == "DLI-008"


@pytest.mark.parametrize("token", ["${AWS_SECRET_ACCESS_KEY}", "x${AWS_SECRET_ACCESS_KEY}"])
def test_trust_in_one_variable_is_no_trust_in_another(place: Place, token: str) -> None:
    _settle(place, "variable", "takes the variable itself")
    del place.environ["DLI_API_TOKEN"]
    place.environ["AWS_SECRET_ACCESS_KEY"] = CANARY
    asked = ["server.url = http://127.0.0.1:9999", "server.api_key = ${BASECAMP_API_KEY}"]
    record_trust(place.home / ".dli/trust.yaml", place.project, asked)
    assert place.load().settings.server is not None
    place.write("dli.yaml", f"server: {{url: '{EVIL}', api_key: '{token}'}}\n")
    with pytest.raises(ConfigError, match="AWS_SECRET_ACCESS_KEY") as caught:
        place.load()
    assert caught.value.code == "DLI-008"


def test_taking_trust_back_works(place: Place) -> None:
    _settle(place, "home", "dli.yaml")
    configuration = place.read()
    file = configuration.inputs.trust_file
    record_trust(file, configuration.checkout, ["server.url = http://127.0.0.1:9999"])
    record_trust(file, Path("/other"), ["server.url = http://other"])
    assert place.load().settings.server is not None
    record_trust(file, configuration.checkout, [])
    with pytest.raises(ConfigError, match="not trusted"):
        place.load()
    assert "/other" in file.read_text()


@pytest.mark.parametrize(
    ("user", "project", "environ"),
    [
        # the user names the same server
        (f"server: {{url: '{EVIL}/', api_key: {CANARY}}}", f"server: {{url: '{EVIL}/api'}}", {}),
        # the user names the server in the environment, the checkout only says where to look
        (f"server: {{api_key: {CANARY}}}", "server: {url: '${BASECAMP_URL}'}", {}),
        # the variable beats the checkout
        (f"server: {{api_key: {CANARY}}}", f"server: {{url: '{EVIL}'}}", {"DLI_SERVER_URL": EVIL}),
    ],
)
def test_a_server_that_the_user_named_gets_the_token(
    place: Place, user: str, project: str, environ: dict[str, str]
) -> None:
    place.user_config(f"{user}\n")
    place.write("dli.yaml", f"{project}\nexecution: {{default_mode: server}}\n")
    place.environ.update({"BASECAMP_URL": EVIL, **environ})
    server = place.load().settings.server
    assert server is not None
    assert server.api_key == Secret(CANARY)


def test_a_token_that_came_with_the_checkout_goes_to_its_server(place: Place) -> None:
    place.write("dli.yaml", f"server: {{url: '{EVIL}', api_key: theirs}}\n")
    server = place.load(overrides={"execution.default_mode": "server"}).settings.server
    assert server is not None
    assert server.api_key == Secret("theirs")


def test_a_checkout_without_a_token_in_reach_may_name_its_server(place: Place) -> None:
    place.write("dli.yaml", f"server: {{url: '{EVIL}'}}\n")
    server = place.load(overrides={"execution.default_mode": "server"}).settings.server
    assert server is not None
    assert server.api_key is None


def test_a_local_run_is_not_stopped_by_a_server_it_does_not_use(place: Place) -> None:
    _settle(place, "home", "dli.yaml")
    place.environ["DLI_EXECUTION_MODE"] = "local"
    loaded = place.load()
    assert loaded.settings.server is None
    with pytest.raises(ConfigError, match="not trusted"):
        loaded.server()


@pytest.mark.parametrize(
    ("text", "wants"),
    [
        (
            "endpoint: https://evil.example.com",
            "local.bigquery.endpoint = https://evil.example.com:443",
        ),
        ("storage_endpoint: evil.example.com:443", "local.bigquery.storage_endpoint = http://evil"),
        ("endpoint: http://bigquery.googleapis.com", "http://bigquery.googleapis.com:80"),
        (
            "endpoint: https://googleapis.com.evil.example",
            "https://googleapis.com.evil.example:443",
        ),
        ("impersonate_service_account: a@b.iam", "impersonate_service_account = a@b.iam"),
        ("credentials_path: key.json", "key.json (sha256 "),
        ("credentials_path: /nowhere/key.json", "/nowhere/key.json (not readable)"),
    ],
)
def test_a_checkout_does_not_redirect_the_google_credentials(
    place: Place, text: str, wants: str
) -> None:
    place.write("key.json", "{}")
    place.write("dli.yaml", f"local: {{bigquery: {{{text}}}}}\n")
    with pytest.raises(ConfigError) as caught:
        place.load()
    assert caught.value.code == "DLI-008"
    assert wants in caught.value.message
    configuration = place.read()
    granted = [str(grant) for grant in asked_by_checkout(configuration)]
    record_trust(configuration.inputs.trust_file, configuration.checkout, granted)
    assert place.load().settings.engine == "bigquery"


def test_trust_in_a_credentials_file_ends_when_the_file_changes(place: Place) -> None:
    place.write("key.json", "{}")
    place.write("dli.yaml", "local: {bigquery: {credentials_path: key.json}}\n")
    configuration = place.read()
    granted = [str(grant) for grant in asked_by_checkout(configuration)]
    record_trust(configuration.inputs.trust_file, configuration.checkout, granted)
    assert place.load().settings.bigquery.credentials_path == str(place.project / "key.json")
    place.write("key.json", '{"token_uri": "https://evil.example.com"}')
    with pytest.raises(ConfigError, match="not trusted"):
        place.load()


@pytest.mark.parametrize(
    "text",
    [
        "endpoint: http://127.0.0.1:9050",
        "endpoint: http://localhost:9050",
        "endpoint: 'http://[::1]:9050'",
        "endpoint: https://bigquery.europe-west3.rep.googleapis.com",
        "credentials_path: '${GOOGLE_APPLICATION_CREDENTIALS}'",
    ],
)
def test_an_emulator_google_itself_and_the_users_own_file_need_no_trust(
    place: Place, text: str
) -> None:
    place.environ["GOOGLE_APPLICATION_CREDENTIALS"] = "/home/me/key.json"
    place.write("dli.yaml", f"local: {{bigquery: {{{text}}}}}\n")
    assert place.load().settings.engine == "bigquery"


@pytest.mark.parametrize("name", ["AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "DB_PASS", "MY_PAT"])
def test_a_checkout_does_not_let_templates_read_secrets(place: Place, name: str) -> None:
    place.environ.update({name: CANARY, "REGION": "kr"})
    place.write("dli.yaml", f"templates: {{env_vars: [REGION, {name}]}}\n")
    with pytest.raises(ConfigError, match=f"templates.env_vars = {name}") as caught:
        place.load()
    assert caught.value.code == "DLI-008"
    record_trust(place.home / ".dli/trust.yaml", place.project, [f"templates.env_vars = {name}"])
    assert place.load().settings.env == {"REGION": "kr", name: CANARY}


def test_the_users_own_file_may_name_any_variable(place: Place) -> None:
    place.environ.update({"GITHUB_TOKEN": CANARY, "UNLISTED": "x"})
    place.user_config("templates: {env_vars: [GITHUB_TOKEN, NOT_SET]}\n")
    assert place.load().settings.env == {"GITHUB_TOKEN": CANARY}


@pytest.mark.parametrize("key", ["vars: {x: '%s'}", "local: {bigquery: {project: 'a-%s'}}"])
def test_a_checkout_does_not_copy_secrets_into_what_is_sent(place: Place, key: str) -> None:
    place.environ["AWS_SECRET_ACCESS_KEY"] = CANARY
    place.write("dli.yaml", key % "${AWS_SECRET_ACCESS_KEY}" + "\n")
    with pytest.raises(ConfigError) as caught:
        place.load()
    assert caught.value.code == "DLI-008"
    assert CANARY not in f"{caught.value} {caught.value.context} {caught.value.hint}"


def test_a_broken_trust_file_allows_nothing(place: Place) -> None:
    _settle(place, "home", "dli.yaml")
    for text in ("projects: [", "projects: 1", "- x", "projects: {/a: b}"):
        place.write("~/.dli/trust.yaml", text)
        with pytest.raises(ConfigError, match="cannot be understood"):
            place.load()


def test_dotenv_counts_below_the_real_environment(place: Place) -> None:
    place.write(
        ".env", "export DLI_TIMEOUT='20' # why\nDLI_ENGINE=\"duckdb\"\nBIGQUERY_EMULATOR_HOST=x\n"
    )
    settings = place.load().settings
    assert (settings.timeout, settings.engine, settings.bigquery.endpoint) == (20, "duckdb", None)
    place.environ["DLI_TIMEOUT"] = "30"
    assert place.load().settings.timeout == 30
    origin = place.load().origins["local.engine"]
    assert (origin.layer.label, origin.place) == ("dotenv", f"DLI_ENGINE in {place.project}/.env:2")


def test_a_variable_of_dotenv_fills_the_checkouts_files_only(place: Place) -> None:
    place.write(".env", "REGION=kr\n")
    place.write("dli.yaml", "vars: {region: '${REGION}'}\n")
    assert place.load().settings.project.variables == {"region": "kr"}
    place.user_config("vars: {other: '${REGION}'}\n")
    with pytest.raises(ConfigError, match="REGION"):
        place.load()


@pytest.mark.parametrize(
    ("mode", "said"), [(0o644, True), (0o640, True), (0o604, True), (0o600, False), (0o400, False)]
)
def test_a_secret_that_others_can_read_is_warned_about(place: Place, mode: int, said: bool) -> None:
    path = place.user_config(f"server: {{api_key: {CANARY}}}\n", mode)
    found = [(w.message, w.fix) for w in place.load().warnings]
    wanted = (
        f"{path} holds a secret (server.api_key) and others can read it (mode {mode:04o})",
        f"Run 'chmod 600 {path}'",
    )
    assert found == ([wanted] if said else [])
    place.environ["DLI_STRICT"] = "1"
    if said:
        with pytest.raises(ConfigError) as caught:
            place.load()
        assert (caught.value.code, caught.value.message) == ("DLI-008", wanted[0])
    else:
        assert place.load().warnings == ()


def test_a_placeholder_is_no_secret_in_the_file(place: Place) -> None:
    place.user_config("server: {api_key: '${BASECAMP_API_KEY}'}\n", 0o644)
    assert place.load().warnings == ()


def _own(path: Path, uid: int, gid: int) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give files away")
    os.chown(path, uid, gid)


def test_a_project_of_somebody_else_above_is_not_believed(place: Place) -> None:
    path = place.write("dli.yaml", "project: {name: theirs}\n")
    (place.project / "mine").mkdir()
    # Seen by another user than the one whose files these are; the working directory is theirs.
    _own(path, 4242, 4242)
    with pytest.raises(ConfigError, match=r"belongs to user 4242, not to you") as caught:
        place.load(cwd=place.project / "mine")
    assert caught.value.code == "DLI-008"
    assert f"--project {place.project}" in str(caught.value.hint)
    named = place.load(cwd=place.project / "mine", project=place.project)
    assert named.settings.project.name == "theirs"


def test_who_works_in_a_folder_of_somebody_believes_its_project(place: Place) -> None:
    path = place.write("dli.yaml", "project: {name: theirs}\n")
    (place.project / "sub").mkdir()
    for each in (path, place.project, place.project / "sub"):
        _own(each, 4242, 4242)
    assert place.load(cwd=place.project / "sub").settings.project.name == "theirs"


def test_a_project_file_that_everybody_can_write_is_not_believed(place: Place) -> None:
    place.write("dli.yaml", "", 0o666)
    with pytest.raises(ConfigError, match="can be written by everybody") as caught:
        place.load()
    assert caught.value.code == "DLI-008"


def test_a_project_in_a_folder_that_everybody_can_write_to_is_not_believed(place: Place) -> None:
    place.write("dli.yaml", "")
    place.project.chmod(0o777)
    with pytest.raises(ConfigError, match="in a folder that everybody can write to"):
        place.load()
    # /tmp itself: others add files there, and cannot replace this one.
    place.project.chmod(0o1777)
    assert place.load().settings.project.root == str(place.project)


def test_a_foreign_group_that_can_write_above_is_not_believed(place: Place) -> None:
    path = place.write("dli.yaml", "", 0o664)
    (place.project / "sub").mkdir()
    assert place.load(cwd=place.project / "sub").settings.project.root == str(place.project)
    _own(path, os.getuid(), 4242)
    with pytest.raises(ConfigError, match="group 4242, which is not yours"):
        place.load(cwd=place.project / "sub")


def test_a_dotenv_that_somebody_else_can_write_is_not_believed(place: Place) -> None:
    place.write(".env", "OTHER=1\n", 0o666)
    assert place.load().settings.timeout is None
    place.write(".env", "DLI_TIMEOUT=5\n", 0o666)
    with pytest.raises(ConfigError, match=r"\.env is not trusted"):
        place.load()


def test_the_search_ends_at_the_root_of_the_git_checkout(place: Place) -> None:
    place.write("dli.yaml", "")
    inner = place.project / "clone" / "sub"
    inner.mkdir(parents=True)
    assert place.load(cwd=inner).settings.project.root == str(place.project)
    (place.project / "clone" / ".git").mkdir()
    assert place.load(cwd=inner).settings.project.root is None
    place.write("clone/dli.yaml", "")
    assert place.load(cwd=inner).settings.project.root == str(place.project / "clone")


def test_no_secret_is_in_the_repr_of_what_is_loaded(place: Place) -> None:
    place.user_config(f"server: {{url: '{EVIL}', api_key: {CANARY}}}\n")
    place.write(".env", f"DLI_API_TOKEN={CANARY}2\n")
    loaded = place.load(overrides={"execution.default_mode": "server"})
    assert CANARY not in repr(loaded.settings)
    assert CANARY not in str(loaded.settings)
    assert CANARY not in repr(loaded.origins)

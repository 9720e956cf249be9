"""The server's settings are those that its page tells of."""

import re
from pathlib import Path

import msgspec
import pytest

from dli_server.configuration import AirflowSettings, Limits, ServerConfig
from dli_server.configuration_file import is_loopback, read_config
from dli_server.http.scopes import Scope

PAGE = (Path(__file__).parents[2] / "docs" / "server.md").read_text()


def test_every_setting_and_scope_is_on_the_page() -> None:
    said = set(re.findall(r"`([\w.:]+)`", PAGE))
    fields = {
        field.name
        for kind in (ServerConfig, Limits, AirflowSettings)
        for field in msgspec.structs.fields(kind)
    } - {"limits", "policy"}
    assert fields <= said
    assert set(Scope) <= said


def test_every_default_of_a_limit_is_on_the_page() -> None:
    rows = re.findall(r"^\| (`[^|]+`) \| (`[^|]+`) \|", PAGE, re.MULTILINE)
    told = {
        name: float(value)
        for names, values in rows
        for name, value in zip(
            re.findall(r"`(\w+)`", names), re.findall(r"`([\d.]+)`", values), strict=False
        )
        if name in Limits.__struct_fields__
    }
    assert told == {name: float(getattr(Limits(), name)) for name in Limits.__struct_fields__}


def test_a_file_a_variable_and_the_command_line_in_that_order(tmp_path: Path) -> None:
    file = tmp_path / "server.yaml"
    file.write_text(
        "port: ${PORT}\nstate: kept\nhost: localhost\n"
        "airflow: {url: http://a, password: '${SECRET:-none}', dags_folder: dags}\n"
    )
    found = read_config(file, {"PORT": "9000"}, {"host": None, "port": 0}, state=tmp_path)
    assert (found.port, found.host) == (0, "localhost")
    assert found.state == str(tmp_path / "kept")
    assert found.airflow is not None
    assert found.airflow.password == "none"
    assert found.airflow.dags_folder == str(tmp_path / "dags")
    assert read_config(file, {"PORT": "9000"}, {}, state=tmp_path).port == 9000


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True)]
    + [(host, False) for host in ("0.0.0.0", "::", "10.0.0.1", "localhost.evil", "")],  # noqa: S104
)
def test_only_this_machine_is_this_machine(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone

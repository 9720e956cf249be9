"""`config set` and `config init` behind the screen: which file, which text, which mode."""

from dataclasses import dataclass
from pathlib import Path

from dli_adapters.documents.reader import read_yaml
from dli_adapters.settings.editing import set_value
from dli_adapters.settings.files import PRIVATE_MODE, SHARED_MODE, replace_file
from dli_adapters.settings.inputs import LOCAL_FILE, PROJECT_FILE, SettingsInputs
from dli_adapters.settings.location import no_project
from dli_adapters.settings.placeholders import Template, fill, has_placeholder
from dli_adapters.settings.schema import Kind, Setting, key_of, names, setting_of
from dli_adapters.settings.secrecy import is_secret_path
from dli_adapters.settings.sections import fold, plain
from dli_adapters.settings.values import WrongValueError, typed
from dli_domain.errors import ConfigError, ErrorCode, SpecInvalidError
from dli_domain.model.names import did_you_mean
from dli_domain.precedence import Key, Layer

_NUMBERS = (Kind.INTEGER, Kind.BOOLEAN, Kind.CHOICE, Kind.TEXTS)

GLOBAL_TEMPLATE = """\
# Your own settings. A project's dli.yaml, DLI_* variables and options go before them.
# See what counts: dli config show --show-source

#execution:
#  default_mode: local   # local, server or mock
#  timeout: 300          # seconds, 1 to 3600

#local:
#  engine: duckdb        # duckdb or bigquery
#  bigquery:
#    project: my-gcp-project
#    location: US

#server:
#  url: https://basecamp.example.com
#  api_key: ${BASECAMP_API_KEY}
"""

PROJECT_TEMPLATE = """\
version: "1"

local:
  engine: duckdb
  # duckdb:
  #   path: data/project.duckdb
  #   attach:
  #     lake: data/lake.duckdb
  #   sources:
  #     raw.events: data/events.parquet

# The language of SQL whose spec names none.
# defaults:
#   dialect: duckdb
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One value for one key, checked, and the file it goes to."""

    key: Key
    value: object
    path: Path
    secret: bool

    @property
    def name(self) -> str:
        """The key as users write it."""
        return ".".join(self.key)


def plan_change(name: str, text: str, path: Path, layer: Layer, *, typed_in: bool) -> Change:
    """The change, after its key and value are checked.

    Args:
        name: The dotted key.
        text: The value as the user gave it.
        path: The file.
        layer: Which layer the file is.
        typed_in: Whether the value stood on the command line, where every user sees it.

    Raises:
        ConfigError: DLI-006, there is no such key, the value does not fit, or a secret is not
            to stand there; DLI-005, a malformed placeholder.
    """
    key = key_of(name)
    setting = None if key is None else setting_of(key[2:] if key[0] == "environments" else key)
    if key is None or setting is None:
        raise _refused(f"There is no setting {name!r}", did_you_mean(name, names()))
    if setting.idle is not None:
        raise _refused(f"{name!r} has no effect: {setting.idle}", None)
    secret = is_secret_path(key)
    if secret and not has_placeholder(text):
        _refuse_secret(name, layer, typed_in=typed_in)
    return Change(key=key, value=_value(setting, name, text), path=path, secret=secret)


def apply_change(change: Change) -> None:
    """Set it in the file, which appears whole or stays as it is.

    Raises:
        ConfigError: the file is broken (DLI-001, 006) or cannot be written (DLI-007).
    """
    try:
        text = change.path.read_bytes().decode() if change.path.exists() else ""
        edited = set_value(text, change.key, change.value, path=str(change.path))
    except SpecInvalidError as error:
        raise ConfigError(
            error.message, location=error.location, hint=error.hint, problems=error.problems
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{change.path} cannot be read: {error}", hint="Make it a readable UTF-8 file."
        ) from error
    replace_file(change.path, edited, private=change.secret)


def layer_file(inputs: SettingsInputs, layer: Layer, project: Path | None) -> Path:
    """The file of a layer.

    Raises:
        ConfigError: DLI-003, there is no project.
    """
    if layer is Layer.GLOBAL:
        return inputs.global_file
    if project is None:
        raise no_project(inputs)
    return project / (PROJECT_FILE if layer is Layer.PROJECT else LOCAL_FILE)


def write_template(path: Path, text: str, *, force: bool) -> None:
    """Write a new file.

    Raises:
        ConfigError: DLI-007, it is there already, or cannot be written.
    """
    if path.exists() and not force:
        raise ConfigError(
            f"{path} exists already; nothing was written",
            code=ErrorCode.CONFIG_WRITE_ERROR,
            hint="Change it with 'dli config set KEY VALUE', or replace it with --force.",
        )
    replace_file(path, text, mode=SHARED_MODE if path.name == PROJECT_FILE else PRIVATE_MODE)


def unignored_local_file(project: Path) -> bool:
    """Whether the personal file would be committed: the checkout's `.gitignore` omits it."""
    if not (project / LOCAL_FILE).exists():
        return False
    for folder in (project, *project.parents):
        ignore = folder / ".gitignore"
        if ignore.is_file():
            lines = ignore.read_text(encoding="utf-8", errors="replace").splitlines()
            if any(line.strip().lstrip("/") in (LOCAL_FILE, "**/" + LOCAL_FILE) for line in lines):
                return False
        if (folder / ".git").exists():
            return True
    return False


def _refuse_secret(name: str, layer: Layer, *, typed_in: bool) -> None:
    if layer is not Layer.GLOBAL:
        raise _refused(
            f"{name!r} is a secret; it does not go into a file of the project",
            f"Run 'dli config set --global {name} -', or write ${{VARIABLE}} as the value.",
        )
    if typed_in:
        raise _refused(
            f"{name!r} is a secret; on a command line everybody on this machine can read it",
            f"Give it on standard input: dli config set --global {name} -",
        )


def _value(setting: Setting, name: str, text: str) -> object:
    if setting.kind is Kind.FREE:
        return _free(name, text)
    if has_placeholder(text):
        _check_placeholders(text, name)
        return text
    try:
        value = typed(setting, text)
    except WrongValueError as error:
        raise _refused(f"{name!r} {error}", None) from error
    if setting.kind in _NUMBERS:
        return value
    return int(text) if setting.kind is Kind.BYTES and text.strip().isdigit() else text.strip()


def _free(name: str, text: str) -> object:
    try:
        node = read_yaml(text.encode(), name)
    except SpecInvalidError as error:
        raise _refused(f"{name!r} is no YAML value: {error.message}", None) from error
    value = "" if node is None else plain(node)

    def back(template: Template) -> str:
        _check_placeholders(template.text, name)
        return template.text

    return fold(value, back)


def _check_placeholders(text: str, name: str) -> None:
    fill(text, lambda _: "", key=name, location=None)


def _refused(message: str, hint: str | None) -> ConfigError:
    return ConfigError(message, code=ErrorCode.CONFIG_VALIDATION_FAILED, hint=hint)

"""Whatever the files and variables hold, the answer is settings or a ConfigError."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from dli_adapters.settings import SettingsInputs, load_settings
from dli_adapters.settings.loader import read_configuration
from dli_adapters.settings.schema import BY_VARIABLE, names
from dli_adapters.settings.targets import asked_by_checkout
from dli_domain.errors import ConfigError

_WORDS = st.sampled_from(
    [
        "",
        "1",
        "0",
        "true",
        "null",
        "local",
        "duckdb",
        "https://a.b",
        "${A}",
        "${A:-x}",
        "${",
        "${B}",
    ]
)
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), _WORDS)
_PARTS = sorted({part for name in names() for part in name.split(".") if part != "*"})
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(_PARTS), inner, max_size=3)
    ),
    max_leaves=6,
)
_DOCUMENTS = st.one_of(
    st.binary(max_size=60),
    st.dictionaries(st.sampled_from(_PARTS), _VALUES, max_size=4).map(
        lambda tree: json.dumps(tree).encode()
    ),
    st.lists(st.tuples(st.sampled_from(list(names())), _SCALARS), max_size=4).map(
        lambda pairs: json.dumps(_nested(pairs)).encode()
    ),
)
_ENVIRON = st.dictionaries(
    st.sampled_from([*BY_VARIABLE, "A", "DLI_STRICT", "DLI_X"]),
    st.one_of(_WORDS.filter(lambda text: "\0" not in text), st.text(max_size=5)),
    max_size=3,
)


def _nested(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    tree: dict[str, object] = {}
    for name, value in pairs:
        *above, last = name.replace("*", "any").split(".")
        section = tree
        for part in above:
            below = section.setdefault(part, {})
            if not isinstance(below, dict):
                break
            section = below
        section[last] = value
    return tree


@contextmanager
def _folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


@given(_DOCUMENTS, _DOCUMENTS, st.binary(max_size=40), _ENVIRON)
def test_any_files_give_settings_or_a_config_error(
    own: bytes, project: bytes, dotenv: bytes, environ: dict[str, str]
) -> None:
    with _folder() as folder:
        (folder / ".dli").mkdir()
        (folder / ".dli" / "config.yaml").write_bytes(own)
        (folder / "dli.yaml").write_bytes(project)
        (folder / ".env").write_bytes(dotenv)
        inputs = SettingsInputs(cwd=folder, home=folder, environ=environ)
        with suppress(ConfigError):
            load_settings(inputs)
        with suppress(ConfigError):
            configuration = read_configuration(inputs)
            for key, said in configuration.values.items():
                json.dumps(configuration.shown(key, said))
            asked_by_checkout(configuration)

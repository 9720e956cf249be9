"""`set_value`: one value changes, everything else stays byte for byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli_adapters.documents.reader import read_yaml
from dli_adapters.settings.editing import set_value, written
from dli_adapters.settings.sections import Source, plain, read_sections
from dli_domain.errors import ConfigError
from dli_domain.precedence import Key, Layer

_SOURCE = Source(layer=Layer.GLOBAL, folder="/", from_checkout=False)


def _said(text: str) -> dict[Key, object]:
    read = read_sections(read_yaml(text.encode(), "f"), _SOURCE)
    assert not read.problems
    return {key: said.value for key, said in read.said.items()}


FILES = {
    "empty": ("", "execution:\n  timeout: 60\n"),
    "only comments": ("# mine\n#execution:\n", "# mine\n#execution:\nexecution:\n  timeout: 60\n"),
    "no end of line": ("version: 1", "version: 1\nexecution:\n  timeout: 60\n"),
    "the key is there": (
        "# top\nexecution:   # modes\n  timeout:   5   # seconds\n  dialect: trino\n\n# end\n",
        "# top\nexecution:   # modes\n  timeout:   60   # seconds\n  dialect: trino\n\n# end\n",
    ),
    "quoted": ("execution: {timeout: '5'} # x\n", "execution: {timeout: 60} # x\n"),
    "the key has no value": (
        "execution:\n  timeout:\n  dialect: trino\n",
        "execution:\n  timeout: 60\n  dialect: trino\n",
    ),
    "the section is there": (
        "execution:\n    dialect: trino # why\n\n# engine\nlocal:\n    engine: duckdb\n",
        "execution:\n    dialect: trino # why\n    timeout: 60\n\n# engine\nlocal:\n    engine: duckdb\n",
    ),
    "the section is empty": (
        "execution:\n  # timeout: 5\nlocal: {engine: duckdb}\n",
        "execution:\n  timeout: 60\n  # timeout: 5\nlocal: {engine: duckdb}\n",
    ),
    "a flow map": ("execution: {dialect: trino }\n", "execution: {dialect: trino, timeout: 60 }\n"),
    "an empty flow map": ("execution: {}\n", "execution: {timeout: 60}\n"),
    "all in flow": ("{version: 1}\n", "{version: 1, execution: {timeout: 60}}\n"),
    "windows line ends": (
        "execution:\r\n  dialect: trino\r\n",
        "execution:\r\n  dialect: trino\r\n  timeout: 60\r\n",
    ),
    "an older spelling": (
        "execution: {timeout_seconds: 5}\n",
        "execution: {timeout_seconds: 60}\n",
    ),
    "a byte order mark": ("\ufeffversion: 1\n", "\ufeffversion: 1\nexecution:\n  timeout: 60\n"),
    "after a block of text": (
        "project:\n  description: |\n    one\n    two\n",
        "project:\n  description: |\n    one\n    two\nexecution:\n  timeout: 60\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), FILES.values(), ids=FILES)
def test_one_value_is_set_and_the_rest_stays(before: str, after: str) -> None:
    assert set_value(before, ("execution", "timeout"), 60, path="f") == after


def test_a_name_with_dots_and_korean_is_written_so_that_it_reads_back() -> None:
    key = ("local", "duckdb", "sources", "원본.클릭", "path")
    text = set_value("", key, "data/클릭.csv", path="f")
    assert _said(text) == {key: "data/클릭.csv"}
    shorthand = 'local:\n  duckdb:\n    sources:\n      "원본.클릭": old.csv # x\n'
    assert set_value(shorthand, key, "new.csv", path="f") == shorthand.replace("old", "new")


def test_a_list_is_replaced() -> None:
    before = "templates:\n  env_vars:\n    - A\n    - B\nversion: 1\n"
    after = set_value(before, ("templates", "env_vars"), ("C",), path="f")
    assert _said(after) == {("templates", "env_vars"): ("C",), ("version",): "1"}


def test_a_block_of_text_is_not_replaced() -> None:
    before = "project:\n  description: |\n    long\n"
    with pytest.raises(ConfigError, match="without touching other lines") as caught:
        set_value(before, ("project", "description"), "new", path="f")
    assert caught.value.code == "DLI-007"


def test_a_value_goes_before_the_end_of_the_document() -> None:
    assert set_value("version: 1\n...\n", ("project", "name"), "x", path="f") == (
        "version: 1\nproject:\n  name: x\n...\n"
    )


def test_a_file_with_problems_is_not_touched() -> None:
    with pytest.raises(ConfigError, match="Unknown key 'executon'"):
        set_value("executon: {}\n", ("execution", "timeout"), 60, path="f")


_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1)


@given(_TEXTS)
def test_any_text_reads_back_as_itself(value: str) -> None:
    node = read_yaml(f"key: {written(value)}\n".encode(), "f")
    assert node is not None
    assert plain(node) == {"key": value} or "${" in value


@given(st.sampled_from([before for before, _ in FILES.values()]), _TEXTS)
def test_any_variable_can_be_set_in_any_file(before: str, value: str) -> None:
    try:
        after = set_value(before, ("vars", "v"), value, path="f")
    except ConfigError as error:
        assert error.code == "DLI-007"  # noqa: PT017 - refused is allowed, wrong is not
        return
    rest = {key: said for key, said in _said(after).items() if key != ("vars", "v")}
    assert rest == _said(before)
    assert str(_said(after)["vars", "v"]) == value

"""Places of keys, values and the letters of block texts."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dli_adapters.documents.building import build
from dli_adapters.documents.nodes import MappingNode, Node, ScalarNode, SequenceNode
from dli_adapters.documents.reader import read_yaml
from dli_adapters.documents.source_text import decode


def _at(node: Node | None, *way: str | int) -> ScalarNode:
    for step in way:
        if isinstance(step, str):
            assert isinstance(node, MappingNode)
            node = node.get(step)
        else:
            assert isinstance(node, SequenceNode)
            node = node.items[step]
    assert isinstance(node, ScalarNode)
    return node


def _assert_letters_stand_where_told(file: str, scalar: ScalarNode) -> None:
    assert scalar.content is not None
    lines = file.replace("\r\n", "\n").split("\n")
    for offset, line in enumerate(scalar.text.split("\n")):
        if line:
            in_file = lines[scalar.content.line - 1 + offset]
            assert in_file[scalar.indent : scalar.indent + len(line)] == line


DOCUMENT = """\
# 한국어 주석 🎉
name: 한국.글
query: |
  SELECT 1
    FROM t

  WHERE x
pre:
  - sql: |2-

        indented
      less
    name: a
  - |+
    가나 🎉 다

- x
"""


def test_blocks_are_placed_line_by_line() -> None:
    file = DOCUMENT.replace("- x\n", "")
    root = read_yaml(file.encode(), "f.yaml")
    query = _at(root, "query")
    assert (str(query.location), str(query.content)) == ("f.yaml:3:8", "f.yaml:4:3")
    nested = _at(root, "pre", 0, "sql")
    assert (str(nested.content), nested.text) == ("f.yaml:10:7", "\n  indented\nless")
    item = _at(root, "pre", 1)
    assert (str(item.content), item.text) == ("f.yaml:15:5", "가나 🎉 다\n\n")
    for scalar in (query, nested, item):
        _assert_letters_stand_where_told(file, scalar)


def test_windows_line_ends_and_a_byte_order_mark_move_nothing() -> None:
    file = DOCUMENT.replace("- x\n", "").replace("\n", "\r\n")
    root = read_yaml(b"\xef\xbb\xbf" + file.encode(), "f.yaml")
    assert str(_at(root, "name").location) == "f.yaml:2:7"
    query = _at(root, "query")
    assert str(query.content) == "f.yaml:4:3"
    assert "\r" not in query.text
    _assert_letters_stand_where_told(file, query)


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("SELECT 1", "f.yaml:1:4"),
        ("SELECT 1 # word", "f.yaml:1:4"),
        ("'SELECT 1'", "f.yaml:1:5"),
        ('"SELECT 1"', "f.yaml:1:5"),
        ("'it''s'", None),
        ('"a\\tb"', None),
        ("SELECT\n  1", None),
        (">\n  SELECT 1\n", None),
        ("''", None),
    ],
)
def test_one_line_texts_are_placed_where_they_stand_verbatim(
    written: str, place: str | None
) -> None:
    scalar = _at(read_yaml(f"a: {written}".encode(), "f.yaml"), "a")
    assert (None if scalar.content is None else str(scalar.content)) == place


_LINE = st.text(
    st.characters(
        codec="utf-8",
        exclude_categories=("Cc", "Cs", "Zl", "Zp"),
        exclude_characters="\ufeff\ufffe\uffff",
    ),
    max_size=12,
).filter(lambda line: "\x85" not in line)


@given(
    st.lists(_LINE, min_size=1, max_size=8).filter(any),
    st.integers(0, 5),
    st.integers(1, 9),
    st.sampled_from(["", "-", "+"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_every_letter_of_every_block_stands_where_told(
    lines: list[str], depth: int, indicator: int, chomping: str, end: str
) -> None:
    outer = "".join(f"{' ' * level}k:\n" for level in range(depth))
    body = "".join(f"{' ' * (depth + indicator)}{line}\n" if line else "\n" for line in lines)
    file = f"{outer}{' ' * depth}sql: |{indicator}{chomping} # 주석\n{body}{' ' * depth}z: 1\n"
    file = file.replace("\n", end)
    for loader in (yaml.CSafeLoader, yaml.SafeLoader):
        reading = build(decode(file.encode(), "f.yaml"), loader)
        assert reading.problems == ()
        scalar = _at(reading.node, *["k"] * depth, "sql")
        assert scalar.text.rstrip("\n") == "\n".join(lines).rstrip("\n")
        assert scalar.content is not None
        assert scalar.content.line == depth + 2
        assert scalar.indent == depth + indicator
        _assert_letters_stand_where_told(file, scalar)

"""Row E5: values by the YAML 1.2 core schema, the same from both parsers of PyYAML."""

import math

import pytest
import yaml

from dli_adapters.documents.building import build
from dli_adapters.documents.nodes import MappingNode, ScalarNode
from dli_adapters.documents.reader import parse_yaml, read_yaml
from dli_adapters.documents.source_text import decode
from dli_domain.errors import SpecInvalidError

CORE = [
    ("", None),
    ("~", None),
    ("null", None),
    ("Null", None),
    ("NULL", None),
    ("nULL", "nULL"),
    ("true", True),
    ("True", True),
    ("FALSE", False),
    ("false", False),
    ("no", "no"),
    ("No", "No"),
    ("yes", "yes"),
    ("on", "on"),
    ("off", "off"),
    ("y", "y"),
    ("0", 0),
    ("-0", 0),
    ("7", 7),
    ("+7", 7),
    ("-12", -12),
    ("007", 7),
    ("0777", 777),
    ("0o17", 15),
    ("0o18", "0o18"),
    ("0x1F", 31),
    ("0b11", "0b11"),
    ("-0x1F", "-0x1F"),
    ("1_000", "1_000"),
    ("1:30", "1:30"),
    ("190:20:30", "190:20:30"),
    ("1e3", 1000.0),
    ("1.5", 1.5),
    (".5", 0.5),
    ("5.", 5.0),
    ("-1.5E-3", -0.0015),
    (".inf", math.inf),
    ("-.Inf", -math.inf),
    ("inf", "inf"),
    ("2025-01-31", "2025-01-31"),
    ("2025-01-31T10:00:00Z", "2025-01-31T10:00:00Z"),
    ("1.2.3", "1.2.3"),
    ("'null'", "null"),
    ("'1'", "1"),
    ('"true"', "true"),
    ('""', ""),
    ("=", "="),
    ("１", "１"),
    (".", "."),
    ("+", "+"),
]


@pytest.mark.parametrize(("written", "value"), CORE)
@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.CSafeLoader])
def test_a_scalar_has_its_core_value(
    written: str, value: object, loader: type[yaml.SafeLoader]
) -> None:
    node = build(decode(f"a: {written}\n".encode(), "f.yaml"), loader).node
    assert isinstance(node, MappingNode)
    scalar = node.get("a")
    assert isinstance(scalar, ScalarNode)
    assert (scalar.value, type(scalar.value)) == (value, type(value))


def test_not_a_number_is_one() -> None:
    node = read_yaml(b".nan", "f.yaml")
    assert isinstance(node, ScalarNode)
    assert isinstance(node.value, float)
    assert math.isnan(node.value)


def test_the_text_of_a_scalar_stays_as_written() -> None:
    node = read_yaml(b"a: 007\nb: 1e3\n1: x\nnull: y\n", "f.yaml")
    assert isinstance(node, MappingNode)
    assert [entry.key for entry in node.entries] == ["a", "b", "1", "null"]
    assert [e.value.text for e in node.entries if isinstance(e.value, ScalarNode)] == [
        "007",
        "1e3",
        "x",
        "y",
    ]


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"# a word\n", b"---\n", b"\xef\xbb\xbf", b"---\n...\n"]
)
def test_an_empty_document_is_none(data: bytes) -> None:
    assert read_yaml(data, "f.yaml") is None


def test_a_double_key_is_refused_and_both_lines_are_named() -> None:
    with pytest.raises(SpecInvalidError) as caught:
        read_yaml(b'a: 1\nb: 2\n"a": 3\n', "f.yaml")
    assert caught.value.code == "DLI-203"
    assert str(caught.value.location) == "f.yaml:3:1"
    assert "'a' stands twice: on line 1 and on line 3" in caught.value.message


def test_all_that_is_wrong_is_told_at_once() -> None:
    data = b"a: &x 1\nb: *x\na: 2\nc: !foo 3\n<<: {d: 1}\n? [1, 2]\n: 3\nd: " + b"9" * 5000
    assert [
        (p.code, p.location.line if p.location else 0) for p in parse_yaml(data, "f").problems
    ] == [
        ("DLI-205", 1),
        ("DLI-205", 2),
        ("DLI-203", 3),
        ("DLI-203", 4),
        ("DLI-205", 5),
        ("DLI-203", 6),
        ("DLI-205", 8),
    ]


@pytest.mark.parametrize(
    ("data", "place", "fix"),
    [
        (b"a:\n\t- b\n", "f.yaml:2:1", "Indent with spaces, not with tabs."),
        (b"a: b: c\n", "f.yaml:1:5", "Quote a text that holds ': ', or check the indentation."),
        (b"a: 1\nb: 'x\nc: 2\n", "f.yaml:2:4", "Close the quote or bracket that is open here."),
        (b"a: @x\n", "f.yaml:1:4", "Quote a text that begins with '@'."),
        (
            b"a: 1\n---\nb: 2\n",
            "f.yaml:2:1",
            "Keep one document in a file; remove what follows '---'.",
        ),
        (b"a: {{ x }}\n", "f.yaml:1:5", "Quote '{{ ... }}' where a template stands in YAML."),
    ],
)
def test_broken_yaml_is_placed_and_the_fix_is_told(data: bytes, place: str, fix: str) -> None:
    with pytest.raises(SpecInvalidError) as caught:
        read_yaml(data, "f.yaml")
    assert (str(caught.value.location), caught.value.hint) == (place, fix)

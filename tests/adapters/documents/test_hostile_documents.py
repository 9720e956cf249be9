"""Rows E1 to E4: bombs, depth, size, tags and bytes that are no text."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dli_adapters.documents.building import build
from dli_adapters.documents.reader import parse_yaml, read_yaml, read_yaml_file
from dli_adapters.documents.source_text import decode
from dli_domain.errors import SpecInvalidError

MEBIBYTE = 1 << 20


def _bomb(reference: str) -> bytes:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    return ("\n".join(lines) + reference).encode()


LIMITS = {
    "alias bomb": _bomb(""),
    "merge bomb": b"a: &a {x: 1}\n" + b"\n".join(b"b%d: {<<: [*a, *a]}" % n for n in range(999)),
    "self alias": b"a: &a [*a]",
    "anchor alone": b"a: &a 1",
    "merge key": b"a:\n  <<: {b: 1}",
    "65 lists": b"[" * 65 + b"]" * 65,
    "10,000 lists": b"[" * 10_000,
    "200,000 lists": b"[" * 200_000,
    "1 MiB of lists": b"[" * MEBIBYTE,
    "200,000 maps": b"{a: " * 200_000,
    "1,400 indents": b"\n".join(b" " * n + b"a:" for n in range(1_400)),
    "200,000 dashes": b"- " * 200_000,
    "200,000 question marks": b"? " * 200_000,
    "too large": b"a: " + b"x" * MEBIBYTE,
    "50 MB list": b"- a\n" * 13_000_000,
    "1 MiB list": b"- a\n" * 262_144,
    "1 MiB flow list": b"[" + b"a," * 520_000 + b"]",
    "5,000-digit int": b"a: " + b"9" * 5_000,
    "1 MB of digits": b"a: " + b"9" * 1_000_000,
    "1 MB of fraction": b"a: 0." + b"9" * 1_000_000,
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_document_beyond_the_limits_is_refused(name: str) -> None:
    with pytest.raises(SpecInvalidError) as caught:
        read_yaml(LIMITS[name], "f.yaml")
    assert caught.value.code == "DLI-205"
    assert caught.value.hint
    assert len(caught.value.problems) <= 100


@pytest.mark.parametrize("name", ["alias bomb", "10,000 lists", "1,400 indents", "self alias"])
def test_the_parser_in_python_is_as_strict(name: str) -> None:
    problems = build(decode(LIMITS[name], "f.yaml"), yaml.SafeLoader).problems
    assert {problem.code for problem in problems} == {"DLI-205"}


@pytest.mark.parametrize("levels", [63, 64])
def test_64_levels_are_read(levels: int) -> None:
    assert read_yaml(b"[" * levels + b"]" * levels, "f.yaml") is not None


BROKEN = {
    "python object": b"a: !!python/object/apply:os.system ['true']",
    "python name": b"a: !!python/name:os.system",
    "binary": b"a: !!binary aGk=",
    "set": b"a: !!set {x}",
    "unknown tag": b"a: !secret x",
    "tag of a root": b"!!python/object/new:os.system [x]",
    "NUL": b"a: 1\nb: x\x00y\n",
    "escape character": b"a: \x1b[31m\n",
    "UTF-16 LE": "a: 1".encode("utf-16"),
    "UTF-16 BE": b"\xfe\xff" + "a: 1".encode("utf-16-be"),
    "UTF-16 without mark": "a: 1".encode("utf-16-le"),
    "UTF-32": "a: 1".encode("utf-32"),
    "Latin-1": "a: caf\u00e9".encode("latin-1"),
    "EUC-KR": "a: 한국".encode("euc-kr"),
    "overlong": b"a: \xc0\xaf",
    "surrogate": b"a: \xed\xa0\x80",
    "half an escape": b'a: "\\ud800"',
    "escape beyond Unicode": b'a: "\\UFFFFFFFF"',
    "line separator": "a: x\u2028b: y".encode(),
    "next line": "a: x\u0085b: y".encode(),
}


@pytest.mark.parametrize("name", BROKEN)
def test_tags_and_bytes_that_are_no_text_are_refused_with_their_place(name: str) -> None:
    with pytest.raises(SpecInvalidError) as caught:
        read_yaml(BROKEN[name], "f.yaml")
    assert caught.value.code == "DLI-203"
    assert caught.value.location is not None


def test_the_place_of_a_bad_byte_counts_characters() -> None:
    data = b"\xef\xbb\xbf" + "# 한국\na: 글".encode() + b"\xff"
    with pytest.raises(SpecInvalidError, match="0xff is not UTF-8") as caught:
        read_yaml(data, "f.yaml")
    assert str(caught.value.location) == "f.yaml:2:5"


def test_no_tag_imports_or_opens_anything() -> None:
    code = """
import json, sys
from dli_adapters.documents.reader import parse_yaml
corpus = [bytes.fromhex(text) for text in json.loads(sys.stdin.read())]
parse_yaml(b"a: &b !c [1", "warm")
events = []
watched = ("import", "open", "os.", "subprocess", "socket", "exec", "compile")
sys.addaudithook(lambda event, args: events.append(event) if event.startswith(watched) else None)
refused = sum(bool(parse_yaml(data, "f.yaml").problems) for data in corpus)
seen = len(events)
print(refused, seen)
"""
    corpus = [*BROKEN.values(), *(d for d in LIMITS.values() if len(d) < 100_000)]
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps([data.hex() for data in corpus]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [str(len(corpus)), "0"]


def test_the_size_is_judged_before_reading(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    with file.open("wb") as stream:
        stream.truncate(64 * 1024**3)  # sparse: reading it would fill the memory
    with pytest.raises(SpecInvalidError) as caught:
        read_yaml_file(file, "large.yaml")
    assert caught.value.code == "DLI-205"


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(SpecInvalidError, match="not a regular file"):
        read_yaml_file(tmp_path / "pipe.yaml")


@pytest.mark.parametrize("name", ["missing.yaml", "a\0b.yaml", "x" * 300, "."])
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, name: str) -> None:
    with pytest.raises(SpecInvalidError, match="cannot be read") as caught:
        read_yaml_file(tmp_path / name, "dli.yaml")
    assert caught.value.code == "DLI-203"
    assert caught.value.__cause__ is not None


_PIECES = st.sampled_from(
    [
        *"ab: \n[]{},|>'\"\\#\t\r1~@한🎉\x85\u2028\ufeff\x00",
        "  ",
        "- ",
        "? ",
        ": ",
        "&x",
        "*x",
        "<<: ",
        "!t ",
        "!!str ",
        "|2",
        "%YAML 1.1\n",
        "---\n",
        "...",
        "\\x",
        "\\u",
        "0x",
        "1e",
    ]
)


@given(
    st.one_of(
        st.binary(max_size=200), st.lists(_PIECES, max_size=40).map(lambda p: "".join(p).encode())
    )
)
def test_whatever_the_bytes_only_findings_come(data: bytes) -> None:
    reading = parse_yaml(data, "f.yaml")
    assert reading.node is None or all(p.code == "DLI-203" for p in reading.problems)
    if reading.problems:
        with pytest.raises(SpecInvalidError):
            read_yaml(data, "f.yaml")
    else:
        assert read_yaml(data, "f.yaml") == reading.node


@given(st.lists(_PIECES, max_size=40).map("".join))
def test_both_parsers_agree(text: str) -> None:
    try:
        source = decode(text.encode(), "f.yaml")
    except ValueError:
        return
    in_c, in_python = build(source, yaml.CSafeLoader), build(source, yaml.SafeLoader)
    if not in_c.problems and not in_python.problems:
        assert in_c.node == in_python.node

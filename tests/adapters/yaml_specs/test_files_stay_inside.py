"""Row E13: no spec reads a file outside its project, whatever the name, whatever is swapped."""

import os
import threading
import time
from pathlib import Path

import pytest

from dli_adapters.yaml_specs.project_files import FileRefusedError, ProjectFiles
from tests.adapters.yaml_specs.conftest import HEAD, Project, findings

SECRET = "SELECT 'outside'"
OUTSIDE = [
    "../../../secret.sql",
    "../../../outside/secret.sql",
    "./../../../secret.sql",
    "x/../../../../secret.sql",
    "../../datasets/../../secret.sql",
    "../..",
    "..",
    ".",
    "./",
    "",
    "   ",
    "/etc/passwd",
    "//etc/passwd",
    "{outside}/secret.sql",
    "~/secret.sql",
    "~root/.profile",
    "file:///etc/passwd",
    "C:/x.sql",
    "C:\\\\x.sql",
    "..\\\\..\\\\secret.sql",
    "in.sql/",
    "in.sql/.",
    "in.sql/..",
    "in.sql/x.sql",
    "in.sql\\0.txt",
    "\\0",
    "in\\n.sql",
    "\\x1b[31m.sql",
    "\\u202egnp.sql",
    "link.sql",
    "linkdir/secret.sql",
    "linkdir/../secret.sql",
    "linkdir/passwd",
    "deep/linkdir/secret.sql",
    "inner_link.sql",
    "broken_link.sql",
    "loop.sql",
    "folder.sql",
    "pipe.sql",
    "{long}",
    "x/{long}",
    "{deep}",
    "/proc/self/environ",
    "../../../../../../../../../../etc/passwd",
]


@pytest.fixture
def nest(project: Project, tmp_path: Path) -> Project:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.sql").write_text(SECRET)
    (tmp_path / "secret.sql").write_text(SECRET)
    (outside / "passwd").write_text(SECRET)
    folder = project.root / "datasets" / "team"
    (folder / "deep").mkdir(parents=True)
    (folder / "in.sql").write_text("SELECT 'inside'")
    (folder / "link.sql").symlink_to(outside / "secret.sql")
    (folder / "linkdir").symlink_to(outside)
    (folder / "deep" / "linkdir").symlink_to(outside)
    (folder / "inner_link.sql").symlink_to(folder / "in.sql")
    (folder / "broken_link.sql").symlink_to(outside / "nothing")
    (folder / "loop.sql").symlink_to(folder / "loop.sql")
    (folder / "folder.sql").mkdir()
    os.mkfifo(folder / "pipe.sql")
    return project


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_name_that_leads_out_reads_nothing(nest: Project, tmp_path: Path, name: str) -> None:
    shown = name.format(
        outside=tmp_path / "outside", long="l" * 297 + ".sql", deep="d/" * 3000 + "x.sql"
    )
    nest.write("datasets/team/dataset.a.b.c.yaml", f'{HEAD}query_file: "{shown}"\n')
    (problem,) = findings(lambda: nest.source().get("a.b.c"))
    # Two of them are names inside, of files that do not exist.
    inside = name in ("in.sql/x.sql", "linkdir/../secret.sql")
    assert problem.code == ("DLI-203" if inside else "DLI-206")
    assert str(problem.location) == "datasets/team/dataset.a.b.c.yaml:4:13"
    assert "outside'" not in problem.message


def test_a_statement_file_is_held_inside_too(nest: Project) -> None:
    body = "query_statement: x\npre_statements:\n  - {name: p, file: linkdir/secret.sql}\n"
    nest.write("datasets/team/dataset.a.b.c.yaml", HEAD + body)
    (problem,) = findings(lambda: nest.source().get("a.b.c"))
    assert problem.code == "DLI-206"
    assert "symbolic link datasets/team/linkdir" in problem.message


@pytest.mark.parametrize("name", ["in.sql", "./in.sql", "deep/../in.sql", "../team/in.sql"])
def test_a_name_that_stays_inside_is_read(nest: Project, name: str) -> None:
    nest.write("datasets/team/dataset.a.b.c.yaml", f"{HEAD}query_file: {name}\n")
    spec = nest.source().get("a.b.c")
    assert spec.sql.text == "SELECT 'inside'"
    assert spec.sql.origin.path == "datasets/team/in.sql"


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (b"x" * ((1 << 20) + 1), "DLI-205", "at most 1,048,576 are read"),
        (b"SELECT 1\n\xff", "DLI-203", "datasets/q.sql:2 is not UTF-8"),
        ("SELECT 1".encode("utf-16"), "DLI-203", "is not UTF-8"),
        (b"SELECT\n\n\x00", "DLI-203", "datasets/q.sql:3 holds a NUL"),
        (b" \n", "DLI-203", "the file datasets/q.sql is empty"),
    ],
)
def test_a_file_that_is_no_sql_is_told(
    project: Project, content: bytes, code: str, message: str
) -> None:
    project.write("datasets/q.sql", "").write_bytes(content)
    (problem,) = findings(lambda: project.dataset("query_file: q.sql\n"))
    assert problem.code == code
    assert message in problem.message


def test_a_missing_file_is_told_with_the_closest(project: Project) -> None:
    project.write("datasets/orders.sql", "SELECT 1")
    (problem,) = findings(lambda: project.dataset("query_file: order.sql\n"))
    assert problem.message == "'query_file': the file datasets/order.sql does not exist"
    assert problem.fix == "Did you mean 'orders.sql'?"
    assert problem.code == "DLI-203"


def test_a_swapped_link_is_never_followed(tmp_path: Path) -> None:
    seconds = float(os.environ.get("SWAP_RACE_SECONDS", "1"))
    outside, root = tmp_path / "outside", tmp_path / "project"
    inside = root / "d"
    for folder, text in ((outside, "outside"), (inside, "inside")):
        folder.mkdir(parents=True)
        (folder / "q.sql").write_text(text)
    done = threading.Event()

    def swap() -> None:
        # Both the folder and the file turn from themselves into links and back.
        while not done.is_set():
            inside.rename(root / "aside")
            inside.symlink_to(outside)
            inside.unlink()
            (root / "aside").rename(inside)
            (inside / "q.sql").rename(inside / "kept")
            (inside / "q.sql").symlink_to(outside / "q.sql")
            (inside / "q.sql").unlink()
            (inside / "kept").rename(inside / "q.sql")

    thread = threading.Thread(target=swap)
    thread.start()
    read = {"inside": 0, "refused": 0}
    try:
        began = time.monotonic()
        # Both must be seen, however busy the machine is; not for ever, though.
        while (spent := time.monotonic() - began) < seconds or (
            not all(read.values()) and spent < 60
        ):
            try:
                text = ProjectFiles(str(root)).read("d/q.sql").decode()
            except FileRefusedError:
                text = "refused"
            read[text] += 1  # KeyError: something outside was read
    finally:
        done.set()
        thread.join()
    assert read["inside"] > 0
    assert read["refused"] > 0

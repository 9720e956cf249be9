"""Which files are specs, how one is found without the rest, and what stays in sight."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dli_adapters.yaml_specs.spec_source import YamlSpecSource
from dli_domain.errors import ConfigError, SpecInvalidError, SpecNotFoundError
from dli_domain.model.problems import Severity
from dli_domain.model.settings import ProjectSettings
from dli_domain.model.spec import ResourceKind
from tests.adapters.yaml_specs.conftest import Project, findings

DATASET, METRIC = ResourceKind.DATASET, ResourceKind.METRIC


def _spec(name: str, extra: str = "") -> str:
    return f"name: {name}\nowner: o\nteam: t\nquery_statement: SELECT 1\n{extra}"


_OPENED: list[str] = []
_WATCHING = [False]


def _hook(event: str, args: tuple[object, ...]) -> None:
    if _WATCHING[0] and event == "open":
        _OPENED.append(str(args[0]))


@contextmanager
def _opened_files() -> Iterator[list[str]]:
    """The names of the files that are opened meanwhile."""
    if _hook not in _HOOKED:
        sys.addaudithook(_hook)
        _HOOKED.append(_hook)
    _OPENED.clear()
    _WATCHING[0] = True
    try:
        yield _OPENED
    finally:
        _WATCHING[0] = False


_HOOKED: list[object] = []


def test_both_endings_both_folders_and_any_depth_are_searched(project: Project) -> None:
    project.write("datasets/dataset.a.b.one.yaml", _spec("a.b.one"))
    project.write("datasets/x/y/z/dataset.a.b.two.yml", _spec("a.b.two"))
    project.write("datasets/x/metric.a.b.three.yaml", _spec("a.b.three"))
    project.write("metrics/metric.a.b.four.yml", _spec("a.b.four"))
    project.write("metrics/x/metric.yml", _spec("a.b.five"))
    project.write("datasets/other.yaml", "no spec")
    project.write("datasets/dataset.a.b.six.yaml.bak", "no spec")
    project.write("datasets/.hidden/dataset.a.b.seven.yaml", _spec("a.b.seven"))
    project.write("datasets/.dataset.a.b.eight.yaml", _spec("a.b.eight"))
    source = project.source()
    assert [str(problem.location) for problem in source.list().problems] == [
        "datasets/other.yaml:1:1"
    ]
    assert list(source.names(DATASET)) == ["a.b.one", "a.b.two"]
    assert list(source.names(METRIC)) == ["a.b.five", "a.b.four", "a.b.three"]
    assert [str(s.name) for s in source.list().specs] == [
        *source.names(DATASET),
        *source.names(METRIC),
    ]


def test_the_type_in_the_file_weighs_more_than_its_name(project: Project) -> None:
    project.write("datasets/dataset.a.b.c.yaml", _spec("a.b.c", "type: mEtRiC\n"))
    assert project.source().get("a.b.c", METRIC).kind is METRIC
    with pytest.raises(SpecNotFoundError):
        project.source().get("a.b.c", DATASET)


def test_own_patterns_and_folders_are_used(project: Project) -> None:
    project.write("warehouse/orders.ds.yaml", _spec("a.b.c"))
    project.write("warehouse/kpi/buyers.m.yaml", _spec("a.b.d"))
    source = project.source(
        datasets_dir="warehouse",
        metrics_dir="./warehouse/kpi/",
        dataset_patterns=("*.ds.yaml",),
        metric_patterns=("[a-z]*.m.yaml",),
    )
    assert source.get("a.b.c").kind is DATASET
    assert source.get("a.b.d").kind is METRIC
    assert len(source.list().specs) == 2


def test_the_root_itself_may_be_the_folder(project: Project) -> None:
    project.write("dataset.a.b.c.yaml", _spec("a.b.c"))
    project.write("metrics/metric.a.b.d.yaml", _spec("a.b.d"))
    source = project.source(datasets_dir=".")
    assert [s.location.path for s in source.list().specs] == [
        "dataset.a.b.c.yaml",
        "metrics/metric.a.b.d.yaml",
    ]


def test_a_file_named_for_the_resource_is_found_without_opening_another(project: Project) -> None:
    for number in range(50):
        project.write(f"datasets/t{number % 5}/dataset.a.b.t{number}.yaml", _spec(f"a.b.t{number}"))
    project.write("datasets/broken/dataset.a.b.z.yaml", ":::")
    source = project.source()
    source.get("a.b.t7")
    with _opened_files() as opened:
        assert str(source.get("a.b.t31").name) == "a.b.t31"
    assert [name for name in opened if name.endswith(".yaml")] == ["dataset.a.b.t31.yaml"]


def test_names_are_told_by_file_names_without_opening_them(project: Project) -> None:
    project.write("datasets/dataset.a.b.c.yaml", "broken: [")
    project.write("datasets/dataset.d.e.f.yaml", _spec("d.e.f"))
    project.write("datasets/dataset.short.yaml", _spec("g.h.short"))
    with _opened_files() as opened:
        assert list(project.source().names()) == ["a.b.c", "d.e.f", "g.h.short"]
    assert [name for name in opened if name.endswith(".yaml")] == ["dataset.short.yaml"]


@pytest.mark.parametrize(
    "first_line", ["name: a.b.c", "name: 'a.b.c' # x", '"name": a.b.c', 'name: "a.b.\\u0063"']
)
def test_a_resource_is_found_by_the_name_inside(project: Project, first_line: str) -> None:
    text = f"{first_line}\nowner: o\nteam: t\nquery_statement: SELECT 1\n"
    project.write("datasets/x/dataset.yaml", text)
    project.write("datasets/y/dataset.short.yaml", _spec("a.b.d", "depends_on: [a.b.c]\n"))
    assert project.source().get("a.b.c").location.path == "datasets/x/dataset.yaml"
    assert list(project.source().names(DATASET)) == ["a.b.c", "a.b.d"]


def test_a_file_name_that_disagrees_is_an_error_under_both_names(project: Project) -> None:
    project.write("datasets/dataset.a.b.c.yaml", _spec("a.b.d"))
    for name in ("a.b.c", "a.b.d"):
        (problem,) = findings(lambda name=name: project.source().get(name))  # type: ignore[misc]
        assert problem.message == "the name is 'a.b.d', but the file name says 'a.b.c'"
        assert str(problem.location) == "datasets/dataset.a.b.c.yaml:1:7"
    assert project.source().list().specs == ()


def test_a_broken_spec_never_hides(project: Project) -> None:
    project.write("datasets/dataset.a.b.c.yaml", "name: a.b.c\nowner: [\n")
    project.write("datasets/dataset.a.b.d.yaml", _spec("a.b.d"))
    source = project.source()
    with pytest.raises(SpecInvalidError) as caught:
        source.get("a.b.c")
    assert caught.value.location is not None
    assert caught.value.location.path == "datasets/dataset.a.b.c.yaml"
    listing = source.list()
    assert [str(s.name) for s in listing.specs] == ["a.b.d"]
    assert len(listing.problems) == 1
    assert "a.b.c" in source.names()


def test_a_broken_file_that_mentions_a_missing_name_is_told_with_it(project: Project) -> None:
    project.write("datasets/dataset.yaml", "name: a.b.c\nowner: [\n")
    with pytest.raises(SpecNotFoundError) as caught:
        project.source().get("a.b.c")
    (problem,) = caught.value.problems
    assert problem.location is not None
    assert problem.location.path == "datasets/dataset.yaml"


def test_two_files_of_one_name_are_both_told(project: Project) -> None:
    project.write("datasets/x/dataset.a.b.c.yaml", _spec("a.b.c"))
    project.write("datasets/y/dataset.a.b.c.yml", _spec("a.b.c"))
    with pytest.raises(SpecInvalidError) as caught:
        project.source().get("a.b.c", DATASET)
    assert "datasets/x/dataset.a.b.c.yaml, datasets/y/dataset.a.b.c.yml" in caught.value.message


def test_what_was_searched_is_told(project: Project) -> None:
    with pytest.raises(SpecNotFoundError) as caught:
        project.source(metrics_dir="kpi").get("a.b.c", METRIC)
    assert caught.value.context == {"Project": str(project.root), "Searched": "datasets/, kpi/"}


def test_links_to_folders_are_not_followed_and_told(project: Project, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "dataset.a.b.c.yaml").write_text(_spec("a.b.c"))
    project.write("datasets/dataset.a.b.d.yaml", _spec("a.b.d"))
    (project.root / "datasets/link").symlink_to(outside)
    (project.root / "datasets/loop").symlink_to(project.root)
    (project.root / "datasets/self").symlink_to(project.root / "datasets/self")
    (project.root / "datasets/dataset.a.b.e.yaml").symlink_to(outside / "dataset.a.b.c.yaml")
    (project.root / "metrics").symlink_to(outside)
    listing = project.source().list()
    assert [str(s.name) for s in listing.specs] == ["a.b.d"]
    assert {(p.location.path, p.severity, p.code) for p in listing.problems if p.location} == {
        ("metrics", Severity.ERROR, "DLI-206"),
        ("datasets/link", Severity.WARNING, "DLI-206"),
        ("datasets/loop", Severity.WARNING, "DLI-206"),
        ("datasets/dataset.a.b.e.yaml", Severity.ERROR, "DLI-206"),
    }
    with pytest.raises(SpecInvalidError) as caught:
        project.source().get("a.b.e")
    assert caught.value.code == "DLI-206"


def test_the_project_may_stand_behind_a_link(project: Project, tmp_path: Path) -> None:
    project.write("datasets/dataset.a.b.c.yaml", _spec("a.b.c"))
    (tmp_path / "link").symlink_to(project.root)
    source = YamlSpecSource(ProjectSettings(root=str(tmp_path / "link")))
    assert str(source.get("a.b.c").name) == "a.b.c"


def test_a_large_spec_is_refused_and_the_others_are_read(project: Project) -> None:
    project.write("datasets/dataset.a.b.c.yaml", "x" * (1 << 20) + "y")
    project.write("datasets/dataset.a.b.d.yaml", _spec("a.b.d"))
    (project.root / "datasets/dataset.a.b.e.yaml").mkdir()
    os.mkfifo(project.root / "datasets/dataset.a.b.f.yaml")
    listing = project.source().list()
    assert [str(s.name) for s in listing.specs] == ["a.b.d"]
    assert [p.code for p in listing.problems] == ["DLI-205", "DLI-206"]


def test_file_names_that_are_no_text_are_told_as_text(project: Project) -> None:
    (project.root / "datasets").mkdir()
    with open(os.fsencode(project.root) + b"/datasets/dataset.\xff\x1b[31m.yaml", "wb") as file:  # noqa: PTH123 - bytes
        file.write(b"")
    (problem,) = project.source().list().problems
    assert problem.location is not None
    assert problem.location.path == "datasets/dataset.\ufffd\ufffd[31m.yaml"
    project.source().names()


@pytest.mark.parametrize(
    "settings",
    [
        {"datasets_dir": "../x"},
        {"metrics_dir": "/etc"},
        {"datasets_dir": "a/../../b"},
        {"dataset_patterns": ("x/*.yaml",)},
        {"metric_patterns": ("",)},
    ],
)
def test_settings_that_lead_out_of_the_project_are_refused(
    project: Project, settings: dict[str, object]
) -> None:
    with pytest.raises(ConfigError, match=r"discovery\."):
        project.source(**settings)


def test_without_a_project_the_way_to_one_is_told() -> None:
    with pytest.raises(ConfigError) as caught:
        YamlSpecSource(ProjectSettings())
    assert caught.value.code == "DLI-003"
    assert caught.value.hint is not None
    assert "dli init" in caught.value.hint


def test_a_yaml_file_that_no_pattern_fits_is_told(tmp_path: Path) -> None:
    (tmp_path / "datasets").mkdir()
    for name in ("odd.yml", "quality.a.b.c.yaml", "schema.yaml", "notes.txt"):
        (tmp_path / "datasets" / name).write_text("a: 1\n")
    listing = YamlSpecSource(ProjectSettings(root=str(tmp_path))).list()
    assert [(str(p.location), p.severity) for p in listing.problems] == [
        ("datasets/odd.yml:1:1", Severity.WARNING)
    ]

"""Row E6: every key of a spec, misspelt by one edit, is refused with a suggestion."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli_adapters.documents.nodes import MappingNode
from dli_adapters.documents.reader import read_yaml
from dli_adapters.yaml_specs.declared_parameters import PARAMETER_KEYS
from dli_adapters.yaml_specs.fields import Fields, Findings
from dli_adapters.yaml_specs.project_files import ProjectFiles
from dli_adapters.yaml_specs.resource import COMMON_KEYS, EXECUTION_KEYS, SpecReader
from dli_adapters.yaml_specs.semantics import DIMENSION_KEYS, MEASURE_KEYS, VERSION_KEYS
from dli_adapters.yaml_specs.sql_sources import STATEMENT_KEYS
from dli_domain.model.settings import ProjectSettings
from dli_domain.model.spec import ResourceKind
from tests.adapters.yaml_specs.conftest import HEAD, Project

DATASET_KEYS = (*COMMON_KEYS, "pre_statements", "post_statements", "schedule", "metadata")
METRIC_KEYS = (*COMMON_KEYS, "metrics", "dimensions", "schedule", "metadata")
LETTERS = "abcdefghijklmnopqrstuvwxyz_"
BLOCKS = {
    "": DATASET_KEYS,
    "parameters": PARAMETER_KEYS,
    "pre_statements": STATEMENT_KEYS,
    "versions": VERSION_KEYS,
    "execution": EXECUTION_KEYS,
}
METRIC_BLOCKS = {"": METRIC_KEYS, "metrics": MEASURE_KEYS, "dimensions": DIMENSION_KEYS}


def _edits(key: str) -> set[str]:
    pairs = [(key[:i], key[i:]) for i in range(len(key) + 1)]
    deleted = {a + b[1:] for a, b in pairs if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in pairs if len(b) > 1}
    replaced = {a + c + b[1:] for a, b in pairs if b for c in LETTERS}
    inserted = {a + c + b for a, b in pairs for c in LETTERS}
    return deleted | swapped | replaced | inserted | {key.upper(), key.replace("_", "-")}


@pytest.mark.parametrize("known", [*BLOCKS.values(), *METRIC_BLOCKS.values()])
def test_every_edit_of_every_key_is_refused_with_a_suggestion(known: tuple[str, ...]) -> None:
    for key in known:
        for wrong in _edits(key) - set(known):
            node = read_yaml(f"{wrong!r}: 1".encode(), "f.yaml")
            assert isinstance(node, MappingNode)
            found = Findings()
            Fields(node, found).check_keys(known)
            (problem,) = found.problems
            assert problem.code == "DLI-203"
            assert problem.fix is not None
            assert problem.fix.startswith("Did you mean"), wrong


@pytest.mark.parametrize("block", BLOCKS)
@given(data=st.data())
def test_no_block_of_a_spec_takes_a_misspelt_key(block: str, data: st.DataObject) -> None:
    known = BLOCKS[block]
    key = data.draw(st.sampled_from(known))
    wrong = data.draw(st.sampled_from(sorted(_edits(key) - set(known))))
    line = f"{wrong!r}: x" if not block else f"{block}: [{{{wrong!r}: x}}]"
    if block == "execution":
        line = f"{block}: {{{wrong!r}: x}}"
    node = read_yaml(f"{HEAD}{line}\n".encode(), "f.yaml")
    messages = _messages(node)
    assert any(m.startswith("unknown key") and wrong in m for m in messages)


def _messages(node: object) -> list[str]:
    assert isinstance(node, MappingNode)
    found = Findings()
    SpecReader(ProjectFiles("/nowhere"), ProjectSettings(root="/nowhere")).read(
        node, "f.yaml", ResourceKind.DATASET, found
    )
    return [problem.message for problem in found.problems]


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("sql", "query_statement"),
        ("dependencies", "depends_on"),
        ("columns", "schema"),
        ("prameters", "parameters"),
        ("Query-File", "query_file"),
    ],
)
def test_what_users_write_elsewhere_is_led_to_the_key_here(
    project: Project, key: str, meant: str
) -> None:
    project.write("datasets/dataset.yaml", f"{HEAD}query_statement: x\n{key}: y\n")
    (problem,) = project.source().list().problems
    assert problem.fix == f"Did you mean {meant!r}?"
    assert str(problem.location) == "datasets/dataset.yaml:5:1"


def test_columns_may_say_more_than_dli_reads(project: Project) -> None:
    spec = project.dataset("query_statement: x\nschema:\n  - {name: d, pii: true, tests: [a]}\n")
    assert [column.name for column in spec.columns] == ["d"]

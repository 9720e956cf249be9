"""Whatever stands in a project, its specs are read or a DliError says why not."""

import pickle
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dli_adapters.yaml_specs.resource import COMMON_KEYS
from dli_adapters.yaml_specs.spec_source import YamlSpecSource
from dli_domain.errors import DliError
from dli_domain.model.settings import ProjectSettings

_SCALARS = st.sampled_from(
    [
        "",
        "~",
        "x",
        "a.b.c",
        "1",
        "-1",
        "1.5",
        "true",
        "no",
        "2025-01-01",
        "'x'",
        '"\\0"',
        "..",
        "/",
        "date",
        "list",
        "integer",
        "sum",
        "SELECT",
        "DML",
        "Metric",
        "q.sql",
        "../q.sql",
        "한국",
        "[]",
    ]
)
_KEYS = st.sampled_from(
    [
        *COMMON_KEYS,
        "pre_statements",
        "metrics",
        "dimensions",
        "schedule",
        "items",
        "default",
        "enum",
        "min",
        "max",
        "pattern",
        "sql",
        "file",
        "version",
        "started_at",
        "aggregation",
        "expression",
        "filters",
        "required",
        "continue_on_error",
        "timeout_seconds",
        "tagz",
        "1",
        "''",
    ]
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(_KEYS, inner, max_size=4).map(
            lambda fields: "{" + ", ".join(f"{k}: {v}" for k, v in fields.items()) + "}"
        ),
    ),
    max_leaves=8,
)
_SPECS = st.dictionaries(_KEYS, _VALUES, max_size=8).map(
    lambda fields: "".join(f"{key}: {value}\n" for key, value in fields.items()).encode()
)
_NAMES = st.one_of(st.sampled_from(["a.b.c", "q", "", "..", "a/b"]), st.text(max_size=20))


def _source(root: str, content: bytes) -> YamlSpecSource:
    folder = Path(root, "datasets")
    folder.mkdir()
    for name in ("dataset.a.b.c.yaml", "metric.q.yml", "dataset.yaml"):
        (folder / name).write_bytes(content)
    (folder / "q.sql").write_bytes(content)
    return YamlSpecSource(ProjectSettings(root=root))


@given(content=st.one_of(_SPECS, st.binary(max_size=100)), name=_NAMES)
def test_whatever_the_files_hold_only_dli_errors_come(content: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as root:
        source = _source(root, content)
        source.names()
        listing = source.list()
        # The same content under three names: at most one can be right, none goes unmentioned.
        assert len(listing.specs) + len({p.location for p in listing.problems}) >= 3
        failure = _failure(source, name)
        if failure is not None:
            again = pickle.loads(pickle.dumps(failure))  # noqa: S301 - our own bytes
            assert str(again) == str(failure)


def _failure(source: YamlSpecSource, name: str) -> DliError | None:
    try:
        source.get(name)
    except DliError as error:
        return error
    return None

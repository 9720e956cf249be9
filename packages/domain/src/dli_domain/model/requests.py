"""What may be asked for by name: a run of a dataset or metric, or quality tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from dli_domain.model.spec import ResourceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What to run, with which values, and how far it may go.

    `parameters` holds texts as typed on a command line, or Python values. `timeout` in
    seconds beats the spec's own; None leaves it to the spec, then to 300.
    """

    name: str
    kind: ResourceKind
    parameters: Mapping[str, object] = field(default_factory=dict)
    ds: date | None = None
    timeout: int | None = None
    max_bytes: int | None = None
    skip_pre: bool = False
    skip_post: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRequest:
    """Which tests to run, with which values, and how far.

    `tests` names the tests to run; none means all. `parameters` holds texts as typed on a
    command line, or Python values: for the metric that is tested and for the files' templates.
    `shared` are values for whoever declares them.
    """

    reference: str
    tests: tuple[str, ...] = ()
    parameters: Mapping[str, object] = field(default_factory=dict)
    shared: Mapping[str, object] = field(default_factory=dict)
    ds: date | None = None
    fail_fast: bool = False
    samples: int = 5
    allow_empty: bool = False
    timeout: int | None = None
    max_bytes: int | None = None

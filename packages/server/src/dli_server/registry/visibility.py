"""What a key may see: a spec outside of its patterns is, to it, not there."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from dli_domain.errors import ErrorCode, SpecNotFoundError
from dli_domain.model.names import did_you_mean
from dli_domain.ports.spec_registry import BundleKind
from dli_server.http.endpoint import Principal

T = TypeVar("T")

_CODES: Mapping[BundleKind, ErrorCode] = {
    BundleKind.DATASET: ErrorCode.DATASET_NOT_FOUND,
    BundleKind.METRIC: ErrorCode.METRIC_NOT_FOUND,
    BundleKind.QUALITY: ErrorCode.QUALITY_SPEC_NOT_FOUND,
}


def sees(principal: Principal, name: str) -> bool:
    """Whether the key's patterns name it, part by part."""
    if principal.specs is None:
        return True
    # The policy reads SQL with sqlglot; a key without patterns needs none of it.
    from dli_domain.policy.tables import covers  # noqa: PLC0415

    # BigQuery's rule, whatever the engine: upper and lower case tell names of specs apart.
    return covers(principal.specs, tuple(name.split(".")), "bigquery")


def visible(principal: Principal, names: Iterable[str]) -> Iterator[str]:
    """Those that the key sees."""
    return (name for name in names if sees(principal, name))


def require_visible(
    principal: Principal, kind: BundleKind, name: str, known: Iterable[str]
) -> None:
    """Let a name pass that the key sees.

    Raises:
        SpecNotFoundError: it does not; the answer is that for a name that is not there.
    """
    if sees(principal, name):
        return
    what = f"There is no {kind.value} {name!r}"
    if kind is BundleKind.QUALITY:
        what = f"No quality file tests {name!r}"
    raise SpecNotFoundError(
        what,
        code=_CODES[kind],
        context={"Searched": "the server's specs"},
        hint=did_you_mean(name, visible(principal, known))
        or f"Run 'dli {kind.value} list --source server' to see what there is.",
    )

"""What a key may see: a spec outside of its patterns is, to it, not there."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from dli_domain.errors import SpecNotFoundError
from dli_domain.model.spec import ResourceKind
from dli_domain.ports.spec_registry import BundleKind
from dli_domain.ports.unknown_names import listed_by, no_quality_file, no_resource
from dli_server.http.endpoint import Principal

T = TypeVar("T")

SEARCHED = {"Searched": "the server's specs"}


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
    if not sees(principal, name):
        raise _missing(principal, kind, name, known)


@contextmanager
def as_seen_by(
    principal: Principal, kind: BundleKind, name: str, known: Callable[[], Iterable[str]]
) -> Iterator[None]:
    """Look for a spec of that name; neither the name nor a hint tells what the key may not see.

    Raises:
        SpecNotFoundError: the key does not see the name, or the block has found nothing.
    """
    if not sees(principal, name):
        raise _missing(principal, kind, name, known())
    try:
        yield
    except SpecNotFoundError:
        if principal.specs is None:
            raise
        raise _missing(principal, kind, name, known()) from None


def _missing(
    principal: Principal, kind: BundleKind, name: str, known: Iterable[str]
) -> SpecNotFoundError:
    seen = tuple(visible(principal, known))
    if kind is BundleKind.QUALITY:
        return no_quality_file(name, seen, SEARCHED)
    resource = ResourceKind(kind.value)
    return no_resource(
        name,
        resource,
        other=None,
        known=lambda: seen,
        otherwise=listed_by(resource, "--source server"),
        context=SEARCHED,
    )

"""What every source of specs says to a name that leads to nothing, or to two things."""

import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from dli_domain.errors import ErrorCode, SpecInvalidError, SpecNotFoundError
from dli_domain.model.names import InvalidNameError, ResourceName, did_you_mean
from dli_domain.model.problems import Problem
from dli_domain.model.spec import ResourceKind, ResourceSpec


def check_name(name: str, hint: str = "Names look like catalog.schema.name.") -> None:
    """Refuse what is no name of a resource, before anything is looked for.

    Args:
        name: What was asked for.
        hint: What to write instead.

    Raises:
        SpecInvalidError: it is none.
    """
    try:
        ResourceName.parse(name)
    except InvalidNameError as error:
        raise SpecInvalidError(
            f"{name[:80]!r} is no resource name: {error}",
            hint=hint,
        ) from error


def the_one(found: Sequence[ResourceSpec]) -> ResourceSpec:
    """The resource of a name that at most one dataset and one metric have.

    Raises:
        SpecInvalidError: it is both.
    """
    first, *others = found
    if others:
        raise SpecInvalidError(
            f"{str(first.name)!r} is a dataset and a metric",
            location=first.location,
            hint="Say which: 'dli dataset ...' or 'dli metric ...'.",
        )
    return first


def no_resource(
    name: str,
    kind: ResourceKind | None,
    *,
    other: ResourceKind | None,
    known: Callable[[], Collection[str]],
    otherwise: str,
    context: Mapping[str, str],
    problems: tuple[Problem, ...] = (),
) -> SpecNotFoundError:
    """There is no such dataset or metric.

    Args:
        name: What was asked for.
        kind: As what it was asked for; None for either.
        other: What it is instead, if it is something.
        known: The names that there are; asked only where that is of use.
        otherwise: What to do where no name is close.
        context: Where it was looked for.
        problems: What could not be read there.
    """
    if other is not None:
        hint = f"{name!r} is a {other}: use 'dli {other} ...'."
    else:
        hint = _meant(name, known()) or otherwise
    return SpecNotFoundError(
        f"There is no {kind.value if kind else 'dataset or metric'} {name!r}",
        code=ErrorCode.METRIC_NOT_FOUND if kind is ResourceKind.METRIC else None,
        context=context,
        hint=hint,
        problems=problems,
    )


def listed_by(kind: ResourceKind | None, *options: str) -> str:
    """What to do where no name is close: look at all of them."""
    command = " ".join(("dli", kind or ResourceKind.DATASET, "list", *options))
    return f"Run {command!r} to see what there is."


def no_quality_file(
    name: str, known: Iterable[str], context: Mapping[str, str], otherwise: str | None = None
) -> SpecNotFoundError:
    """No quality file tests that resource; `known` are those that some file tests."""
    return SpecNotFoundError(
        f"No quality file tests {name!r}",
        code=ErrorCode.QUALITY_SPEC_NOT_FOUND,
        context=context,
        hint=did_you_mean(name, known)
        or otherwise
        or f"Run 'dli quality suggest {name}' to have one proposed.",
    )


def _meant(name: str, known: Collection[str]) -> str | None:
    # A name typed on one system may be the same letters in other code points on another.
    composed = unicodedata.normalize("NFC", name)
    return f"Did you mean {composed!r}?" if composed in known else did_you_mean(name, known)

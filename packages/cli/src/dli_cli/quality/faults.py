"""What is wrong in quality files, as `dli validate` tells it beside the findings about specs."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from dli_cli.compose import Dli
from dli_domain.errors import DliError, ErrorCode
from dli_domain.model.problems import Problem, Severity
from dli_domain.model.quality import QualitySpec
from dli_domain.ports.quality_source import QualityListing
from dli_domain.ports.spec_source import SpecSource
from dli_domain.usecases.validate_quality import QualityValidation, ValidateQuality


class QualityFile(NamedTuple):
    """One quality file with its findings; `name` is what it tests, empty where nobody can tell."""

    name: str
    path: str
    findings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which quality files count: of these targets, or made of these files; None means all."""

    targets: Collection[str]
    files: Collection[str] = ()

    def has(self, names: Collection[str], paths: Collection[str]) -> bool:
        """Whether a file that is about these names and made of these files counts."""
        return any(n in self.targets for n in names) or any(p in self.files for p in paths)


def quality_files(
    listing: QualityListing,
    dli: Dli,
    specs: SpecSource,
    selection: Selection | None,
    parameters: Mapping[str, object],
) -> tuple[QualityFile, ...]:
    """The quality files that count, ordered by path, each with all that is wrong in it.

    Args:
        listing: All quality files of the project.
        dli: The project.
        specs: Its specs; asked about each target.
        selection: Which files count.
        parameters: Values that the named resource was given.
    """
    by_path: defaultdict[str, list[Problem]] = defaultdict(list)
    for problem in listing.problems:
        by_path[problem.location.path if problem.location else ""].append(problem)
    wanted = [spec for spec in listing.specs if _counts(spec, selection)]
    found = []
    if wanted:
        # An engine's dialect and templates come with it: not where there is nothing to render.
        check = ValidateQuality(render=replace(dli.renderer(), specs=specs))
        for spec in wanted:
            given = _declared(check, spec, parameters)
            result = check(spec, parameters=given, found=by_path.get(spec.location.path, ()))
            findings = (*result.problems, *_unchecked(result, spec))
            found.append(QualityFile(str(spec.target.name), spec.location.path, findings))
    found += _broken(listing, by_path, selection)
    return tuple(sorted(found, key=lambda one: one.path))


def _counts(spec: QualitySpec, selection: Selection | None) -> bool:
    if selection is None:
        return True
    paths = {test.sql.origin.path for test in spec.tests if test.sql is not None}
    return selection.has((str(spec.target.name),), {spec.location.path, *paths})


def _broken(
    listing: QualityListing,
    by_path: Mapping[str, Sequence[Problem]],
    selection: Selection | None,
) -> list[QualityFile]:
    """The files that no spec came of, and folders that could not be looked into."""
    read = {spec.location.path for spec in listing.specs}
    found = []
    for path, problems in by_path.items():
        names = listing.claims.get(path, ())
        # A link to a folder concerns only folders of specs, and their own check tells of it.
        told = path in listing.claims or any(p.severity is Severity.ERROR for p in problems)
        if path not in read and told and (selection is None or selection.has(names, (path,))):
            found.append(QualityFile(names[0] if names else "", path, tuple(problems)))
    return found


def _declared(
    check: ValidateQuality, spec: QualitySpec, parameters: Mapping[str, object]
) -> Mapping[str, object]:
    """The values that this file or the query it tests can take."""
    if not parameters:
        return {}
    from dli_domain.usecases.plan_quality import PlanQuality  # noqa: PLC0415 - rarely needed

    try:
        queried = PlanQuality(render=check.render).queried(spec.target)
    except DliError:
        queried = None  # the check itself tells why
    if queried is not None:
        return parameters
    own = {one.name for one in spec.parameters}
    return {name: value for name, value in parameters.items() if name in own}


def _unchecked(result: QualityValidation, spec: QualitySpec) -> tuple[Problem, ...]:
    if not result.unchecked:
        return ()
    return (
        Problem(
            code=ErrorCode.PARAMETER_INVALID,
            message=f"The SQL is not checked: no value for {', '.join(result.unchecked)}",
            location=spec.location,
            fix=f"Give one: dli quality validate {spec.target.name} -p {result.unchecked[0]}=…",
            severity=Severity.WARNING,
        ),
    )

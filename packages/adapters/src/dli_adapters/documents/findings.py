"""Findings about one file, summed up in one error."""

from collections.abc import Sequence

from dli_domain.errors import ErrorCode, SpecInvalidError
from dli_domain.model.problems import Problem


def invalid_document(label: str, problems: Sequence[Problem]) -> SpecInvalidError:
    """One error that holds every finding, placed at the first.

    Its code is the findings' own where they agree, else DLI-203. There must be a finding.
    """
    first = problems[0]
    codes = {problem.code for problem in problems}
    if len(problems) == 1:
        message = f"{label}: {first.message}"
    else:
        message = f"{label}: {len(problems)} problems, the first: {first.message}"
    return SpecInvalidError(
        message,
        code=ErrorCode(first.code) if len(codes) == 1 else ErrorCode.SPEC_INVALID,
        location=first.location,
        hint=first.fix,
        problems=tuple(problems),
    )

"""What the YAML parser says of broken syntax, as a finding."""

import yaml

from dli_adapters.documents.source_text import SourceText
from dli_domain.errors import ErrorCode
from dli_domain.model.problems import Problem


def syntax_problem(error: yaml.YAMLError, source: SourceText) -> Problem:
    """The parser's complaint, at the place that helps most, with the usual fix."""
    problem = str(getattr(error, "problem", None) or str(error).partition("\n")[0])
    context = getattr(error, "context", None)
    marks = [getattr(error, "problem_mark", None), getattr(error, "context_mark", None)]
    if "end of stream" in problem:
        # Where the open quote stands says more than where the file ends.
        marks.reverse()
    index = next((mark.index for mark in marks if mark is not None), 0)
    told = f"{problem} ({context})" if context else problem
    return Problem(
        code=ErrorCode.SPEC_INVALID,
        message=f"the YAML is broken: {told}",
        location=source.place(index),
        fix=_fix(problem, source.text[index : index + 1]),
    )


def _fix(problem: str, character: str) -> str | None:
    if character == "\t":
        return "Indent with spaces, not with tabs."
    if "mapping values are not allowed" in problem:
        return "Quote a text that holds ': ', or check the indentation."
    if "cannot start any token" in problem:
        return f"Quote a text that begins with {character!r}."
    if "end of stream" in problem:
        return "Close the quote or bracket that is open here."
    return None

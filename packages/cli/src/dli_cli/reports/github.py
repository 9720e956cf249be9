"""Workflow commands of GitHub Actions: annotations beside the changed lines.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from dli_cli.reports.items import Outcome, ReportItem
from dli_cli.text import safe

_COMMANDS: Mapping[Outcome, str] = MappingProxyType(
    {Outcome.FAILED: "error", Outcome.ERROR: "error", Outcome.WARNED: "warning"}
)


def render(items: Sequence[ReportItem], *, suite: str) -> str:
    """One command a finding, and a notice with the counts; what passed is only counted."""
    lines = [_command(item) for item in items if item.outcome in _COMMANDS]
    counts = ", ".join(f"{number:,} {outcome}" for outcome, number in _counts(items))
    lines.append(f"::notice title={_property(suite)}::{_data(counts or 'nothing to judge')}")
    return "\n".join(lines)


def _command(item: ReportItem) -> str:
    properties = []
    if item.location is not None:
        properties += [
            f"file={_property(item.location.path)}",
            f"line={item.location.line}",
            f"col={item.location.column}",
        ]
    properties.append(f"title={_property(f'{item.rule} {item.name}'.strip())}")
    lines = [item.message, *([f"Fix: {item.fix}"] if item.fix else []), item.details]
    text = "\n".join(line for line in lines if line)
    return f"::{_COMMANDS[item.outcome]} {','.join(properties)}::{_data(text)}"


def _counts(items: Sequence[ReportItem]) -> Iterator[tuple[str, int]]:
    for outcome in Outcome:
        number = sum(item.outcome is outcome for item in items)
        if number:
            yield outcome.value, number


def _data(text: str) -> str:
    # The three characters that the runner decodes; a raw line end would end the command.
    return safe(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

"""SARIF 2.1.0, as code scanning services read it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from urllib.parse import quote

from dli_cli import __version__
from dli_cli.pages import PAGES
from dli_cli.reports.items import Outcome, ReportItem
from dli_cli.text import safe
from dli_domain.errors import ErrorCode

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS: Mapping[Outcome, str] = MappingProxyType(
    {Outcome.FAILED: "error", Outcome.ERROR: "error", Outcome.WARNED: "warning"}
)


def render(items: Sequence[ReportItem], *, suite: str) -> str:
    """One run with a result for each finding. What passed or was skipped is no result."""
    found = [item for item in items if item.outcome in _LEVELS]
    rules = sorted({item.rule for item in found})
    failed = [item for item in found if item.outcome is Outcome.ERROR]
    invocation: dict[str, object] = {"executionSuccessful": not failed}
    if failed:
        invocation["toolExecutionNotifications"] = [
            {"level": "error", "message": {"text": _message(item)}} for item in failed
        ]
    run = {
        "tool": {
            "driver": {
                "name": "dli",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "automationDetails": {"id": f"{safe(suite)}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": [_result(item, rules.index(item.rule)) for item in found],
    }
    return json.dumps(
        {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2
    )


def _rule(rule: str) -> dict[str, object]:
    if rule not in set(ErrorCode):
        return {"id": safe(rule)}
    code = ErrorCode(rule)
    page = PAGES[code]
    causes = "\n".join(f"- {cause}" for cause in page.causes)
    steps = "\n".join(f"- {step}" for step in page.steps)
    help_text = f"{page.meaning}\n\nLikely causes:\n{causes}\n\nWhat to do:\n{steps}"
    return {
        "id": code.value,
        "name": "".join(word.capitalize() for word in code.name.split("_")),
        "shortDescription": {"text": page.meaning},
        "help": {"text": help_text, "markdown": help_text},
    }


def _result(item: ReportItem, rule: int) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": safe(item.rule),
        "ruleIndex": rule,
        "level": _LEVELS[item.outcome],
        "message": {"text": _message(item)},
    }
    if item.location is not None:
        physical = {
            "artifactLocation": {"uri": quote(item.location.path, safe="/~")},
            "region": {"startLine": item.location.line, "startColumn": item.location.column},
        }
        logical = [{"fullyQualifiedName": safe(item.name)}] if item.name else []
        result["locations"] = [{"physicalLocation": physical, "logicalLocations": logical}]
    return result


def _message(item: ReportItem) -> str:
    lines = [item.message, f"Fix: {item.fix}" if item.fix else "", item.details]
    return safe("\n".join(line for line in lines if line))

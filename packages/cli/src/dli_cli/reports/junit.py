"""JUnit XML, as Jenkins and other CI servers read it (schema junit-10.xsd)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from xml.etree import ElementTree as ET

from dli_cli.reports.items import Outcome, ReportItem

# What XML 1.0 cannot hold, not even as a reference.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_ELEMENTS: Mapping[Outcome, str] = MappingProxyType(
    {Outcome.FAILED: "failure", Outcome.ERROR: "error", Outcome.SKIPPED: "skipped"}
)


def render(items: Sequence[ReportItem], *, suite: str) -> str:
    """One test case an item. A warning is a passed case that says so on its output."""
    tests, failures, errors, skipped = (
        str(count)
        for count in (
            len(items),
            _count(items, Outcome.FAILED),
            _count(items, Outcome.ERROR),
            _count(items, Outcome.SKIPPED),
        )
    )
    time = _seconds(item.duration_ms or 0 for item in items)
    counts = {"name": _text(suite), "tests": tests, "failures": failures, "errors": errors}
    root = ET.Element("testsuites", {**counts, "time": time})
    inner = ET.SubElement(root, "testsuite", {**counts, "skipped": skipped, "time": time})
    for item in items:
        inner.append(_case(item))
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'


def _case(item: ReportItem) -> ET.Element:
    case = ET.Element("testcase", {"classname": _text(item.rule), "name": _text(_name(item))})
    if item.duration_ms is not None:
        case.set("time", _seconds([item.duration_ms]))
    lines = [
        f"{item.location}: {item.message}" if item.location else item.message,
        f"Fix: {item.fix}" if item.fix else "",
        item.details,
    ]
    text = _text("\n".join(line for line in lines if line))
    if item.outcome in _ELEMENTS:
        attributes = {"message": _text(item.message), "type": _text(item.rule)}
        ET.SubElement(case, _ELEMENTS[item.outcome], attributes).text = text
    elif item.outcome is Outcome.WARNED:
        ET.SubElement(case, "system-out").text = f"Warning: {text}"
    return case


def _name(item: ReportItem) -> str:
    """With the file but without the line: a case keeps its history when lines move."""
    return f"{item.name} ({item.location.path})" if item.location else item.name


def _count(items: Iterable[ReportItem], outcome: Outcome) -> int:
    return sum(item.outcome is outcome for item in items)


def _seconds(milliseconds: Iterable[int]) -> str:
    return f"{sum(milliseconds) / 1000:.3f}"


def _text(text: str) -> str:
    return _NO_XML.sub(lambda match: f"\\x{ord(match[0]):02x}", text)

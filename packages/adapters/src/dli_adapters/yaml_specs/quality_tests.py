"""The `tests` of a quality file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from dli_adapters.yaml_specs.fields import Fields
from dli_adapters.yaml_specs.project_files import FileRefusedError, ProjectFiles
from dli_adapters.yaml_specs.quality_values import (
    read_bound,
    read_duration,
    read_literals,
    read_params,
    read_rate,
    warn,
)
from dli_adapters.yaml_specs.sql_sources import SqlReader, written
from dli_domain.model.names import InvalidNameError, ResourceName
from dli_domain.model.problems import Location
from dli_domain.model.quality import Literal, QualitySeverity, QualityTest, QualityTestType
from dli_domain.model.spec import SqlSource

_T = QualityTestType
_COMMON_KEYS = ("name", "type", "description", "severity", "enabled", "where", "params")
_THRESHOLDS = ("max_failures", "max_failure_rate")
_ONE_COLUMN = ("column", "columns", *_THRESHOLDS)
# What each type reads beside the common keys.
_OWN_KEYS: Mapping[QualityTestType, tuple[str, ...]] = MappingProxyType(
    {
        _T.NOT_NULL: _ONE_COLUMN,
        _T.UNIQUE: _ONE_COLUMN,
        _T.ACCEPTED_VALUES: (*_ONE_COLUMN, "values", "values_query"),
        _T.RELATIONSHIPS: (*_ONE_COLUMN, "to", "to_column"),
        _T.RANGE_CHECK: (*_ONE_COLUMN, "min", "max"),
        _T.ROW_COUNT: ("min", "max"),
        _T.EXPRESSION: ("expression", *_THRESHOLDS),
        _T.FRESHNESS: ("column", "columns", "max_age"),
        _T.PATTERN: (*_ONE_COLUMN, "pattern"),
        _T.SINGULAR: ("sql", "file", *_THRESHOLDS),
    }
)
TEST_KEYS = tuple(dict.fromkeys((*_COMMON_KEYS, *(k for own in _OWN_KEYS.values() for k in own))))
_SYNONYMS = {
    "test": "type",
    "condition": "where",
    "filter": "where",
    "query": "sql",
    "query_file": "file",
    "sql_file": "file",
    "field": "to_column",
    "regex": "pattern",
    "disabled": "enabled",
    "accepted": "values",
    "threshold": "max_failures",
    "value": "values",
    "age": "max_age",
    "min_value": "min",
    "max_value": "max",
}
_SEVERAL_COLUMNS = frozenset({_T.NOT_NULL, _T.UNIQUE})


@dataclass(frozen=True, slots=True)
class QualityTestReader:
    """Reads the tests of the quality file at `path` in the project."""

    files: ProjectFiles
    path: str

    def read(self, spec: Fields) -> tuple[QualityTest, ...]:
        """The tests; every finding about them is noted."""
        tests: list[QualityTest] = []
        seen: dict[str, Location] = {}
        for fields in spec.maps("tests"):
            test = self._test(fields)
            first = seen.setdefault(test.name, fields.location)
            if test.name and first is not fields.location:
                fields.findings.add(
                    fields.location,
                    f"the name {test.name!r} stands twice: first on line {first.line}",
                    "Rename one of them.",
                )
            tests.append(test)
        return tuple(tests)

    def _test(self, fields: Fields) -> QualityTest:
        fields.check_keys(TEST_KEYS, synonyms=_SYNONYMS)
        name = fields.required_text("name", "order_id_unique")
        fields.required_text("type", "not_null")
        kind = fields.choice("type", QualityTestType, QualityTestType.SINGULAR)
        known = fields.text("type").lower() == kind.value
        if known:
            _note_unread(fields, kind)
        whole = kind is _T.ROW_COUNT
        test = QualityTest(
            name=name,
            type=kind,
            location=fields.location,
            severity=fields.choice("severity", QualitySeverity, QualitySeverity.ERROR),
            description=fields.text("description"),
            enabled=fields.flag("enabled", default=True),
            columns=_columns(fields, kind),
            where=_sql(fields, "where"),
            max_failures=fields.number("max_failures", least=0),
            max_failure_rate=read_rate(fields, "max_failure_rate"),
            values=read_literals(fields, "values"),
            values_query=_sql(fields, "values_query"),
            to=_table(fields, "to"),
            to_column=fields.text("to_column") or None,
            min=read_bound(fields, "min", whole=whole),
            max=read_bound(fields, "max", whole=whole),
            expression=_sql(fields, "expression"),
            max_age=read_duration(fields, "max_age"),
            pattern=_raw(fields, "pattern"),
            sql=self._query(fields) if known and kind is _T.SINGULAR else None,
            params=read_params(fields),
        )
        if known:
            _CHECKS.get(kind, _nothing)(fields, test)
        return test

    def _query(self, fields: Fields) -> SqlSource:
        """SQL here, or in a file: as ever from the project's folder, or beside the quality file."""
        scalar = fields.scalar("file")
        at = self.path
        if scalar is not None:
            try:
                self.files.read(self.files.beside("", scalar.text))
                at = ""
            except FileRefusedError:
                pass
        return SqlReader(self.files, at).read(fields, "sql", "file")


def _columns(fields: Fields, kind: QualityTestType) -> tuple[str, ...]:
    if "column" not in _OWN_KEYS[kind]:
        return ()
    one, several = fields.text("column"), fields.texts("columns")
    columns = (one,) if one else several
    node = fields.node.get("columns")
    if node is not None and one:
        warn(fields, node.location, "'column' is given, so 'columns' is not read", "Keep one.")
    elif node is not None and len(several) > 1 and kind not in _SEVERAL_COLUMNS:
        warn(
            fields,
            node.location,
            f"{kind} tests one column: only {several[0]!r} is tested",
            "Write a test for each column.",
        )
        columns = several[:1]
    if not columns:
        what = "columns: [order_id]" if kind in _SEVERAL_COLUMNS else "column: order_id"
        fields.findings.add(
            fields.location, f"the {kind} test {_name(fields)} names no column", f"Write {what}."
        )
    for column in columns:
        if any(not part.strip() for part in column.split(".")) or len(column) > 300:
            fields.findings.add(
                fields.location, f"{column[:60]!r} is no name of a column", "Correct it."
            )
    return columns


def _table(fields: Fields, key: str) -> str | None:
    text = fields.text(key)
    if not text:
        return None
    try:
        ResourceName.parse(text)
    except InvalidNameError as error:
        node = fields.node.get(key)
        fields.findings.add(
            fields.location if node is None else node.location,
            f"'{fields.title(key)}': {error}",
            "Write the table's whole name, such as lake.core.users.",
        )
        return None
    return text


def _sql(fields: Fields, key: str) -> SqlSource | None:
    scalar = fields.scalar(key)
    if scalar is None:
        return None
    if not scalar.text.strip():
        fields.findings.add(scalar.location, f"'{fields.title(key)}' is empty", "Write SQL.")
        return None
    return written(scalar)


def _raw(fields: Fields, key: str) -> str | None:
    scalar = fields.scalar(key)
    return None if scalar is None else scalar.text


def _note_unread(fields: Fields, kind: QualityTestType) -> None:
    read = {*_COMMON_KEYS, *_OWN_KEYS[kind]}
    for entry in fields.node.entries:
        if entry.key not in TEST_KEYS or entry.key in read:
            continue
        if entry.key in _THRESHOLDS:
            # It would make a test that can never fail.
            fields.findings.add(
                entry.key_location,
                f"a {kind} test judges the table as a whole: {entry.key!r} has no meaning in it",
                "Remove it; min, max or max_age say what is allowed.",
            )
        else:
            warn(
                fields,
                entry.key_location,
                f"{entry.key!r} has no effect in a {kind} test",
                "Remove it, or correct the type.",
            )


def _wrong(fields: Fields, message: str, fix: str) -> None:
    said = f"the {fields.text('type')} test {_name(fields)} {message}"
    fields.findings.add(fields.location, said, fix)


def _name(fields: Fields) -> str:
    return repr(fields.text("name"))


def _nothing(_: Fields, __: QualityTest) -> None:
    """Nothing more to check."""


def _check_values(fields: Fields, test: QualityTest) -> None:
    has_values = fields.node.get("values") is not None
    has_query = test.values_query is not None
    if has_values == has_query:
        _wrong(
            fields,
            "needs 'values' or 'values_query', and not both",
            "Write values: [KR, US], or values_query: SELECT code FROM lake.core.countries.",
        )
    elif has_values and not test.values:
        _wrong(fields, "has no value to accept", "Write values: [KR, US].")


def _check_parent(fields: Fields, test: QualityTest) -> None:
    if not (fields.text("to") and test.to_column):
        _wrong(fields, "needs 'to' and 'to_column'", "Write to: lake.core.users, to_column: id.")


def _check_bounds(fields: Fields, test: QualityTest) -> None:
    if fields.node.get("min") is None and fields.node.get("max") is None:
        warn(
            fields,
            fields.location,
            f"the {test.type} test {test.name!r} has neither 'min' nor 'max': it tests nothing",
            "Write min: 1, say.",
        )
    low, high = test.min, test.max
    if low is None or high is None:
        return
    if isinstance(low, str) != isinstance(high, str):
        _wrong(fields, "has bounds of two kinds", "Write two numbers, or two days.")
    elif _above(low, high):
        _wrong(fields, f"has min {low} above max {high}", "Swap them.")


def _above(low: Literal, high: Literal) -> bool:
    if isinstance(low, str) and isinstance(high, str):
        return low > high
    return Decimal(low) > Decimal(high)


def _check_expression(fields: Fields, test: QualityTest) -> None:
    if test.expression is None:
        fix = "Write what is true for every good row, such as expression: amount >= 0."
        _wrong(fields, "needs 'expression'", fix)


def _check_age(fields: Fields, _: QualityTest) -> None:
    if fields.node.get("max_age") is None:
        _wrong(fields, "needs 'max_age'", "Write, for example, max_age: 36h.")


def _check_pattern(fields: Fields, test: QualityTest) -> None:
    if not test.pattern:
        fix = "Write a regular expression, such as pattern: '^[A-Z]{2}$'."
        _wrong(fields, "needs 'pattern'", fix)


_CHECKS: Mapping[QualityTestType, Callable[[Fields, QualityTest], None]] = MappingProxyType(
    {
        _T.ACCEPTED_VALUES: _check_values,
        _T.RELATIONSHIPS: _check_parent,
        _T.RANGE_CHECK: _check_bounds,
        _T.ROW_COUNT: _check_bounds,
        _T.EXPRESSION: _check_expression,
        _T.FRESHNESS: _check_age,
        _T.PATTERN: _check_pattern,
    }
)

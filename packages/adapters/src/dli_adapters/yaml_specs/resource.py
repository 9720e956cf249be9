"""One spec document to one resource."""

import unicodedata
from dataclasses import dataclass

from dli_adapters.documents.nodes import MappingNode, Node
from dli_adapters.yaml_specs.declared_parameters import read_parameters
from dli_adapters.yaml_specs.fields import Fields, Findings
from dli_adapters.yaml_specs.project_files import ProjectFiles
from dli_adapters.yaml_specs.semantics import (
    read_columns,
    read_dimensions,
    read_measures,
    read_versions,
)
from dli_adapters.yaml_specs.sql_sources import SqlReader
from dli_domain.model.names import InvalidNameError, ResourceName
from dli_domain.model.problems import Location, Severity
from dli_domain.model.settings import ProjectSettings
from dli_domain.model.spec import (
    ExecutionSpec,
    ParameterSpec,
    QueryType,
    ResourceKind,
    ResourceSpec,
    ScheduleSpec,
)
from dli_domain.parameters import check_declarations

_DATASET_ONLY = ("pre_statements", "post_statements")
_METRIC_ONLY = ("metrics", "dimensions")
# Read by others, passed over here: `metadata` is free text of the workflow server. Other known
# forms (`apiVersion`, `spec`) carry the query elsewhere: refused.
_PASSED_OVER = ("metadata",)
COMMON_KEYS = (
    "name",
    "owner",
    "team",
    "type",
    "query_type",
    "description",
    "domains",
    "tags",
    "versions",
    "parameters",
    "query_statement",
    "query_file",
    "execution",
    "depends_on",
    "schema",
    "schedule",
)
EXECUTION_KEYS = ("timeout_seconds", "retry_count", "retry_delay_seconds", "dialect")
_SYNONYMS = {
    "sql": "query_statement",
    "query": "query_statement",
    "sql_file": "query_file",
    "dependencies": "depends_on",
    "columns": "schema",
    "measures": "metrics",
    "params": "parameters",
}
_OTHER_FORM = "belongs to another form of spec file; here name, owner and query stand at the top"
_EXECUTION_SYNONYMS = {"timeout": "timeout_seconds", "retries": "retry_count"}


@dataclass(frozen=True, slots=True)
class SpecReader:
    """Turns documents of one project into resources."""

    files: ProjectFiles
    project: ProjectSettings

    def kind_of(self, node: Node | None, expected: ResourceKind) -> ResourceKind:
        """The kind that the document's `type` names, else the expected one."""
        if not isinstance(node, MappingNode):
            return expected
        return Fields(node, Findings()).choice("type", ResourceKind, expected)

    def read(
        self, node: MappingNode, path: str, kind: ResourceKind, findings: Findings
    ) -> ResourceSpec | None:
        """The resource; None where its name or query type leaves nothing to build.

        The resource is whole only if no error was added to `findings`.
        """
        fields = Fields(node, findings)
        self._check_keys(fields, kind)
        fields.choice("type", ResourceKind, kind)
        sql = SqlReader(self.files, path)
        name = self._name(fields)
        parameters = read_parameters(fields)
        findings.problems.extend(check_declarations(parameters))
        metric = kind is ResourceKind.METRIC
        spec = ResourceSpec(
            kind=kind,
            name=name or ResourceName(()),
            owner=fields.required_text("owner", "kim@example.com"),
            team=fields.required_text("team", '"@data"'),
            query_type=_query_type(fields, kind),
            sql=sql.read(fields, "query_statement", "query_file"),
            location=Location(path, fields.location.line, fields.location.column),
            description=fields.text("description"),
            domains=fields.texts("domains"),
            tags=fields.texts("tags"),
            versions=read_versions(fields),
            parameters=parameters,
            pre_statements=() if metric else sql.statements(fields, "pre_statements"),
            post_statements=() if metric else sql.statements(fields, "post_statements"),
            depends_on=fields.texts("depends_on"),
            depends_on_places=fields.places("depends_on"),
            columns=read_columns(fields),
            execution=self._execution(fields),
            measures=read_measures(fields) if metric else (),
            dimensions=read_dimensions(fields) if metric else (),
            schedule=_schedule(fields, kind, parameters),
        )
        return spec if name else None

    def _check_keys(self, fields: Fields, kind: ResourceKind) -> None:
        own, other = _DATASET_ONLY, _METRIC_ONLY
        other_kind = ResourceKind.METRIC
        if kind is ResourceKind.METRIC:
            own, other, other_kind = other, own, ResourceKind.DATASET
        reason = f"belongs to a {other_kind}; this is a {kind}"
        fields.check_keys(
            (*COMMON_KEYS, *own, *_PASSED_OVER),
            {**dict.fromkeys(other, reason), "apiVersion": _OTHER_FORM, "spec": _OTHER_FORM},
            _SYNONYMS,
        )
        for key in _PASSED_OVER:
            fields.map(key)

    def _name(self, fields: Fields) -> ResourceName | None:
        text = fields.required_text("name", "catalog.schema.name")
        node = fields.node.get("name")
        if not text or node is None:
            return None
        try:
            name = ResourceName.parse(text)
        except InvalidNameError as error:
            fields.findings.add(
                node.location, f"'name': {error}", "Write, for example, catalog.schema.name."
            )
            return None
        if not unicodedata.is_normalized("NFC", text):
            # A twin that looks the same would otherwise be another resource.
            fields.findings.add(
                node.location,
                "'name' is written in decomposed characters (NFD)",
                "Type the name anew; editors write composed characters.",
            )
        return name

    def _execution(self, spec: Fields) -> ExecutionSpec:
        fields = spec.map("execution")
        if fields is None:
            return ExecutionSpec(
                dialect=self.project.default_dialect,
                timeout_seconds=self.project.default_timeout_seconds,
            )
        fields.check_keys(EXECUTION_KEYS, synonyms=_EXECUTION_SYNONYMS)
        timeout = fields.number("timeout_seconds", least=1)
        return ExecutionSpec(
            dialect=fields.text("dialect").lower() or self.project.default_dialect,
            timeout_seconds=self.project.default_timeout_seconds if timeout is None else timeout,
            retry_count=fields.number("retry_count", least=0),
            retry_delay_seconds=fields.number("retry_delay_seconds", least=0),
        )


def _schedule(
    spec: Fields, kind: ResourceKind, parameters: tuple[ParameterSpec, ...]
) -> ScheduleSpec | None:
    fields = spec.map("schedule")
    if fields is None:
        return None
    # the cron calculator comes with it: most specs have no schedule
    from dli_adapters.yaml_specs.schedules import (  # noqa: PLC0415
        read_schedule,
        warn_of_missing_values,
    )

    if kind is ResourceKind.METRIC:
        spec.findings.add(
            fields.location,
            "'schedule' has no effect: workflows build datasets, this is a metric",
            "Remove it.",
            severity=Severity.WARNING,
        )
    schedule = read_schedule(fields)
    if schedule is not None and schedule.enabled and kind is ResourceKind.DATASET:
        warn_of_missing_values(fields, parameters)
    return schedule


def _query_type(fields: Fields, kind: ResourceKind) -> QueryType:
    if kind is ResourceKind.DATASET:
        return fields.choice("query_type", QueryType, QueryType.DML)
    written = fields.choice("query_type", QueryType, QueryType.SELECT)
    if written is not QueryType.SELECT:
        node = fields.node.get("query_type")
        fields.findings.add(
            fields.location if node is None else node.location,
            "a metric's 'query_type' must be SELECT",
            "Remove it, or make the spec a dataset with type: Dataset.",
        )
    return QueryType.SELECT

"""One quality document to one spec."""

from dataclasses import dataclass

from dli_adapters.documents.nodes import MappingNode
from dli_adapters.yaml_specs.declared_parameters import read_parameters
from dli_adapters.yaml_specs.fields import Fields, Findings
from dli_adapters.yaml_specs.project_files import ProjectFiles
from dli_adapters.yaml_specs.quality_tests import QualityTestReader
from dli_adapters.yaml_specs.quality_values import warn
from dli_domain.model.names import InvalidNameError, ResourceName
from dli_domain.model.problems import Location
from dli_domain.model.quality import (
    QualityNotification,
    QualitySchedule,
    QualitySpec,
    QualityTarget,
)
from dli_domain.model.settings import ProjectSettings
from dli_domain.model.spec import ResourceKind
from dli_domain.parameters import check_declarations

KEYS = (
    "version",
    "target",
    "metadata",
    "parameters",
    "execution",
    "schedule",
    "notifications",
    "tests",
)
_SYNONYMS = {"test": "tests", "checks": "tests", "params": "parameters", "owner": "metadata"}
_OTHER_FORM = "belongs to another form of quality file; here target and tests stand at the top"
_MISPLACED = dict.fromkeys(("apiVersion", "kind", "spec"), _OTHER_FORM)


@dataclass(frozen=True, slots=True)
class QualitySpecReader:
    """Turns documents of one project into quality specs."""

    files: ProjectFiles
    project: ProjectSettings

    def read(
        self, node: MappingNode, path: str, label: str, findings: Findings
    ) -> QualitySpec | None:
        """The spec; None where its target leaves nothing to build.

        It is whole only if no error was added to `findings`.
        """
        fields = Fields(node, findings)
        fields.check_keys(KEYS, _MISPLACED, _SYNONYMS)
        _check_version(fields)
        target = _target(fields)
        about = fields.map("metadata")
        if about is None:
            fields.required_text("metadata", "{owner: kim@example.com}")
        else:
            about.check_keys(("owner", "team", "description", "tags"))
        parameters = read_parameters(fields)
        findings.problems.extend(check_declarations(parameters))
        dialect, timeout = self._execution(fields)
        tests = QualityTestReader(self.files, path).read(fields)
        if not tests:
            place = node.get("tests")
            warn(
                fields,
                node.location if place is None else place.location,
                "there are no tests",
                f"Run 'dli quality suggest {target.name if target else 'TABLE'}'.",
            )
        if target is None:
            return None
        return QualitySpec(
            target=target,
            owner=about.required_text("owner", "kim@example.com") if about else "",
            location=Location(label, fields.location.line, fields.location.column),
            tests=tests,
            team=about.text("team") if about else "",
            description=about.text("description") if about else "",
            tags=about.texts("tags") if about else (),
            parameters=parameters,
            dialect=dialect,
            timeout_seconds=timeout,
            schedule=_schedule(fields),
            notifications=_notifications(fields),
        )

    def _execution(self, spec: Fields) -> tuple[str, int | None]:
        fields = spec.map("execution")
        if fields is None:
            return self.project.default_dialect, self.project.default_timeout_seconds
        fields.check_keys(("dialect", "timeout_seconds"), synonyms={"timeout": "timeout_seconds"})
        timeout = fields.number("timeout_seconds", least=1)
        return (
            fields.text("dialect").lower() or self.project.default_dialect,
            self.project.default_timeout_seconds if timeout is None else timeout,
        )


def _check_version(fields: Fields) -> None:
    scalar = fields.scalar("version")
    if scalar is not None and scalar.text.strip() not in ("1", "1.0"):
        warn(fields, scalar.location, f"version is {scalar.text!r}, not 1", "Write version: 1.")


def _target(spec: Fields) -> QualityTarget | None:
    fields = spec.map("target")
    if fields is None:
        if spec.node.get("target") is None:
            spec.findings.add(
                spec.location,
                "'target' is missing",
                "Write target: {type: dataset, name: lake.mart.orders}.",
            )
        return None
    fields.check_keys(("type", "name"), synonyms={"kind": "type", "table": "name"})
    fields.required_text("type", "dataset")
    kind = fields.choice("type", ResourceKind, ResourceKind.DATASET)
    text = fields.required_text("name", "lake.mart.orders")
    node = fields.node.get("name")
    if not text or node is None:
        return None
    try:
        return QualityTarget(kind=kind, name=ResourceName.parse(text))
    except InvalidNameError as error:
        fields.findings.add(
            node.location, f"'target.name': {error}", "Write, for example, lake.mart.orders."
        )
        return None


def _schedule(spec: Fields) -> QualitySchedule | None:
    fields = spec.map("schedule")
    if fields is None:
        return None
    fields.check_keys(("cron", "timezone", "enabled"))
    return QualitySchedule(
        cron=fields.required_text("cron", '"30 2 * * *"'),
        timezone=fields.text("timezone") or "UTC",
        enabled=fields.flag("enabled", default=True),
    )


def _notifications(spec: Fields) -> tuple[QualityNotification, ...]:
    fields = spec.map("notifications")
    if fields is None:
        return ()
    fields.check_keys(("slack", "email"))
    found = []
    for name, whom in (("slack", "channel"), ("email", "recipients")):
        one = fields.map(name)
        if one is None:
            continue
        one.check_keys((whom, "on_failure", "on_success"))
        told = (one.required_text(whom, '"#data"'),) if name == "slack" else one.texts(whom)
        if name == "email" and not told:
            one.findings.add(one.location, "'recipients' is missing", "Write recipients: [a@b.c].")
        found.append(
            QualityNotification(
                channel=name,
                recipients=told,
                on_failure=one.flag("on_failure", default=True),
                on_success=one.flag("on_success", default=False),
            )
        )
    return tuple(found)

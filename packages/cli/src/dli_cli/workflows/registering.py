"""Register a workflow, and take it back."""

import re
from pathlib import Path

from dli_cli.compose import compose
from dli_cli.output import Screen
from dli_cli.text import safe_line
from dli_cli.workflows.opening import opened
from dli_cli.workflows.options import AtServer, Registering
from dli_cli.workflows.telling import workflow_fields
from dli_domain.errors import SpecNotFoundError
from dli_domain.model.spec import ResourceKind
from dli_domain.ports.workflows import RegistrationAsked

_SCHEDULE = re.compile(r"^schedule\s*:", re.MULTILINE)


def register(name: str, cron: str, options: Registering, screen: Screen) -> None:
    """Register it, and say whether Airflow shows it yet."""
    owner, text = _spec(name, cron, options, screen)
    asked = RegistrationAsked(
        workflow=name,
        cron=cron,
        timezone=options.timezone,
        enabled=options.enabled,
        retries=options.retry_max,
        retry_delay_seconds=options.retry_delay,
        owner=owner,
        yaml_content=text,
        force=options.force,
    )
    with opened(options, screen) as (workflows, _):
        found = workflows.register(asked)
    if screen.json:
        screen.envelope(**{**workflow_fields(found), "status": "success"}, state=found.status)
    else:
        screen.print(f"{screen.out.style('✓', 'green')} {safe_line(name)} is registered")
        screen.print(f"  Schedule: {found.cron} ({found.timezone})")
        screen.print(f"  DAG: {found.dag_id}")
    if found.visible is False:
        screen.warn(
            "Warning: Airflow does not show the DAG yet; it reads new files after a while. "
            f"Look with 'dli workflow list -d {name}'."
        )


def unregister(name: str, options: AtServer, screen: Screen, *, force: bool) -> None:
    """Take it back."""
    with opened(options, screen) as (workflows, _):
        workflows.unregister(name, force=force)
    if screen.json:
        screen.envelope(dataset_name=name)
        return
    screen.print(f"{screen.out.style('✓', 'green')} {safe_line(name)} is no workflow any more")


def _spec(name: str, cron: str, options: Registering, screen: Screen) -> tuple[str, str]:
    """Owner and text of the spec, where the project here has it; the server knows it otherwise."""
    dli = compose(screen, project=options.project, needs_project=False)
    root = dli.settings.project.root
    try:
        spec = dli.specs.get(name, ResourceKind.DATASET)
    except SpecNotFoundError:
        return "", ""
    text = "" if root is None else (Path(root) / spec.location.path).read_text(encoding="utf-8")
    if text and not _SCHEDULE.search(text):
        # Servers of the older API read the schedule out of the text again.
        text += f"\nschedule:\n  cron: {cron!r}\n  timezone: {options.timezone!r}\n"
    return spec.owner, text

"""The `schedule` block of a spec."""

from collections.abc import Callable, Sequence

from dli_adapters.yaml_specs.fields import Fields
from dli_domain.model.problems import Severity
from dli_domain.model.spec import ParameterSpec, ScheduleSpec
from dli_domain.scheduling.cron import InvalidScheduleError, check_cron, check_timezone

SCHEDULE_KEYS = (
    "cron",
    "timezone",
    "enabled",
    "retries",
    "retry_delay_seconds",
    "retry",
    "quality",
    "start",
    "catchup",
    "notifications",
)
RETRY_KEYS = ("max_attempts", "delay_seconds")
_DAY = "execution_date"
_SYNONYMS = {
    "tz": "timezone",
    "time_zone": "timezone",
    "retry_count": "retries",
    "retry_delay": "retry_delay_seconds",
    "start_date": "start",
    "backfill": "catchup",
}


def read_schedule(fields: Fields) -> ScheduleSpec | None:
    """The schedule; None where its cron leaves nothing to build (a finding says so)."""
    fields.check_keys(SCHEDULE_KEYS, synonyms=_SYNONYMS)
    # told by the workflow server, not by dli
    fields.map("notifications")
    cron = _checked(fields, "cron", fields.required_text("cron", '"30 2 * * *"'), check_cron)
    zone = _checked(fields, "timezone", fields.text("timezone") or "UTC", check_timezone)
    retries, delay = _retry(fields)
    start = fields.iso_date("start")
    enabled = fields.flag("enabled", default=True)
    quality = fields.flag("quality", default=False)
    catchup = fields.flag("catchup", default=False)
    if catchup and start is None and "start" not in {entry.key for entry in fields.node.entries}:
        fields.findings.add(
            fields.location,
            f"'{fields.title('catchup')}' needs a first day",
            "Write, for example, start: 2025-01-01.",
        )
    if cron is None or zone is None:
        return None
    return ScheduleSpec(
        cron=cron,
        timezone=zone,
        enabled=enabled,
        retries=1 if retries is None else retries,
        retry_delay_seconds=300 if delay is None else delay,
        quality=quality,
        start=start,
        catchup=catchup,
        location=fields.location,
    )


def warn_of_missing_values(fields: Fields, parameters: Sequence[ParameterSpec]) -> None:
    """Note each parameter that a scheduled run has no value for: it is given the day only."""
    for parameter in parameters:
        if parameter.required and not parameter.has_default and parameter.name != _DAY:
            fields.findings.add(
                parameter.location or fields.location,
                f"a scheduled run has no value for the parameter {parameter.name!r}",
                f"Give it a default, or use {_DAY}, which is the run's day.",
                severity=Severity.WARNING,
            )


def _retry(fields: Fields) -> tuple[int | None, int | None]:
    """Retries and seconds between them, in either spelling."""
    retries = fields.number("retries", least=0)
    delay = fields.number("retry_delay_seconds", least=0)
    block = fields.map("retry")
    if block is None:
        return retries, delay
    block.check_keys(RETRY_KEYS)
    if retries is not None or delay is not None:
        fields.findings.add(
            block.location,
            f"'{block.label}' says again what 'retries' and 'retry_delay_seconds' say",
            "Keep one of the two spellings.",
        )
    return block.number("max_attempts", least=0), block.number("delay_seconds", least=0)


def _checked(fields: Fields, key: str, text: str, check: Callable[[str], str]) -> str | None:
    node = fields.node.get(key)
    if not text:
        return None
    try:
        return check(text)
    except InvalidScheduleError as error:
        place = fields.location if node is None else node.location
        fields.findings.add(place, f"'{fields.title(key)}': {error}", error.fix)
        return None

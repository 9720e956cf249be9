"""The names every template has: the run's dates, ref(), var() and their like."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from dli_domain.errors import TemplateError
from dli_domain.model.names import InvalidNameError, ResourceName, did_you_mean
from dli_domain.model.values import Digits, Identifier, IsoDate
from dli_domain.rendering.budget import MAX_ITEMS


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateNames:
    """What a template may name besides its parameters.

    Args:
        execution_date: The day that `ds` and its relatives tell.
        ref: The full name of the resource that a `ref('...')` means.
        variables: What `var()` gives.
        env: What `env_var()` gives.
    """

    execution_date: date
    ref: Callable[[str], ResourceName]
    variables: Mapping[str, object] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)

    def all(self) -> dict[str, object]:
        """The names with their values and functions."""
        return {
            **_dates(self.execution_date),
            "ref": self._ref,
            "source": _source,
            "var": self._var,
            "env_var": self._env_var,
            "date_add": _date_add,
            "date_sub": lambda day, days: _date_add(day, -days),
            "range": _range,
        }

    def _ref(self, name: str) -> Identifier:
        return Identifier(self.ref(str(name)))

    def _var(self, name: str, default: object = None) -> object:
        if name in self.variables:
            return self.variables[name]
        if default is None:
            raise TemplateError(
                f"The project has no variable {str(name)!r}",
                hint=did_you_mean(name, self.variables)
                or "Declare it under 'vars:' in dli.yaml, or give var() a default.",
            )
        return default

    def _env_var(self, name: str, default: object = None) -> object:
        if name in self.env:
            return self.env[name]
        if default is None:
            raise TemplateError(
                f"env_var({str(name)!r}) is not allowed, or the variable is not set",
                hint="List its name under 'templates.env_vars' in dli.yaml, and set it.",
            )
        return default


def _dates(day: date) -> dict[str, object]:
    return {
        "execution_date": day,
        "ds": IsoDate(day.isoformat()),
        "ds_nodash": Digits(day.strftime("%Y%m%d").zfill(8)),
        "yesterday_ds": _shifted(day, -1),
        "tomorrow_ds": _shifted(day, 1),
        "week_start_ds": _shifted(day, -day.weekday()),
        "month_start_ds": IsoDate(day.replace(day=1).isoformat()),
        "year": day.year,
        "month": day.month,
        "day": day.day,
    }


def _date_add(day: object, days: int) -> IsoDate:
    if isinstance(day, datetime):
        day = day.date()
    try:
        start = day if isinstance(day, date) else date.fromisoformat(str(day))
        return IsoDate((start + timedelta(days=days)).isoformat())
    except (ValueError, TypeError, OverflowError) as error:
        raise TemplateError(f"date_add({str(day)!r}, {days!r}): {error}") from error


def _shifted(day: date, days: int) -> IsoDate:
    try:
        return IsoDate((day + timedelta(days=days)).isoformat())
    except OverflowError:
        return IsoDate(day.isoformat())


def _source(schema: str, table: str) -> Identifier:
    try:
        return Identifier(ResourceName.parse(f"{schema}.{table}"))
    except InvalidNameError as error:
        raise TemplateError(f"source({str(schema)!r}, {str(table)!r}): {error}") from error


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > MAX_ITEMS:
        raise TemplateError(f"range() of more than {MAX_ITEMS:,} numbers")
    return numbers

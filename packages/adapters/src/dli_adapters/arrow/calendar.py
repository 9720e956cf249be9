"""Instants, days and durations as ISO 8601 text, for every value that an engine can hold.

Python's own dates end at the years 1 and 9999 and at microseconds; these do not.
"""

_SECONDS_PER_DAY = 86_400
_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}
_DAYS_TO_1970 = 719_468
_DAYS_PER_ERA = 146_097
# The two ends of the range stand for infinity in DuckDB and PostgreSQL.
_INFINITE_DAYS = {2**31 - 1: "infinity", -(2**31 - 1): "-infinity"}
_INFINITE_TICKS = {2**63 - 1: "infinity", -(2**63 - 1): "-infinity"}


def date_text(days: int) -> str:
    """The day so many days after 1970-01-01; year 0 is 1 BC, as ISO 8601 counts."""
    return _INFINITE_DAYS.get(days) or _civil(days)


def timestamp_text(ticks: int, unit: str, *, utc: bool) -> str:
    """The instant so many ticks after 1970-01-01, with all digits of its unit."""
    if ticks in _INFINITE_TICKS:
        return _INFINITE_TICKS[ticks]
    days, rest = divmod(ticks, _SECONDS_PER_DAY * 10 ** _DIGITS[unit])
    return f"{_civil(days)}T{time_text(rest, unit)}{'Z' if utc else ''}"


def time_text(ticks: int, unit: str) -> str:
    """The time of day so many ticks after midnight; 24:00:00 is the end of the day."""
    digits = _DIGITS[unit]
    seconds, fraction = divmod(ticks, 10**digits)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{fraction:0{digits}}" if digits else text


def interval_text(months: int, days: int, nanoseconds: int) -> str:
    """An ISO 8601 duration; its months, days and time are never folded into each other."""
    date_part = "".join(f"{n}{unit}" for n, unit in ((months, "M"), (days, "D")) if n)
    if not nanoseconds:
        return f"P{date_part}" if date_part else "PT0S"
    return f"P{date_part}T{seconds_text(nanoseconds, 'ns')}S"


def seconds_text(ticks: int, unit: str) -> str:
    """So many ticks as decimal seconds without needless zeros."""
    digits = _DIGITS[unit]
    seconds, fraction = divmod(abs(ticks), 10**digits)
    tail = f".{fraction:0{digits}}".rstrip("0") if fraction else ""
    return f"{'-' if ticks < 0 else ''}{seconds}{tail}"


def _civil(days: int) -> str:
    # http://howardhinnant.github.io/date_algorithms.html#civil_from_days
    era, day_of_era = divmod(days + _DAYS_TO_1970, _DAYS_PER_ERA)
    year_of_era = (
        day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    year = year_of_era + era * 400 + (month <= 2)
    sign, year = ("-", -year) if year < 0 else ("", year)
    return f"{sign}{year:04}-{month:02}-{day:02}"

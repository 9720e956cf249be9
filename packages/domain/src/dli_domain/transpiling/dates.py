"""Dates: units, the first day of a week, the numbers of weekdays, formats."""

import re

from sqlglot import exp

from dli_domain.transpiling.kinds import Value, kind_of
from dli_domain.transpiling.passage import Checks, Loss, Passage, Rewrites, texts_of, written

_DIFFS = (exp.DateDiff, exp.DatetimeDiff, exp.TimestampDiff)
_TRUNCS = (exp.DateTrunc, exp.TimestampTrunc, exp.DatetimeTrunc)

# What a format may say, in the words that all dialects' formats are read into.
_EVERYWHERE = frozenset("Y m d H M S y j a b B p I %".split())
_FORMATS = {
    "bigquery": _EVERYWHERE | frozenset("A T F".split()),
    "duckdb": _EVERYWHERE | frozenset("A T F f -d -m -H -I".split()),
    "trino": _EVERYWHERE | frozenset("A T f -d -m -H -I".split()),
}
_TOKEN = re.compile(r"%(-?.)", re.DOTALL)


def _unit(node: exp.Expr) -> str:
    unit = node.args.get("unit")
    if isinstance(unit, exp.WeekStart):
        return f"WEEK({unit.name.upper()})"
    return unit.name.upper() if isinstance(unit, exp.Expr) else "DAY"


def _monday() -> exp.Expr:
    return exp.WeekStart(this=exp.var("MONDAY"))


def _call(name: str, *args: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[one.copy() for one in args])


def _difference(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """Trino counts whole units that have passed, DuckDB and BigQuery the borders between."""
    later, earlier = node.this, node.expression
    if passage.of("trino") and passage.to("duckdb"):
        unit = exp.Literal.string(_unit(node).lower())
        return _call("DATE_SUB", unit, earlier, later)
    if passage.of("duckdb") and passage.to("trino"):
        unit = exp.Literal.string(_unit(node).lower())
        if _unit(node) == "WEEK":
            # Of weeks DuckDB counts the whole ones too, from day to day.
            days = [exp.cast(one.copy(), exp.DType.DATE, copy=False) for one in (earlier, later)]
            return _call("DATE_DIFF", unit, *days)
        starts = [_call("DATE_TRUNC", unit, one) for one in (earlier, later)]
        return _call("DATE_DIFF", unit, *starts)
    if passage.of("duckdb") and passage.to("bigquery") and _unit(node) == "WEEK":
        by_day = node.copy()
        by_day.set("unit", exp.var("DAY"))
        return _call("DIV", by_day, exp.Literal.number(7))
    if isinstance(node, exp.TimestampDiff) and passage.of("bigquery") and passage.to("duckdb"):
        return _call("DATE_SUB", exp.Literal.string(_unit(node).lower()), earlier, later)
    return None


def _difference_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    unit, text = _unit(node), written(node, passage.source)
    if passage.of("trino") and passage.to("bigquery") and not _days(node, passage, unit):
        return Loss(
            node=node,
            what=f"{text} counts whole units in Trino, and the borders between them in BigQuery",
            fix="Count days of DATEs, or seconds with to_unixtime.",
        )
    if passage.of("duckdb") and passage.to("bigquery") and unit in _CLOCK:
        return Loss(
            node=node,
            what=f"BigQuery's DATE_DIFF has no {unit}",
            fix="Write the spec for BigQuery, with TIMESTAMP_DIFF or DATETIME_DIFF.",
        )
    if passage.of("bigquery") and passage.to("trino") and unit not in _WHOLE_DAYS:
        if isinstance(node, exp.TimestampDiff):
            return None
        return Loss(
            node=node,
            what=f"{text} counts borders in BigQuery, and whole units in Trino",
            fix="Count days, or truncate both dates first.",
        )
    return None


_CLOCK = ("HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND")
_WHOLE_DAYS = ("DAY", "WEEK(SUNDAY)", "WEEK(MONDAY)", "ISOWEEK")


def _days(node: exp.Expr, passage: Passage, unit: str) -> bool:
    kinds = {kind_of(one, passage.source) for one in (node.this, node.expression)}
    return unit == "DAY" and kinds == {Value.DATE}


def _sub_function(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """DuckDB's date_sub counts whole units, as Trino's date_diff does."""
    name = str(node.this).upper()
    if passage.of("duckdb") and passage.to("trino") and name in ("DATE_SUB", "DATESUB"):
        return _call("DATE_DIFF", *node.expressions)
    return None


def _sub_function_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    name = str(node.this).upper()
    if passage.of("duckdb") and passage.to("bigquery") and name in ("DATE_SUB", "DATESUB"):
        return Loss(
            node=node,
            what="DATE_SUB takes an interval from a date in BigQuery",
            fix="Use date_diff.",
        )
    return None


def _truncated(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """Weeks begin on Monday in Trino and DuckDB, on Sunday in BigQuery."""
    if passage.of("bigquery"):
        return None
    is_date = kind_of(node.this, passage.source) is Value.DATE
    if passage.to("bigquery"):
        week = _unit(node) == "WEEK"
        unit = _monday() if week else node.args["unit"].copy()
        of_date: exp.Expr = exp.DateTrunc(this=node.this.copy(), unit=unit)  # type: ignore[no-untyped-call]  # sqlglot's own
        if is_date and passage.of("duckdb"):
            return exp.cast(of_date, exp.DType.TIMESTAMP, copy=False)
        return of_date if is_date or week else None
    if is_date and not _compared(node):
        kind = exp.DType.DATE if passage.of("trino") else exp.DType.TIMESTAMP
        return exp.cast(node.copy(), kind, copy=False)
    return None


def _truncated_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    kind = kind_of(node.this, passage.source)
    if node.args.get("zone") is not None and passage.to("trino"):
        return Loss(node=node, what="the time zone of the truncation would be lost")
    if kind in (Value.MOMENT, Value.DATE) or _compared(node) or isinstance(node.parent, exp.Cast):
        return None
    if "duckdb" in (passage.source, passage.target) and not (
        passage.of("bigquery") and _unit(node) == "WEEK(SUNDAY)"
    ):
        return Loss(
            node=node,
            what=f"{written(node, passage.source)} of a DATE is a TIMESTAMP in DuckDB, "
            "and a DATE elsewhere",
            fix="Cast the result to DATE or TIMESTAMP.",
            certain=False,
        )
    return None


_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Paren)


def _compared(node: exp.Expr) -> bool:
    """Whether only its order counts: a DATE and its midnight compare as equal."""
    return isinstance(node.parent, _COMPARISONS)


def _shifted(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """A DATE and an INTERVAL give a DATE in Trino and a TIMESTAMP in DuckDB."""
    if not isinstance(node.expression, exp.Interval) or _compared(node):
        return None
    if kind_of(node.this, passage.source) is not Value.DATE:
        return None
    if passage.of("trino") and passage.to("duckdb"):
        return exp.cast(node.copy(), exp.DType.DATE, copy=False)
    if passage.of("duckdb") and passage.to("trino"):
        whole = exp.cast(node.this.copy(), exp.DType.TIMESTAMP, copy=False)
        return type(node)(this=whole, expression=node.expression.copy())
    return None


def _date_difference_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    kinds = (kind_of(node.this, passage.source), kind_of(node.expression, passage.source))
    if kinds == (Value.DATE, Value.DATE):
        return Loss(
            node=node,
            what=f"{written(node, passage.source)} is a number of days in DuckDB, "
            "and an INTERVAL elsewhere",
            fix="Use date_diff.",
        )
    return None


def _iso_weekday(day: exp.Expr) -> exp.Expr:
    return exp.DayOfWeekIso(this=day.copy())


def _sunday_based(day: exp.Expr, passage: Passage, first: int) -> exp.Expr:
    """The weekday's number where Sunday is `first`, in words that the target has."""
    if passage.to("bigquery"):
        number: exp.Expr = exp.Extract(this=exp.var("DAYOFWEEK"), expression=day.copy())
        number = number if first else exp.paren(exp.Sub(this=number, expression=_one()))
    else:
        number = exp.Mod(this=_iso_weekday(day), expression=exp.Literal.number(7))
        number = exp.Add(this=exp.paren(number), expression=_one()) if first else number
        number = exp.paren(number)
    return number


def _one() -> exp.Expr:
    return exp.Literal.number(1)


def _weekday(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    first = {"duckdb": 0, "bigquery": 1}.get(passage.source)
    return None if first is None else _sunday_based(node.this, passage, first)


# A part's name in each dialect, where they differ: what each calls the ISO week and its year.
_WEEK = {"trino": "WEEK", "duckdb": "WEEK", "bigquery": "ISOWEEK"}
_WEEK_YEAR = {"trino": "YEAR_OF_WEEK", "duckdb": "ISOYEAR", "bigquery": "ISOYEAR"}
_DOW = frozenset({"DOW", "DAYOFWEEK", "DAY_OF_WEEK", "WEEKDAY"})
_ISO_DOW = frozenset({"ISODOW", "DAYOFWEEK_ISO", "DAYOFWEEKISO"})
_ISO_YEARS = frozenset({"YEAR_OF_WEEK", "YOW", "ISOYEAR", "YEAROFWEEKISO"})
_PLAIN = frozenset(
    "YEAR QUARTER MONTH DAY HOUR MINUTE SECOND DAYOFYEAR DAY_OF_YEAR DOY EPOCH".split()
)
_DAY_OF_YEAR = {"trino": "DAY_OF_YEAR", "duckdb": "DOY", "bigquery": "DAYOFYEAR"}


def _extracted(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    part, source, day = node.this.name.upper(), passage.source, node.expression
    if part in _DOW:
        if source == "trino":
            return _iso_weekday(day)
        return _sunday_based(day, passage, 0 if source == "duckdb" else 1)
    if part in _ISO_DOW:
        return _iso_weekday(day)
    if isinstance(node.this, exp.WeekStart):
        part = "WEEK" if source != "bigquery" or part == "MONDAY" else part
    renamed = None
    if part == _WEEK[source] or part == "WEEKISO":
        renamed = _WEEK[passage.target]
    elif part in _ISO_YEARS:
        renamed = _WEEK_YEAR[passage.target]
    elif part in ("DAYOFYEAR", "DAY_OF_YEAR", "DOY"):
        renamed = _DAY_OF_YEAR[passage.target]
    if renamed is None:
        return None
    return exp.Extract(this=exp.var(renamed), expression=day.copy())


def _extracted_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    part = node.this.name.upper()
    weeks = {_WEEK[passage.source], "WEEKISO"}
    known = _PLAIN | _DOW | _ISO_DOW | _ISO_YEARS | weeks
    if part in known and not (part == "EPOCH" and passage.to("bigquery")):
        return None
    return Loss(
        node=node,
        what=f"EXTRACT({part}) has no equal in {passage.target}",
        fix="BigQuery's WEEK begins on Sunday; ISOWEEK is what the others have.",
    )


def _format_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    said = texts_of(node.args.get("format"))
    if said is None:
        return Loss(
            node=node,
            what="a date format that is no literal cannot be translated",
            fix="Write the format as a text.",
        )
    known = _FORMATS[passage.target] & _FORMATS[passage.source]
    unknown = [token for token in _TOKEN.findall(said) if token not in known]
    if unknown:
        return Loss(
            node=node,
            what=f"the date format's %{unknown[0]} of {written(node, passage.source)} has no "
            f"equal in {passage.target}",
            fix="Use %Y %m %d %H %M %S, as the dialect spells them.",
        )
    return None


def _epoch_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    if node.args.get("scale") is None or not passage.of("duckdb"):
        return None
    return Loss(
        node=node,
        what="epoch_ms() gives milliseconds of a timestamp and a timestamp of milliseconds",
        fix="Use epoch() or to_timestamp().",
    )


def _parsed(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """BigQuery's PARSE_TIMESTAMP gives a moment, the others' functions a time of no zone."""
    if passage.of("bigquery"):
        return exp.cast(node.copy(), exp.DType.TIMESTAMPTZ, copy=False)
    if passage.to("bigquery"):
        return exp.cast(node.copy(), exp.DType.TIMESTAMP, copy=False)
    return None


def _parsed_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    if not passage.of("bigquery"):
        return None
    return Loss(
        node=node,
        what=f"{written(node, 'bigquery')} reads a time in UTC, {passage.target} in the time zone "
        "of its session",
        fix="Run it in a session whose time zone is UTC.",
        certain=False,
    )


def _letters_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    return Loss(
        node=node,
        what=f"{written(node, passage.source)}: the letters of this format mean other things in "
        f"{passage.target}",
        fix="Use date_parse() or PARSE_TIMESTAMP with %Y %m %d.",
    )


def _unix_seconds(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    """BigQuery cuts the fraction of a second, a cast would round it."""
    if not passage.to("duckdb"):
        return None
    whole = exp.Floor(this=_call("EPOCH", node.this))
    return exp.cast(whole, exp.DType.BIGINT, copy=False)


def _week_number(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    if passage.of("duckdb") and passage.to("bigquery"):
        return exp.Extract(this=exp.var("ISOWEEK"), expression=node.this.copy())
    return None


def _now(node: exp.Expr, passage: Passage) -> exp.Expr | None:
    if str(node.this).upper() == "NOW" and passage.to("bigquery"):
        return exp.CurrentTimestamp()
    return None


def _zone_lost(node: exp.Expr, passage: Passage) -> Loss | None:
    return Loss(
        node=node,
        what=f"AT TIME ZONE does not mean the same in {passage.source} and {passage.target}",
        fix="Keep moments in UTC, or write the spec for the engine.",
    )


REWRITES: Rewrites = {
    **dict.fromkeys(_DIFFS, (_difference,)),
    **dict.fromkeys(_TRUNCS, (_truncated,)),
    exp.Anonymous: (_sub_function, _now),
    exp.StrToTime: (_parsed,),
    exp.UnixSeconds: (_unix_seconds,),
    exp.Week: (_week_number,),
    exp.Add: (_shifted,),
    exp.Sub: (_shifted,),
    exp.DayOfWeek: (_weekday,),
    exp.Extract: (_extracted,),
}
CHECKS: Checks = {
    **dict.fromkeys(_DIFFS, (_difference_lost,)),
    **dict.fromkeys(_TRUNCS, (_truncated_lost,)),
    exp.Anonymous: (_sub_function_lost,),
    exp.Sub: (_date_difference_lost,),
    exp.Extract: (_extracted_lost,),
    exp.TimeToStr: (_format_lost,),
    exp.StrToTime: (_format_lost, _parsed_lost),
    exp.ParseDatetime: (_letters_lost,),
    exp.StrToDate: (_format_lost,),
    exp.UnixToTime: (_epoch_lost,),
    exp.AtTimeZone: (_zone_lost,),
}

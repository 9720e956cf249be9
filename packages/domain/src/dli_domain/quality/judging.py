"""Counts to verdicts."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from dli_domain.model.quality import Literal, QualitySeverity, QualityTest, QualityTestType, Verdict
from dli_domain.model.result import Row

# Days have no zone, and clocks differ.
_TOLERANCE = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict and what it rests on. `shown` is a row to show where the engine gives none."""

    verdict: Verdict
    tested: int
    failed: int
    message: str
    shown: Row | None = None


class UnreadableMomentError(ValueError):
    """The greatest value of a freshness column is no point in time."""


def judge(test: QualityTest, tested: int, failed: int) -> Judged:
    """The verdict on rows, keys or returned rows.

    Failing rows beyond the thresholds fail, whatever was tested; nothing tested is VACUOUS.
    """
    broken = exceeds(test, tested, failed)
    if broken:
        return Judged(
            verdict=_broken(test), tested=tested, failed=failed, message=_counts(test, failed)
        )
    if tested == 0:
        return _vacuous(0, failed)
    within = f"{_counts(test, failed)}, within the threshold" if failed else ""
    return Judged(verdict=Verdict.PASS, tested=tested, failed=failed, message=within)


def exceeds(test: QualityTest, tested: int, failed: int) -> bool:
    """Whether so many failures are more than the test allows: any, unless a threshold says."""
    if test.max_failures is None and test.max_failure_rate is None:
        return failed > 0
    if test.max_failures is not None and failed > test.max_failures:
        return True
    if test.max_failure_rate is None or failed == 0:
        return False
    return tested == 0 or failed > test.max_failure_rate * tested


def judge_row_count(test: QualityTest, rows: int) -> Judged:
    """The verdict on a table's number of rows. An empty table is judged like any other."""
    low, high = test.min, test.max
    if low is None and high is None:
        return Judged(
            verdict=Verdict.VACUOUS, tested=rows, failed=0, message="neither min nor max is given"
        )
    outside = (low is not None and _less(rows, low)) or (high is not None and _less(high, rows))
    if not outside:
        return Judged(verdict=Verdict.PASS, tested=rows, failed=0, message="")
    wanted = " and ".join(
        f"at {word} {bound}"
        for word, bound in (("least", low), ("most", high))
        if bound is not None
    )
    return Judged(
        verdict=_broken(test),
        tested=rows,
        failed=1,
        message=f"{rows:,} rows, wanted {wanted}",
        shown={"row_count": rows},
    )


def judge_freshness(test: QualityTest, tested: int, latest: object, now: datetime) -> Judged:
    """The verdict on the age of the newest value. A day counts from its begin, in UTC.

    Raises:
        UnreadableMomentError: `latest` is no date, timestamp or ISO text.
    """
    if tested == 0 or latest is None:
        return _vacuous(0, 0)
    allowed = test.max_age or timedelta()
    age = now - _moment(latest)
    message = f"the newest is {latest}, {span(age)} old; allowed are {span(allowed)}"
    if age < -_TOLERANCE:
        # One row of the year 9999 would keep the table fresh for ever.
        message = f"the newest is {latest}, which lies in the future"
    stale = age > allowed or age < -_TOLERANCE
    return Judged(
        verdict=_broken(test) if stale else Verdict.PASS,
        tested=tested,
        failed=int(stale),
        message=message,
        shown={"latest": str(latest)} if stale else None,
    )


def _broken(test: QualityTest) -> Verdict:
    return Verdict.WARN if test.severity is QualitySeverity.WARN else Verdict.FAIL


def _vacuous(tested: int, failed: int) -> Judged:
    return Judged(
        verdict=Verdict.VACUOUS, tested=tested, failed=failed, message="there was nothing to test"
    )


def _counts(test: QualityTest, failed: int) -> str:
    what = "key stands" if test.type is QualityTestType.UNIQUE else "row fails"
    if failed != 1:
        what = "keys stand" if test.type is QualityTestType.UNIQUE else "rows fail"
    more = " more than once" if test.type is QualityTestType.UNIQUE else ""
    return f"{failed:,} {what}{more}"


def _less(left: Literal, right: Literal) -> bool:
    return float(left) < float(right)


def _moment(latest: object) -> datetime:
    if isinstance(latest, str):
        try:
            latest = datetime.fromisoformat(latest)
        except ValueError:
            raise UnreadableMomentError(
                f"the newest value is {latest!r}, no point in time"
            ) from None
    if isinstance(latest, datetime):
        return latest if latest.tzinfo is not None else latest.replace(tzinfo=UTC)
    if isinstance(latest, date):
        return datetime(latest.year, latest.month, latest.day, tzinfo=UTC)
    raise UnreadableMomentError(f"the newest value is a {type(latest).__name__}, no point in time")


def span(age: timedelta) -> str:
    """A length of time in the largest unit it fills, such as `1.5 h`."""
    seconds = age.total_seconds()
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if abs(seconds) >= size:
            return f"{seconds / size:,.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:.0f} s"

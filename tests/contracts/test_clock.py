"""The machine's clock and the one that stands still."""

import time
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from dli_adapters.clock.system import SystemClock
from dli_adapters.memory.clock import FixedClock
from dli_domain.ports.clock import Clock
from tests.contracts.clock_contract import ClockContract

SEOUL = timezone(timedelta(hours=9))


class TestSystemClock(ClockContract):
    def clock(self) -> Clock:
        return SystemClock()

    def test_today_is_the_day_where_the_user_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        days = set()
        for zone in ("Etc/GMT+12", "Etc/GMT-14"):  # always a day or more apart
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            days.add(SystemClock().today())
        monkeypatch.delenv("TZ")
        time.tzset()
        assert len(days) == 2


class TestFixedClock(ClockContract):
    def clock(self) -> Clock:
        return FixedClock(datetime(2025, 1, 1, 3, tzinfo=SEOUL))

    def test_tells_what_it_was_given(self) -> None:
        clock = self.clock()
        assert clock.today() == date(2025, 1, 1)
        assert clock.now() == datetime(2024, 12, 31, 18, tzinfo=UTC)
        assert clock.monotonic() == 0.0

    def test_moves_only_when_told(self) -> None:
        clock = FixedClock(datetime(2025, 1, 1, tzinfo=UTC))
        clock.advance(86_400.5)
        assert clock.now() == datetime(2025, 1, 2, 0, 0, 0, 500_000, tzinfo=UTC)
        assert clock.monotonic() == 86_400.5
        with pytest.raises(ValueError, match="does not go back"):
            clock.advance(-1)

    def test_refuses_a_moment_without_a_zone(self) -> None:
        moment = datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None)
        with pytest.raises(ValueError, match="no time zone"):
            FixedClock(moment)

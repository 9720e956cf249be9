"""What every Clock must do."""

from datetime import timedelta

from dli_domain.ports.clock import Clock


class ClockContract:
    """A subclass says how a clock is made."""

    def clock(self) -> Clock:
        raise NotImplementedError

    def test_now_is_told_in_utc(self) -> None:
        assert self.clock().now().utcoffset() == timedelta(0)

    def test_today_is_at_most_a_day_from_now_in_utc(self) -> None:
        clock = self.clock()
        assert abs((clock.today() - clock.now().date()).days) <= 1

    def test_monotonic_does_not_go_back(self) -> None:
        clock = self.clock()
        seen = [clock.monotonic() for _ in range(1000)]
        assert seen == sorted(seen)

    def test_now_does_not_go_back(self) -> None:
        clock = self.clock()
        assert clock.now() <= clock.now()

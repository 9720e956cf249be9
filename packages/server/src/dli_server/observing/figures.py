"""Figures for Prometheus."""

from typing import final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Engine, func, select

from dli_server.storage.tables import RUNS

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_STATES = ("ACCEPTED", "RUNNING", "DONE", "FAILED", "CANCELLED", "UNKNOWN")
_SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60)


@final
class Figures:
    """Counts requests as they end; reads the runs when it is asked."""

    def __init__(self, database: Engine) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "dli_requests",
            "Requests by route and status.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "dli_request_seconds",
            "Time to answer a request.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._registry.register(_Runs(database))

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request has ended. `route` is its pattern: paths of callers would be endless."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def text(self) -> bytes:
        """All figures in Prometheus' text form."""
        return generate_latest(self._registry)


@final
class _Runs(Collector):
    """Runs by state, and how long the oldest of the queue has waited."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def collect(self) -> list[GaugeMetricFamily]:
        """One query of the journal."""
        counts = dict.fromkeys(_STATES, 0)
        with self._database.connect() as connection:
            rows = connection.execute(
                select(RUNS.c.state, func.count()).group_by(RUNS.c.state)
            ).all()
        counts.update((row[0], row[1]) for row in rows)
        runs = GaugeMetricFamily("dli_runs", "Runs of the journal by state.", labels=("state",))
        for state, count in counts.items():
            runs.add_metric((state,), count)
        queue = GaugeMetricFamily("dli_queue_length", "Runs that wait for a worker.")
        queue.add_metric((), counts["ACCEPTED"])
        return [runs, queue]

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing is asked of the database before it is there."""
        return []

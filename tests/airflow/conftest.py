"""The real Airflow, one for all tests of this folder."""

from tests.engines.airflow import airflow

__all__ = ["airflow"]

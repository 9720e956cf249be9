"""Airflow DAGs out of a project's datasets.

A DAG file says (Airflow looks only into files that hold the words "airflow" and "dag"):

    from dli.airflow import dags_of_project

    globals().update(dags_of_project("/path/to/project"))

Needs Airflow 3.3 or later: `pip install 'dli-api[airflow]'`.
"""

try:
    import airflow.sdk as _sdk  # noqa: F401 - it is only looked for
except ImportError as error:
    raise ImportError(
        "dli.airflow needs Airflow 3.3 or later: pip install 'dli-api[airflow]'"
    ) from error

from dli.airflow._factory import Dependencies, dags_of_project
from dli.airflow._operators import DatasetOperator, QualityOperator
from dli.airflow._waiting import UpstreamSensor

__all__ = [
    "DatasetOperator",
    "Dependencies",
    "QualityOperator",
    "UpstreamSensor",
    "dags_of_project",
]

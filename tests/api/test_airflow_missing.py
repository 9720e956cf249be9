import importlib
import importlib.util

import pytest


@pytest.mark.skipif(importlib.util.find_spec("airflow") is not None, reason="Airflow is here")
def test_without_airflow_the_import_says_what_to_install() -> None:
    with pytest.raises(ImportError, match=r"pip install 'dli-api\[airflow\]'"):
        importlib.import_module("dli.airflow")

"""Airflow by its REST API, version 2."""

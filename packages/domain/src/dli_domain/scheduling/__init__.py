"""Schedules: when a dataset is due, how its DAG is called, what a backfill has to do."""

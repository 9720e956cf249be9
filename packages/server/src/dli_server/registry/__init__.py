"""Registered specs: kept in versions, read like the specs of a project."""

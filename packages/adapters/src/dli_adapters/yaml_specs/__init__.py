"""Specs in YAML files of a project folder."""
